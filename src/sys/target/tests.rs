//! The target against names, links and depths that are out to get it.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _, symlink};

use super::attributes::Attributes;
use super::*;
use crate::base::time::Timestamp;
use crate::sys::meta::{flags, xattrs};
use crate::sys::process::is_root;

/// A target and, beside it, an outside that must stay as it is.
fn set_up() -> (tempfile::TempDir, Target) {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("outside")).unwrap();
    fs::write(dir.path().join("outside/precious"), "precious").unwrap();
    let target = Target::create(&dir.path().join("new/target")).unwrap();
    (dir, target)
}

fn assert_untouched(dir: &tempfile::TempDir) {
    let outside = dir.path().join("outside");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
    assert_eq!(fs::read(outside.join("precious")).unwrap(), b"precious");
}

#[test]
fn names_that_lead_out_are_refused_by_every_operation() {
    let (dir, target) = set_up();
    let root = target.root();
    for name in [&b".."[..], b".", b"", b"../x", b"a/b", b"/etc", b"x\0"] {
        assert!(root.make_dir(name).is_err());
        assert!(root.create_file(name).is_err());
        assert!(root.open_existing_for_update(name).is_err());
        assert!(root.make_symlink(name, b"x").is_err());
        assert!(root.make_special(name, Special::Fifo).is_err());
        assert!(root.make_link(name, root, b"x").is_err());
        assert!(root.make_link(b"x", root, name).is_err());
        assert!(root.unlink(name).is_err() && root.remove_dir(name).is_err());
        assert!(root.remove_tree(name).is_err() && root.look(name).is_err());
        assert!(root.rename(name, root, b"x", true).is_err());
        assert!(root.rename(b"x", root, name, true).is_err());
        assert!(target.dir(&[name]).is_err() && target.make_dirs(&[b"ok", name]).is_err());
        assert_eq!(root.set_child_attributes(name, &Attributes::default()).len(), 1);
    }
    assert_untouched(&dir);
}

#[test]
fn links_planted_in_the_target_lead_nowhere() {
    let (dir, target) = set_up();
    let root = target.root();
    root.make_symlink(b"d", b"../../outside").unwrap();
    root.make_symlink(b"f", b"../../outside/precious").unwrap();
    assert!(target.dir(&[b"d"]).is_err() && target.make_dirs(&[b"d", b"x"]).is_err());
    assert!(target.make_dirs(&[b"d"]).is_err() && root.ensure_dir(b"d").is_err());
    assert!(root.create_file(b"f").is_err() && root.open_existing_for_update(b"f").is_err());
    let wanted = Attributes {
        mode12: Some(0o777),
        mtime: Some(Timestamp { seconds: 5, nanos: 0 }),
        xattrs: Some(&[]),
        flags: Some(0),
        ..Attributes::default()
    };
    let before = fs::metadata(dir.path().join("outside/precious")).unwrap();
    assert!(root.set_child_attributes(b"f", &wanted).is_empty());
    let after = fs::metadata(dir.path().join("outside/precious")).unwrap();
    assert_eq!((before.mode(), before.mtime_nsec()), (after.mode(), after.mtime_nsec()));
    assert_eq!(root.look(b"f").unwrap().unwrap().mtime, Timestamp { seconds: 5, nanos: 0 });
    root.remove_tree(b"d").unwrap();
    assert!(root.look(b"d").unwrap().is_none());
    assert_untouched(&dir);
}

#[test]
fn a_directory_swapped_for_a_link_while_open_takes_the_writes_along_and_nothing_goes_out() {
    let (dir, target) = set_up();
    let open = target.make_dirs(&[b"a", b"b"]).unwrap();
    let own = dir.path().join("new/target");
    fs::rename(own.join("a"), own.join("moved")).unwrap();
    symlink("../../outside", own.join("a")).unwrap();
    open.create_file(b"inside").unwrap();
    assert!(own.join("moved/b/inside").exists());
    assert!(target.dir(&[b"a", b"b"]).is_err() && target.make_dirs(&[b"a", b"new"]).is_err());
    assert!(target.reopen(open.place()).is_err());
    assert_untouched(&dir);
}

