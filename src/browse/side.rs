//! The two sides of a comparison: directories of a snapshot, or directories of the live tree.

use std::rc::Rc;

use crate::browse::error::BrowseError;
use crate::browse::reading::Reading;
use crate::repo::tree::{ChunkList, Entry, EntryKind};

/// An open directory of the live tree.
pub trait LiveDir {
    /// Its entries, sorted by name, without chunks; what cannot be looked at is reported and left out.
    fn children(&self, reading: &Reading<'_>) -> Result<Vec<Entry>, BrowseError>;

    /// Opens the directory `name`.
    fn open(&self, name: &[u8]) -> Result<Rc<dyn LiveDir>, BrowseError>;

    /// Whether the file `name` has the contents of `old`, which lies at `path`; `old` is as long as it.
    fn has_contents_of(
        &self,
        reading: &Reading<'_>,
        name: &[u8],
        path: &[u8],
        old: &Entry,
    ) -> Result<bool, BrowseError>;
}

/// A directory of either side.
#[derive(Clone)]
pub enum Place {
    /// Of a snapshot, by its tree.
    Tree(ChunkList),
    /// Of the live tree.
    Live(Rc<dyn LiveDir>),
}

impl Place {
    /// The entries, sorted by name.
    pub fn children(&self, reading: &Reading<'_>, path: &[u8]) -> Result<Vec<Entry>, BrowseError> {
        match self {
            Place::Tree(list) => reading.tree(path, list),
            Place::Live(dir) => {
                reading.check()?;
                dir.children(reading)
            }
        }
    }

    /// The child directory `entry` of this one.
    pub fn child(&self, entry: &Entry) -> Result<Place, BrowseError> {
        debug_assert_eq!(entry.kind, EntryKind::Dir);
        match self {
            Place::Tree(_) => Ok(Place::Tree(entry.chunks.clone())),
            Place::Live(dir) => Ok(Place::Live(dir.open(&entry.name)?)),
        }
    }

    /// Whether both are the same tree of the repository, so that nothing below can differ.
    pub fn is_same(&self, other: &Place) -> bool {
        matches!((self, other), (Place::Tree(one), Place::Tree(two)) if one == two)
    }

    /// Whether it belongs to the live tree.
    pub fn is_live(&self) -> bool {
        matches!(self, Place::Live(_))
    }
}
