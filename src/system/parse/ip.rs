//! `ip -j -d address`, `ip -j route show table all` and `ip -j rule`: interfaces, routes, rules.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::system::model::network::{Address, Interface, Route, Rule};
use crate::system::parse::json;

/// Reads `ip -j -d address show`.
pub fn parse_addresses(output: &str) -> Option<Vec<Interface>> {
    let value = json::read(output)?;
    value.as_array()?;
    Some(json::items(&value, "").iter().filter_map(interface).collect())
}

fn interface(item: &Value) -> Option<Interface> {
    let info = item.get("linkinfo").unwrap_or(&Value::Null);
    let mac = json::text(item, "address");
    let permanent = json::text(item, "permaddr");
    Some(Interface {
        // `eth0@if7` is a name with where its other end is.
        name: json::text(item, "ifname")?.split('@').next().unwrap_or_default().to_owned(),
        alternative_names: json::texts(item, "altnames"),
        link_type: json::text(item, "link_type").unwrap_or_default(),
        kind: json::text(info, "info_kind"),
        permanent_mac: permanent.filter(|permanent| Some(permanent) != mac.as_ref()),
        mac,
        mtu: json::small(item, "mtu").unwrap_or(0),
        state: json::text(item, "operstate").unwrap_or_default(),
        master: json::text(item, "master"),
        link: json::text(item, "link"),
        settings: settings(info.get("info_data").unwrap_or(&Value::Null)),
        addresses: json::items(item, "addr_info").iter().filter_map(address).collect(),
        ..Interface::default()
    })
}

/// What a bridge, bond, VLAN or tunnel needs to be made again, without timers and counters.
fn settings(data: &Value) -> BTreeMap<String, String> {
    const PASSING: [&str; 9] = [
        "hello_timer",
        "tcn_timer",
        "topology_change_timer",
        "gc_timer",
        "root_port",
        "root_path_cost",
        "topology_change",
        "topology_change_detected",
        "active_slave",
    ];
    let Some(fields) = data.as_object() else { return BTreeMap::new() };
    let kept = fields.iter().filter(|(key, value)| !PASSING.contains(&key.as_str()) && !value.is_null());
    kept.map(|(key, value)| (key.clone(), json::plain(value))).collect()
}

fn address(item: &Value) -> Option<Address> {
    Some(Address {
        family: json::text(item, "family")?,
        address: json::text(item, "local")?,
        prefix: json::small(item, "prefixlen")?,
        scope: json::text(item, "scope").unwrap_or_default(),
        is_dynamic: json::flag(item, "dynamic")
            || json::flag(item, "mngtmpaddr")
            || json::flag(item, "temporary"),
    })
}

/// Reads `ip -j -4|-6 route show table all`; the kernel's own tables are left out.
pub fn parse_routes(output: &str, family: &str) -> Option<Vec<Route>> {
    let value = json::read(output)?;
    value.as_array()?;
    let route = |item: &Value| {
        let table = json::text(item, "table").unwrap_or_else(|| "main".into());
        let hop = |hop: &Value| {
            (json::text(hop, "gateway"), json::text(hop, "dev"), json::small(hop, "weight").unwrap_or(1))
        };
        let route = Route {
            family: family.to_owned(),
            destination: json::text(item, "dst")?,
            gateway: json::text(item, "gateway"),
            interface: json::text(item, "dev"),
            metric: json::small(item, "metric"),
            protocol: json::text(item, "protocol").unwrap_or_default(),
            source: json::text(item, "prefsrc"),
            route_type: json::text(item, "type").unwrap_or_else(|| "unicast".into()),
            scope: json::text(item, "scope"),
            next_hops: json::items(item, "nexthops").iter().map(hop).collect(),
            table,
        };
        let is_own = matches!(route.table.as_str(), "local" | "255");
        let is_cast = matches!(route.route_type.as_str(), "multicast" | "local" | "broadcast" | "anycast");
        (!is_own && !is_cast).then_some(route)
    };
    Some(json::items(&value, "").iter().filter_map(route).collect())
}

/// Reads `ip -j -4|-6 rule show`.
pub fn parse_rules(output: &str, family: &str) -> Option<Vec<Rule>> {
    let value = json::read(output)?;
    value.as_array()?;
    let rule = |item: &Value| {
        let fields = item.as_object()?.iter().filter(|(key, _)| *key != "priority");
        let fields = fields.map(|(key, value)| (key.clone(), json::plain(value)));
        Some(Rule {
            family: family.to_owned(),
            priority: json::small(item, "priority")?,
            fields: fields.collect(),
        })
    };
    let mut rules: Vec<Rule> = json::items(&value, "").iter().filter_map(rule).collect();
    rules.sort_by_key(|rule| rule.priority);
    Some(rules)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_come_with_their_kind_settings_and_addresses() {
        let output = r#"[{"ifname":"vlan7","link":"eth0","mtu":1500,"operstate":"UP","link_type":"ether",
            "address":"52:54:00:00:00:01","permaddr":"52:54:00:00:00:02","linkinfo":{"info_kind":"vlan",
            "info_data":{"protocol":"802.1Q","id":7,"flags":["REORDER_HDR"]}},"altnames":["x"],
            "addr_info":[{"family":"inet","local":"10.0.0.2","prefixlen":24,"scope":"global","dynamic":true},
              {}]},
            {"ifname":"veth1@if3","addr_info":[]}, {}]"#;
        let found = parse_addresses(output).unwrap();
        assert_eq!((found[0].kind.as_deref(), found[0].settings["id"].as_str()), (Some("vlan"), "7"));
        assert!(found[0].addresses[0].is_dynamic && found[0].permanent_mac.is_some());
        assert_eq!((found.len(), found[1].name.as_str()), (2, "veth1"));
        assert_eq!(parse_addresses("{}"), None);
    }

    #[test]
    fn routes_and_rules_leave_out_what_the_kernel_makes() {
        let output = r#"[{"dst":"default","gateway":"10.0.0.1","dev":"eth0","protocol":"dhcp","metric":100},
            {"type":"local","dst":"127.0.0.1","table":"local"},{"type":"multicast","dst":"ff00::/8"},
            {"dst":"10.9.0.0/16","table":"42","nexthops":[{"gateway":"10.0.0.3","dev":"eth0","weight":2}]}]"#;
        let routes = parse_routes(output, "inet").unwrap();
        assert_eq!((routes.len(), routes[0].table.as_str()), (2, "main"));
        assert_eq!(routes[1].next_hops, [(Some("10.0.0.3".into()), Some("eth0".into()), 2)]);
        let rules = parse_rules(
            r#"[{"priority":32766,"src":"all","table":"main"},{"priority":0,"src":"all"}]"#,
            "inet",
        );
        let rules = rules.unwrap();
        assert_eq!((rules[0].priority, rules[1].fields["table"].as_str()), (0, "main"));
    }
}
