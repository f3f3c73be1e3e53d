//! The parallel walk: directories are listed ahead by several threads and consumed in order.
//!
//! A ticket stands for a directory that will be needed. Threads take tickets depth-first and list them,
//! as far ahead as a budget allows; the consumer goes through the tickets in the order of names and, when
//! the one it needs has not been begun, lists it itself. So there is always progress, order never depends
//! on timing, and memory and open handles stay bounded.

use std::collections::VecDeque;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use crate::backup::filter::{DirFilter, Filter, Reason};
use crate::backup::roots::RootNode;
use crate::repo::attachment::DIRECTORY;
use crate::sys::dir::{ClosedDir, DirHandle, Listed, Listing, scan};
use crate::sys::error::{SysError, SysResult};
use crate::sys::meta::xattrs;
use crate::sys::stat::{FileKind, Stat};

/// Directories listed and not consumed yet, at most: each holds an open handle.
const DIRS_AHEAD_MAX: usize = 256;
/// Their entries, at most: each takes a few hundred bytes.
const ENTRIES_AHEAD_MAX: usize = 1 << 18;

/// A directory as listed: what is taken of it, in the order of names, and what is not.
#[derive(Debug)]
pub struct Scanned {
    /// The open directory.
    pub dir: DirHandle,
    /// Its own metadata.
    pub stat: Stat,
    /// Its extended attributes.
    pub xattrs: Vec<(Vec<u8>, Vec<u8>)>,
    /// What is taken.
    pub entries: VecDeque<Found>,
    /// What is left out by a rule, and by which.
    pub excluded: Vec<(Vec<u8>, Reason)>,
    /// What could not be looked at.
    pub errors: Vec<(Vec<u8>, std::io::Error)>,
    /// Why its contents are left out altogether, if they are.
    pub contents: Option<Reason>,
    /// Remarks on files that hold rules.
    pub warnings: Vec<String>,
}

/// An entry that is taken.
#[derive(Debug)]
pub struct Found {
    /// Its name and metadata.
    pub listed: Listed,
    /// For a directory to be entered, its ticket.
    pub ticket: Option<Arc<Ticket>>,
    /// Whether the user named it: then it must be readable.
    pub is_source: bool,
}

/// A directory that will be listed.
pub struct Ticket {
    state: Mutex<State>,
    changed: Condvar,
}

impl std::fmt::Debug for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ticket")
    }
}

enum State {
    Waiting(Box<Request>),
    Running,
    Ready(Box<SysResult<Scanned>>),
    Taken,
}

struct Request {
    what: What,
    path: Vec<u8>,
}

enum What {
    /// A directory inside a source.
    Inside { dir: ClosedDir, filter: DirFilter },
    /// A source that is a directory, or a place on the way to sources.
    Root(RootNode),
}

/// What the threads share.
pub struct Walk<'a> {
    filter: &'a Filter,
    stack: Mutex<Vec<Arc<Ticket>>>,
    wake: Condvar,
    dirs_ahead: AtomicUsize,
    entries_ahead: AtomicUsize,
    stopped: AtomicBool,
    reserves: bool,
    redirects: &'a [(PathBuf, PathBuf)],
}

/// Directories, and where their contents are found instead.
pub type Redirects = Vec<(PathBuf, PathBuf)>;

impl<'a> Walk<'a> {
    /// A walk that leaves out what `filter` says.
    pub fn new(filter: &'a Filter) -> Self {
        Self {
            filter,
            stack: Mutex::default(),
            wake: Condvar::new(),
            dirs_ahead: AtomicUsize::new(0),
            entries_ahead: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
            reserves: false,
            redirects: &[],
        }
    }

    /// The same; what lies at or below the first path of a pair is read below its second.
    pub fn redirected(self, redirects: &'a Redirects) -> Self {
        Self { redirects, ..self }
    }

