//! What must differ from the captured machine: names of disks that changed, disks that were left out, network
//! interfaces on other hardware, and who the machine is.

use std::collections::{BTreeMap, BTreeSet};

use crate::system::action::{Action, CommandLine, Operation, Stage};
use crate::system::model::storage::content::Content;
use crate::system::rebuild::bare_metal::{InterfaceHere, Rebuild};
use crate::system::rebuild::error::RebuildError;
use crate::system::rebuild::rewrite::Rewrite;
use crate::system::rebuild::stack::Stack;

/// The longest name that an interface may have.
const INTERFACE_NAME_MAX_BYTES: usize = 15;

pub(super) fn plan(stack: &Stack<'_>, rebuild: &mut Rebuild) -> Result<(), RebuildError> {
    let needs = rebuild.mounts.clone();
    let mut add = |id: &str, title: &str, operation: Operation| {
        rebuild.actions.push(step(id, title, operation, &needs));
    };
    add("skeleton", "make the directories that the kernel fills", skeleton(stack.root));
    tables(stack, &mut add);
    for here in &stack.options.interfaces {
        interface(stack, here, &mut add)?;
    }
    who(stack, &mut add)?;
    let selinux = stack.state.settings.selinux.as_ref();
    if selinux.is_some_and(|selinux| selinux.configured.as_deref() != Some("disabled")) {
        add(
            "relabel",
            "ask SELinux for new labels at the first boot",
            file(stack, "/.autorelabel", "", 0o644),
        );
    }
    Ok(())
}

/// An action that may be repeated and needs the file systems.
pub(super) fn step(id: &str, title: &str, operation: Operation, needs: &[String]) -> Action {
    Action {
        id: id.to_owned(),
        title: title.to_owned(),
        stage: Stage::Boot,
        operation,
        check: None,
        destroys: Vec::new(),
        repeatable: true,
        volatile: false,
        release: Vec::new(),
        needs: needs.to_vec(),
    }
}

fn file(stack: &Stack<'_>, path: &str, contents: &str, mode: u32) -> Operation {
    Operation::WriteFile {
        root: stack.root.to_owned(),
        path: path.to_owned(),
        contents: contents.to_owned(),
        mode,
    }
}

fn skeleton(root: &str) -> Operation {
    let below = |names: &[&str]| names.iter().map(|name| format!("{root}/{name}")).collect::<Vec<_>>();
    let made = |mode: &str, names: &[&str]| {
        let fixed = ["install", "-d", "-m", mode].map(str::to_owned);
        CommandLine::new(fixed.into_iter().chain(below(names)))
    };
    Operation::Run { commands: vec![made("755", &["dev", "proc", "sys", "run"]), made("1777", &["tmp"])] }
}

/// fstab and crypttab: what names a disk by what it was called gets a UUID, and what was left out is no
/// longer waited for.
fn tables(stack: &Stack<'_>, add: &mut impl FnMut(&str, &str, Operation)) {
    let storage = stack.storage();
    let fstab = storage.fstab.iter().map(|entry| (entry.source.as_str(), entry.device.as_deref()));
    let crypttab = storage.crypttab.iter().map(|entry| (entry.source.as_str(), entry.device.as_deref()));
    let tables = [("fstab", 0, fstab.collect::<Vec<_>>()), ("crypttab", 1, crypttab.collect())];
    for (name, field, entries) in tables {
        let mut values = BTreeMap::new();
        let mut gone = BTreeSet::new();
        for (source, key) in entries {
            let Some(key) = key else { continue };
            match (stack.comes_back(key), uuid_of(stack, key)) {
                (false, _) => drop(gone.insert(source.to_owned())),
                (true, Some(uuid)) if names_hardware(source) => {
                    values.insert(source.to_owned(), format!("UUID={uuid}"));
                }
                (true, _) => {}
            }
        }
        let path = format!("/etc/{name}");
        let rewrite =
            |rewrite| Operation::RewriteFile { root: stack.root.to_owned(), path: path.clone(), rewrite };
        if !values.is_empty() {
            let title = format!("name disks by UUID in {path}");
            add(name, &title, rewrite(Rewrite::Field { field, values }));
        }
        if !gone.is_empty() {
            let title = format!("wait for no disk that was left out in {path}");
            add(&format!("{name}:left-out"), &title, rewrite(Rewrite::Disable { field, values: gone }));
        }
    }
}

