//! Plans held against what the programs said on other machines, and the life of snapshots without any.

use std::cell::RefCell;

use super::*;

/// Answers from a table, and notes what was run.
#[derive(Default)]
struct Recorded {
    answers: Vec<(&'static str, &'static str)>,
    fails: Option<&'static str>,
    ran: RefCell<Vec<String>>,
}

impl Runner for Recorded {
    fn run(&self, argv: &[&str]) -> Result<String, VolumeError> {
        let line = argv.join(" ");
        self.ran.borrow_mut().push(line.clone());
        if self.fails.is_some_and(|part| line.contains(part)) {
            return Err(VolumeError::Command { command: line, how: "exited with status 5".into() });
        }
        let answer = self.answers.iter().find(|(start, _)| line.starts_with(start));
        Ok(answer.map(|(_, answer)| (*answer).to_owned()).unwrap_or_default())
    }
}

/// From a Debian with LVM and a Fedora with btrfs.
const MOUNTINFO: &[u8] = b"\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/mapper/vg0-root rw,errors=remount-ro\n\
30 22 254:2 / /srv rw,relatime shared:5 - xfs /dev/mapper/vg0-srv rw,attr2\n\
31 30 254:3 / /srv/my\\040files rw shared:6 - ext4 /dev/mapper/vg0-more rw\n\
35 22 0:40 / /tank rw shared:7 - zfs tank rw,xattr\n";

fn plan_for(method: Method, source: &str, runner: &Recorded) -> Result<Planned, VolumeError> {
    let mounts = Mounts::parse(MOUNTINFO);
    let planned = plan(&method, &[source.into()], "night ly", Path::new("/state/mounts"), &mounts, runner)?;
    Ok(planned.into_iter().next().unwrap())
}

fn lines(commands: &[Vec<String>]) -> Vec<String> {
    commands.iter().map(|argv| argv.join(" ")).collect()
}

#[test]
fn mounts_are_read_with_odd_names_and_the_longest_counts() {
    let mounts = Mounts::parse(MOUNTINFO);
    assert_eq!(mounts.of(Path::new("/srv/my files/x")).unwrap().source, "/dev/mapper/vg0-more");
    assert_eq!(mounts.of(Path::new("/srvx")).unwrap().point, Path::new("/"));
    assert_eq!(mounts.below(Path::new("/srv")).collect::<Vec<_>>(), [Path::new("/srv/my files")]);
}

#[test]
fn a_logical_volume_is_snapshotted_mounted_and_removed_in_order() {
    let thick = r#"{"report":[{"lv":[{"vg_name":"vg0","lv_name":"srv","pool_lv":""}]}]}"#;
    let runner = Recorded { answers: vec![("lvs", thick)], ..Recorded::default() };
    let planned = plan_for(Method::Lvm { size: "10%ORIGIN".into() }, "/srv/www", &runner).unwrap();
    assert_eq!(
        lines(&planned.create),
        [
            "lvcreate --yes --snapshot --name lifeboat-night_ly-srv --extents 10%ORIGIN vg0/srv",
            "mkdir -p -m 0700 /state/mounts/night_ly/vg0-lifeboat-night_ly-srv",
            "mount -t xfs -o ro,nouuid /dev/vg0/lifeboat-night_ly-srv \
             /state/mounts/night_ly/vg0-lifeboat-night_ly-srv",
        ]
    );
    let removals: Vec<Vec<String>> = planned.remove.iter().map(|one| one.argv.clone()).collect();
    assert_eq!(lines(&removals)[1], "lvremove --yes vg0/lifeboat-night_ly-srv");
    assert_eq!(planned.origin, Path::new("/srv"));
    assert!(planned.missing.is_empty(), "the mount below lies in no source");
    let whole = plan_for(Method::Lvm { size: "5G".into() }, "/srv", &runner).unwrap();
    assert_eq!(whole.missing.len(), 1, "{:?}", whole.missing);
    let thin = r#"{"report":[{"lv":[{"vg_name":"vg0","lv_name":"root","pool_lv":"pool"}]}]}"#;
    let runner = Recorded { answers: vec![("lvs", thin)], ..Recorded::default() };
    let planned = plan_for(Method::Lvm { size: "5G".into() }, "/etc", &runner).unwrap();
    assert!(lines(&planned.create)[0].ends_with("--setactivationskip n vg0/root"), "{:?}", planned.create);
    let error = plan_for(Method::Lvm { size: "5G".into() }, "/tank/a", &Recorded::default()).unwrap_err();
    assert!(error.to_string().contains("not on a logical volume"), "{error}");
}

