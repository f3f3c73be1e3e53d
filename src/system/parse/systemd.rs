//! `systemctl list-unit-files`, `list-units` and `list-timers`, as JSON and as tables.

use std::collections::BTreeMap;

use crate::system::model::services::{Timer, Unit};
use crate::system::parse::json;

/// Reads `systemctl list-unit-files`, with or without `-o json` (which versions before 246 lack).
pub fn parse_unit_files(output: &str) -> Vec<Unit> {
    let mut units: Vec<Unit> = match json::read(output) {
        Some(value) => json::items(&value, "")
            .iter()
            .filter_map(|item| {
                Some(Unit {
                    name: json::text(item, "unit_file")?,
                    state: json::text(item, "state")?,
                    preset: json::text(item, "preset").filter(|preset| preset != "-"),
                    is_active: None,
                })
            })
            .collect(),
        None => output.lines().filter_map(row).collect(),
    };
    units.sort_by(|left, right| left.name.cmp(&right.name));
    units
}

/// `ssh.service enabled enabled`.
fn row(line: &str) -> Option<Unit> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [name, state, rest @ ..] = words.as_slice() else { return None };
    let is_unit = name.rsplit_once('.').is_some_and(|(stem, kind)| !stem.is_empty() && kind.len() > 3);
    let preset = rest.first().filter(|preset| **preset != "-").map(|preset| (*preset).to_owned());
    is_unit.then(|| Unit { name: (*name).to_owned(), state: (*state).to_owned(), preset, is_active: None })
}

/// Reads `systemctl list-units --all`: `active`, `inactive`, `failed`… by unit.
pub fn parse_units(output: &str) -> BTreeMap<String, String> {
    if let Some(value) = json::read(output) {
        let state = |item| Some((json::text(item, "unit")?, json::text(item, "active")?));
        return json::items(&value, "").iter().filter_map(state).collect();
    }
    let row = |line: &str| {
        let line = line.trim_start_matches(['●', '*', '×', ' ']);
        let words: Vec<&str> = line.split_whitespace().collect();
        let [name, _, active, _, ..] = words.as_slice() else { return None };
        name.contains('.').then(|| ((*name).to_owned(), (*active).to_owned()))
    };
    output.lines().filter_map(row).collect()
}

/// Reads `systemctl list-timers --all`: timers with what they start.
pub fn parse_timers(output: &str) -> Vec<Timer> {
    let mut timers: Vec<Timer> = match json::read(output) {
        Some(value) => json::items(&value, "")
            .iter()
            .filter_map(|item| {
                let activates = json::text(item, "activates").unwrap_or_default();
                Some(Timer { name: json::text(item, "unit")?, activates, is_enabled: false })
            })
            .collect(),
        None => output.lines().filter_map(timer_row).collect(),
    };
    timers.sort_by(|left, right| left.name.cmp(&right.name));
    timers
}

/// `Mon 2024-… 5h left … apt-daily.timer apt-daily.service`: the last two words.
fn timer_row(line: &str) -> Option<Timer> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [.., name, activates] = words.as_slice() else { return None };
    let is_timer = name.ends_with(".timer");
    is_timer.then(|| Timer {
        name: (*name).to_owned(),
        activates: (*activates).to_owned(),
        is_enabled: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_tables_tell_the_same() {
        let json = r#"[{"unit_file":"ssh.service","state":"enabled","preset":"enabled"},
            {"unit_file":"x.timer","state":"masked","preset":null},{"bad":1}]"#;
        let table =
            "UNIT FILE STATE PRESET\nx.timer masked -\nssh.service enabled enabled\n\n2 unit files listed.\n";
        assert_eq!(parse_unit_files(json), parse_unit_files(table));
        let json = r#"[{"unit":"ssh.service","load":"loaded","active":"failed","sub":"x"}]"#;
        let table = "UNIT LOAD ACTIVE SUB DESCRIPTION\n● ssh.service loaded failed failed OpenBSD\n";
        assert_eq!(parse_units(json), parse_units(table));
        let json = r#"[{"next":1,"unit":"a.timer","activates":"a.service"}]"#;
        let table = "NEXT LEFT LAST PASSED UNIT ACTIVATES\n\
            Mon 2024-01-01 1h left n/a n/a a.timer a.service\n\n1 timers listed.";
        assert_eq!(parse_timers(json), parse_timers(table));
    }
}
