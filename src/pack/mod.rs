//! Floor 3: packs: many blocks and a directory of them in one object.
//!
//! A pack's plaintext is a valid zstd stream, so that stock tools give back every chunk's bytes; the
//! directory and the padding hide in skippable frames. src/repo/FORMAT.md has the bytes.

pub mod directory;
pub mod padding;
pub mod reader;
pub mod writer;
