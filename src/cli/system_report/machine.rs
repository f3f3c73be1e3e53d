//! Host, boot, network and settings.

use crate::cli::system_report::{or_empty, pairs, rows, yes};
use crate::system::model::SystemState;
use crate::system::model::boot::Firmware;
use crate::ui::format;
use crate::ui::report::{Body, Report};

/// Names, operating system, hardware.
pub fn host(state: &SystemState, report: &mut Report) {
    let host = &state.host;
    let hardware = &host.hardware;
    let memory = if hardware.memory_bytes == 0 { String::new() } else { format::size(hardware.memory_bytes) };
    let processors = if hardware.processors == 0 { String::new() } else { hardware.processors.to_string() };
    let product = [or_empty(&hardware.vendor), or_empty(&hardware.product)].join(" ").trim().to_owned();
    report.add(
        "Host",
        pairs(vec![
            ("name", host.name.clone()),
            ("operating system", host.os.title.clone()),
            ("architecture", host.architecture.clone()),
            ("machine id", or_empty(&host.machine_id)),
            ("virtualization", or_empty(&host.virtualization)),
            ("hardware", product),
            ("serial number", or_empty(&hardware.serial)),
            ("processors", processors),
            ("memory", memory),
        ]),
    );
}

/// Firmware, boot loaders, kernels.
pub fn boot(state: &SystemState, report: &mut Report) {
    let boot = &state.boot;
    let firmware = match boot.firmware {
        Firmware::Bios => "BIOS",
        Firmware::Uefi => "UEFI",
        Firmware::DeviceTree => "device tree",
        Firmware::Unknown => "unknown",
    };
    let initramfs = boot.initramfs.as_ref();
    let tool = initramfs.map(|one| format!("{} {}", one.tool, or_empty(&one.version)).trim().to_owned());
    report.add(
        "Boot",
        pairs(vec![
            ("firmware", firmware.to_owned()),
            (
                "secure boot",
                boot.secure_boot.map(|on| if on { "on" } else { "off" }.to_owned()).unwrap_or_default(),
            ),
            ("running kernel", or_empty(&boot.running_kernel)),
            ("command line", or_empty(&boot.command_line)),
            ("initial RAM disks by", tool.unwrap_or_default()),
        ]),
    );
    let loaders = boot.loaders.iter().map(|loader| {
        let places = loader.disks.iter().chain(&loader.efi_programs).cloned().collect::<Vec<_>>().join(", ");
        vec![
            loader.name.clone(),
            loader.platform.clone(),
            or_empty(&loader.version),
            or_empty(&loader.configuration),
            places,
        ]
    });
    rows(
        report,
        "Boot loaders",
        &["LOADER", "PLATFORM", "VERSION", "CONFIGURATION", "ON"],
        loaders.collect(),
    );
    let kernels = boot.kernels.iter().map(|kernel| {
        vec![
            kernel.release.clone(),
            or_empty(&kernel.image),
            or_empty(&kernel.initramfs),
            yes(kernel.has_modules),
        ]
    });
    rows(report, "Kernels", &["RELEASE", "IMAGE", "INITIAL RAM DISK", "MODULES"], kernels.collect());
    let entries = boot.efi.iter().flat_map(|efi| {
        efi.entries.iter().map(|entry| {
            let place = efi.order.iter().position(|number| *number == entry.number);
            let order = place.map(|place| (place + 1).to_string()).unwrap_or_default();
            vec![
                entry.number.clone(),
                order,
                yes(entry.is_active),
                entry.label.clone(),
                or_empty(&entry.loader),
            ]
        })
    });
    rows(report, "EFI boot entries", &["NUMBER", "ORDER", "ACTIVE", "LABEL", "PROGRAM"], entries.collect());
}

/// Interfaces, routes, names, firewall.
pub fn network(state: &SystemState, report: &mut Report) {
    let network = &state.network;
    report.add(
        "Network",
        pairs(vec![
            ("set up by", network.managers.join(", ")),
            ("files", network.configuration.join(", ")),
            ("name servers", network.dns.servers.join(", ")),
            ("search", network.dns.search.join(", ")),
            ("resolv.conf by", or_empty(&network.dns.manager)),
            ("firewall by", network.firewall.managers.join(", ")),
        ]),
    );
    let interfaces = network.interfaces.iter().map(|one| {
        let address =
            |one: &crate::system::model::network::Address| format!("{}/{}", one.address, one.prefix);
        let addresses = one.addresses.iter().map(address).collect::<Vec<_>>().join(", ");
        let kind = one.kind.clone().unwrap_or_else(|| one.link_type.clone());
        vec![one.name.clone(), kind, one.state.clone(), or_empty(&one.mac), or_empty(&one.driver), addresses]
    });
    rows(
        report,
        "Interfaces",
        &["NAME", "KIND", "STATE", "MAC", "DRIVER", "ADDRESSES"],
        interfaces.collect(),
    );
    let routes = network.routes.iter().map(|one| {
        let metric = one.metric.map(|metric| metric.to_string()).unwrap_or_default();
        vec![
            one.destination.clone(),
            or_empty(&one.gateway),
            or_empty(&one.interface),
            one.table.clone(),
            metric,
            one.protocol.clone(),
        ]
    });
    rows(report, "Routes", &["TO", "VIA", "INTERFACE", "TABLE", "METRIC", "BY"], routes.collect());
    let hosts = network.hosts.iter().map(|one| vec![one.address.clone(), one.names.join(" ")]);
    rows(report, "/etc/hosts", &["ADDRESS", "NAMES"], hosts.collect());
    let firewall = &network.firewall;
    for (heading, text) in [
        ("Firewall (nftables)", &firewall.nft),
        ("Firewall (iptables)", &firewall.iptables),
        ("Firewall (ip6tables)", &firewall.ip6tables),
    ] {
        if let Some(text) = text {
            // A tab would be spelled out; the text is only looked at here.
            let lines = text.lines().map(|line| line.replace('\t', "    "));
            report.add(heading, Body::Lines(lines.collect()));
        }
    }
}

/// Locale, kernel parameters and modules, access control.
pub fn settings(state: &SystemState, report: &mut Report) {
    let settings = &state.settings;
    let list = |map: &std::collections::BTreeMap<String, String>| {
        map.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
    };
    let selinux = settings.selinux.as_ref().map(|one| {
        let running = one.running.as_deref().unwrap_or("not running");
        format!("{running}, {} in the file, policy {}", or_empty(&one.configured), or_empty(&one.policy))
    });
    report.add(
        "Settings",
        pairs(vec![
            ("locale", list(&settings.locale)),
            ("keyboard", list(&settings.keyboard)),
            ("time zone", or_empty(&settings.time_zone)),
            ("SELinux", selinux.unwrap_or_default()),
            (
                "AppArmor",
                settings.apparmor.map(|on| if on { "on" } else { "off" }.to_owned()).unwrap_or_default(),
            ),
            ("modules at boot", settings.modules.at_boot.join(", ")),
            ("blacklisted modules", settings.modules.blacklisted.join(", ")),
        ]),
    );
    let sysctl = settings.sysctl.iter().map(|one| {
        let running = one.running.clone().filter(|running| *running != one.value).unwrap_or_default();
        vec![one.key.clone(), one.value.clone(), running, one.file.clone()]
    });
    rows(report, "Kernel parameters", &["KEY", "VALUE", "RAN WITH", "FILE"], sysctl.collect());
}
