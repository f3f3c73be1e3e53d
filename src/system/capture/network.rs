//! Collects interfaces, addresses, routes, rules, names and the firewall, and the files that set them up.

use crate::system::capture::probe::Probe;
use crate::system::model::network::{Dns, Firewall, Interface, Network};
use crate::system::parse::{ip, names, nft};

/// Trees of files that set up the network; whether they hold keys or passwords; who reads them.
const TREES: [(&str, bool, &str); 8] = [
    ("/etc/netplan", true, "netplan"),
    ("/etc/NetworkManager/system-connections", true, "networkmanager"),
    ("/etc/NetworkManager/conf.d", false, ""),
    ("/etc/systemd/network", true, "systemd-networkd"),
    ("/etc/network", true, "ifupdown"),
    ("/etc/sysconfig/network-scripts", true, "networkmanager"),
    ("/etc/sysconfig/network", true, "wicked"),
    ("/etc/wireguard", true, ""),
];
/// The same of the firewall.
const FIREWALLS: [(&str, &str); 5] = [
    ("/etc/ufw", "ufw"),
    ("/etc/firewalld", "firewalld"),
    ("/etc/nftables", ""),
    ("/etc/iptables", "iptables-persistent"),
    ("/etc/nftables.d", ""),
];

/// Looks.
pub fn collect(probe: &mut Probe) -> Network {
    let mut network = Network::default();
    for (tree, is_secret, manager) in TREES {
        let files = probe.keep_tree(tree, is_secret);
        if !files.is_empty() && !manager.is_empty() && is_used(probe, manager) {
            network.managers.push(manager.to_owned());
        }
        network.configuration.extend(files);
    }
    network.managers.sort_unstable();
    network.managers.dedup();
    network.configuration.sort_unstable();
    network.dns = dns(probe);
    network.hosts = probe.file("/etc/hosts").map(|file| names::parse_hosts(&file)).unwrap_or_default();
    if probe.is_live() {
        read_kernel(probe, &mut network);
    }
    network.firewall = firewall(probe);
    network
}

/// Directories are left behind by packages that are gone: the program tells.
fn is_used(probe: &Probe, manager: &str) -> bool {
    let programs: &[&str] = match manager {
        "netplan" => &["/usr/sbin/netplan"],
        "networkmanager" => &["/usr/sbin/NetworkManager"],
        "systemd-networkd" => &["/usr/lib/systemd/systemd-networkd", "/lib/systemd/systemd-networkd"],
        "ifupdown" => &["/usr/sbin/ifup", "/sbin/ifup"],
        "wicked" => &["/usr/sbin/wicked"],
        _ => return true,
    };
    programs.iter().any(|program| probe.exists(program))
}

fn dns(probe: &mut Probe) -> Dns {
    let link = probe.link("/etc/resolv.conf");
    let manager = match link.as_deref() {
        Some(link) if link.contains("systemd/resolve") => Some("systemd-resolved"),
        Some(link) if link.contains("NetworkManager") => Some("networkmanager"),
        Some(link) if link.contains("resolvconf") => Some("resolvconf"),
        _ if probe.exists("/etc/resolv.conf") => Some("static"),
        _ => None,
    };
    let mut dns = Dns { manager: manager.map(str::to_owned), link, ..Dns::default() };
    if let Some(file) = probe.file("/etc/resolv.conf") {
        names::read_resolv_conf(&file, &mut dns);
    }
    if probe.exists("/etc/systemd/resolved.conf") {
        probe.file("/etc/systemd/resolved.conf");
    }
    dns.sources =
        probe.file("/etc/nsswitch.conf").map(|file| names::parse_host_sources(&file)).unwrap_or_default();
    dns
}

fn read_kernel(probe: &mut Probe, network: &mut Network) {
    let output = probe.run("ip-address.json", "ip", &["-j", "-d", "address", "show"]);
    network.interfaces = read_json(probe, output, "ip address", ip::parse_addresses);
    for interface in &mut network.interfaces {
        read_hardware(probe, interface);
    }
    for (flag, family) in [("-4", "inet"), ("-6", "inet6")] {
        let name = format!("ip-route{flag}.json");
        let output = probe.run(&name, "ip", &["-j", flag, "route", "show", "table", "all"]);
        network.routes.extend(read_json(probe, output, "ip route", |text| ip::parse_routes(text, family)));
        let name = format!("ip-rule{flag}.json");
        let output = probe.run(&name, "ip", &["-j", flag, "rule", "show"]);
        network.rules.extend(read_json(probe, output, "ip rule", |text| ip::parse_rules(text, family)));
    }
}

fn read_json<T>(
    probe: &mut Probe,
    output: Option<String>,
    what: &str,
    parse: impl Fn(&str) -> Option<Vec<T>>,
) -> Vec<T> {
    // Where there is nothing to tell, `ip` prints nothing or `[]`.
    let Some(output) = output.filter(|output| !output.trim().is_empty()) else { return Vec::new() };
    let found = parse(&output);
    if found.is_none() {
        probe.warn(format!("`{what}` printed what cannot be read as JSON"));
    }
    found.unwrap_or_default()
}

fn read_hardware(probe: &Probe, interface: &mut Interface) {
    if interface.name.contains('/') {
        return;
    }
    let last = |link: Option<String>| link.and_then(|path| path.rsplit('/').next().map(str::to_owned));
    let device = format!("/sys/class/net/{}/device", interface.name);
    interface.bus = last(probe.link(&device));
    interface.driver = last(probe.link(&format!("{device}/driver")));
}

fn firewall(probe: &mut Probe) -> Firewall {
    let mut firewall = Firewall::default();
    for (tree, manager) in FIREWALLS {
        if !probe.keep_tree(tree, false).is_empty() && !manager.is_empty() {
            firewall.managers.push(manager.to_owned());
        }
    }
    if probe.exists("/etc/nftables.conf") {
        probe.file("/etc/nftables.conf");
        firewall.managers.push("nftables".to_owned());
    }
    firewall.managers.sort_unstable();
    if !probe.is_live() {
        return firewall;
    }
    if let Some(json) = probe.run("nft.json", "nft", &["-j", "list", "ruleset"]) {
        match nft::parse(&json) {
            Some(rules) => firewall.rules = rules,
            None => probe.warn("`nft -j list ruleset` printed what is no ruleset"),
        }
    }
    if !firewall.rules.is_empty() {
        firewall.nft = probe.run("nft.txt", "nft", &["list", "ruleset"]);
    }
    // iptables-save loads the old tables' modules where they are not in use: it is asked only if they are.
    for (tables, program) in [("ip", "iptables-legacy-save"), ("ip6", "ip6tables-legacy-save")] {
        if probe.peek(&format!("/proc/net/{tables}_tables_names")).is_none() {
            continue;
        }
        let name = format!("{program}.txt");
        let older = program.replace("-legacy", "");
        let output = probe.run(&name, program, &[]).or_else(|| probe.run(&name, &older, &[]));
        match tables {
            "ip" => firewall.iptables = output,
            _ => firewall.ip6tables = output,
        }
    }
    firewall
}