#[test]
fn removing_a_tree_follows_no_link_and_takes_any_depth() {
    let (dir, target) = set_up();
    let mut reached = target.make_dirs(&[b"tree"]).unwrap();
    for depth in 0..3000 {
        if depth % 100 == 0 {
            reached.make_symlink(b"link", dir.path().join("outside").as_os_str().as_bytes()).unwrap();
            reached.create_file(&[0xff; 255]).unwrap();
            reached.make_dir(b"side").unwrap().create_file(b"f").unwrap();
        }
        reached = reached.make_dir(b"0123456789").unwrap();
    }
    drop(reached);
    target.root().remove_tree(b"tree").unwrap();
    assert!(target.root().look(b"tree").unwrap().is_none());
    target.root().remove_tree(b"tree").unwrap();
    assert_untouched(&dir);
}

#[test]
fn removing_a_tree_leaves_what_refuses_and_says_so() {
    let (_dir, target) = set_up();
    let tree = target.make_dirs(&[b"tree", b"stays"]).unwrap();
    let file = tree.create_file(b"immutable").unwrap();
    target.make_dirs(&[b"tree", b"goes"]).unwrap().create_file(b"f").unwrap();
    if flags::set(&file, flags::IMMUTABLE).is_err() {
        return eprintln!("skipped: no immutable files here");
    }
    let error = target.root().remove_tree(b"tree").unwrap_err();
    assert!(error.to_string().ends_with("tree/stays/immutable"));
    assert!(target.dir(&[b"tree", b"goes"]).is_err());
    assert!(tree.clear_forbidding_flags(b"immutable") && !tree.clear_forbidding_flags(b"immutable"));
    target.root().remove_tree(b"tree").unwrap();
}

#[test]
fn every_kind_of_file_is_made_once_and_only_once() {
    let (dir, target) = set_up();
    let (root, own) = (target.root(), dir.path().join("new/target"));
    root.create_file(b"f").unwrap();
    root.make_link(b"hard", root, b"f").unwrap();
    root.make_symlink(b"s", b"no/such\xff").unwrap();
    root.make_link(b"s2", root, b"s").unwrap();
    root.make_special(b"p", Special::Fifo).unwrap();
    root.make_special(b"sock", Special::Socket).unwrap();
    assert_eq!(fs::metadata(own.join("f")).unwrap().nlink(), 2);
    assert_eq!(fs::metadata(own.join("f")).unwrap().mode() & 0o777, 0o600);
    assert_eq!(root.handle().read_link_child(b"s2").unwrap(), b"no/such\xff");
    assert!(fs::metadata(own.join("sock")).unwrap().file_type().is_socket());
    for name in [b"f", b"s", b"p"] {
        assert!(root.create_file(name).is_err() && root.make_dir(name).is_err());
        assert!(root.make_symlink(name, b"x").is_err());
        assert!(root.make_special(name, Special::Fifo).is_err());
    }
    assert!(root.open_existing_for_update(b"p").is_err());
    assert_eq!(root.open_existing_for_update(b"f").unwrap().1.nlink, 2);
    assert!(root.rename(b"f", root, b"p", false).is_err());
    root.rename(b"f", root, b"p", true).unwrap();
    root.rename(b"p", root, b"fresh", false).unwrap();
    if is_root() {
        root.make_special(b"null", Special::CharDev(1, 3)).unwrap();
        root.make_special(b"disk", Special::BlockDev(7, 300)).unwrap();
        assert_eq!(root.look(b"null").unwrap().unwrap().rdev, (1, 3));
        let disk = root.look(b"disk").unwrap().unwrap();
        assert_eq!((disk.kind, disk.rdev), (FileKind::BlockDev, (7, 300)));
        assert!(root.open_existing_for_update(b"null").is_err());
    } else {
        assert!(root.make_special(b"null", Special::CharDev(1, 3)).unwrap_err().is_denied());
    }
}

