//! The contents of one file as something that can be read: what a program gets as its standard input.
//!
//! A thread of its own reads and verifies; what it cannot have is an error for whoever reads, never an end: a
//! database that took half a dump for a whole one would be worse than none.

use std::io::{self, Read, Write};
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::browse::cat::cat;
use crate::browse::error::BrowseError;
use crate::browse::path::SnapPath;
use crate::browse::reading::Reading;
use crate::repo::snapshot::Snapshot;

/// Pieces that wait to be read.
const PIECES_AHEAD: usize = 8;

/// Calls `body` with the contents of the file `path` of `snapshot`.
pub fn with_contents<T>(
    reading: &Reading<'_>,
    snapshot: &Snapshot,
    path: &SnapPath,
    body: impl FnOnce(&mut Contents) -> T,
) -> T {
    thread::scope(|scope| {
        let (sender, receiver) = bounded(PIECES_AHEAD);
        scope.spawn(move || {
            let mut pieces = Pieces(sender);
            match cat(reading, snapshot, path, &mut pieces) {
                // Whoever read has had enough.
                Err(BrowseError::Output(_)) => {}
                Err(error) => drop(pieces.0.send(Err(io::Error::other(error)))),
                Ok(_) => drop(pieces.0.send(Ok(Vec::new()))),
            }
        });
        let mut contents = Contents { receiver, piece: Vec::new(), at: 0, ended: false };
        // Dropped with its channel before the thread is waited for, which then ends.
        let answer = body(&mut contents);
        drop(contents);
        answer
    })
}

struct Pieces(Sender<io::Result<Vec<u8>>>);

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !bytes.is_empty() {
            self.0.send(Ok(bytes.to_vec())).map_err(|_| io::ErrorKind::BrokenPipe)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The contents; verified before they are given out.
#[derive(Debug)]
pub struct Contents {
    receiver: Receiver<io::Result<Vec<u8>>>,
    piece: Vec<u8>,
    at: usize,
    ended: bool,
}

impl Read for Contents {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at == self.piece.len() && !self.ended {
            // An empty piece is the end; a thread that goes without a word is an error.
            let lost = || io::Error::other("reading ended unexpectedly");
            self.piece = self.receiver.recv().map_err(|_| lost())??;
            (self.at, self.ended) = (0, self.piece.is_empty());
        }
        let len = into.len().min(self.piece.len() - self.at);
        into[..len].copy_from_slice(&self.piece[self.at..self.at + len]);
        self.at += len;
        Ok(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_no_end_and_neither_is_silence() {
        let (sender, receiver) = bounded(8);
        let mut contents = Contents { receiver, piece: Vec::new(), at: 0, ended: false };
        Pieces(sender.clone()).write_all(b"half").unwrap();
        sender.send(Err(io::Error::other("a chunk is damaged"))).unwrap();
        let mut out = Vec::new();
        let error = contents.read_to_end(&mut out).unwrap_err();
        assert_eq!((&out[..], error.to_string().as_str()), (&b"half"[..], "a chunk is damaged"));
        drop(sender);
        assert!(contents.read(&mut [0; 4]).is_err());
    }

    #[test]
    fn a_whole_file_ends() {
        let (sender, receiver) = bounded(8);
        let mut contents = Contents { receiver, piece: Vec::new(), at: 0, ended: false };
        Pieces(sender.clone()).write_all(b"whole").unwrap();
        sender.send(Ok(Vec::new())).unwrap();
        assert_eq!(io::read_to_string(&mut contents).unwrap(), "whole");
    }
}