    fn open_path(&self, path: &[u8]) -> SysResult<DirHandle> {
        let path = Path::new(std::ffi::OsStr::from_bytes(path));
        for (from, to) in self.redirects {
            match path.strip_prefix(from) {
                // Joining nothing would add a slash.
                Ok(below) if below.as_os_str().is_empty() => return DirHandle::open_root(to),
                Ok(below) => return DirHandle::open_root(&to.join(below)),
                Err(_) => {}
            }
        }
        DirHandle::open_root(path)
    }

    /// The same; `reserves` leaves out what the sources have where the snapshot keeps its attachments.
    pub fn reserving(self, reserves: bool) -> Self {
        Self { reserves, ..self }
    }

    /// The ticket of `/` with the sources below it.
    pub fn start(&self, root: RootNode) -> Arc<Ticket> {
        Ticket::new(Request { what: What::Root(root), path: b"/".to_vec() })
    }

    /// What a helping thread does until the walk is stopped.
    pub fn help(&self) {
        while let Some(ticket) = self.next_ticket() {
            if let Some(request) = ticket.begin() {
                let result = self.list(*request);
                if let Ok(scanned) = &result {
                    self.dirs_ahead.fetch_add(1, Ordering::Relaxed);
                    self.entries_ahead.fetch_add(scanned.entries.len(), Ordering::Relaxed);
                    self.push_children(scanned);
                }
                ticket.finish(result);
            }
        }
    }

    /// Ends the helping threads.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        let _stack = self.stack.lock().unwrap_or_else(PoisonError::into_inner);
        self.wake.notify_all();
    }

    fn next_ticket(&self) -> Option<Arc<Ticket>> {
        let mut stack = self.stack.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if self.stopped.load(Ordering::Acquire) {
                return None;
            }
            let room = self.dirs_ahead.load(Ordering::Relaxed) < DIRS_AHEAD_MAX
                && self.entries_ahead.load(Ordering::Relaxed) < ENTRIES_AHEAD_MAX;
            if room && let Some(ticket) = stack.pop() {
                return Some(ticket);
            }
            stack = self.wake.wait(stack).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Hands out what `ticket` stands for; lists it here if nobody has begun to.
    pub fn take(&self, ticket: &Ticket) -> SysResult<Scanned> {
        if let Some(request) = ticket.begin() {
            let result = self.list(*request);
            ticket.close();
            if let Ok(scanned) = &result {
                self.push_children(scanned);
            }
            return result;
        }
        let result = ticket.wait();
        if let Ok(scanned) = &result {
            self.dirs_ahead.fetch_sub(1, Ordering::Relaxed);
            self.entries_ahead.fetch_sub(scanned.entries.len(), Ordering::Relaxed);
            let _stack = self.stack.lock().unwrap_or_else(PoisonError::into_inner);
            self.wake.notify_all();
        }
        result
    }

    fn push_children(&self, scanned: &Scanned) {
        let tickets = scanned.entries.iter().rev().filter_map(|found| found.ticket.clone());
        let mut stack = self.stack.lock().unwrap_or_else(PoisonError::into_inner);
        stack.retain(|ticket| ticket.is_waiting());
        stack.extend(tickets);
        self.wake.notify_all();
    }

    fn list(&self, request: Request) -> SysResult<Scanned> {
        match request.what {
            What::Inside { dir, filter } => self.list_inside(dir.open()?, &request.path, &filter),
            What::Root(node) if node.is_source => {
                let dir = self.open_path(&request.path)?;
                let filter = self.filter.root(&request.path, &dir.stat()?);
                self.list_inside(dir, &request.path, &filter)
            }
            What::Root(node) => self.list_between(&request.path, node),
        }
    }

    fn list_inside(&self, dir: DirHandle, path: &[u8], filter: &DirFilter) -> SysResult<Scanned> {
        let mut scanned = open_scanned(dir)?;
        let listing = scan(&scanned.dir)?;
        let entered = filter.enter(&scanned.dir, path, &listing);
        scanned.warnings = entered.warnings;
        let Listing { entries, errors } = listing;
        scanned.errors = errors;
        for listed in entries {
            if let Some(reason) = &entered.contents
                && reason.tag() != Some(&listed.name)
            {
                continue;
            }
            let below = join(path, &listed.name);
            let reason = entered.filter.judge(&scanned.dir, &below, &listed);
            let is_dir = listed.stat.kind == FileKind::Dir;
            if let Some(reason) = reason {
                scanned.excluded.push((listed.name, reason));
                continue;
            }
            if self.reserves && path == b"/" && listed.name == DIRECTORY.as_bytes() {
                let why = "left out, for this snapshot keeps its attachments there; rename or exclude it";
                scanned.errors.push((listed.name, std::io::Error::other(why)));
                continue;
            }
            let ticket = match (is_dir, entered.filter.judge_unopened(&listed)) {
                // The place where something else is mounted is kept, for a restored system needs it.
                (true, Some(reason)) => {
                    scanned.excluded.push((listed.name.clone(), reason));
                    None
                }
                (true, None) => {
                    let dir = scanned.dir.closed_child(&listed);
                    let what = What::Inside { dir, filter: entered.filter.clone() };
                    Some(Ticket::new(Request { what, path: below }))
                }
                (false, _) => None,
            };
            scanned.entries.push_back(Found { listed, ticket, is_source: false });
        }
        scanned.contents = entered.contents;
        Ok(scanned)
    }

    fn list_between(&self, path: &[u8], node: RootNode) -> SysResult<Scanned> {
        let mut scanned = open_scanned(self.open_path(path)?)?;
        for (name, child) in node.children {
            let is_source = child.is_source;
            let stat = scanned.dir.stat_child(&name)?;
            let is_dir = stat.kind == FileKind::Dir;
            let below = join(path, &name);
            let ticket = is_dir.then(|| Ticket::new(Request { what: What::Root(child), path: below }));
            scanned.entries.push_back(Found { listed: Listed { name, stat }, ticket, is_source });
        }
        Ok(scanned)
    }
}

