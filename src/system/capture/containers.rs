//! Collects containers, images, volumes and networks of docker and podman.

use crate::system::capture::probe::Probe;
use crate::system::model::containers::{Containers, Engine};
use crate::system::parse::{containers, text};

/// How many things are inspected in one go: a command line has its limit.
const BATCH: usize = 200;

/// Looks.
pub fn collect(probe: &mut Probe) -> Containers {
    let mut found = Containers::default();
    if !probe.is_live() {
        return found;
    }
    // The client alone says nothing: without a socket there is no engine to ask.
    let sockets = ["/var/run/docker.sock", "/run/docker.sock"];
    if sockets.iter().any(|path| probe.exists(path)) {
        found.engines.extend(engine(probe, "docker", "{{.Server.Version}}"));
    }
    if ["/var/lib/containers/storage", "/etc/containers"].iter().any(|path| probe.is_dir(path)) {
        found.engines.extend(engine(probe, "podman", "{{.Client.Version}}"));
    }
    for tree in ["/etc/containers/systemd", "/etc/docker"] {
        // daemon.json and registries' certificates; the keys of swarms and registries are secrets.
        probe.keep_tree(tree, true);
    }
    found
}

fn engine(probe: &mut Probe, program: &str, format: &str) -> Option<Engine> {
    let version = probe.run(&format!("{program}-version.txt"), program, &["version", "--format", format])?;
    let mut engine = Engine { name: program.to_owned(), version: text::some(&version), ..Engine::default() };
    let parts: [(&str, &[&str], &[&str]); 4] = [
        ("containers", &["ps", "-aq", "--no-trunc"], &["inspect", "--type", "container"]),
        ("images", &["image", "ls", "-q", "--no-trunc"], &["image", "inspect"]),
        ("volumes", &["volume", "ls", "-q"], &["volume", "inspect"]),
        ("networks", &["network", "ls", "-q"], &["network", "inspect"]),
    ];
    for (what, list, inspect) in parts {
        let names = probe.run(&format!("{program}-{what}.txt"), program, list).unwrap_or_default();
        let mut names: Vec<&str> = text::lines(&names, "").collect();
        names.sort_unstable();
        names.dedup();
        for (number, batch) in names.chunks(BATCH).enumerate() {
            let arguments: Vec<&str> = inspect.iter().chain(batch).copied().collect();
            let name = format!("{program}-{what}-{number}.json");
            // Environments hold passwords.
            let Some(output) = probe.run_secret(&name, program, &arguments) else { continue };
            if !read(what, &output, &mut engine) {
                probe.warn(format!("`{program} {}` printed what cannot be read", inspect.join(" ")));
            }
        }
    }
    // Batches come one after the other.
    engine.containers.sort_by(|left, right| left.name.cmp(&right.name));
    engine.images.sort_by(|left, right| left.id.cmp(&right.id));
    engine.volumes.sort_by(|left, right| left.name.cmp(&right.name));
    engine.networks.sort_by(|left, right| left.name.cmp(&right.name));
    Some(engine)
}

/// Whether it could be read.
fn read(what: &str, output: &str, engine: &mut Engine) -> bool {
    fn add<T>(place: &mut Vec<T>, found: Option<Vec<T>>) -> bool {
        let is_read = found.is_some();
        place.extend(found.unwrap_or_default());
        is_read
    }
    match what {
        "containers" => add(&mut engine.containers, containers::parse_containers(output)),
        "images" => add(&mut engine.images, containers::parse_images(output)),
        "volumes" => add(&mut engine.volumes, containers::parse_volumes(output)),
        _ => add(&mut engine.networks, containers::parse_networks(output)),
    }
}
