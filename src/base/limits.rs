//! Every bound of format version 1, in one place; each is checked before memory is given.
//!
//! Bounds come in pairs: what a writer aims for, and what a reader accepts. A reader's bound is part
//! of the format (src/repo/FORMAT.md); a writer's target may change with any release.

/// Plaintext bytes a block aims for. One zstd frame, one decryption: see ARCHITECTURE.md for the figures.
pub const BLOCK_TARGET_BYTES: usize = 1 << 20;
/// The same where data shrinks so well that a block of the usual size is mostly zstd starting anew.
pub const BLOCK_TARGET_MAX_BYTES: usize = 4 << 20;
/// Compressed bytes below which a block is worth growing.
pub const BLOCK_FRAME_TARGET_BYTES: usize = 128 << 10;
/// The largest plaintext a block may have: one chunk of the largest size past a nearly full block.
pub const BLOCK_MAX_BYTES: usize = 16 << 20;
/// The largest chunk a reader accepts.
pub const CHUNK_MAX_BYTES: usize = 8 << 20;
/// Stored bytes a pack aims for, before padding.
pub const PACK_TARGET_BYTES: usize = 32 << 20;
/// The largest pack a reader accepts.
pub const PACK_MAX_BYTES: u64 = 1 << 30;
/// Most blocks in one pack.
pub const PACK_MAX_BLOCKS: usize = 1 << 20;
/// Most chunks in one pack.
pub const PACK_MAX_CHUNKS: usize = 1 << 24;
/// The first hexadecimal digit of the names that writers give packs of trees, and no others: so that a
/// store can keep them at hand while it keeps packs of contents in an archive class.
pub const META_PACK_DIGIT: char = '0';

/// Longest directory of a pack, in bytes.
pub const PACK_DIRECTORY_MAX_BYTES: usize = 640 << 20;

/// Chunks a writer gathers before it publishes a segment.
pub const SEGMENT_TARGET_CHUNKS: usize = 1 << 18;
/// Largest segment object a reader accepts.
pub const SEGMENT_MAX_BYTES: u64 = 1 << 30;

/// Largest `config` object.
pub const CONFIG_MAX_BYTES: u64 = 1 << 20;
/// Largest key slot.
pub const SLOT_MAX_BYTES: u64 = 1 << 20;
/// Most key slots that are tried.
pub const SLOTS_MAX: usize = 4096;
/// Largest snapshot record.
pub const SNAPSHOT_MAX_BYTES: u64 = 64 << 20;
/// Largest session, `gc/state` or evidence record.
pub const RECORD_MAX_BYTES: u64 = 64 << 20;

/// Longest name of a directory entry, in bytes (Linux's NAME_MAX is 255; other systems count differently).
pub const NAME_MAX_BYTES: usize = 1024;
/// Longest symbolic link target, in bytes.
pub const LINK_TARGET_MAX_BYTES: usize = 64 << 10;
/// Deepest tree below a snapshot's root.
pub const TREE_DEPTH_MAX: usize = 4096;
/// Longest line of a tree: one entry with its extended attributes and chunk list.
pub const TREE_LINE_MAX_BYTES: usize = 64 << 20;
/// Largest tree (one directory).
pub const TREE_MAX_BYTES: u64 = 16 << 30;
/// Chunk ids an entry holds itself; more go into a chunk list of their own.
pub const INLINE_CHUNKS_MAX: usize = 1024;
/// Holes an entry records; smaller ones beyond it are stored as zeros.
pub const HOLES_MAX: usize = 1 << 16;
/// Shortest hole worth keeping, in bytes.
pub const HOLE_MIN_BYTES: u64 = 4096;

/// Base-2 logarithm of the largest zstd window a reader accepts (128 MiB, zstd's own default bound).
pub const ZSTD_WINDOW_LOG_MAX: u32 = 27;

/// Longest host name used in object keys.
pub const HOST_NAME_MAX_BYTES: usize = 255;

/// Largest `system.json` that is read.
pub const SYSTEM_STATE_MAX_BYTES: u64 = 256 << 20;
/// Largest section of it that a capture keeps, as JSON without spaces: with them and all sections it is below
/// what is read.
pub const SYSTEM_SECTION_MAX_BYTES: u64 = 8 << 20;

/// Longest line of a run's journal: one event with what a program said.
pub const JOURNAL_LINE_MAX_BYTES: usize = 4 << 20;
/// Largest journal of a run.
pub const JOURNAL_MAX_BYTES: u64 = 1 << 30;

/// Most block devices, and most mounts, that a captured state has.
pub const SYSTEM_DEVICES_MAX: usize = 4096;
/// Bytes of one program's output that a capture reads.
pub const SYSTEM_OUTPUT_MAX_BYTES: usize = 16 << 20;
/// Bytes of one file that a capture reads.
pub const SYSTEM_FILE_MAX_BYTES: usize = 4 << 20;
/// Most names of one directory that a capture looks at.
pub const SYSTEM_NAMES_MAX: usize = 1 << 16;
/// Most files and outputs that one collector keeps.
pub const SYSTEM_KEPT_MAX: usize = 4096;
/// Bytes of files and outputs that one collector keeps.
pub const SYSTEM_KEPT_MAX_BYTES: usize = 256 << 20;
/// Longest LUKS header that is kept: LUKS 2 has 16 MiB by default, and at most 4 MiB and 128 MiB of key
/// slots.
pub const LUKS_HEADER_MAX_BYTES: usize = 136 << 20;
/// Warnings that one collector's report keeps.
pub const SYSTEM_WARNINGS_MAX: usize = 100;
