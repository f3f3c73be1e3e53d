//! Writing a file's contents: at an offset, with space reserved, with holes left and made.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use rustix::fs::FallocateFlags;
use rustix::io::Errno;

/// Writes all of `bytes` at `offset`. What is never written stays a hole.
pub fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    file.write_all_at(bytes, offset)
}

/// Fills all of `bytes` from `offset`.
pub fn read_exact_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    file.read_exact_at(bytes, offset)
}

/// Makes the file `size_bytes` long, cutting it or adding a hole.
pub fn set_len(file: &File, size_bytes: u64) -> io::Result<()> {
    file.set_len(size_bytes)
}

/// Reserves space for the range without changing the length, so that a full disk is found at once
/// and the file lies together. Where the file system cannot, nothing happens.
pub fn preallocate(file: &File, offset: u64, length_bytes: u64) -> io::Result<()> {
    if length_bytes == 0 {
        return Ok(());
    }
    match allocate(file, FallocateFlags::KEEP_SIZE, offset, length_bytes) {
        Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => Ok(()),
        result => Ok(result?),
    }
}

/// Makes the range read as zeros, as a hole where the file system can; the length stays, except
/// that zeros are written where it cannot.
pub fn punch_hole(file: &File, offset: u64, length_bytes: u64) -> io::Result<()> {
    if length_bytes == 0 {
        return Ok(());
    }
    let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
    match allocate(file, flags, offset, length_bytes) {
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => write_zeros(file, offset, length_bytes),
        result => Ok(result?),
    }
}

fn allocate(file: &File, flags: FallocateFlags, offset: u64, length: u64) -> Result<(), Errno> {
    loop {
        match rustix::fs::fallocate(file, flags, offset, length) {
            Err(Errno::INTR) => {}
            result => return result,
        }
    }
}

fn write_zeros(file: &File, mut offset: u64, mut length: u64) -> io::Result<()> {
    static ZEROS: [u8; 64 << 10] = [0; 64 << 10];
    while length > 0 {
        let step = length.min(ZEROS.len() as u64);
        file.write_all_at(&ZEROS[..step as usize], offset)?;
        (offset, length) = (offset + step, length - step);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    #[test]
    fn what_is_not_written_or_is_punched_takes_no_space_and_reads_as_zeros() {
        let file = tempfile::tempfile().unwrap();
        set_len(&file, 8 << 20).unwrap();
        write_all_at(&file, &[7; 1 << 20], 1 << 20).unwrap();
        assert!(file.metadata().unwrap().blocks() * 512 <= 2 << 20);
        punch_hole(&file, 1 << 20, 1 << 20).unwrap();
        assert!(file.metadata().unwrap().blocks() * 512 <= 1 << 20);
        let mut bytes = vec![1; 4 << 20];
        read_exact_at(&file, &mut bytes, 0).unwrap();
        assert!(bytes.iter().all(|byte| *byte == 0));
        assert_eq!(file.metadata().unwrap().len(), 8 << 20);
    }

    #[test]
    fn zeros_written_for_want_of_holes_are_as_many_as_asked() {
        let file = tempfile::tempfile().unwrap();
        write_all_at(&file, &[7; 200_002], 0).unwrap();
        write_zeros(&file, 1, 200_000).unwrap();
        let mut bytes = vec![1; 200_002];
        read_exact_at(&file, &mut bytes, 0).unwrap();
        assert_eq!((bytes[0], bytes[200_001]), (7, 7));
        assert!(bytes[1..200_001].iter().all(|byte| *byte == 0));
    }

    #[test]
    fn reserving_space_keeps_the_length() {
        let file = tempfile::tempfile().unwrap();
        preallocate(&file, 0, 1 << 20).unwrap();
        preallocate(&file, 0, 0).unwrap();
        assert_eq!(file.metadata().unwrap().len(), 0);
    }
}
