//! Interfaces, addresses, routes, name resolution and firewall.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The network, as the kernel had it and as files set it up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Network {
    /// What sets it up: `netplan`, `networkmanager`, `systemd-networkd`, `ifupdown`, `wicked`; sorted.
    pub managers: Vec<String>,
    /// Files that set it up, sorted; they are kept beside the document.
    pub configuration: Vec<String>,
    /// Interfaces, in the kernel's order.
    pub interfaces: Vec<Interface>,
    /// Routes of all tables but `local`, in the kernel's order.
    pub routes: Vec<Route>,
    /// Policy rules, by priority.
    pub rules: Vec<Rule>,
    /// Name resolution.
    pub dns: Dns,
    /// `/etc/hosts`, in order.
    pub hosts: Vec<HostsEntry>,
    /// Packet filter.
    pub firewall: Firewall,
}

/// A network interface.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Interface {
    /// Its name, such as `enp3s0`.
    pub name: String,
    /// Further names.
    pub alternative_names: Vec<String>,
    /// `ether`, `loopback`…
    pub link_type: String,
    /// What it is where it is no hardware: `bridge`, `bond`, `vlan`, `veth`, `wireguard`…
    pub kind: Option<String>,
    /// Its address.
    pub mac: Option<String>,
    /// The address it was made with, where that is another.
    pub permanent_mac: Option<String>,
    /// Largest packet in bytes.
    pub mtu: u32,
    /// `UP`, `DOWN`, `UNKNOWN` when captured.
    pub state: String,
    /// The bridge or bond it belongs to.
    pub master: Option<String>,
    /// What a VLAN lies on.
    pub link: Option<String>,
    /// Settings of its kind, such as a VLAN's `id` or a bond's `mode`.
    pub settings: BTreeMap<String, String>,
    /// Kernel driver of hardware.
    pub driver: Option<String>,
    /// Where hardware is plugged in, such as `0000:03:00.0`.
    pub bus: Option<String>,
    /// Its addresses, in order.
    pub addresses: Vec<Address>,
}

/// An address of an interface.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    /// `inet` or `inet6`.
    pub family: String,
    /// The address.
    pub address: String,
    /// Bits of the network.
    pub prefix: u32,
    /// `global`, `link`, `host`.
    pub scope: String,
    /// Whether it was leased or learned, and will be again.
    pub is_dynamic: bool,
}

/// A route.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Route {
    /// `inet` or `inet6`.
    pub family: String,
    /// Where to: `default` or `10.0.0.0/8`.
    pub destination: String,
    /// Through whom.
    pub gateway: Option<String>,
    /// Over which interface.
    pub interface: Option<String>,
    /// Of several, the smallest wins.
    pub metric: Option<u32>,
    /// The table's name or number.
    pub table: String,
    /// Who made it: `kernel`, `dhcp`, `static`, `boot`, `ra`…
    pub protocol: String,
    /// The address to send from.
    pub source: Option<String>,
    /// `unicast`, `blackhole`, `unreachable`…
    pub route_type: String,
    /// `global`, `link`, `host`.
    pub scope: Option<String>,
    /// Several ways at once: gateway, interface and weight of each.
    pub next_hops: Vec<(Option<String>, Option<String>, u32)>,
}

/// A rule that chooses a table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rule {
    /// `inet` or `inet6`.
    pub family: String,
    /// Smaller ones are asked first.
    pub priority: u32,
    /// What it looks for and does, by `ip rule`'s names: `src`, `dst`, `fwmark`, `iif`, `table`…
    pub fields: BTreeMap<String, String>,
}

/// Name resolution.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Dns {
    /// Who writes `/etc/resolv.conf`: `systemd-resolved`, `networkmanager`, `resolvconf`, or `static`.
    pub manager: Option<String>,
    /// Where `/etc/resolv.conf` leads, if it is a link.
    pub link: Option<String>,
    /// Servers, in order.
    pub servers: Vec<String>,
    /// Domains that are tried, in order.
    pub search: Vec<String>,
    /// Options, in order.
    pub options: Vec<String>,
    /// The line `hosts` of `/etc/nsswitch.conf`, in order.
    pub sources: Vec<String>,
}

/// A line of `/etc/hosts`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HostsEntry {
    /// The address.
    pub address: String,
    /// Its names, in order.
    pub names: Vec<String>,
}

/// A packet filter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Firewall {
    /// Who manages it: `ufw`, `firewalld`, `nftables`, `iptables-persistent`; sorted.
    pub managers: Vec<String>,
    /// nftables' rules as `nft list ruleset` prints them: they can be fed to `nft -f`.
    pub nft: Option<String>,
    /// Chains and rules of nftables, one a line, without counters and handles, for comparing.
    pub rules: Vec<String>,
    /// `iptables-save`, where the old tables are in use: it can be fed to `iptables-restore`.
    pub iptables: Option<String>,
    /// `ip6tables-save`, likewise.
    pub ip6tables: Option<String>,
}
