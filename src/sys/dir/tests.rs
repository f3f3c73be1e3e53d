//! Reading by handle: odd names, great depth, links, races, a hundred thousand entries.

use std::ffi::OsStr;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::symlink;

use super::*;
use crate::sys::target::Target;

fn path(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}

#[test]
fn every_legal_name_is_listed_in_byte_order_and_can_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let mut names: Vec<Vec<u8>> = vec![b"\xff\xfe".to_vec(), b"a\nb".to_vec(), vec![0xc3, 0x28]];
    names.extend([vec![b'x'; 255], b" ".to_vec(), b"...".to_vec(), b"-rf".to_vec(), b"A".to_vec()]);
    for name in &names {
        fs::write(dir.path().join(path(name)), name).unwrap();
    }
    names.sort();
    let root = DirHandle::open_root(dir.path()).unwrap();
    for _ in 0..2 {
        let listing = scan(&root).unwrap();
        assert!(listing.errors.is_empty());
        assert_eq!(
            listing.entries.iter().map(|entry| &entry.name).collect::<Vec<_>>(),
            names.iter().collect::<Vec<_>>()
        );
    }
    for name in &names {
        let (mut file, stat) = root.open_regular_child(name).unwrap();
        let mut contents = Vec::new();
        file.read_to_end(&mut contents).unwrap();
        assert_eq!((&contents, stat.size), (name, name.len() as u64));
    }
}

#[test]
fn a_path_of_three_thousand_names_is_walked_and_opened_again_from_its_root() {
    let dir = tempfile::tempdir().unwrap();
    let root = DirHandle::open_root(dir.path()).unwrap();
    let name = [b'd'; 20];
    let mut reached = root.clone();
    for _ in 0..3000 {
        rustix::fs::mkdirat(&reached, &name[..], Mode::from_raw_mode(0o755)).unwrap();
        reached = reached.open_child(&name).unwrap();
    }
    let deep = reached.stat().unwrap();
    assert_eq!(reached.path().len(), dir.path().as_os_str().len() + 3000 * 21);
    let place = reached.place().clone();
    drop(reached);
    assert!(root.reopen(&place).unwrap().stat().unwrap().is_same_file(&deep));
    let by_path = DirHandle::open_root(path(&place.path())).unwrap();
    assert!(by_path.stat().unwrap().is_same_file(&deep));
    // Removed here with one descriptor; the temporary directory would take one a level.
    Target::open(dir.path()).unwrap().root().remove_tree(&name).unwrap();
}

#[test]
fn links_are_seen_and_never_followed() {
    let dir = tempfile::tempdir().unwrap();
    let long_target = vec![b't'; 4000];
    symlink("/etc", dir.path().join("dir")).unwrap();
    symlink("/etc/passwd", dir.path().join("file")).unwrap();
    symlink(path(&long_target), dir.path().join("long")).unwrap();
    let root = DirHandle::open_root(dir.path()).unwrap();
    assert!(root.open_child(b"dir").is_err());
    assert!(root.open_file_child(b"file").is_err());
    assert_eq!(root.stat_child(b"dir").unwrap().kind, FileKind::Symlink);
    assert_eq!(root.read_link_child(b"long").unwrap(), long_target);
    assert!(root.open_below(&[b"dir", b"ssh"]).is_err());
    assert!(root.stat_child(b"dir/passwd").is_err() && root.open_child(b"..").is_err());
}

#[test]
fn a_directory_swapped_for_another_or_for_a_link_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("d")).unwrap();
    let root = DirHandle::open_root(dir.path()).unwrap();
    let listing = scan(&root).unwrap();
    let closed = root.closed_child(&listing.entries[0]);
    assert!(closed.open().is_ok());
    fs::rename(dir.path().join("d"), dir.path().join("gone")).unwrap();
    fs::create_dir(dir.path().join("d")).unwrap();
    assert!(closed.open().is_err());
    fs::remove_dir(dir.path().join("d")).unwrap();
    symlink("gone", dir.path().join("d")).unwrap();
    assert!(closed.open().is_err());
}

#[test]
fn a_pipe_neither_blocks_nor_passes_for_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let root = DirHandle::open_root(dir.path()).unwrap();
    rustix::fs::mknodat(&root, c"p", rustix::fs::FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    assert_eq!(root.stat_child(b"p").unwrap().kind, FileKind::Fifo);
    assert!(root.open_regular_child(b"p").is_err());
}

#[test]
fn an_unreadable_directory_is_an_error_with_its_path() {
    let dir = tempfile::tempdir().unwrap();
    let error = DirHandle::open_root(&dir.path().join("none")).unwrap_err();
    assert!(error.is_not_found() && error.to_string().ends_with("/none"));
    let root = DirHandle::open_root(dir.path()).unwrap();
    fs::write(dir.path().join("f"), "").unwrap();
    assert!(root.open_child(b"f").unwrap_err().to_string().ends_with("/f"));
    // A directory removed while open has no names, and that is no error.
    fs::create_dir(dir.path().join("d")).unwrap();
    let removed = root.open_child(b"d").unwrap();
    fs::remove_dir(dir.path().join("d")).unwrap();
    assert!(scan(&removed).unwrap().entries.is_empty());
}

#[test]
fn a_hundred_thousand_entries_are_scanned_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let root = DirHandle::open_root(dir.path()).unwrap();
    // Few files of many names: quick to make, and no fewer entries.
    for number in 0..4 {
        fs::write(dir.path().join(format!("file-{number:05}")), "").unwrap();
    }
    for number in 4..100_000 {
        let (from, name) = (format!("file-{:05}", number % 4), format!("file-{number:05}"));
        rustix::fs::linkat(&root, from, &root, name, rustix::fs::AtFlags::empty()).unwrap();
    }
    let listing = scan(&root).unwrap();
    assert_eq!(listing.entries.len(), 100_000);
    for (number, entry) in listing.entries.iter().enumerate() {
        assert_eq!(entry.name, format!("file-{number:05}").into_bytes());
    }
}

#[test]
fn two_readers_of_one_handle_do_not_disturb_each_other() {
    let dir = tempfile::tempdir().unwrap();
    for number in 0..5000 {
        fs::write(dir.path().join(number.to_string()), "").unwrap();
    }
    let root = DirHandle::open_root(dir.path()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(scan(&root).unwrap().entries.len(), 5000));
        }
    });
}

#[test]
fn a_source_that_is_no_directory_is_reached_through_what_holds_it() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("d")).unwrap();
    symlink("/etc", dir.path().join("d/link")).unwrap();
    for spelling in ["d/link", "d//link", "d/link//"] {
        let (parent, name) = DirHandle::open_parent(&dir.path().join(spelling)).unwrap();
        assert_eq!(name, b"link");
        assert_eq!(parent.stat_child(&name).unwrap().kind, FileKind::Symlink);
    }
    assert_eq!(DirHandle::open_parent(Path::new("Cargo.toml")).unwrap().0.place().path_of(b"x"), b"x");
    assert_eq!(DirHandle::open_parent(Path::new("/etc")).unwrap().0.path(), b"/");
    for wrong in ["/", "", "..", "/etc/..", ".", "x/."] {
        assert!(DirHandle::open_parent(Path::new(wrong)).is_err(), "{wrong}");
    }
}
