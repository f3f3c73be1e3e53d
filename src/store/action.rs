//! The operations of a store by name, as wrappers count and select them.

/// One of the operations of [`crate::store::Store`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// `create`
    Create,
    /// `swap`
    Swap,
    /// `get` and `get_bounded`
    Get,
    /// `get_range`
    GetRange,
    /// `stat`
    Stat,
    /// `list`
    List,
    /// `delete`
    Delete,
}

impl Action {
    /// All operations.
    pub const ALL: [Action; 7] = [
        Action::Create,
        Action::Swap,
        Action::Get,
        Action::GetRange,
        Action::Stat,
        Action::List,
        Action::Delete,
    ];

    /// The verb for messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Action::Create => "create",
            Action::Swap => "swap",
            Action::Get | Action::GetRange => "read",
            Action::Stat => "look at",
            Action::List => "list",
            Action::Delete => "delete",
        }
    }
}
