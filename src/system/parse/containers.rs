//! `docker inspect` and `podman inspect`: containers, images, volumes and networks.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::system::model::Sensitive;
use crate::system::model::containers::{Container, ContainerMount, ContainerNetwork, Image, Volume};
use crate::system::parse::{json, text};

/// Values below a missing field.
const NOTHING: &Value = &Value::Null;

fn below<'a>(value: &'a Value, name: &str) -> &'a Value {
    value.get(name).unwrap_or(NOTHING)
}

/// One text, or a list of them, as a list: docker and podman differ.
fn words(value: &Value, name: &str) -> Vec<String> {
    match value.get(name) {
        Some(Value::String(one)) => text::some(one).into_iter().collect(),
        _ => json::texts(value, name),
    }
}

fn sorted(mut list: Vec<String>) -> Vec<String> {
    list.sort_unstable();
    list
}

/// Reads `inspect --type container`.
pub fn parse_containers(output: &str) -> Option<Vec<Container>> {
    let value = json::read(output)?;
    value.as_array()?;
    let mut found: Vec<Container> = json::items(&value, "").iter().filter_map(container).collect();
    found.sort_by(|left, right| left.name.cmp(&right.name));
    Some(found)
}

fn container(item: &Value) -> Option<Container> {
    let (config, host) = (below(item, "Config"), below(item, "HostConfig"));
    let environment = json::texts(config, "Env").into_iter().map(|variable| {
        let (name, value) = variable.split_once('=').unwrap_or((&variable, ""));
        (name.to_owned(), Sensitive::new(value))
    });
    let restart = json::text(below(host, "RestartPolicy"), "Name").unwrap_or_else(|| "no".into());
    let networks = below(below(item, "NetworkSettings"), "Networks").as_object();
    let mut mounts: Vec<ContainerMount> = json::items(item, "Mounts").iter().filter_map(mount).collect();
    mounts.sort_by(|left, right| left.target.cmp(&right.target));
    let devices = json::items(host, "Devices").iter().filter_map(|device| json::text(device, "PathOnHost"));
    Some(Container {
        name: json::text(item, "Name")?.trim_start_matches('/').to_owned(),
        id: json::text(item, "Id")?,
        image: json::text(config, "Image").or_else(|| json::text(item, "ImageName")).unwrap_or_default(),
        image_id: digest(json::text(item, "Image").unwrap_or_default()),
        is_running: json::flag(below(item, "State"), "Running"),
        restart,
        entrypoint: words(config, "Entrypoint"),
        command: words(config, "Cmd"),
        environment: environment.collect(),
        labels: json::map(config, "Labels"),
        user: json::text(config, "User"),
        host_name: json::text(config, "Hostname"),
        directory: json::text(config, "WorkingDir"),
        network_mode: json::text(host, "NetworkMode").unwrap_or_default(),
        networks: networks.into_iter().flatten().map(|(name, _)| name.clone()).collect(),
        ports: ports(below(host, "PortBindings")),
        mounts,
        is_privileged: json::flag(host, "Privileged"),
        capabilities_added: sorted(json::texts(host, "CapAdd")),
        capabilities_dropped: sorted(json::texts(host, "CapDrop")),
        devices: sorted(devices.collect()),
    })
}

/// podman leaves out the algorithm.
fn digest(id: String) -> String {
    let is_bare = id.len() == 64 && id.chars().all(|c| c.is_ascii_hexdigit());
    if is_bare { format!("sha256:{id}") } else { id }
}

fn mount(item: &Value) -> Option<ContainerMount> {
    let kind = json::text(item, "Type").unwrap_or_else(|| "bind".into());
    let source = if kind == "volume" { "Name" } else { "Source" };
    Some(ContainerMount {
        source: json::text(item, source).unwrap_or_default(),
        target: json::text(item, "Destination")?,
        is_writable: json::flag(item, "RW"),
        kind,
    })
}

/// `{"5432/tcp":[{"HostIp":"127.0.0.1","HostPort":"5432"}]}` as `127.0.0.1:5432:5432/tcp`.
fn ports(bindings: &Value) -> Vec<String> {
    let mut ports = Vec::new();
    for (inside, outside) in bindings.as_object().into_iter().flatten() {
        for place in json::items(outside, "") {
            let port = json::text(place, "HostPort").unwrap_or_default();
            let address =
                json::text(place, "HostIp").map(|ip| if ip.contains(':') { format!("[{ip}]") } else { ip });
            let address = address.map(|ip| format!("{ip}:")).unwrap_or_default();
            ports.push(format!("{address}{port}:{inside}"));
        }
    }
    sorted(ports)
}

/// Reads `inspect --type image`.
pub fn parse_images(output: &str) -> Option<Vec<Image>> {
    let value = json::read(output)?;
    value.as_array()?;
    let image = |item: &Value| {
        Some(Image {
            id: digest(json::text(item, "Id")?),
            tags: sorted(json::texts(item, "RepoTags")),
            digests: sorted(json::texts(item, "RepoDigests")),
            size_bytes: json::number(item, "Size").unwrap_or(0),
        })
    };
    let mut images: Vec<Image> = json::items(&value, "").iter().filter_map(image).collect();
    images.sort_by(|left, right| left.id.cmp(&right.id));
    images.dedup_by(|left, right| left.id == right.id);
    Some(images)
}

