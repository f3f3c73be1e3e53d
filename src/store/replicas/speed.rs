//! How fast a replica answers: moving averages of its latency and its throughput.
//!
//! Pure: what was measured is handed in. Latency is followed the way TCP follows round trips
//! (RFC 6298: an average with weight 1/8 and its mean deviation with 1/4), throughput with weight 1/4.

use std::time::Duration;

/// Reads up to this many bytes say something about latency.
const SMALL_BYTES: u64 = 64 << 10;
/// Throughput where nothing is measured: high, so that everybody is tried.
const HOPED_BYTES_PER_SECOND: f64 = 1e9;

/// What was measured so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Speed {
    latency_seconds: Option<f64>,
    deviation_seconds: f64,
    bytes_per_second: Option<f64>,
}

impl Speed {
    /// Takes in one answer of `bytes` that took `took`.
    pub fn measured(&mut self, bytes: u64, took: Duration) {
        let seconds = took.as_secs_f64();
        if bytes <= SMALL_BYTES || self.latency_seconds.is_none() {
            match self.latency_seconds {
                None => (self.latency_seconds, self.deviation_seconds) = (Some(seconds), seconds / 2.0),
                Some(average) => {
                    self.deviation_seconds += ((seconds - average).abs() - self.deviation_seconds) / 4.0;
                    self.latency_seconds = Some(average + (seconds - average) / 8.0);
                }
            }
        }
        if bytes > SMALL_BYTES {
            let transfer = (seconds - self.latency_seconds.unwrap_or(0.0)).max(seconds / 10.0).max(1e-9);
            let rate = bytes as f64 / transfer;
            self.bytes_per_second = Some(self.bytes_per_second.map_or(rate, |old| old + (rate - old) / 4.0));
        }
    }

    /// Seconds that `bytes` are expected to take behind `outstanding_bytes` that were asked for before.
    pub fn expected_seconds(&self, bytes: u64, outstanding_bytes: u64) -> f64 {
        let rate = self.bytes_per_second.unwrap_or(HOPED_BYTES_PER_SECOND);
        self.latency_seconds.unwrap_or(0.0) + bytes.saturating_add(outstanding_bytes) as f64 / rate
    }

    /// When an answer of `bytes` is late enough to ask somebody else as well; `None` before anything is
    /// known.
    pub fn late_after(&self, bytes: u64, outstanding_bytes: u64) -> Option<Duration> {
        self.latency_seconds?;
        let seconds = 2.0 * self.expected_seconds(bytes, outstanding_bytes) + 4.0 * self.deviation_seconds;
        Some(Duration::from_secs_f64(seconds.clamp(0.01, 3600.0)))
    }

    /// The average latency.
    pub fn latency(&self) -> Option<Duration> {
        self.latency_seconds.map(|seconds| Duration::from_secs_f64(seconds.clamp(0.0, 3600.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn speed(latency_ms: u64, bytes: u64, took_ms: u64) -> Speed {
        let mut speed = Speed::default();
        for _ in 0..50 {
            speed.measured(100, Duration::from_millis(latency_ms));
            speed.measured(bytes, Duration::from_millis(took_ms));
        }
        speed
    }

    #[test]
    fn near_replicas_win_small_reads_and_wide_ones_large_reads() {
        let near = speed(2, 1 << 20, 1002);
        let wide = speed(80, 100 << 20, 1080);
        assert!(near.expected_seconds(1000, 0) < wide.expected_seconds(1000, 0));
        assert!(near.expected_seconds(32 << 20, 0) > wide.expected_seconds(32 << 20, 0));
        assert!(near.expected_seconds(1000, 8 << 20) > wide.expected_seconds(1000, 0), "a queue counts");
    }

    #[test]
    fn what_is_late_follows_what_is_usual() {
        assert_eq!(Speed::default().late_after(10, 0), None);
        let usual = speed(20, 1 << 20, 120);
        let late = usual.late_after(100, 0).unwrap();
        assert!(late > Duration::from_millis(40) && late < Duration::from_millis(80), "{late:?}");
        assert!(usual.late_after(10 << 20, 0).unwrap() > Duration::from_secs(2));
    }

    #[test]
    fn a_replica_that_becomes_slow_is_seen_as_slow() {
        let mut speed = speed(2, 1 << 20, 12);
        (0..20).for_each(|_| speed.measured(100, Duration::from_millis(500)));
        assert!(speed.latency().unwrap() > Duration::from_millis(400));
    }
}
