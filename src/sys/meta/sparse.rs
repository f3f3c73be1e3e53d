//! Holes of a sparse file, as the file system tells them.

use std::io;
use std::os::fd::AsFd;

use rustix::fs::SeekFrom;
use rustix::io::Errno;

/// The holes of the first `size` bytes of an open file, as offset and length, ascending and apart;
/// only those of at least `min_bytes`, and at most `max_holes`. None where the file system cannot
/// tell. The reading position is 0 afterwards. Ask only when the stat says that there may be some.
pub fn holes(file: impl AsFd, size: u64, min_bytes: u64, max_holes: usize) -> io::Result<Vec<(u64, u64)>> {
    let found = find_holes(&file, size, min_bytes, max_holes);
    rustix::fs::seek(&file, SeekFrom::Start(0))?;
    found
}

fn find_holes(file: &impl AsFd, size: u64, min_bytes: u64, max_holes: usize) -> io::Result<Vec<(u64, u64)>> {
    let mut holes = Vec::new();
    let mut position = 0;
    while position < size && holes.len() < max_holes {
        let start = match rustix::fs::seek(file, SeekFrom::Hole(position)) {
            Ok(start) => start,
            // Past the end: the file has shrunk. Not supported: no holes are known.
            Err(Errno::NXIO | Errno::INVAL | Errno::OPNOTSUPP) => break,
            Err(error) => return Err(error.into()),
        };
        if start >= size {
            break;
        }
        let end = match rustix::fs::seek(file, SeekFrom::Data(start)) {
            Ok(end) => end.min(size),
            Err(Errno::NXIO) => size,
            Err(error) => return Err(error.into()),
        };
        if end - start.min(end) >= min_bytes.max(1) {
            holes.push((start, end - start));
        }
        // A file that changes under us may answer the same place twice; it must not hold us up.
        position = end.max(start.saturating_add(1));
    }
    Ok(holes)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt as _;

    #[test]
    fn holes_are_found_where_nothing_was_written() {
        let file = tempfile::tempfile().unwrap();
        file.write_all_at(&[1; 65536], 1 << 20).unwrap();
        file.set_len(4 << 20).unwrap();
        let found = super::holes(&file, 4 << 20, 4096, 100).unwrap();
        assert_eq!(found, [(0, 1 << 20), ((1 << 20) + 65536, (3 << 20) - 65536)]);
        assert_eq!(super::holes(&file, 4 << 20, 2 << 20, 100).unwrap(), found[1..]);
        assert_eq!(super::holes(&file, 4 << 20, 4096, 1).unwrap(), found[..1]);
    }

    #[test]
    fn a_full_a_shrunk_and_an_all_empty_file_are_no_special_case() {
        let file = tempfile::tempfile().unwrap();
        assert_eq!(super::holes(&file, 0, 1, 9).unwrap(), []);
        file.write_all_at(&[1; 65536], 0).unwrap();
        assert_eq!(super::holes(&file, 65536, 1, 9).unwrap(), []);
        assert!(super::holes(&file, 1 << 30, 1 << 29, 9).is_ok());
        file.set_len(0).unwrap();
        file.set_len(1 << 20).unwrap();
        assert_eq!(super::holes(&file, 1 << 20, 1, 9).unwrap(), [(0, 1 << 20)]);
    }
}
