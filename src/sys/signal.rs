//! Signals that ask the program to end: the first asks politely, a second Ctrl-C ends it at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::base::monitor::Interrupt;
use crate::sys::error::{SysError, SysResult};

/// From now on SIGINT, SIGTERM and SIGHUP set `interrupt`; SIGINT once more ends the process as if
/// nobody handled it. A SIGHUP that is ignored (`nohup`) stays ignored.
pub fn watch(interrupt: &Interrupt) -> SysResult<()> {
    let failed = |source: io::Error| SysError::new("handle", *b"signals", source);
    let interrupted_once = Arc::new(AtomicBool::new(false));
    // In this order: the first SIGINT finds the flag unset, and sets it.
    signal_hook::flag::register_conditional_default(SIGINT, Arc::clone(&interrupted_once))
        .and_then(|_| signal_hook::flag::register(SIGINT, interrupted_once))
        .and_then(|_| signal_hook::flag::register(SIGINT, interrupt.flag()))
        .and_then(|_| signal_hook::flag::register(SIGTERM, interrupt.flag()))
        .map_err(failed)?;
    if !is_ignored(SIGHUP).map_err(failed)? {
        signal_hook::flag::register(SIGHUP, interrupt.flag()).map_err(failed)?;
    }
    Ok(())
}

fn is_ignored(signal: i32) -> io::Result<bool> {
    // SAFETY: an all-zero sigaction (numbers and null pointers) is a valid value of the C struct.
    let mut present: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: no new action is given, so only the live local is written.
    match unsafe { libc::sigaction(signal, std::ptr::null(), &mut present) } {
        0 => Ok(present.sa_sigaction == libc::SIG_IGN),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::Command;

    use super::*;

    const CHILD: &str = "LIFEBOAT_TEST_SIGNAL_CHILD";

    #[test]
    fn the_first_signal_is_a_request_and_a_second_ctrl_c_ends_the_process() {
        if std::env::var_os(CHILD).is_some() {
            // Whoever runs the tests may ignore signals (nohup does): this test is not about that.
            for signal in [SIGTERM, SIGHUP, SIGINT] {
                // SAFETY: the default action is a valid handler, and nothing else here handles signals.
                unsafe { libc::signal(signal, libc::SIG_DFL) };
            }
            for signal in [SIGTERM, SIGHUP, SIGINT] {
                let interrupt = Interrupt::default();
                watch(&interrupt).unwrap();
                signal_hook::low_level::raise(signal).unwrap();
                assert!(interrupt.is_set());
            }
            signal_hook::low_level::raise(SIGINT).unwrap();
            unreachable!("the second SIGINT ends the process");
        }
        let own_name =
            "sys::signal::tests::the_first_signal_is_a_request_and_a_second_ctrl_c_ends_the_process";
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", own_name, "--test-threads=1"])
            .env(CHILD, "1")
            .output()
            .unwrap();
        assert_eq!(child.status.signal(), Some(SIGINT), "{}", String::from_utf8_lossy(&child.stderr));
    }
}
