//! The one place where the process hears signals.

use std::io;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

use crate::base::error_kind::ErrorKind;
use crate::base::monitor::Interrupt;

/// From now on the first SIGINT, SIGTERM or SIGHUP sets the returned flag, and the second ends the process
/// at once.
pub fn hear() -> io::Result<Interrupt> {
    let interrupt = Interrupt::default();
    let status = i32::from(ErrorKind::Interrupted.exit_status());
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // In this order: the first signal finds the flag unset, sets it, and goes on.
        flag::register_conditional_shutdown(signal, status, interrupt.flag())?;
        flag::register(signal, interrupt.flag())?;
    }
    Ok(interrupt)
}
