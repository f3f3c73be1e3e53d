//! Kernel parameters, kernel modules, locale and SELinux, as files set them.

use std::collections::BTreeMap;

use crate::system::model::settings::{Modules, Sysctl};
use crate::system::parse::text;

/// Adds the parameters of one file to `found`; what is set again takes the place of what was.
pub fn read_sysctl(file: &str, path: &str, found: &mut BTreeMap<String, Sysctl>) {
    for line in text::lines(file, "#;") {
        let Some((key, value)) = line.split_once('=') else { continue };
        let key = dotted(key.trim().trim_start_matches('-'));
        if key.is_empty() {
            continue;
        }
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        found.insert(key.clone(), Sysctl { key, value, file: path.to_owned(), running: None });
    }
}

/// `net/ipv4/conf/eth0.1/x` as sysctl prints it: the first separator tells which one separates.
fn dotted(key: &str) -> String {
    let swap = |c| match c {
        '/' => '.',
        '.' => '/',
        other => other,
    };
    match key.find(['/', '.']).map(|at| key.as_bytes()[at]) {
        Some(b'/') => key.chars().map(swap).collect(),
        _ => key.to_owned(),
    }
}

/// Reads `sysctl -a`.
pub fn parse_running(output: &str) -> BTreeMap<String, String> {
    let pair = |line: &str| {
        let (key, value) = line.split_once(" =")?;
        Some((key.trim().to_owned(), value.split_whitespace().collect::<Vec<_>>().join(" ")))
    };
    output.lines().filter_map(pair).collect()
}

/// Reads `/proc/modules` or `lsmod`: names, sorted.
pub fn parse_loaded(file: &str) -> Vec<String> {
    let name = |line: &str| line.split_whitespace().next().map(str::to_owned);
    let mut names: Vec<String> = file.lines().filter_map(name).filter(|name| name != "Module").collect();
    names.sort_unstable();
    names
}

/// Adds the names of a `modules-load.d` file.
pub fn read_at_boot(file: &str, modules: &mut Modules) {
    for line in text::lines(file, "#;") {
        let name = line.split_whitespace().next().unwrap_or_default().to_owned();
        if !modules.at_boot.contains(&name) {
            modules.at_boot.push(name);
        }
    }
}

/// Adds what a `modprobe.d` file says.
pub fn read_modprobe(file: &str, modules: &mut Modules) {
    for line in text::lines(file, "#") {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["blacklist", name] => modules.blacklisted.push((*name).to_owned()),
            ["install", name, "/bin/false" | "/bin/true" | "/usr/bin/false" | "/usr/bin/true"] => {
                modules.blacklisted.push((*name).to_owned());
            }
            ["options", name, rest @ ..] => {
                let options = modules.options.entry((*name).to_owned()).or_default();
                let space = if options.is_empty() { "" } else { " " };
                options.push_str(&format!("{space}{}", rest.join(" ")));
            }
            _ => {}
        }
    }
    modules.blacklisted.sort_unstable();
    modules.blacklisted.dedup();
}

/// Reads `/etc/locale.gen`: the lines that are switched on.
pub fn parse_locale_gen(file: &str) -> Vec<String> {
    text::lines(file, "#").map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// The time zone a link such as `/usr/share/zoneinfo/Europe/Berlin` means.
pub fn parse_time_zone(link: &str) -> Option<String> {
    let zone = link.split_once("zoneinfo/")?.1;
    text::some(zone.trim_start_matches("posix/").trim_start_matches("right/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_file_that_sets_a_parameter_counts() {
        let mut found = BTreeMap::new();
        read_sysctl("# x\nnet.ipv4.ip_forward=0\n-kernel.printk = 4 4\t1  7\n", "/a", &mut found);
        read_sysctl("net/ipv4/ip_forward = 1\nnet/ipv4/conf/eth0.1/rp_filter=2\nbad\n=1\n", "/b", &mut found);
        assert_eq!((found["net.ipv4.ip_forward"].value.as_str(), found.len()), ("1", 3));
        assert_eq!(found["kernel.printk"].value, "4 4 1 7");
        assert!(found.contains_key("net.ipv4.conf.eth0/1.rp_filter"));
        assert_eq!(parse_running("kernel.printk = 4\t4\t1\t7\nx\n")["kernel.printk"], "4 4 1 7");
    }

    #[test]
    fn modules_are_read_from_all_their_files() {
        let mut modules = Modules::default();
        read_at_boot("# c\nloop\nbonding mode=1\nloop\n", &mut modules);
        read_modprobe(
            "blacklist pcspkr\ninstall usb-storage /bin/false\noptions kvm nested=1\noptions kvm x=2\n",
            &mut modules,
        );
        assert_eq!(modules.at_boot, ["loop", "bonding"]);
        assert_eq!(modules.blacklisted, ["pcspkr", "usb-storage"]);
        assert_eq!(modules.options["kvm"], "nested=1 x=2");
        assert_eq!(parse_loaded("Module Size Used\nxfs 1 0 - Live\next4 2 1\n"), ["ext4", "xfs"]);
        assert_eq!(parse_time_zone("../usr/share/zoneinfo/Europe/Berlin").as_deref(), Some("Europe/Berlin"));
        assert_eq!(parse_locale_gen("# de_DE\nen_US.UTF-8  UTF-8\n"), ["en_US.UTF-8 UTF-8"]);
    }
}
