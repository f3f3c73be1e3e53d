//! What surrounds the walk over the files alone: what is frozen is so only while files are read, not while
//! dumps are taken and packs are stored.

/// Hears when files begin to be read, and when that ends, well or not.
pub trait FilesGuard: Send {
    /// Before the first file. An error ends the backup.
    fn before(&mut self) -> Result<(), String>;

    /// After the last. Answers why what was read may not be one moment's, if so; an error is worse, and
    /// people must hear of it.
    fn after(&mut self) -> Result<Option<String>, String>;
}
