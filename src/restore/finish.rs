//! Metadata: which of it an entry gets, and setting it with as few system calls as can be.

use std::borrow::Cow;

use crate::repo::tree::EntryKind;
use crate::restore::execute::Run;
use crate::restore::items::{Action, ROOT};
use crate::sys::target::attributes::Attributes;

/// What grants power and so needs consent.
const CAPABILITY: &[u8] = b"security.capability";

/// Names and values of extended attributes.
type Pairs<'a> = Cow<'a, [(Vec<u8>, Vec<u8>)]>;

/// The metadata of one entry, ready to be set.
pub struct Wanted<'a> {
    pairs: Option<Pairs<'a>>,
    plain: Attributes<'static>,
}

impl Wanted<'_> {
    /// As `sys` takes it.
    pub fn attributes(&self) -> Attributes<'_> {
        Attributes { xattrs: self.pairs.as_deref(), ..self.plain }
    }
}

impl<'a> Run<'a> {
    /// The metadata of entry `number`; of one that was made just now, only what differs from that.
    pub fn wanted(&self, number: u32, is_new: bool) -> Wanted<'a> {
        let plan = self.plan;
        let item = plan.items.get(number);
        let extra = plan.items.extra(number);
        let (uid, gid) = self.ids[plan.items.owner_number(number) as usize];
        let is_own = is_new && !plan.inherits_group && (uid, gid) == (Some(self.own.0), Some(self.own.1));
        let mode = u32::from(item.mode);
        let keeps_mode = is_new && item.kind == EntryKind::File && mode == 0o600;
        let flags = extra.map_or(0, |extra| extra.flags);
        let has_flags = matches!(item.kind, EntryKind::File | EntryKind::Dir) && (!is_new || flags != 0);
        let plain = Attributes {
            uid: if is_own { None } else { uid },
            gid: if is_own { None } else { gid },
            mode12: (!keeps_mode && item.kind != EntryKind::Symlink).then_some(mode),
            keep_setid: self.options.allow_setuid,
            mtime: Some(item.mtime),
            atime: extra.and_then(|extra| extra.atime),
            xattrs: None,
            flags: has_flags.then_some(flags),
        };
        Wanted { pairs: self.wanted_xattrs(number, is_new), plain }
    }

    fn wanted_xattrs(&self, number: u32, is_new: bool) -> Option<Pairs<'a>> {
        if !self.options.xattrs {
            return None;
        }
        let plan = self.plan;
        let Some(pairs) = plan.items.extra(number).and_then(|extra| extra.xattrs.as_deref()) else {
            // A directory that was there already may hand an ACL down to what is made in it.
            let parent = plan.items.get(number).parent;
            let inherits = match parent {
                ROOT => true,
                _ => plan.items.get(parent).action != Action::Create,
            };
            let is_plain = matches!(plan.items.get(number).kind, EntryKind::File | EntryKind::Dir);
            return (is_plain && (!is_new || inherits)).then_some(Cow::Borrowed(&[]));
        };
        let has_power = pairs.iter().any(|(name, _)| name == CAPABILITY);
        if !has_power || self.options.allow_setuid {
            return Some(Cow::Borrowed(pairs));
        }
        Some(Cow::Owned(pairs.iter().filter(|(name, _)| name != CAPABILITY).cloned().collect()))
    }

    /// Sets the metadata of every restored directory, deepest first, for work in one touches its times.
    pub fn finish_dirs(&self) {
        let mut dirs = self.dirs();
        for number in (0..self.plan.items.len()).rev() {
            let item = self.plan.items.get(number);
            if item.kind != EntryKind::Dir || !matches!(item.action, Action::Create | Action::Metadata) {
                continue;
            }
            if self.stopped() || self.has_failed(number) {
                continue;
            }
            let wanted = self.wanted(number, item.action == Action::Create);
            match dirs.get(number) {
                Ok(dir) => self.warn_all(dir.set_attributes(&wanted.attributes())),
                Err(error) => self.fail(number, &error),
            }
        }
        self.finish_root();
    }

    /// The target itself takes the metadata of the directory that it stands for, if we made it.
    fn finish_root(&self) {
        let Some(entry) = self.plan.root.as_ref().filter(|_| self.plan.makes_target) else { return };
        let owner = crate::restore::items::Owner {
            uid: entry.uid,
            gid: entry.gid,
            user: entry.user.clone(),
            group: entry.group.clone(),
        };
        let (uid, gid) = self.resolver.resolve(&owner);
        let attributes = Attributes {
            uid,
            gid,
            mode12: Some(entry.mode),
            keep_setid: self.options.allow_setuid,
            mtime: Some(entry.mtime),
            atime: entry.atime,
            xattrs: (self.options.xattrs && !entry.xattrs.is_empty()).then_some(&entry.xattrs),
            flags: (entry.flags != 0).then_some(entry.flags),
        };
        self.warn_all(self.target.root().set_attributes(&attributes));
    }
}
