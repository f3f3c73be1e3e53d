//! Containers of docker and podman: with what they run, from which image, on which volumes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::system::model::Sensitive;

/// Everything that containers need to be made again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Containers {
    /// One for each engine there is, sorted by name.
    pub engines: Vec<Engine>,
}

/// One engine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Engine {
    /// `docker` or `podman`.
    pub name: String,
    /// Its version.
    pub version: Option<String>,
    /// Containers, running or not, sorted by name.
    pub containers: Vec<Container>,
    /// Images, sorted by id.
    pub images: Vec<Image>,
    /// Volumes, sorted by name.
    pub volumes: Vec<Volume>,
    /// Networks, sorted by name, without the engine's own.
    pub networks: Vec<ContainerNetwork>,
}

/// One container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: String,
    /// The image as it was asked for, such as `postgres:16`.
    pub image: String,
    /// The image's id, `sha256:…`.
    pub image_id: String,
    /// Whether it ran when captured.
    pub is_running: bool,
    /// `no`, `always`, `unless-stopped`, `on-failure`.
    pub restart: String,
    /// What it begins with.
    pub entrypoint: Vec<String>,
    /// What it runs, with arguments.
    pub command: Vec<String>,
    /// Its environment.
    pub environment: BTreeMap<String, Sensitive>,
    /// Its labels; `com.docker.compose.*` tells the project.
    pub labels: BTreeMap<String, String>,
    /// User inside, `uid[:gid]` or a name.
    pub user: Option<String>,
    /// Host name inside.
    pub host_name: Option<String>,
    /// Working directory inside.
    pub directory: Option<String>,
    /// `bridge`, `host`, `none` or a network's name.
    pub network_mode: String,
    /// Networks it belongs to, sorted.
    pub networks: Vec<String>,
    /// Published ports, such as `127.0.0.1:5432:5432/tcp`, sorted.
    pub ports: Vec<String>,
    /// What is mounted into it, sorted by target.
    pub mounts: Vec<ContainerMount>,
    /// Whether it may do anything.
    pub is_privileged: bool,
    /// Capabilities added, sorted.
    pub capabilities_added: Vec<String>,
    /// Capabilities taken, sorted.
    pub capabilities_dropped: Vec<String>,
    /// Devices handed in, sorted.
    pub devices: Vec<String>,
}

/// What is mounted into a container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ContainerMount {
    /// `volume`, `bind`, `tmpfs`.
    pub kind: String,
    /// The volume's name, or the path on the host.
    pub source: String,
    /// The path inside.
    pub target: String,
    /// Whether it can be written.
    pub is_writable: bool,
}

/// An image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Image {
    /// `sha256:…` of its configuration.
    pub id: String,
    /// Names with tags, sorted.
    pub tags: Vec<String>,
    /// Names with digests (`name@sha256:…`), sorted: what to pull to get the same again. Empty for an
    /// image that was built here and never pushed.
    pub digests: Vec<String>,
    /// Its length.
    pub size_bytes: u64,
}

/// A volume.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Volume {
    /// Its name.
    pub name: String,
    /// Its driver, `local` mostly.
    pub driver: String,
    /// Where its files are on the host.
    pub path: String,
    /// Options it was made with.
    pub options: BTreeMap<String, String>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
}

/// A network of containers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ContainerNetwork {
    /// Its name.
    pub name: String,
    /// Its driver, such as `bridge`.
    pub driver: String,
    /// Its subnets, each with gateway if it has one, as `10.1.0.0/16 via 10.1.0.1`.
    pub subnets: Vec<String>,
    /// Options it was made with.
    pub options: BTreeMap<String, String>,
    /// Whether it has no way out.
    pub is_internal: bool,
}
