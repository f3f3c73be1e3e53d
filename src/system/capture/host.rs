//! Collects what the machine is: names, operating system, hardware.

use crate::system::capture::probe::Probe;
use crate::system::model::host::{Hardware, Host};
use crate::system::parse::{names, text};

/// Looks.
pub fn collect(probe: &mut Probe) -> Host {
    let os = probe.file("/etc/os-release").or_else(|| probe.file("/usr/lib/os-release"));
    let mut host = Host {
        name: probe.file("/etc/hostname").and_then(|name| first_line(&name)).unwrap_or_default(),
        machine_id: probe.file("/etc/machine-id").as_deref().and_then(names::parse_machine_id),
        os: os.as_deref().map(names::parse_os_release).unwrap_or_default(),
        ..Host::default()
    };
    if probe.is_live() {
        if host.name.is_empty() {
            host.name = probe.peek("/proc/sys/kernel/hostname").unwrap_or_default();
        }
        let machine = probe.run("uname.txt", "uname", &["-m"]);
        host.architecture = machine.map(|machine| machine.trim().to_owned()).unwrap_or_default();
        // It exits with 1 where it says `none`.
        let virtualization = probe.run_allowing("virtualization.txt", "systemd-detect-virt", &[], &[1]);
        host.virtualization = virtualization.as_deref().and_then(text::some);
        host.hardware = hardware(probe);
    }
    host
}

fn first_line(file: &str) -> Option<String> {
    text::lines(file, "#").next().map(str::to_owned)
}

fn hardware(probe: &Probe) -> Hardware {
    let dmi = |name: &str| probe.peek(&format!("/sys/class/dmi/id/{name}"));
    let memory = probe.peek("/proc/meminfo").unwrap_or_default();
    let kibibytes = memory.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kibibytes = kibibytes.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    Hardware {
        vendor: dmi("sys_vendor"),
        product: dmi("product_name"),
        serial: dmi("product_serial"),
        uuid: dmi("product_uuid"),
        firmware_version: dmi("bios_version"),
        processors: probe.peek("/sys/devices/system/cpu/online").map(|list| count(&list)).unwrap_or(0),
        memory_bytes: kibibytes.unwrap_or(0).saturating_mul(1024),
    }
}

/// How many numbers there are in `0-3,8`.
fn count(list: &str) -> u32 {
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (first.trim().parse::<u32>().ok()?, last.trim().parse::<u32>().ok()?);
        last.checked_sub(first)?.checked_add(1)
    };
    list.split(',').filter_map(range).fold(0, u32::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn processors_are_counted() {
        assert_eq!((count("0-3,8"), count("0"), count("x,5-2")), (5, 1, 0));
    }
}