/// Whether a name depends on which hardware there is. Names that LVM, LUKS and md give come back.
fn names_hardware(source: &str) -> bool {
    let stable =
        ["/dev/mapper/", "/dev/md", "/dev/disk/by-uuid/", "/dev/disk/by-label/", "/dev/disk/by-part"];
    let is_volume = |path: &str| path.strip_prefix("/dev/").is_some_and(|rest| rest.contains('/'));
    source.starts_with("/dev/disk/by-id/")
        || source.starts_with("/dev/disk/by-path/")
        || (source.starts_with("/dev/")
            && !stable.iter().any(|prefix| source.starts_with(prefix))
            && !is_volume(source))
}

fn uuid_of<'a>(stack: &Stack<'a>, key: &str) -> Option<&'a str> {
    match stack.storage().device(key)?.content.as_ref()? {
        Content::FileSystem(fs) => fs.uuid.as_deref(),
        Content::Swap(swap) => swap.uuid.as_deref(),
        Content::Luks(luks) => Some(&luks.uuid),
        _ => None,
    }
}

/// Gives the interface here the name that the captured one had, and files that name its address the new one.
fn interface(
    stack: &Stack<'_>,
    here: &InterfaceHere,
    add: &mut impl FnMut(&str, &str, Operation),
) -> Result<(), RebuildError> {
    let name = here.name.as_str();
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    if name.is_empty() || name.len() > INTERFACE_NAME_MAX_BYTES || !name.chars().all(is_name) {
        return Err(RebuildError::Hostile { what: "network interface", name: name.to_owned() });
    }
    let network = &stack.state.network;
    let old = network.interfaces.iter().find(|interface| interface.name == name);
    let old_mac = old.and_then(|old| old.permanent_mac.as_ref().or(old.mac.as_ref()));
    if old_mac.is_some_and(|mac| mac.eq_ignore_ascii_case(&here.mac)) {
        return Ok(());
    }
    let link = format!("[Match]\nMACAddress={}\n\n[Link]\nName={name}\n", here.mac);
    let path = format!("/etc/systemd/network/10-lifeboat-{name}.link");
    add(
        &format!("network:{name}"),
        &format!("keep the name {name} for {}", here.mac),
        file(stack, &path, &link, 0o644),
    );
    let Some(old_mac) = old_mac else { return Ok(()) };
    for path in network.configuration.iter().filter(|path| path.starts_with('/')) {
        let words = [(old_mac.clone(), here.mac.clone())].into();
        let operation = Operation::RewriteFile {
            root: stack.root.to_owned(),
            path: path.clone(),
            rewrite: Rewrite::Words { words, ignore_case: true },
        };
        add(
            &format!("network:{name}:{path}"),
            &format!("name the new address of {name} in {path}"),
            operation,
        );
    }
    Ok(())
}

/// Host name, machine id and SSH keys, where they are to be others.
fn who(stack: &Stack<'_>, add: &mut impl FnMut(&str, &str, Operation)) -> Result<(), RebuildError> {
    let identity = &stack.options.identity;
    if let Some(new) = &identity.host_name {
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
        if new.is_empty() || new.starts_with('-') || !new.chars().all(is_name) {
            return Err(RebuildError::Hostile { what: "host name", name: new.clone() });
        }
        add("host-name", &format!("call it {new}"), file(stack, "/etc/hostname", &format!("{new}\n"), 0o644));
        let old = stack.state.host.name.clone();
        if !old.is_empty() {
            let rewrite = Rewrite::Words { words: [(old, new.clone())].into(), ignore_case: false };
            let (root, path) = (stack.root.to_owned(), "/etc/hosts".to_owned());
            add("hosts", "call it so in /etc/hosts", Operation::RewriteFile { root, path, rewrite });
        }
    }
    if identity.new_machine_id {
        // Empty, and not missing: the first boot then makes an id, and takes itself for no installation.
        add(
            "machine-id",
            "let the first boot make a new machine-id",
            file(stack, "/etc/machine-id", "", 0o444),
        );
        let script = "test -L \"$0\" || rm -f \"$0\"";
        let path = format!("{}/var/lib/dbus/machine-id", stack.root);
        let commands = vec![CommandLine::new(["sh", "-c", script, &path])];
        add("machine-id:dbus", "let D-Bus take the same", Operation::Run { commands });
    }
    if identity.new_ssh_host_keys {
        let script = "rm -f /etc/ssh/ssh_host_*; ssh-keygen -A";
        let commands = vec![CommandLine::new(["sh", "-c", script]).within(stack.root)];
        add("ssh-host-keys", "make new SSH host keys", Operation::Run { commands });
    }
    Ok(())
}
