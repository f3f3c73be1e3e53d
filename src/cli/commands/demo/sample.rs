//! The demo's data: made, changed and ruined the same way every time.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Directories of small files, and files in each.
const FOLDERS: [&str; 6] = ["letters", "accounts", "projects/boat", "projects/harbour", "notes", "Überfahrt"];
const FILES: usize = 50;
/// Bytes of the large file that does not compress.
const PHOTO_BYTES: usize = 6 << 20;
/// Bytes of the sparse file, nearly all of them a hole.
const DISK_BYTES: u64 = 64 << 20;

/// The large file.
pub const PHOTO: &str = "photo.raw";
/// The sparse file.
pub const DISK: &str = "disk.img";
/// A program.
pub const TOOL: &str = "tool.sh";
/// A file without contents.
pub const EMPTY: &str = "empty";
/// A symbolic link.
pub const LINK: &str = "current";

const WORDS: [&str; 16] = [
    "anchor", "beacon", "compass", "deck", "ebb", "flood", "gale", "helm", "keel", "lantern", "mast", "oar",
    "pilot", "rudder", "sail", "tide",
];

/// `count` bytes that look random and are the same for the same `seed`.
fn noise(seed: &str, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    blake3::Hasher::new().update(seed.as_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}

/// Words in lines: what compresses as text does.
fn text(seed: &str) -> String {
    let length = noise(seed, 2).iter().fold(200, |sum, byte| sum + 12 * usize::from(*byte));
    let mut text = String::new();
    for (index, byte) in noise(seed, length).iter().enumerate() {
        text.push_str(WORDS[usize::from(byte % 16)]);
        text.push(if index % 12 == 11 { '\n' } else { ' ' });
    }
    text
}

fn date(path: &Path, days: u64) -> io::Result<()> {
    let time = Duration::new(1_600_000_000 + days * 86_400, 123_456_789);
    File::open(path)?.set_modified(SystemTime::UNIX_EPOCH + time)
}

/// Makes the data in `root`, which must not exist.
pub fn make(root: &Path) -> io::Result<()> {
    for (number, folder) in (0u64..).zip(FOLDERS) {
        let directory = root.join(folder);
        fs::create_dir_all(&directory)?;
        for file in 0..FILES {
            let name = format!("{folder}/{}-{file:02}.txt", WORDS[file % WORDS.len()]);
            let path = root.join(&name);
            fs::write(&path, text(&name))?;
            date(&path, number * 100 + file as u64)?;
        }
        date(&directory, number)?;
    }
    fs::write(root.join(PHOTO), noise(PHOTO, PHOTO_BYTES))?;
    let disk = File::create_new(root.join(DISK))?;
    disk.set_len(DISK_BYTES)?;
    disk.write_all_at(text(DISK).as_bytes(), DISK_BYTES / 2)?;
    fs::write(root.join(TOOL), "#!/bin/sh\necho ahoy\n")?;
    fs::set_permissions(root.join(TOOL), fs::Permissions::from_mode(0o750))?;
    fs::write(root.join("secret"), "the cook can't cook\n")?;
    fs::set_permissions(root.join("secret"), fs::Permissions::from_mode(0o600))?;
    fs::write(root.join(EMPTY), "")?;
    fs::create_dir(root.join("nothing in it"))?;
    fs::hard_link(root.join("secret"), root.join("notes/the same secret"))?;
    symlink("projects/boat", root.join(LINK))?;
    symlink("nowhere at all", root.join("dangling"))?;
    [PHOTO, DISK, TOOL, EMPTY, "nothing in it", "notes", "projects", ""]
        .iter()
        .try_for_each(|name| date(&root.join(name), 900))
}

/// An hour of honest work.
pub fn change(root: &Path) -> io::Result<()> {
    for file in 0..5 {
        let name = format!("letters/new-{file}.txt");
        fs::write(root.join(&name), text(&name))?;
    }
    let appended = root.join("accounts/anchor-00.txt");
    File::options().append(true).open(appended)?.write_all(b"one boat\n")?;
    fs::remove_file(root.join("notes/beacon-01.txt"))?;
    // What was there already is known again under its new name, and behind what was put in front.
    fs::rename(root.join("projects/harbour"), root.join("projects/port"))?;
    let photo = root.join(PHOTO);
    let body = fs::read(&photo)?;
    fs::write(&photo, [b"exif".as_slice(), &body].concat())
}

/// A bad day.
pub fn ruin(root: &Path) -> io::Result<()> {
    fs::remove_dir_all(root.join("letters"))?;
    for file in 0..FILES / 2 {
        let path = root.join(format!("accounts/{}-{file:02}.txt", WORDS[file % WORDS.len()]));
        fs::write(path, noise("ransom", 4096))?;
    }
    fs::write(root.join("READ ME TO GET YOUR FILES BACK.txt"), "pay up\n")?;
    fs::remove_file(root.join(LINK))?;
    fs::set_permissions(root.join(TOOL), fs::Permissions::from_mode(0o777))?;
    File::options().write(true).open(root.join(DISK))?.set_len(DISK_BYTES / 3)?;
    corrupt(&root.join(PHOTO))
}

/// Flips bits in the middle and puts the time back: no size, no time tells of it.
fn corrupt(path: &Path) -> io::Result<()> {
    let mut file = File::options().read(true).write(true).open(path)?;
    let modified = file.metadata()?.modified()?;
    let middle = file.metadata()?.len() / 2;
    let mut byte = [0];
    file.seek(SeekFrom::Start(middle))?;
    file.read_exact(&mut byte)?;
    file.write_all_at(&[!byte[0]], middle)?;
    file.set_modified(modified)
}
