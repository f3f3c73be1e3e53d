//! The options of a URL that say what objects are locked with.

use std::time::Duration;

use crate::store::vault::{LockMode, LockPolicy};

/// How long objects are locked where nobody says.
const DURATION_DEFAULT: Duration = Duration::from_secs(30 * 86_400);

/// What was said so far.
#[derive(Debug, Default)]
pub struct LockOptions {
    mode: Option<LockMode>,
    duration: Option<Duration>,
    renew_below: Option<Duration>,
}

impl LockOptions {
    /// Takes the option `name`, or says what is wrong with its value.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "lock" => {
                let mode = LockMode::parse(value).ok_or("`lock` is governance or compliance")?;
                self.mode = Some(mode);
            }
            "lock-for" => self.duration = Some(days(name, value)?),
            _ => self.renew_below = Some(days(name, value)?),
        }
        Ok(())
    }

    /// The policy, if there is one.
    pub fn finish(self) -> Result<Option<LockPolicy>, String> {
        match self.mode {
            Some(mode) => {
                let duration = self.duration.unwrap_or(DURATION_DEFAULT);
                LockPolicy::new(mode, duration, self.renew_below).map(Some)
            }
            None if self.duration.is_some() || self.renew_below.is_some() => {
                Err("`lock-for` and `lock-renew` go with lock=governance or lock=compliance".into())
            }
            None => Ok(None),
        }
    }
}

fn days(name: &str, value: &str) -> Result<Duration, String> {
    let wrong = || format!("`{name}` is a number with d, h, m or s behind it, such as 30d");
    let digits = value.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let count: u64 = value[..digits].parse().map_err(|_| wrong())?;
    let unit = match &value[digits..] {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    Ok(Duration::from_secs(count.checked_mul(unit).ok_or_else(wrong)?))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::store::s3::options::S3Options;
    use crate::store::vault::{LockMode, LockPolicy};

    fn lock(query: &str) -> Result<Option<LockPolicy>, String> {
        S3Options::parse(&format!("bucket?{query}")).map(|options| options.lock)
    }

    #[test]
    fn a_lock_has_a_mode_a_duration_and_a_time_of_renewal() {
        let day = Duration::from_secs(86_400);
        let policy = lock("lock=compliance&lock-for=10d&lock-renew=36h").unwrap().unwrap();
        let expected =
            LockPolicy { mode: LockMode::Compliance, duration: day * 10, renew_below: day * 3 / 2 };
        assert_eq!(policy, expected);
        let default = lock("lock=governance").unwrap().unwrap();
        assert_eq!((default.duration, default.renew_below), (day * 30, day * 15));
        assert_eq!(lock("region=x").unwrap(), None);
    }

    #[test]
    fn what_could_not_work_is_refused_with_what_would() {
        for (query, said) in [
            ("lock=forever", "governance or compliance"),
            ("lock-for=3d", "lock=governance"),
            ("lock=governance&lock-for=3", "such as 30d"),
            ("lock=governance&lock-for=99999999999999999999d", "such as 30d"),
            ("lock=governance&lock-for=40000d", "a hundred years"),
            ("lock=governance&lock-for=2d&lock-renew=2d", "shorter"),
            ("lock=governance&checksum=off", "checksum"),
        ] {
            let why = lock(query).unwrap_err();
            assert!(why.contains(said), "{query}: {why}");
        }
    }
}
