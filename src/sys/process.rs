//! This process and its machine: who we are, where, and how much there is to use.

use std::fs;
use std::io;
use std::num::NonZero;
use std::thread;

use rustix::process::{Resource, Rlimit};

use crate::sys::error::{SysError, SysResult};

/// The kernel's name of this host; empty if it has none. Bytes that are no UTF-8 are replaced.
pub fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// A text that is the same until the machine starts anew; `None` where the system does not tell.
pub fn boot_id() -> Option<String> {
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(text.trim().to_owned()).filter(|id| !id.is_empty())
}

/// Our process number.
pub fn id() -> u32 {
    std::process::id()
}

/// Whether a process of this number exists on this machine now.
pub fn is_alive(pid: u32) -> bool {
    let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw) else {
        return false;
    };
    !matches!(rustix::process::test_kill_process(pid), Err(rustix::io::Errno::SRCH))
}

/// Whether we act as the superuser.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Numbers of the user and group we act as.
pub fn own_ids() -> (u32, u32) {
    (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw())
}

/// The permission bits that newly made files do not get. Read without changing it, where the system
/// allows (another thread may be making a file).
pub fn umask() -> u32 {
    let told = fs::read_to_string("/proc/self/status").ok().and_then(|status| {
        let line = status.lines().find_map(|line| line.strip_prefix("Umask:"))?;
        u32::from_str_radix(line.trim(), 8).ok()
    });
    told.unwrap_or_else(|| {
        let mask = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
        rustix::process::umask(mask);
        mask.bits()
    })
}

/// Processors this process may use, control groups considered; at least 1.
pub fn cpus() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// Bytes of memory this process may use: the machine's, or its control group's if that is less.
#[cfg(target_os = "linux")]
#[allow(clippy::useless_conversion)] // The field is narrower on 32-bit machines.
pub fn memory_bytes() -> u64 {
    let info = rustix::system::sysinfo();
    let machine = u64::from(info.totalram).saturating_mul(u64::from(info.mem_unit).max(1));
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    machine.min(group_limit(&groups, |path| fs::read_to_string(path).ok()).unwrap_or(u64::MAX))
}

/// The least limit of the control group and all above it, as `/proc/self/cgroup` names it.
#[cfg(target_os = "linux")]
fn group_limit(groups: &str, read: impl Fn(&str) -> Option<String>) -> Option<u64> {
    let (root, file, own) = groups.lines().find_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controllers, path) = (fields.next()?, fields.next()?);
        if controllers.is_empty() {
            return Some(("/sys/fs/cgroup", "memory.max", path));
        }
        let is_memory = controllers.split(',').any(|controller| controller == "memory");
        is_memory.then_some(("/sys/fs/cgroup/memory", "memory.limit_in_bytes", path))
    })?;
    let mut path = own.trim_end_matches('/');
    let mut least: Option<u64> = None;
    loop {
        let limit = read(&format!("{root}{path}/{file}")).and_then(|text| text.trim().parse::<u64>().ok());
        least = least.into_iter().chain(limit).min();
        match path.rsplit_once('/') {
            Some((above, _)) => path = above,
            None => return least,
        }
    }
}

/// Allows this process as many open files as the system lets it; answers how many those are.
pub fn raise_open_files_limit() -> u64 {
    let present = rustix::process::getrlimit(Resource::Nofile);
    let raised = Rlimit { current: present.maximum, maximum: present.maximum };
    match rustix::process::setrlimit(Resource::Nofile, raised) {
        Ok(()) => present.maximum.unwrap_or(u64::MAX),
        Err(_) => present.current.unwrap_or(u64::MAX),
    }
}

/// How a background run asks for the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IoPriority {
    /// Only when nobody else wants it.
    Idle,
    /// As everybody, at a level from 0 (first) to 7 (last).
    BestEffort(u8),
}

/// Makes this process give way for processor time: 0 as everybody, 19 to all others.
pub fn set_nice(level: i32) -> SysResult<()> {
    rustix::process::setpriority_process(None, level.clamp(-20, 19))
        .map_err(|error| SysError::new("set", *b"the process's priority", error))
}

/// Makes this thread, and those it starts from now on, give way at the disk. To be called before
/// other threads are started.
#[cfg(target_os = "linux")]
pub fn set_io_priority(priority: IoPriority) -> SysResult<()> {
    const WHO_PROCESS: libc::c_long = 1;
    const CLASS_SHIFT: u32 = 13;
    let value: libc::c_long = match priority {
        IoPriority::BestEffort(level) => 2 << CLASS_SHIFT | libc::c_long::from(level.min(7)),
        IoPriority::Idle => 3 << CLASS_SHIFT,
    };
    let own: libc::c_long = 0;
    // SAFETY: the system call takes three numbers and touches no memory of ours.
    match unsafe { libc::syscall(libc::SYS_ioprio_set, WHO_PROCESS, own, value) } {
        0 => Ok(()),
        _ => {
            let error = io::Error::last_os_error();
            Err(SysError::new("set", *b"the process's I/O priority", error))
        }
    }
}

/// Processes, ourselves aside, that began with all of these variables (`NAME=VALUE`): children inherit them,
/// so that what a program left behind when we were killed is found again.
pub fn with_variables(marks: &[String]) -> Vec<u32> {
    let own = id();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let is_meant = |pid: &u32| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        let has = |mark: &String| environment.split(|byte| *byte == 0).any(|line| line == mark.as_bytes());
        *pid != own && marks.iter().all(has)
    };
    pids.filter(is_meant).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_tells_sensible_figures() {
        assert!(cpus() >= 1 && memory_bytes() > 16 << 20);
        assert!(umask() <= 0o777 && raise_open_files_limit() >= 64);
        assert!(is_alive(id()) && !is_alive(u32::MAX) && !is_alive(0));
        assert_eq!(boot_id(), boot_id());
        assert!(!host_name().contains('\0'));
    }

    #[test]
    fn the_tightest_control_group_counts() {
        let read = |path: &str| match path {
            "/sys/fs/cgroup/a/b/memory.max" => Some("max\n".to_owned()),
            "/sys/fs/cgroup/a/memory.max" => Some("1000\n".to_owned()),
            "/sys/fs/cgroup/memory/x/memory.limit_in_bytes" => Some("77".to_owned()),
            _ => None,
        };
        assert_eq!(group_limit("0::/a/b\n", read), Some(1000));
        assert_eq!(group_limit("3:cpu,memory:/x\n0::/a\n", read), Some(77));
        assert_eq!(group_limit("0::/\n", read), None);
        assert_eq!(group_limit("", read), None);
    }
}