/// An ACL that lets user 1 read: version 2, then tag, permissions and id of each entry.
fn acl() -> Vec<u8> {
    let mut acl = 2u32.to_le_bytes().to_vec();
    for (tag, permissions, id) in
        [(1u16, 6u16, u32::MAX), (2, 4, 1), (4, 4, u32::MAX), (16, 4, u32::MAX), (32, 0, u32::MAX)]
    {
        acl.extend(tag.to_le_bytes());
        acl.extend(permissions.to_le_bytes());
        acl.extend(id.to_le_bytes());
    }
    acl
}

#[test]
fn files_get_exactly_the_metadata_that_is_wanted() {
    let (_dir, target) = set_up();
    let root = target.root();
    let (mtime, atime) = (Timestamp { seconds: -1, nanos: 999_999_999 }, Timestamp { seconds: 7, nanos: 1 });
    let mut pairs = vec![(b"user.a".to_vec(), vec![0, 255]), (b"user.empty".to_vec(), vec![])];
    pairs.insert(0, (b"system.posix_acl_access".to_vec(), acl()));
    let (uid, gid) = match is_root() {
        true => (Some(12345), Some(54321)),
        false => (None, None),
    };
    let wanted = Attributes {
        uid,
        gid,
        mode12: Some(0o640),
        mtime: Some(mtime),
        atime: Some(atime),
        xattrs: Some(&pairs),
        flags: Some(flags::NODUMP),
        ..Attributes::default()
    };
    let file = root.create_file(b"f").unwrap();
    let old = [(b"user.old".to_vec(), b"x".to_vec())];
    if !xattrs::set_exactly(&file, &old).is_empty() || flags::set(&file, flags::NOATIME).is_err() {
        return eprintln!("skipped: no user attributes or flags here");
    }
    root.make_dir(b"d").unwrap();
    let failed = root.set_file_attributes(b"f", &file, &wanted);
    assert!(failed.is_empty(), "{failed:?}");
    let failed = root.set_child_attributes(b"d", &wanted);
    assert!(failed.is_empty(), "{failed:?}");
    for name in [b"f", b"d"] {
        let stat = root.look(name).unwrap().unwrap();
        assert_eq!((stat.mode12, stat.mtime, stat.atime), (0o640, mtime, atime));
        assert!(uid.is_none_or(|uid| (stat.uid, Some(stat.gid)) == (uid, gid)));
        assert_eq!(xattrs::read_child(root, name).unwrap().pairs, pairs);
    }
    assert_eq!(flags::get(&file).unwrap(), flags::NODUMP);
    assert_eq!(xattrs::read(&file).unwrap().pairs, pairs);
    assert_eq!(xattrs::get_child(root, b"f", b"user.a").unwrap(), Some(vec![0, 255]));
    assert_eq!(xattrs::get_child(root, b"f", b"user.none").unwrap(), None);
}

#[test]
fn links_and_pipes_get_metadata_of_their_own() {
    let (_dir, target) = set_up();
    let root = target.root();
    let mtime = Timestamp { seconds: -2_000_000_000, nanos: 5 };
    root.make_symlink(b"s", b"nowhere").unwrap();
    root.make_special(b"p", Special::Fifo).unwrap();
    root.make_special(b"sock", Special::Socket).unwrap();
    let pairs = [(b"trusted.x".to_vec(), b"of the link".to_vec())];
    let wanted = Attributes {
        uid: is_root().then_some(4242),
        mode12: Some(0o612),
        mtime: Some(mtime),
        xattrs: Some(if is_root() { &pairs } else { &[] }),
        flags: Some(flags::NODUMP),
        ..Attributes::default()
    };
    for name in [&b"s"[..], b"p", b"sock"] {
        let failed = root.set_child_attributes(name, &wanted);
        assert!(failed.is_empty() || failed[0].is_unsupported(), "{failed:?}");
        let stat = root.look(name).unwrap().unwrap();
        assert_eq!(stat.mtime, mtime);
        assert!(!is_root() || stat.uid == 4242);
        assert_eq!(stat.mode12, if name == b"s" { 0o777 } else { 0o612 });
        if is_root() && failed.is_empty() {
            assert_eq!(xattrs::read_child(root, name).unwrap().pairs, pairs);
        }
    }
}

