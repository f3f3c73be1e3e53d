//! Collects crontabs of the system and of users.

use crate::system::capture::probe::Probe;
use crate::system::model::services::Schedules;
use crate::system::parse::cron;

/// Where users' tables are: Debian, SUSE, Red Hat.
const SPOOLS: [&str; 3] = ["/var/spool/cron/crontabs", "/var/spool/cron/tabs", "/var/spool/cron"];

/// Looks.
pub fn collect(probe: &mut Probe) -> Schedules {
    let mut schedules = Schedules::default();
    for path in ["/etc/crontab", "/etc/anacrontab"] {
        let Some(file) = probe.file(path) else { continue };
        if path == "/etc/crontab" {
            schedules.crontabs.push(cron::parse(&file, path, None));
        }
    }
    let is_table = |name: &str| !name.starts_with('.') && !name.contains(".dpkg-") && !name.contains(".rpm");
    for (path, file) in probe.files("/etc/cron.d", is_table) {
        schedules.crontabs.push(cron::parse(&file, &path, None));
    }
    if let Some(spool) = SPOOLS.into_iter().find(|path| probe.is_dir(path)) {
        for (path, file) in probe.files(spool, is_table) {
            let user = path.rsplit('/').next().unwrap_or_default().to_owned();
            schedules.crontabs.push(cron::parse(&file, &path, Some(&user)));
        }
    }
    schedules.crontabs.sort_by(|left, right| left.path.cmp(&right.path));
    for period in ["hourly", "daily", "weekly", "monthly", "yearly"] {
        let directory = format!("/etc/cron.{period}");
        let names = probe.list(&directory).into_iter().filter(|name| is_table(name));
        schedules.scripts.extend(names.map(|name| format!("{directory}/{name}")));
    }
    schedules.scripts.sort_unstable();
    schedules
}
