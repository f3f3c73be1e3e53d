//! Points in time, and the clock as something that is handed in, never asked for.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Seconds and nanoseconds since 1970-01-01T00:00:00Z; `nanos` counts upward even before it.
///
/// Serialised as `[seconds, nanos]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "(i64, u32)", into = "(i64, u32)")]
pub struct Timestamp {
    /// Whole seconds, rounded down.
    pub seconds: i64,
    /// Nanoseconds past `seconds`, 0..1_000_000_000.
    pub nanos: u32,
}

impl From<(i64, u32)> for Timestamp {
    fn from((seconds, nanos): (i64, u32)) -> Self {
        Self { seconds, nanos: nanos.min(999_999_999) }
    }
}

impl From<Timestamp> for (i64, u32) {
    fn from(time: Timestamp) -> Self {
        (time.seconds, time.nanos)
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Self { seconds: after.as_secs() as i64, nanos: after.subsec_nanos() },
            Err(before) => {
                let before = before.duration();
                let (seconds, nanos) = (before.as_secs() as i64, before.subsec_nanos());
                match nanos {
                    0 => Self { seconds: -seconds, nanos: 0 },
                    _ => Self { seconds: -seconds - 1, nanos: 1_000_000_000 - nanos },
                }
            }
        }
    }
}

/// Where time comes from; tests hand in their own.
pub trait Clock: Send + Sync {
    /// The time of day. Safety never rests on it.
    fn now(&self) -> Timestamp;
    /// Time since some fixed point; never goes backwards.
    fn elapsed(&self) -> Duration;
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::Timestamp;

    #[test]
    fn times_before_the_epoch_count_nanos_upward() {
        let time = Timestamp::from(UNIX_EPOCH - Duration::from_millis(1500));
        assert_eq!(time, Timestamp { seconds: -2, nanos: 500_000_000 });
    }
}