#[test]
fn setuid_needs_consent_and_the_right_owner() {
    let (_dir, target) = set_up();
    let root = target.root();
    let file = root.create_file(b"f").unwrap();
    let mode = |wanted: Attributes<'_>| {
        let failed = root.set_file_attributes(b"f", &file, &wanted);
        (failed.len(), file.metadata().unwrap().permissions().mode() & 0o7777)
    };
    let wanted = Attributes { mode12: Some(0o4755), ..Attributes::default() };
    assert_eq!(mode(wanted), (0, 0o755));
    assert_eq!(mode(Attributes { keep_setid: true, ..wanted }), (0, 0o4755));
    // An owner that nobody may be stands for one that could not be set.
    assert_eq!(mode(Attributes { keep_setid: true, uid: Some(u32::MAX), ..wanted }), (2, 0o755));
    let dir = root.make_dir(b"d").unwrap();
    assert!(dir.set_attributes(&Attributes { mode12: Some(0o2750), ..wanted }).is_empty());
    assert_eq!(root.look(b"d").unwrap().unwrap().mode12, 0o2750);
}

#[test]
fn an_immutable_file_takes_its_other_metadata_first() {
    let (_dir, target) = set_up();
    let root = target.root();
    let file = root.create_file(b"f").unwrap();
    let mtime = Timestamp { seconds: 1, nanos: 2 };
    let wanted = Attributes {
        mode12: Some(0o444),
        mtime: Some(mtime),
        flags: Some(flags::IMMUTABLE | flags::NODUMP),
        ..Attributes::default()
    };
    let failed = root.set_file_attributes(b"f", &file, &wanted);
    if !failed.is_empty() {
        assert!(!is_root() || failed[0].is_unsupported(), "{failed:?}");
        // What could be had without the privilege is there.
        assert!(flags::get(&file).is_ok_and(|bits| bits == flags::NODUMP || bits == 0));
        return eprintln!("skipped: no immutable files here");
    }
    assert_eq!(root.look(b"f").unwrap().unwrap().mtime, mtime);
    assert!(root.unlink(b"f").unwrap_err().is_denied());
    assert!(root.clear_forbidding_flags(b"f"));
    assert_eq!(flags::get(&file).unwrap(), flags::NODUMP);
    root.unlink(b"f").unwrap();
}

/// Runs in a mount namespace of its own, where mounting disturbs nobody.
#[test]
fn removing_a_tree_stops_at_mounts_even_of_the_same_file_system() {
    const CHILD: &str = "LIFEBOAT_TEST_MOUNT_CHILD";
    let own_name = "sys::target::tests::removing_a_tree_stops_at_mounts_even_of_the_same_file_system";
    if std::env::var_os(CHILD).is_none() {
        let script = "mount --make-rprivate / && exec \"$@\"";
        let child = std::process::Command::new("unshare")
            .args(["-m", "sh", "-c", script, "sh"])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", own_name])
            .env(CHILD, "1")
            .output();
        match child {
            Ok(output) if output.stdout.is_empty() => eprintln!("skipped: no mount namespaces here"),
            Ok(output) => assert!(output.status.success(), "{output:?}"),
            Err(_) => eprintln!("skipped: no unshare here"),
        }
        return;
    }
    let (dir, target) = set_up();
    target.make_dirs(&[b"tree", b"mounted"]).unwrap();
    let (outside, mounted) = (dir.path().join("outside"), dir.path().join("new/target/tree/mounted"));
    let mount = std::process::Command::new("mount").arg("--bind").args([&outside, &mounted]).status();
    if !mount.is_ok_and(|status| status.success()) {
        return eprintln!("skipped: mounting is not allowed here");
    }
    let error = target.root().remove_tree(b"tree").unwrap_err();
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("mounted"));
    assert_untouched(&dir);
    assert!(std::process::Command::new("umount").arg(&mounted).status().unwrap().success());
}
