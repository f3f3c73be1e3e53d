//! Owners' names and numbers, asked of the system's databases once each.
//!
//! The C library answers, because users may come from LDAP or systemd as well as from `/etc/passwd`.

use std::collections::HashMap;
use std::ffi::{CStr, CString, c_char};
use std::hash::Hash;
use std::ptr;
use std::sync::{Arc, PoisonError, RwLock};

/// Bytes of a first try at an entry of the database.
const FIRST_TRY_BYTES: usize = 2048;
/// A group of very many members may be long; beyond this it is taken as unknown.
const LONGEST_BYTES: usize = 16 << 20;

/// A cache of names and numbers, for use from any thread.
#[derive(Debug, Default)]
pub struct Owners {
    users: Cache<u32, Arc<str>>,
    groups: Cache<u32, Arc<str>>,
    uids: Cache<String, u32>,
    gids: Cache<String, u32>,
}

/// Whom a program can run as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The user's number.
    pub uid: u32,
    /// The number of the group it belongs to first.
    pub gid: u32,
    /// Its home directory; empty if it has none that is text.
    pub home: String,
}

impl Owners {
    /// An empty cache.
    pub fn new() -> Self {
        Self::default()
    }

    /// The name of the user `uid`, if it has one that is text.
    pub fn user_name(&self, uid: u32) -> Option<Arc<str>> {
        self.users.get(uid, || lookup_user_name(uid))
    }

    /// The name of the group `gid`, if it has one that is text.
    pub fn group_name(&self, gid: u32) -> Option<Arc<str>> {
        self.groups.get(gid, || lookup_group_name(gid))
    }

    /// The number of the user `name`, if there is one here.
    pub fn uid_of(&self, name: &str) -> Option<u32> {
        self.uids.get(name.to_owned(), || lookup_uid(name))
    }

    /// The number of the group `name`, if there is one here.
    pub fn gid_of(&self, name: &str) -> Option<u32> {
        self.gids.get(name.to_owned(), || lookup_gid(name))
    }
}

#[derive(Debug)]
struct Cache<K, V>(RwLock<HashMap<K, Option<V>>>);

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    fn get(&self, key: K, look_up: impl FnOnce() -> Option<V>) -> Option<V> {
        // A poisoned lock holds a whole map: entries are inserted in one step.
        if let Some(known) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return known.clone();
        }
        let found = look_up();
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(key, found.clone());
        found
    }
}

/// Calls a `get…_r` function with ever longer buffers; `None` if there is no entry or no answer.
fn with_buffer<T>(mut call: impl FnMut(&mut [c_char]) -> Result<Option<T>, i32>) -> Option<T> {
    let mut buffer: Vec<c_char> = vec![0; FIRST_TRY_BYTES];
    loop {
        match call(&mut buffer) {
            Ok(found) => return found,
            Err(libc::ERANGE) if buffer.len() < LONGEST_BYTES => {
                let longer = buffer.len() * 4;
                buffer.resize(longer, 0);
            }
            Err(libc::EINTR) => {}
            Err(_) => return None,
        }
    }
}

/// The text of a C string.
///
/// # Safety
/// `text` is null or points to a NUL-terminated string that lives as long as this call.
unsafe fn text_of(text: *const c_char) -> Option<Arc<str>> {
    if text.is_null() {
        return None;
    }
    // SAFETY: not null, and NUL-terminated by this function's contract.
    unsafe { CStr::from_ptr(text) }.to_str().ok().map(Arc::from)
}

fn lookup_user_name(uid: u32) -> Option<Arc<str>> {
    with_buffer(|buffer| {
        // SAFETY: an all-zero passwd (numbers and null pointers) is a valid value of the C struct.
        let mut entry: libc::passwd = unsafe { std::mem::zeroed() };
        let mut result = ptr::null_mut();
        // SAFETY: all pointers are to live locals, and the length is that of the buffer.
        let status =
            unsafe { libc::getpwuid_r(uid, &mut entry, buffer.as_mut_ptr(), buffer.len(), &mut result) };
        match (status, result.is_null()) {
            (0, true) => Ok(None),
            // SAFETY: the call succeeded, so the name points to a string in `buffer`.
            (0, false) => Ok(unsafe { text_of(entry.pw_name) }),
            _ => Err(status),
        }
    })
}