fn open_scanned(dir: DirHandle) -> SysResult<Scanned> {
    let stat = dir.stat()?;
    let (xattrs, warnings) = match xattrs::read(&dir) {
        Ok(found) => (found.pairs, Vec::new()),
        Err(error) => {
            (Vec::new(), vec![SysError::new("read the attributes of", dir.path(), error).to_string()])
        }
    };
    Ok(Scanned {
        dir,
        stat,
        xattrs,
        entries: VecDeque::new(),
        excluded: Vec::new(),
        errors: Vec::new(),
        contents: None,
        warnings,
    })
}

/// `name` below `path`.
pub fn join(path: &[u8], name: &[u8]) -> Vec<u8> {
    let mut joined = Vec::with_capacity(path.len() + 1 + name.len());
    joined.extend_from_slice(path);
    if !path.ends_with(b"/") {
        joined.push(b'/');
    }
    joined.extend_from_slice(name);
    joined
}

fn taken_error() -> SysError {
    SysError::new("list", &b""[..], std::io::Error::other("the directory was consumed already"))
}

impl Ticket {
    fn new(request: Request) -> Arc<Self> {
        Arc::new(Self { state: Mutex::new(State::Waiting(Box::new(request))), changed: Condvar::new() })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // The state is replaced in one step, so a panicking holder leaves it whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_waiting(&self) -> bool {
        matches!(*self.lock(), State::Waiting(_))
    }

    fn begin(&self) -> Option<Box<Request>> {
        let mut state = self.lock();
        match std::mem::replace(&mut *state, State::Running) {
            State::Waiting(request) => Some(request),
            other => {
                *state = other;
                None
            }
        }
    }

    fn finish(&self, result: SysResult<Scanned>) {
        *self.lock() = State::Ready(Box::new(result));
        self.changed.notify_all();
    }

    /// Nothing more will come of this ticket.
    fn close(&self) {
        *self.lock() = State::Taken;
        self.changed.notify_all();
    }

    fn wait(&self) -> SysResult<Scanned> {
        let mut state = self.lock();
        loop {
            match std::mem::replace(&mut *state, State::Taken) {
                State::Ready(result) => return *result,
                State::Taken => return Err(taken_error()),
                other => *state = other,
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}
