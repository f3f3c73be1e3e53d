//! What lies between partitions and file systems: md arrays, LUKS containers, volume groups; in the order in
//! which the captured devices rest on each other.
//!
//! Each layer is made once, which lasts, and brought up in every run that needs it, which does not.

use crate::system::action::{Action, Check, CommandLine, Operation, Stage, Stdin};
use crate::system::model::DIRECTORY;
use crate::system::model::storage::content::{Content, Luks};
use crate::system::model::storage::{Device, DeviceKind, Opened, Raid};
use crate::system::rebuild::bare_metal::Rebuild;
use crate::system::rebuild::error::RebuildError;
use crate::system::rebuild::lvm;
use crate::system::rebuild::stack::Stack;

pub(super) fn plan(stack: &Stack<'_>, rebuild: &mut Rebuild) -> Result<(), RebuildError> {
    let mut groups: Vec<&str> = Vec::new();
    for device in stack.devices() {
        match &device.kind {
            DeviceKind::Raid(raid) => rebuild.actions.extend(array(stack, device, raid)?),
            DeviceKind::Opened(opened) => {
                let below = device.parents.first().and_then(|key| stack.storage().device(key));
                let Some((below, Content::Luks(luks))) =
                    below.and_then(|below| Some((below, below.content.as_ref()?)))
                else {
                    return Err(unknown(device, "a dm-crypt mapping without a LUKS header"));
                };
                rebuild.actions.extend(container(stack, below, luks, opened, &mut rebuild.warnings));
            }
            // A group is made as its first volume is met: all its physical volumes stand before that.
            DeviceKind::Volume(volume) if !groups.contains(&volume.group.as_str()) => {
                groups.push(&volume.group);
                rebuild.actions.extend(lvm::group(stack, &volume.group)?);
            }
            DeviceKind::Other { name } => {
                return Err(unknown(device, &format!("a device of the type {name}")));
            }
            _ => {}
        }
    }
    Ok(())
}

fn unknown(device: &Device, what: &str) -> RebuildError {
    RebuildError::Unknown { device: device.name.clone(), what: what.to_owned() }
}

// A node that is missing, with the directory it would be in, has no plain name: then its own counts, so that
// two that are missing are not the same.

/// Whether the array at `$0` is the one with the UUID `$1`, made of none but the devices that follow: the
/// disks it was captured from may be here too.
const ASSEMBLED: &str = "{ told=$(mdadm --detail --export \"$0\") && uuid=$1 && shift && \
                         printf '%s\\n' \"$told\" | grep -qx \"MD_UUID=$uuid\" && test -z \"$(\
                         printf '%s\\n' \"$told\" | sed -n 's/^MD_DEVICE_.*_DEV=//p' | while read -r at; do \
                         for node; do \
                         test \"$(readlink -f \"$at\" || echo \"$at\")\" = \
                         \"$(readlink -f \"$node\" || echo \"$node\")\" && continue 2; done; \
                         echo \"$at\"; done)\"; }";
/// Whether the mapping `$0` is open, and is that of the device `$1`.
const OPENED: &str = "{ at=$(cryptsetup status \"$0\" | sed -n 's/^ *device: *//p'); \
                      test \"$(readlink -f \"$at\" || echo \"$at\")\" = \
                      \"$(readlink -f \"$1\" || echo \"$1\")\"; }";

/// An action of this stage that is done once.
pub(super) fn made(stack: &Stack<'_>, device: &Device, id: String, title: String) -> Action {
    Action {
        id,
        title,
        stage: Stage::Disks,
        operation: Operation::Run { commands: Vec::new() },
        check: None,
        destroys: stack.targets(&device.key),
        repeatable: true,
        volatile: false,
        release: Vec::new(),
        needs: Vec::new(),
    }
}

/// An action of this stage that brings something up, and is taken back at the end.
pub(super) fn brought_up(id: String, title: String, needs: Vec<String>) -> Action {
    Action {
        id,
        title,
        stage: Stage::Disks,
        operation: Operation::Run { commands: Vec::new() },
        check: None,
        destroys: Vec::new(),
        repeatable: true,
        volatile: true,
        release: Vec::new(),
        needs,
    }
}

/// A command that does `then` where `test` holds of `words`, and which fails (without `then`) or does nothing
/// where it does not. Of what has a name, or a place, the running machine may have one of its own: what is
/// not on the targets is neither taken for what is to be made nor taken down.
pub(super) fn ours(test: &str, then: &str, words: &[&str]) -> CommandLine {
    let script = match then {
        "" => test.to_owned(),
        then => format!("if {test}; then {then}; fi"),
    };
    let fixed = ["sh".to_owned(), "-c".to_owned(), script];
    CommandLine::new(fixed.into_iter().chain(words.iter().map(|word| (*word).to_owned())))
}