fn lookup_group_name(gid: u32) -> Option<Arc<str>> {
    with_buffer(|buffer| {
        // SAFETY: an all-zero group (numbers and null pointers) is a valid value of the C struct.
        let mut entry: libc::group = unsafe { std::mem::zeroed() };
        let mut result = ptr::null_mut();
        // SAFETY: all pointers are to live locals, and the length is that of the buffer.
        let status =
            unsafe { libc::getgrgid_r(gid, &mut entry, buffer.as_mut_ptr(), buffer.len(), &mut result) };
        match (status, result.is_null()) {
            (0, true) => Ok(None),
            // SAFETY: the call succeeded, so the name points to a string in `buffer`.
            (0, false) => Ok(unsafe { text_of(entry.gr_name) }),
            _ => Err(status),
        }
    })
}

fn lookup_uid(name: &str) -> Option<u32> {
    account(name).map(|account| account.uid)
}

/// The account `name`, if there is one here; asked for anew each time.
pub fn account(name: &str) -> Option<Account> {
    let name = CString::new(name).ok()?;
    with_buffer(|buffer| {
        // SAFETY: an all-zero passwd (numbers and null pointers) is a valid value of the C struct.
        let mut entry: libc::passwd = unsafe { std::mem::zeroed() };
        let mut result = ptr::null_mut();
        // SAFETY: `name` is NUL-terminated, all pointers are to live locals, and the length is right.
        let status = unsafe {
            libc::getpwnam_r(name.as_ptr(), &mut entry, buffer.as_mut_ptr(), buffer.len(), &mut result)
        };
        match (status, result.is_null()) {
            (0, true) => Ok(None),
            (0, false) => {
                // SAFETY: the call succeeded, so the directory points to a string in `buffer`.
                let home = unsafe { text_of(entry.pw_dir) };
                let home = home.map(|home| home.to_string()).unwrap_or_default();
                Ok(Some(Account { uid: entry.pw_uid, gid: entry.pw_gid, home }))
            }
            _ => Err(status),
        }
    })
}

fn lookup_gid(name: &str) -> Option<u32> {
    let name = CString::new(name).ok()?;
    with_buffer(|buffer| {
        // SAFETY: an all-zero group (numbers and null pointers) is a valid value of the C struct.
        let mut entry: libc::group = unsafe { std::mem::zeroed() };
        let mut result = ptr::null_mut();
        // SAFETY: `name` is NUL-terminated, all pointers are to live locals, and the length is right.
        let status = unsafe {
            libc::getgrnam_r(name.as_ptr(), &mut entry, buffer.as_mut_ptr(), buffer.len(), &mut result)
        };
        if status == 0 { Ok((!result.is_null()).then_some(entry.gr_gid)) } else { Err(status) }
    })
}

#[cfg(test)]
mod tests {
    use super::{Owners, account};

    #[test]
    fn root_has_a_name_both_ways_and_strangers_have_none() {
        let owners = Owners::new();
        for _ in 0..2 {
            assert_eq!(owners.user_name(0).as_deref(), Some("root"));
            assert_eq!(owners.uid_of("root"), Some(0));
            assert_eq!(owners.group_name(0).as_deref().and_then(|name| owners.gid_of(name)), Some(0));
            assert_eq!(owners.user_name(3_999_999_999), None);
            assert_eq!(owners.gid_of("no such group \0"), None);
            assert_eq!(owners.uid_of("no such user"), None);
            let root = account("root").unwrap();
            assert_eq!((root.uid, root.gid, root.home.as_str()), (0, 0, "/root"));
        }
    }
}
