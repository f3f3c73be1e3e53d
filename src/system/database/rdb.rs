//! Redis's file format, as far as it takes to know that a stream of it is whole.
//!
//! The file begins with `REDIS`, its fields of metadata follow, and it ends with the byte 0xFF and a CRC-64
//! of all before (zero where the server is configured to do without). Redis streams a file of unknown length
//! with forty more bytes that mark its end, which `redis-cli` passes on when it writes to a pipe; they are
//! cut off here.

use std::io::{self, Read};

/// Bytes at the end of the file: 0xFF and the checksum.
const END_BYTES: usize = 9;
/// Bytes of the mark that may follow.
const MARK_BYTES: usize = 40;
/// Metadata are looked for in so many first bytes.
const HEAD_BYTES: usize = 4096;
/// The polynomial that Redis uses (Jones), reflected.
const POLYNOMIAL: u64 = 0x95ac_9329_ac4b_c9b5;

const TABLE: [u64; 256] = table();

const fn table() -> [u64; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut value = index as u64;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 { (value >> 1) ^ POLYNOMIAL } else { value >> 1 };
            bit += 1;
        }
        table[index] = value;
        index += 1;
    }
    table
}

fn crc64(mut crc: u64, bytes: &[u8]) -> u64 {
    for byte in bytes {
        crc = TABLE[usize::from(crc as u8 ^ byte)] ^ (crc >> 8);
    }
    crc
}

/// A stream of the format; reading fails at the end unless it is whole.
#[derive(Debug)]
pub struct Rdb<R> {
    input: R,
    /// The beginning.
    head: Vec<u8>,
    /// Checksum of what was given out.
    crc: u64,
    /// What was read and not given out: always so much that the end is in it.
    held: Vec<u8>,
    /// How many of the first of `held` may be given out.
    free: usize,
    ended: bool,
    buffer: Vec<u8>,
}

impl<R: Read> Rdb<R> {
    /// Reads from `input`.
    pub fn new(input: R) -> Self {
        let buffer = vec![0; 64 << 10];
        Self { input, head: Vec::new(), crc: 0, held: Vec::new(), free: 0, ended: false, buffer }
    }

    /// A field of metadata, such as `repl-offset`.
    pub fn field(&self, name: &str) -> Option<String> {
        fields(&self.head).into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    fn fill(&mut self) -> io::Result<()> {
        let len = self.input.read(&mut self.buffer)?;
        let room = HEAD_BYTES.saturating_sub(self.head.len());
        self.head.extend_from_slice(&self.buffer[..len.min(room)]);
        self.held.extend_from_slice(&self.buffer[..len]);
        if len > 0 {
            self.free = self.held.len().saturating_sub(END_BYTES + MARK_BYTES);
            return Ok(());
        }
        self.ended = true;
        let broken = |what: &str| Err(io::Error::other(what.to_owned()));
        if !self.head.starts_with(b"REDIS") {
            return broken("this is no Redis file");
        }
        for end in [self.held.len(), self.held.len().saturating_sub(MARK_BYTES)] {
            if self.is_whole(&self.held[..end]) {
                self.held.truncate(end);
                self.free = end;
                return Ok(());
            }
        }
        broken("the Redis file is cut off, or its checksum is wrong")
    }

    fn is_whole(&self, rest: &[u8]) -> bool {
        let Some((data, sum)) = rest.split_last_chunk::<8>() else { return false };
        let expected = u64::from_le_bytes(*sum);
        data.last() == Some(&0xff) && (expected == 0 || expected == crc64(self.crc, data))
    }
}

impl<R: Read> Read for Rdb<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.free == 0 && !self.ended {
            self.fill()?;
        }
        let len = into.len().min(self.free);
        into[..len].copy_from_slice(&self.held[..len]);
        self.crc = crc64(self.crc, &self.held[..len]);
        self.held.drain(..len);
        self.free -= len;
        Ok(len)
    }
}

/// The fields of metadata at the beginning.
fn fields(head: &[u8]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = head.get(9..).unwrap_or_default();
    while let Some((0xfa, after)) = rest.split_first().map(|(code, after)| (*code, after)) {
        let Some((key, after)) = text(after) else { break };
        let Some((value, after)) = text(after) else { break };
        found.push((key, value));
        rest = after;
    }
    found
}

/// A string, which may be a number, and what follows.
fn text(bytes: &[u8]) -> Option<(String, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let number = |count: usize| {
        let (number, rest) = rest.split_at_checked(count)?;
        let mut wide = [if number.last()? & 0x80 == 0 { 0 } else { 0xff }; 8];
        wide[..count].copy_from_slice(number);
        Some((i64::from_le_bytes(wide).to_string(), rest))
    };
    let (len, rest) = match (first >> 6, first & 0x3f) {
        (0, len) => (usize::from(len), rest),
        (1, high) => (usize::from(high) << 8 | usize::from(*rest.first()?), rest.get(1..)?),
        (3, 0) => return number(1),
        (3, 1) => return number(2),
        (3, 2) => return number(4),
        _ => return None,
    };
    let (text, rest) = rest.split_at_checked(len)?;
    Some((String::from_utf8_lossy(text).into_owned(), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with one field and some data.
    fn sample(with_sum: bool) -> Vec<u8> {
        let mut file = b"REDIS0010\xfa\x0brepl-offset\xc1\x39\x30\xfa\x07repl-id\x03abc".to_vec();
        file.extend_from_slice(b"\xfe\x00\xfb\x01\x00\x00\x01k\x01v\xff");
        let sum = if with_sum { crc64(0, &file) } else { 0 };
        file.extend_from_slice(&sum.to_le_bytes());
        file
    }

    fn read(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        Rdb::new(bytes).read_to_end(&mut out).map(|_| out)
    }

    #[test]
    fn the_checksum_is_that_of_redis() {
        // The test vector of Redis's own crc64.c.
        assert_eq!(crc64(0, b"123456789"), 0xe9c6_d914_c4b8_d9ca);
    }

    #[test]
    fn a_whole_file_passes_and_a_mark_behind_it_is_cut_off() {
        for file in [sample(true), sample(false)] {
            assert_eq!(read(&file).unwrap(), file);
            let marked: Vec<u8> = file.iter().copied().chain([b'a'; MARK_BYTES]).collect();
            assert_eq!(read(&marked).unwrap(), file);
        }
    }

    #[test]
    fn a_file_that_is_cut_off_or_changed_does_not_pass() {
        let file = sample(true);
        for len in 0..file.len() {
            assert!(read(&file[..len]).is_err(), "{len} bytes");
        }
        for at in 0..file.len() {
            let mut changed = file.clone();
            changed[at] ^= 4;
            assert!(read(&changed).is_err(), "byte {at}");
        }
    }

    #[test]
    fn metadata_are_read_from_the_beginning() {
        let file = sample(true);
        let mut rdb = Rdb::new(&file[..]);
        io::copy(&mut rdb, &mut io::sink()).unwrap();
        assert_eq!(rdb.field("repl-offset").as_deref(), Some("12345"));
        assert_eq!(rdb.field("repl-id").as_deref(), Some("abc"));
        assert_eq!(rdb.field("ctime"), None);
    }
}