/// Reads `volume inspect`.
pub fn parse_volumes(output: &str) -> Option<Vec<Volume>> {
    let value = json::read(output)?;
    value.as_array()?;
    let volume = |item: &Value| {
        Some(Volume {
            name: json::text(item, "Name")?,
            driver: json::text(item, "Driver").unwrap_or_default(),
            path: json::text(item, "Mountpoint").unwrap_or_default(),
            options: json::map(item, "Options"),
            labels: json::map(item, "Labels"),
        })
    };
    let mut volumes: Vec<Volume> = json::items(&value, "").iter().filter_map(volume).collect();
    volumes.sort_by(|left, right| left.name.cmp(&right.name));
    Some(volumes)
}

/// Reads `network inspect`; networks that every engine has by itself are left out.
pub fn parse_networks(output: &str) -> Option<Vec<ContainerNetwork>> {
    let value = json::read(output)?;
    value.as_array()?;
    let network = |item: &Value| {
        // Capitals in docker, small letters in podman.
        let either = |one: &str, two: &str| json::text(item, one).or_else(|| json::text(item, two));
        let name = either("Name", "name")?;
        if matches!(name.as_str(), "bridge" | "host" | "none" | "podman") {
            return None;
        }
        let docker = json::items(below(item, "IPAM"), "Config").iter();
        let podman = json::items(item, "subnets").iter();
        let subnet = |place: &Value| {
            let either = |one: &str, two: &str| json::text(place, one).or_else(|| json::text(place, two));
            let subnet = either("Subnet", "subnet")?;
            Some(match either("Gateway", "gateway") {
                Some(gateway) => format!("{subnet} via {gateway}"),
                None => subnet,
            })
        };
        let options: BTreeMap<String, String> =
            json::map(item, "Options").into_iter().chain(json::map(item, "options")).collect();
        Some(ContainerNetwork {
            driver: either("Driver", "driver").unwrap_or_default(),
            subnets: sorted(docker.chain(podman).filter_map(subnet).collect()),
            is_internal: json::flag(item, "Internal") || json::flag(item, "internal"),
            options,
            name,
        })
    };
    let mut networks: Vec<ContainerNetwork> = json::items(&value, "").iter().filter_map(network).collect();
    networks.sort_by(|left, right| left.name.cmp(&right.name));
    Some(networks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_is_read_whole_and_its_variables_stay_hidden() {
        let output = r#"[{"Id":"abc","Name":"/db","Image":"sha256:1","State":{"Running":true},
            "Config":{"Image":"postgres:16","Env":["POSTGRES_PASSWORD=hush","EMPTY"],"Cmd":["postgres"],
            "Entrypoint":"docker-entrypoint.sh","Labels":{"a":"b"},"Hostname":"h"},
            "HostConfig":{"RestartPolicy":{"Name":"always"},"NetworkMode":"app",
            "PortBindings":{"5432/tcp":[{"HostIp":"127.0.0.1","HostPort":"5432"},{"HostIp":"::1",
              "HostPort":"1"}]},
            "CapAdd":null,"Devices":[{"PathOnHost":"/dev/fuse"}]},
            "NetworkSettings":{"Networks":{"app":{}}},
            "Mounts":[{"Type":"volume","Name":"data","Source":"/var/lib/x","Destination":"/data",
              "RW":true}]}]"#;
        let found = parse_containers(output).unwrap();
        let one = &found[0];
        assert_eq!((one.name.as_str(), one.image.as_str(), one.is_running), ("db", "postgres:16", true));
        assert_eq!(one.ports, ["127.0.0.1:5432:5432/tcp", "[::1]:1:5432/tcp"]);
        assert_eq!((one.mounts[0].source.as_str(), one.entrypoint.len()), ("data", 1));
        assert_eq!(one.environment["POSTGRES_PASSWORD"].expose(), Some("hush"));
        assert!(!format!("{one:?}").contains("hush"));
    }

    #[test]
    fn images_volumes_and_networks_of_both_engines_are_read() {
        let id = "a".repeat(64);
        let images =
            format!(r#"[{{"Id":"{id}","RepoTags":["x:1"],"RepoDigests":["x@sha256:2"],"Size":5}},{{}}]"#);
        assert_eq!(parse_images(&images).unwrap()[0].id, format!("sha256:{id}"));
        let volumes =
            r#"[{"Name":"v","Driver":"local","Mountpoint":"/m","Options":{"o":"bind"},"Labels":null}]"#;
        assert_eq!(parse_volumes(volumes).unwrap()[0].options["o"], "bind");
        let docker = r#"[{"Name":"bridge"},{"Name":"app","Driver":"bridge",
          "IPAM":{"Config":[{"Subnet":"10.1.0.0/16","Gateway":"10.1.0.1"}]},"Internal":true}]"#;
        let podman = r#"[{"name":"podman"},{"name":"app","driver":"bridge",
          "subnets":[{"subnet":"10.1.0.0/16","gateway":"10.1.0.1"}],"internal":true}]"#;
        assert_eq!(parse_networks(docker), parse_networks(podman));
        assert_eq!(parse_networks("no"), None);
    }
}
