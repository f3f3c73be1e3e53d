//! The dead man's switch: what should have happened by now and has not.

use std::time::Duration;

use crate::base::time::Timestamp;
use crate::notify::event::{Event, Outcome};
use crate::notify::quiet::Zone;
use crate::notify::route::seconds;
use crate::notify::status::Record;

/// Something that is to happen again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// What: `backup`, `check`, `restore`, `replica-sync`, `drill`.
    pub kind: String,
    /// Of what.
    pub name: String,
    /// How much time may lie between two.
    pub every: Duration,
}

/// How an expectation stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It happened in time, or there is still time.
    InTime {
        /// When it is overdue: seconds since 1970.
        until: i64,
    },
    /// It did not.
    Overdue {
        /// Since when: seconds since 1970.
        since: i64,
    },
}

/// How it stands at `now`; `seen` is when else it is known to have been done last.
pub fn standing(
    expectation: &Expectation,
    record: &Record,
    seen: Option<Timestamp>,
    now: Timestamp,
) -> Standing {
    let last = record.done.max(seen).unwrap_or(record.known_since);
    let until = last.seconds.saturating_add(seconds(expectation.every));
    match now.seconds > until {
        true => Standing::Overdue { since: until },
        false => Standing::InTime { until },
    }
}

/// The matter of a job: failing and being overdue are one, and end together.
pub fn key(kind: &str, host: &str, name: &str) -> String {
    format!("{kind}/{host}/{name}")
}

/// The event that something is overdue.
pub fn overdue(
    expectation: &Expectation,
    record: &Record,
    seen: Option<Timestamp>,
    host: &str,
    now: Timestamp,
) -> Event {
    let Expectation { kind, name, every } = expectation;
    let zone = Zone::default();
    let title = format!("{kind} of {name} on {host} is overdue");
    let mut event = Event::new(now, host, kind, Outcome::Missed, name, title);
    let expected = format!("It is expected every {}.", span(*every));
    let last = match record.done.max(seen) {
        Some(done) => format!("It was last done at {}.", zone.show(done.seconds)),
        None => format!("It has never been done since {}.", zone.show(record.known_since.seconds)),
    };
    let mut text = format!("{last} {expected}");
    if let (Some(outcome), Some(ended)) = (record.outcome.filter(|outcome| outcome.is_bad()), record.ended) {
        let said = if record.message.is_empty() { String::new() } else { format!(": {}", record.message) };
        text.push_str(&format!(
            "\nThe last attempt ended at {} as {}{said}",
            zone.show(ended.seconds),
            outcome.as_str()
        ));
    }
    event.text = text;
    event.job = Some(name.clone());
    event
}

/// The event that it has happened after all.
pub fn in_time(expectation: &Expectation, host: &str, now: Timestamp) -> Event {
    let Expectation { kind, name, .. } = expectation;
    let title = format!("{kind} of {name} on {host} is in time again");
    let mut event = Event::new(now, host, kind, Outcome::Ok, name, title);
    event.job = Some(name.clone());
    event
}

fn span(duration: Duration) -> String {
    let minutes = duration.as_secs().div_ceil(60);
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::status::{Records, Run};

    fn time(seconds: i64) -> Timestamp {
        Timestamp { seconds, nanos: 0 }
    }

    #[test]
    fn it_is_overdue_after_its_time_whether_it_ever_happened_or_not() {
        let state = tempfile::tempdir().unwrap();
        let records = Records::open(state.path()).unwrap();
        let nightly =
            Expectation { kind: "backup".into(), name: "home".into(), every: Duration::from_secs(26 * 3600) };
        let hours = |hours: i64| time(hours * 3600);
        let never = records.expected("backup", "home", hours(0)).unwrap();
        assert_eq!(standing(&nightly, &never, None, hours(26)), Standing::InTime { until: 26 * 3600 });
        assert_eq!(standing(&nightly, &never, None, hours(27)), Standing::Overdue { since: 26 * 3600 });
        let run = |at, outcome| Run {
            kind: "backup",
            name: "home",
            began: hours(at),
            ended: hours(at + 1),
            outcome,
            message: "no space",
        };
        records.note(&run(30, Outcome::Ok)).unwrap();
        let failed = records.note(&run(54, Outcome::Failed)).unwrap();
        assert_eq!(standing(&nightly, &failed, None, hours(57)), Standing::Overdue { since: 56 * 3600 });
        let event = overdue(&nightly, &failed, None, "web1", hours(57));
        assert_eq!((event.key.as_str(), event.outcome), ("backup/web1/home", Outcome::Missed));
        assert!(event.text.contains("every 26 h") && event.text.contains("failed: no space"), "{event:?}");
        // The repository knows of a backup that this machine has forgotten.
        assert_eq!(
            standing(&nightly, &failed, Some(hours(55)), hours(57)),
            Standing::InTime { until: 81 * 3600 }
        );
    }
}
