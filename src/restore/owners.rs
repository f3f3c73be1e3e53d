//! Whose restored files become: the policy, worked out once for every owner of the snapshot.

use std::sync::Arc;

use crate::restore::items::Owner;
use crate::restore::options::{OwnerMode, OwnerPolicy};
use crate::sys::meta::owners::Owners;
use crate::sys::process;

/// Works out owners here. Not as root nothing is given away, and files keep whose they are made as.
#[derive(Debug)]
pub struct Resolver {
    policy: OwnerPolicy,
    names: Owners,
    may_give: bool,
}

/// User and group by number; `None` leaves as it is.
pub type Ids = (Option<u32>, Option<u32>);

impl Resolver {
    /// A resolver of `policy` for this process.
    pub fn new(policy: &OwnerPolicy) -> Self {
        Self { policy: policy.clone(), names: Owners::new(), may_give: process::is_root() }
    }

    /// Whether owners are restored at all.
    pub fn gives(&self) -> bool {
        self.may_give && self.policy.mode != OwnerMode::None
    }

    /// Whose files of `owner` become.
    pub fn resolve(&self, owner: &Owner) -> Ids {
        if !self.gives() {
            return (None, None);
        }
        let by_name = self.policy.mode == OwnerMode::ByName;
        let user_of = |name: &str| self.names.uid_of(name);
        let group_of = |name: &str| self.names.gid_of(name);
        let uid = mapped(&self.policy.users, owner.uid, owner.user.as_deref(), &user_of)
            .or_else(|| owner.user.as_deref().filter(|_| by_name).and_then(user_of))
            .unwrap_or(owner.uid);
        let gid = mapped(&self.policy.groups, owner.gid, owner.group.as_deref(), &group_of)
            .or_else(|| owner.group.as_deref().filter(|_| by_name).and_then(group_of))
            .unwrap_or(owner.gid);
        (Some(uid), Some(gid))
    }

    /// All of `owners`, in order.
    pub fn resolve_all(&self, owners: &[Owner]) -> Arc<[Ids]> {
        owners.iter().map(|owner| self.resolve(owner)).collect()
    }
}

/// What the table says of this owner: a name beats a number.
fn mapped(
    table: &[(String, String)],
    number: u32,
    name: Option<&str>,
    look_up: &dyn Fn(&str) -> Option<u32>,
) -> Option<u32> {
    let spelled = number.to_string();
    let row = table
        .iter()
        .find(|(from, _)| Some(from.as_str()) == name)
        .or_else(|| table.iter().find(|(from, _)| *from == spelled))?;
    row.1.parse().ok().or_else(|| look_up(&row.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(uid: u32, user: Option<&str>) -> Owner {
        Owner { uid, gid: 7, user: user.map(Into::into), group: None }
    }

    fn resolver(mode: OwnerMode, users: &[(&str, &str)]) -> Resolver {
        let users = users.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
        let policy = OwnerPolicy { mode, users, groups: Vec::new() };
        Resolver { policy, names: Owners::new(), may_give: true }
    }

    #[test]
    fn names_beat_numbers_unless_numbers_are_asked_for() {
        let stranger = owner(1234, Some("no such user here"));
        let root = owner(1234, Some("root"));
        assert_eq!(resolver(OwnerMode::ByName, &[]).resolve(&root).0, Some(0));
        assert_eq!(resolver(OwnerMode::ByName, &[]).resolve(&stranger).0, Some(1234));
        assert_eq!(resolver(OwnerMode::Numeric, &[]).resolve(&root).0, Some(1234));
        assert_eq!(resolver(OwnerMode::None, &[]).resolve(&root), (None, None));
    }

    #[test]
    fn a_table_goes_before_everything_and_takes_names_and_numbers_on_both_sides() {
        let resolver = resolver(OwnerMode::ByName, &[("1234", "root"), ("alice", "77")]);
        assert_eq!(resolver.resolve(&owner(1234, None)).0, Some(0));
        assert_eq!(resolver.resolve(&owner(1234, Some("alice"))).0, Some(77));
        assert_eq!(resolver.resolve(&owner(5, None)).0, Some(5));
    }

    #[test]
    fn who_is_not_root_gives_nothing_away() {
        let mut resolver = resolver(OwnerMode::ByName, &[]);
        resolver.may_give = false;
        assert_eq!(resolver.resolve(&owner(0, Some("root"))), (None, None));
    }
}