fn array(stack: &Stack<'_>, device: &Device, raid: &Raid) -> Result<[Action; 2], RebuildError> {
    if !raid.level.starts_with("raid") && raid.level != "linear" {
        return Err(unknown(device, &format!("an array of the level {}", raid.level)));
    }
    let name = device.name.as_str();
    let mut argv: Vec<String> = ["mdadm", "--create", name, "--run", "--force"].map(Into::into).to_vec();
    let mut option = |option: &str, value: &str| argv.push(format!("--{option}={value}"));
    option("level", &raid.level);
    option("metadata", if raid.metadata.is_empty() { "default" } else { &raid.metadata });
    option("uuid", &raid.uuid);
    option("raid-devices", &raid.devices.to_string());
    if raid.chunk_bytes > 0 {
        option("chunk", &format!("{}K", raid.chunk_bytes >> 10));
    }
    if let Some(name) = raid.name.as_deref() {
        // mdadm writes `HOST:NAME`, and takes the two apart.
        let (host, own) = name.split_once(':').unwrap_or(("any", name));
        option("homehost", host);
        option("name", own);
    }
    if let Some(layout) = raid.layout.as_deref().filter(|_| raid.level != "raid1") {
        option("layout", layout);
    }
    option("bitmap", raid.bitmap.as_deref().filter(|bitmap| *bitmap == "internal").unwrap_or("none"));
    let mut needs = Vec::new();
    let mut slots = vec!["missing".to_owned(); raid.devices as usize];
    let mut spares = Vec::new();
    for (place, key) in device.parents.iter().enumerate() {
        let Some(member) = stack.storage().device(key).filter(|_| stack.comes_back(key)) else { continue };
        needs.push(stack.ready(key));
        let role = raid.members.iter().find(|member| member.device == *key).map(|member| member.role);
        match role.unwrap_or(Some(place as u32)).and_then(|role| slots.get_mut(role as usize)) {
            Some(slot) => *slot = stack.node(member),
            None => spares.push(stack.node(member)),
        }
    }
    if !spares.is_empty() {
        argv.push(format!("--spare-devices={}", spares.len()));
    }
    let members = slots.iter().filter(|slot| *slot != "missing").chain(&spares).cloned();
    let members: Vec<String> = members.collect();
    let own: Vec<&str> = [name, &raid.uuid].into_iter().chain(members.iter().map(String::as_str)).collect();
    argv.extend(slots);
    argv.extend(spares);
    let exists = Check::Succeeds(ours(ASSEMBLED, "", &own));
    let create = Action {
        operation: Operation::Run { commands: vec![CommandLine::new(argv)] },
        check: Some(exists.clone()),
        needs,
        ..made(stack, device, format!("raid:{name}"), format!("make the {} array {name}", raid.level))
    };
    let uuid = format!("--uuid={}", raid.uuid);
    let assemble = ["mdadm", "--assemble", "--run", name, &uuid].into_iter().chain(own[2..].iter().copied());
    let assemble = Action {
        operation: Operation::Run { commands: vec![CommandLine::new(assemble)] },
        check: Some(exists),
        release: vec![ours(ASSEMBLED, "mdadm --stop \"$0\"", &own)],
        ..brought_up(format!("assemble:{name}"), format!("start the array {name}"), vec![create.id.clone()])
    };
    Ok([create, assemble])
}

fn container(
    stack: &Stack<'_>,
    below: &Device,
    luks: &Luks,
    opened: &Opened,
    warnings: &mut Vec<String>,
) -> [Action; 2] {
    let (name, node) = (opened.name.as_str(), stack.node(below));
    let secret = format!("luks-{name}");
    let commands = match &luks.header_file {
        Some(file) => restore_header(&node, &luks.uuid, &format!("{DIRECTORY}/{file}")),
        None => {
            warnings.push(format!(
                "the LUKS container {name} gets a new key, opened by the passphrase that is asked for; its \
                 other key slots and tokens do not come back"
            ));
            vec![CommandLine { stdin: Stdin::Secret(secret.clone()), ..format_luks(&node, luks) }]
        }
    };
    let uuid = CommandLine::new(["cryptsetup", "luksUUID", &node]);
    let create = Action {
        operation: Operation::Run { commands },
        check: Some(Check::Prints { command: uuid, text: luks.uuid.clone() }),
        needs: vec![stack.ready(&below.key)],
        ..made(stack, below, format!("luks:{name}"), format!("make the LUKS container {name}"))
    };
    let open = CommandLine::new(["cryptsetup", "open", "--key-file=-", &node, name]);
    let open = CommandLine { stdin: Stdin::Secret(secret), ..open };
    let open = Action {
        operation: Operation::Run { commands: vec![open] },
        check: Some(Check::Succeeds(ours(OPENED, "", &[name, &node]))),
        release: vec![ours(OPENED, "cryptsetup close \"$0\"", &[name, &node])],
        ..brought_up(
            format!("open:{name}"),
            format!("open the LUKS container {name}"),
            vec![create.id.clone()],
        )
    };
    [create, open]
}

/// The saved header passes through a file that only we can read, for cryptsetup reads no header from a pipe.
fn restore_header(node: &str, uuid: &str, entry: &str) -> Vec<CommandLine> {
    let file = format!("/run/lifeboat-luks-{uuid}");
    let save = CommandLine::new(["sh", "-c", "umask 077 && cat > \"$0\"", &file]);
    vec![
        CommandLine { stdin: Stdin::Entry(entry.to_owned()), ..save },
        CommandLine::new([
            "cryptsetup",
            "luksHeaderRestore",
            "--batch-mode",
            "--header-backup-file",
            &file,
            node,
        ]),
        CommandLine::new(["rm", "-f", &file]),
    ]
}

fn format_luks(node: &str, luks: &Luks) -> CommandLine {
    let mut argv: Vec<String> =
        ["cryptsetup", "luksFormat", "--batch-mode", "--key-file=-"].map(Into::into).to_vec();
    let mut option = |option: &str, value: Option<String>| {
        argv.extend(value.map(|value| format!("--{option}={value}")));
    };
    option("type", Some(format!("luks{}", luks.version)));
    option("uuid", Some(luks.uuid.clone()));
    option("cipher", luks.cipher.clone());
    option("key-size", luks.key_bits.map(|bits| bits.to_string()));
    option("hash", luks.hash.clone());
    if luks.version == 2 {
        option("label", luks.label.clone());
        option("subsystem", luks.subsystem.clone());
        option("sector-size", luks.sector_bytes.map(|bytes| bytes.to_string()));
    }
    argv.push(node.to_owned());
    CommandLine::new(argv)
}
