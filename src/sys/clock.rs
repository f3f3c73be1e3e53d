//! The system's clocks, as the clock that is handed to everything that needs time.

use std::time::{Duration, SystemTime};

use rustix::time::ClockId;

use crate::base::time::{Clock, Timestamp};

/// The time of day, and time that goes on while the machine sleeps.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[cfg(target_os = "linux")]
const ELAPSED: ClockId = ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const ELAPSED: ClockId = ClockId::Monotonic;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        SystemTime::now().into()
    }

    fn elapsed(&self) -> Duration {
        let time = rustix::time::clock_gettime(ELAPSED);
        let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
        Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_tells_this_century_and_never_goes_back() {
        let clock = SystemClock;
        assert!(clock.now().seconds > 1_600_000_000);
        let first = clock.elapsed();
        assert!(clock.elapsed() >= first && first > Duration::ZERO);
    }
}
