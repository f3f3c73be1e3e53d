//! The contents of a file put together from its chunks and its holes.

use std::io::{self, Write};

use crate::repo::tree::Entry;

/// Zeros are written this many bytes at a time.
static ZEROS: [u8; 64 << 10] = [0; 64 << 10];

/// Writes one file's contents in order: chunks as they are handed in, holes as zeros in between.
#[derive(Clone, Debug, Default)]
pub struct Body {
    size: u64,
    position: u64,
    holes: std::vec::IntoIter<(u64, u64)>,
    hole: Option<(u64, u64)>,
}

/// More bytes were handed in than the file has.
#[derive(Debug)]
pub enum BodyError {
    /// The chunks are longer than the file.
    TooLong,
    /// The output fails.
    Output(io::Error),
}

impl Body {
    /// The body of `entry`; what it does not need of it stays.
    pub fn new(entry: &Entry) -> Self {
        let mut holes = entry.holes.clone().into_iter();
        let hole = holes.next();
        Self { size: entry.size, position: 0, holes, hole }
    }

    /// Bytes still to come.
    pub fn left(&self) -> u64 {
        self.size.saturating_sub(self.position)
    }

    /// Writes the next `bytes` of content, and the holes that lie before and between.
    pub fn write(&mut self, mut bytes: &[u8], out: &mut dyn Write) -> Result<(), BodyError> {
        while !bytes.is_empty() {
            self.write_holes(out)?;
            let end = self.hole.map_or(self.size, |(start, _)| start);
            let room = end.saturating_sub(self.position);
            let now = usize::try_from(room).unwrap_or(usize::MAX).min(bytes.len());
            if now == 0 {
                return Err(BodyError::TooLong);
            }
            let (head, rest) = bytes.split_at(now);
            out.write_all(head).map_err(BodyError::Output)?;
            self.position += now as u64;
            bytes = rest;
        }
        Ok(())
    }

    /// Writes `len` zeros as content: the place of a chunk that is lost.
    pub fn write_lost(&mut self, len: u64, out: &mut dyn Write) -> Result<(), BodyError> {
        let mut left = len;
        while left > 0 {
            let now = left.min(ZEROS.len() as u64);
            self.write(&ZEROS[..now as usize], out)?;
            left -= now;
        }
        Ok(())
    }

    /// Writes the holes at the end; answers how many bytes of content are missing.
    pub fn finish(&mut self, out: &mut dyn Write) -> Result<u64, BodyError> {
        self.write_holes(out)?;
        Ok(self.left())
    }

    /// Fills what is left with zeros, holes or not.
    pub fn fill(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let left = self.left();
        self.position = self.size;
        write_zeros(left, out)
    }

    fn write_holes(&mut self, out: &mut dyn Write) -> Result<(), BodyError> {
        while let Some((start, len)) = self.hole.filter(|(start, _)| *start <= self.position) {
            // Trees are checked when they are decoded: holes lie in order, apart, within the size.
            let end = start.saturating_add(len).min(self.size);
            write_zeros(end.saturating_sub(self.position), out).map_err(BodyError::Output)?;
            self.position = end;
            self.hole = self.holes.next();
        }
        Ok(())
    }
}

/// Writes `len` zeros.
pub fn write_zeros(len: u64, out: &mut dyn Write) -> io::Result<()> {
    let mut left = len;
    while left > 0 {
        let now = left.min(ZEROS.len() as u64);
        out.write_all(&ZEROS[..now as usize])?;
        left -= now;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(size: u64, holes: &[(u64, u64)]) -> Body {
        let mut holes = Vec::from(holes).into_iter();
        let hole = holes.next();
        Body { size, position: 0, holes, hole }
    }

    #[test]
    fn holes_come_out_as_zeros_at_their_places() {
        let mut out = Vec::new();
        let mut body = body(12, &[(0, 2), (5, 3), (10, 2)]);
        body.write(b"ab", &mut out).unwrap();
        body.write(b"cde", &mut out).unwrap();
        assert_eq!(body.finish(&mut out).unwrap(), 0);
        assert_eq!(out, b"\0\0abc\0\0\0de\0\0");
    }

    #[test]
    fn content_that_is_too_long_or_too_short_is_told() {
        let mut out = Vec::new();
        assert!(matches!(body(3, &[]).write(b"abcd", &mut out), Err(BodyError::TooLong)));
        let mut short = body(9, &[(4, 2)]);
        short.write(b"abc", &mut out).unwrap();
        assert_eq!(short.finish(&mut out).unwrap(), 6);
        assert!(matches!(body(4, &[(0, 4)]).write(b"x", &mut out), Err(BodyError::TooLong)));
    }
}
