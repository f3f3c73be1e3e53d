//! When people are left alone, in their own time zone.
//!
//! What is not urgent enough waits for the end of the quiet hours; it is not lost. Zones are those of
//! the IANA database (`Europe/Berlin`): the machine's, or a copy that is built in.

use jiff::Timestamp as Instant;
use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;

use crate::notify::event::Severity;

/// The most windows that may lie one after the other.
const WINDOWS_MAX: usize = 32;

/// A time zone.
#[derive(Clone, Debug)]
pub struct Zone(TimeZone);

impl Default for Zone {
    /// The machine's.
    fn default() -> Self {
        Self(TimeZone::system())
    }
}

impl Zone {
    /// The zone of that name.
    pub fn parse(name: &str) -> Option<Self> {
        TimeZone::get(name).ok().map(Self)
    }

    /// `seconds` since 1970 as people write it there: `2026-01-31 07:45 CET`.
    pub fn show(&self, seconds: i64) -> String {
        match Instant::from_second(seconds) {
            Ok(instant) => {
                instant.to_zoned_datetime(self.0.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string()
            }
            Err(_) => format!("@{seconds}"),
        }
    }

    /// A date and a time of day there, such as `2026-01-31T09:00`, in seconds since 1970.
    pub fn parse_time(&self, text: &str) -> Option<i64> {
        let civil: jiff::civil::DateTime = text.parse().ok()?;
        Some(civil.to_zoned_datetime(self.0.clone()).ok()?.timestamp().as_second())
    }
}

/// A window of every day, or of some days of the week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuietHours {
    /// When it begins.
    pub from: Time,
    /// When it ends: the next day, unless it is later than `from`.
    pub until: Time,
    /// On which days it begins; all if empty.
    pub days: Vec<Weekday>,
    /// What is at least so urgent comes through.
    pub below: Severity,
}

/// Names of days, Monday first.
pub const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The day of that name.
pub fn parse_day(word: &str) -> Option<Weekday> {
    let at = DAYS.iter().position(|day| *day == word)?;
    Weekday::from_monday_zero_offset(i8::try_from(at).ok()?).ok()
}

/// A time of day such as `22:00`.
pub fn parse_time_of_day(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    if hour.len() != 2 || minute.len() != 2 {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

impl QuietHours {
    /// If `now` lies within, when it ends; both in seconds since 1970.
    fn end(&self, zone: &Zone, now: i64) -> Option<i64> {
        let here = Instant::from_second(now).ok()?.to_zoned_datetime(zone.0.clone());
        let begins_on = |day: Weekday| self.days.is_empty() || self.days.contains(&day);
        let (time, date) = (here.time(), here.date());
        let over_midnight = self.until <= self.from;
        let yesterday = date.yesterday().ok()?;
        let begun_today = time >= self.from && begins_on(date.weekday());
        let begun_yesterday = over_midnight && begins_on(yesterday.weekday());
        let end_date = if over_midnight && begun_today {
            date.tomorrow().ok()?
        } else if time < self.until && (begun_yesterday || !over_midnight && begun_today) {
            date
        } else {
            return None;
        };
        let end = end_date.to_datetime(self.until).to_zoned_datetime(zone.0.clone()).ok()?;
        Some(end.timestamp().as_second())
    }
}

/// When somebody may be told something so urgent, at `now` at the earliest; in seconds since 1970.
pub fn not_before(windows: &[QuietHours], zone: &Zone, severity: Severity, now: i64) -> i64 {
    let mut at = now;
    for _ in 0..WINDOWS_MAX {
        let ends =
            windows.iter().filter(|window| severity < window.below).filter_map(|window| window.end(zone, at));
        match ends.filter(|end| *end > at).max() {
            Some(end) => at = end,
            None => break,
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(from: &str, until: &str, days: &[&str]) -> QuietHours {
        QuietHours {
            from: parse_time_of_day(from).unwrap(),
            until: parse_time_of_day(until).unwrap(),
            days: days.iter().map(|day| parse_day(day).unwrap()).collect(),
            below: Severity::Critical,
        }
    }

    fn seconds(text: &str) -> i64 {
        text.parse::<Instant>().unwrap().as_second()
    }

    /// When a warning at `now` may be told, in Berlin.
    fn told(windows: &[QuietHours], now: &str) -> String {
        let zone = Zone::parse("Europe/Berlin").unwrap();
        let at = not_before(windows, &zone, Severity::Warning, seconds(now));
        Instant::from_second(at).unwrap().to_string()
    }

    #[test]
    fn nights_end_in_the_morning_of_the_persons_own_zone() {
        let night = [window("22:00", "07:00", &[])];
        for (now, at) in [
            ("2026-01-10T20:59:59Z", "2026-01-10T20:59:59Z"),
            ("2026-01-10T21:00:00Z", "2026-01-11T06:00:00Z"),
            ("2026-01-11T05:59:00Z", "2026-01-11T06:00:00Z"),
            ("2026-01-11T06:00:00Z", "2026-01-11T06:00:00Z"),
            // Summer time: an hour earlier.
            ("2026-07-10T20:00:00Z", "2026-07-11T05:00:00Z"),
            // The night in which clocks go forward.
            ("2026-03-28T22:00:00Z", "2026-03-29T05:00:00Z"),
            // The night in which they go back.
            ("2026-10-24T21:00:00Z", "2026-10-25T06:00:00Z"),
        ] {
            assert_eq!(told(&night, now), at, "{now}");
        }
    }

    #[test]
    fn windows_of_days_and_windows_in_a_row_are_kept() {
        let windows = [window("22:00", "07:00", &["fri"]), window("07:00", "12:00", &["sat"])];
        assert_eq!(told(&windows, "2026-01-09T22:00:00Z"), "2026-01-10T11:00:00Z");
        assert_eq!(told(&windows, "2026-01-08T22:00:00Z"), "2026-01-08T22:00:00Z");
        let whole = [window("00:00", "00:00", &["sun"])];
        assert_eq!(told(&whole, "2026-01-11T10:00:00Z"), "2026-01-11T23:00:00Z");
        let always = [window("00:00", "00:00", &[])];
        // It never ends, but a message is held for some days at the most.
        assert_ne!(told(&always, "2026-01-11T10:00:00Z"), "2026-01-11T10:00:00Z");
    }

    #[test]
    fn what_is_urgent_comes_through() {
        let zone = Zone::parse("Asia/Kolkata").unwrap();
        let night = [window("22:00", "07:00", &[])];
        let now = seconds("2026-01-10T18:00:00Z");
        assert_eq!(not_before(&night, &zone, Severity::Critical, now), now);
        assert_eq!(not_before(&night, &zone, Severity::Error, now), seconds("2026-01-11T01:30:00Z"));
    }

    #[test]
    fn only_real_zones_days_and_times_are_taken() {
        assert!(Zone::parse("Europe/Atlantis").is_none() && Zone::parse("UTC").is_some());
        assert!(parse_day("monday").is_none() && parse_day("sun").is_some());
        for bad in ["24:00", "7:00", "07:60", "", "07:00:00"] {
            assert!(parse_time_of_day(bad).is_none(), "{bad}");
        }
    }
}
