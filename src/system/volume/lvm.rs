//! Snapshots of logical volumes, mounted read-only below the state directory.
//!
//! A thin volume's snapshot takes no room of its own; any other one gets a size, and if more than that
//! changes while the backup goes on, the snapshot becomes invalid and reading it fails.

use std::path::Path;

use serde::Deserialize;

use crate::system::volume::mounts::Mounts;
use crate::system::volume::{Planned, Removal, Runner, VolumeError, text};

#[derive(Deserialize)]
struct Report {
    report: Vec<Rows>,
}

#[derive(Deserialize)]
struct Rows {
    lv: Vec<Volume>,
}

#[derive(Debug, Deserialize)]
struct Volume {
    vg_name: String,
    lv_name: String,
    #[serde(default)]
    pool_lv: String,
}

pub(super) fn plan(
    source: &Path,
    name: &str,
    size: &str,
    mount_point: &Path,
    mounts: &Mounts,
    runner: &dyn Runner,
) -> Result<Planned, VolumeError> {
    let unfit = |why: String| VolumeError::Unfit { path: source.to_owned(), why };
    let mount = mounts.of(source).ok_or_else(|| unfit("it is on no mounted file system".into()))?;
    if !mount.source.starts_with("/dev/") {
        return Err(unfit(format!("it is on {}, not on a logical volume", mount.source)));
    }
    let listed =
        runner.run(&["lvs", "--reportformat", "json", "-o", "vg_name,lv_name,pool_lv", &mount.source])?;
    let volume = volume(&listed)?;
    let (group, origin) = (&volume.vg_name, format!("{}/{}", volume.vg_name, volume.lv_name));
    // One job may have sources on several volumes.
    let own = format!("{name}-{}", volume.lv_name);
    let device = format!("/dev/{group}/{own}");
    let place = mount_point.join(format!("{group}-{own}"));
    let point = text(&place)?;
    let command = |words: &[&str]| -> Vec<String> { words.iter().map(|word| (*word).to_owned()).collect() };
    let mut create = vec!["lvcreate", "--yes", "--snapshot", "--name", &own];
    match (volume.pool_lv.is_empty(), size.contains('%')) {
        (false, _) => create.extend(["--setactivationskip", "n"]),
        (true, true) => create.extend(["--extents", size]),
        (true, false) => create.extend(["--size", size]),
    }
    create.push(&origin);
    // A file system that is in use looks as after a crash; the snapshot may be written to, so its log is
    // replayed.
    let options = if mount.kind == "xfs" { "ro,nouuid" } else { "ro" };
    Ok(Planned {
        origin: mount.point.clone(),
        create: vec![
            command(&create),
            command(&["mkdir", "-p", "-m", "0700", &point]),
            command(&["mount", "-t", &mount.kind, "-o", options, &device, &point]),
        ],
        remove: vec![
            Removal {
                while_there: None,
                while_mounted: Some(place.clone()),
                argv: command(&["umount", &point]),
            },
            Removal {
                while_there: Some(device.clone().into()),
                while_mounted: None,
                argv: command(&["lvremove", "--yes", &format!("{group}/{own}")]),
            },
            Removal {
                while_there: Some(place.clone()),
                while_mounted: None,
                argv: command(&["rmdir", &point]),
            },
        ],
        place,
        missing: Vec::new(),
    })
}

fn volume(listed: &str) -> Result<Volume, VolumeError> {
    let wrong = |what: String| VolumeError::Output { program: "lvs", what };
    let report: Report = serde_json::from_str(listed).map_err(|error| wrong(error.to_string()))?;
    let mut rows: Vec<Volume> = report.report.into_iter().flat_map(|rows| rows.lv).collect();
    match rows.len() {
        1 => Ok(rows.remove(0)),
        count => Err(wrong(format!("it names {count} logical volumes"))),
    }
}