#[test]
fn a_dataset_is_found_by_the_longest_mount_point() {
    let listed = "rpool\t/rpool\tyes\ntank\t/tank\tyes\ntank/home\t/tank/home\tyes\n\
                  tank/off\t/tank/home/x\tno\n";
    let runner = Recorded { answers: vec![("zfs list", listed)], ..Recorded::default() };
    let planned = plan_for(Method::Zfs, "/tank/home/x/y", &runner).unwrap();
    assert_eq!(lines(&planned.create), ["zfs snapshot tank/home@lifeboat-night_ly"]);
    assert_eq!(planned.place, Path::new("/tank/home/.zfs/snapshot/lifeboat-night_ly"));
    assert_eq!(planned.remove[0].argv.join(" "), "zfs destroy tank/home@lifeboat-night_ly");
    assert!(plan_for(Method::Zfs, "/srv", &runner).is_err());
    let error = plan_for(Method::Btrfs, "/srv/www", &runner).unwrap_err();
    assert!(error.to_string().contains("on xfs, not on btrfs"), "{error}");
}

fn commands(of: &str) -> Method {
    Method::Commands {
        of: of.into(),
        create: vec!["make it".into()],
        path: "/snap".into(),
        remove: vec!["drop it".into()],
    }
}

#[test]
fn snapshots_are_removed_whatever_happens_and_a_killed_run_leaves_a_record() {
    let dir = tempfile::tempdir().unwrap();
    let record = dir.path().join("volumes/job.json");
    let runner = Recorded::default();
    let planned = vec![plan_for(commands("/srv"), "/srv/www", &runner).unwrap()];
    make(&planned, &record, &runner, &runner).unwrap().remove().unwrap();
    assert_eq!(*runner.ran.borrow(), ["sh -c make it", "sh -c drop it"]);
    assert!(!record.exists());

    // Dropped on the way, by an error or a panic.
    drop(make(&planned, &record, &runner, &runner).unwrap());
    assert_eq!(runner.ran.borrow().len(), 4);
    assert!(!record.exists());

    // One that cannot be made is removed as far as it goes.
    let failing = Recorded { fails: Some("make"), ..Recorded::default() };
    assert!(make(&planned, &record, &failing, &failing).is_err());
    assert_eq!(failing.ran.borrow().last().unwrap(), "sh -c drop it");

    // Killed: nothing is dropped. The next run finds the record.
    std::mem::forget(make(&planned, &record, &runner, &runner).unwrap());
    assert!(record.exists());
    let next = Recorded::default();
    assert_eq!(clean(&record, &next).unwrap(), 1);
    assert_eq!(*next.ran.borrow(), ["sh -c drop it"]);
    assert_eq!(clean(&record, &next).unwrap(), 0, "once");

    // What cannot be removed stays on record.
    let stuck = Recorded { fails: Some("drop"), ..Recorded::default() };
    assert!(make(&planned, &record, &stuck, &stuck).unwrap().remove().is_err());
    assert!(record.exists() && clean(&record, &stuck).is_err());
    std::fs::write(&record, "{").unwrap();
    assert!(matches!(clean(&record, &next), Err(VolumeError::Record { .. })));
    assert!(plan_for(commands("/other"), "/srv", &runner).is_err());
}
