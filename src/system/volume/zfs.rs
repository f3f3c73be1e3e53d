//! Snapshots of ZFS datasets, read below `.zfs/snapshot`, which is there whether it is shown or not.

use std::path::{Path, PathBuf};

use crate::system::volume::{Planned, Removal, Runner, VolumeError};

pub(super) fn plan(source: &Path, name: &str, runner: &dyn Runner) -> Result<Planned, VolumeError> {
    let listed = runner.run(&["zfs", "list", "-H", "-t", "filesystem", "-o", "name,mountpoint,mounted"])?;
    let datasets = datasets(&listed);
    let own = datasets.iter().filter(|(_, point)| source.starts_with(point));
    let Some((dataset, point)) = own.max_by_key(|(_, point)| point.as_os_str().len()) else {
        return Err(VolumeError::Unfit {
            path: source.to_owned(),
            why: "no mounted ZFS dataset holds \
        it"
            .into(),
        });
    };
    let snapshot = format!("{dataset}@{name}");
    let place = point.join(".zfs/snapshot").join(name);
    let command = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    Ok(Planned {
        origin: point.clone(),
        create: vec![command(&["zfs", "snapshot", &snapshot])],
        remove: vec![Removal {
            while_there: Some(place.clone()),
            while_mounted: None,
            argv: command(&["zfs", "destroy", &snapshot]),
        }],
        place,
        missing: Vec::new(),
    })
}

/// Mounted datasets, and where.
fn datasets(listed: &str) -> Vec<(String, PathBuf)> {
    let dataset = |line: &str| match line.split('\t').collect::<Vec<_>>()[..] {
        [name, point, "yes"] if point.starts_with('/') => Some((name.to_owned(), PathBuf::from(point))),
        _ => None,
    };
    listed.lines().filter_map(dataset).collect()
}
