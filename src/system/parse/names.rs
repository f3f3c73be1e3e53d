//! Who the machine is: `os-release`, `machine-id`, `hosts`, `resolv.conf`, `nsswitch.conf`.

use crate::system::model::host::OperatingSystem;
use crate::system::model::network::{Dns, HostsEntry};
use crate::system::parse::text;

/// Reads `os-release`.
pub fn parse_os_release(file: &str) -> OperatingSystem {
    let get = |key: &str| text::assignment(file, key);
    OperatingSystem {
        id: get("ID").unwrap_or_default(),
        like: get("ID_LIKE").unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
        version: get("VERSION_ID"),
        codename: get("VERSION_CODENAME"),
        title: get("PRETTY_NAME").or_else(|| get("NAME")).unwrap_or_default(),
    }
}

/// A machine id: 32 hexadecimal digits; `uninitialized` and the like are none.
pub fn parse_machine_id(file: &str) -> Option<String> {
    let id = file.trim();
    (id.len() == 32 && id.chars().all(|c| c.is_ascii_hexdigit())).then(|| id.to_ascii_lowercase())
}

/// Reads `hosts`.
pub fn parse_hosts(file: &str) -> Vec<HostsEntry> {
    let entry = |line: &str| {
        let line = line.split('#').next().unwrap_or(line);
        let mut words = line.split_whitespace().map(str::to_owned);
        let entry = HostsEntry { address: words.next()?, names: words.collect() };
        (!entry.names.is_empty()).then_some(entry)
    };
    text::lines(file, "#").filter_map(entry).collect()
}

/// Adds what `resolv.conf` says to `dns`; the last of `search` and `domain` counts.
pub fn read_resolv_conf(file: &str, dns: &mut Dns) {
    for line in text::lines(file, "#;") {
        let mut words = line.split_whitespace();
        let key = words.next().unwrap_or_default();
        let rest: Vec<String> = words.map(str::to_owned).collect();
        match key {
            "nameserver" => dns.servers.extend(rest.into_iter().next()),
            "search" | "domain" => dns.search = rest,
            "options" => dns.options.extend(rest),
            _ => {}
        }
    }
}

/// The line `hosts:` of `nsswitch.conf`.
pub fn parse_host_sources(file: &str) -> Vec<String> {
    let line = text::lines(file, "#").find_map(|line| line.strip_prefix("hosts:"));
    line.unwrap_or("").split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read() {
        let os =
            parse_os_release("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID='9.3'\nNAME=Rocky\n");
        assert_eq!((os.id.as_str(), os.like.len(), os.title.as_str()), ("rocky", 3, "Rocky"));
        assert_eq!(parse_machine_id("uninitialized\n"), None);
        assert!(parse_machine_id("0123456789abcdef0123456789ABCDEF\n").is_some());
        let hosts = parse_hosts("127.0.0.1 localhost a # b\n::1\n#x y\n");
        assert_eq!((hosts.len(), hosts[0].names.len()), (1, 2));
        let mut dns = Dns::default();
        read_resolv_conf(
            "domain a\nsearch b c\nnameserver 1.1.1.1 x\nnameserver ::1\noptions edns0 trust-ad\n",
            &mut dns,
        );
        assert_eq!((dns.servers.len(), dns.search.as_slice()), (2, &["b".to_owned(), "c".to_owned()][..]));
        assert_eq!(parse_host_sources("passwd: files\nhosts:  files dns\n"), ["files", "dns"]);
    }
}
