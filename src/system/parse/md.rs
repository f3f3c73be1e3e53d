//! `mdadm --detail --export` and `mdadm --detail`: md arrays.

use std::collections::BTreeMap;

use crate::system::model::storage::Raid;
use crate::system::parse::text;

/// A member as mdadm names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Member {
    /// Its node.
    pub node: String,
    /// Its place; none for a spare.
    pub role: Option<u32>,
    /// `sync`, `spare`, `faulty`…
    pub state: String,
}

/// Reads the variables of `--export` and the table of `--detail`; members come by node.
pub fn parse(export: &str, detail: &str) -> Option<(Raid, Vec<Member>)> {
    let variables: BTreeMap<String, String> = text::assignments(export).into_iter().collect();
    let get = |key: &str| variables.get(key).cloned().filter(|value| !value.is_empty());
    let fields: BTreeMap<String, String> = detail
        .lines()
        .filter_map(|line| line.split_once(" : "))
        .map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()))
        .collect();
    let field = |key: &str| fields.get(key).cloned();
    let members = members(&variables, detail);
    let raid = Raid {
        uuid: get("MD_UUID").or_else(|| field("UUID"))?,
        name: get("MD_NAME").or_else(|| field("Name").map(|name| first_word(&name))),
        level: get("MD_LEVEL").or_else(|| field("Raid Level"))?,
        metadata: get("MD_METADATA").or_else(|| field("Version")).unwrap_or_default(),
        devices: get("MD_DEVICES")
            .or_else(|| field("Raid Devices"))
            .and_then(|n| n.parse().ok())
            .unwrap_or(0),
        spares: members.iter().filter(|member| member.role.is_none() && member.state == "spare").count()
            as u32,
        chunk_bytes: field("Chunk Size").and_then(|size| size_bytes(&size)).unwrap_or(0),
        layout: field("Layout"),
        bitmap: field("Intent Bitmap").map(|place| place.to_ascii_lowercase()),
        state: field("State").map(|state| state.trim_end_matches([' ', ',']).to_owned()),
        members: Vec::new(),
    };
    Some((raid, members))
}

/// Members stand in both outputs; the table knows their state.
fn members(variables: &BTreeMap<String, String>, detail: &str) -> Vec<Member> {
    let mut members: Vec<Member> = Vec::new();
    for (key, value) in variables {
        let Some(stem) = key.strip_prefix("MD_DEVICE_").and_then(|rest| rest.strip_suffix("_DEV")) else {
            continue;
        };
        let role = variables.get(&format!("MD_DEVICE_{stem}_ROLE"));
        let state = if role.is_some_and(|role| role == "spare") { "spare" } else { "sync" };
        members.push(Member {
            node: value.clone(),
            role: role.and_then(|role| role.parse().ok()),
            state: state.to_owned(),
        });
    }
    for line in detail.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        // Number Major Minor RaidDevice State… Node
        let [number, _, _, role, state @ .., node] = words.as_slice() else { continue };
        if !node.starts_with("/dev/") || number.parse::<u32>().is_err() && *number != "-" {
            continue;
        }
        let state = match state {
            ["active", "sync", ..] => "sync".to_owned(),
            other => other.join(" "),
        };
        match members.iter_mut().find(|member| member.node == *node) {
            Some(member) => member.state = state,
            None => members.push(Member { node: (*node).to_owned(), role: role.parse().ok(), state }),
        }
    }
    members.sort_by_key(|member| (member.role.unwrap_or(u32::MAX), member.node.clone()));
    members
}

/// The array's UUID as mdadm spells it, from any spelling of 32 hexadecimal digits.
pub fn uuid(any: &str) -> Option<String> {
    let digits: String = any.chars().filter(char::is_ascii_hexdigit).collect();
    let groups = || (0..4).map(|group| digits[group * 8..group * 8 + 8].to_ascii_lowercase());
    (digits.len() == 32).then(|| groups().collect::<Vec<_>>().join(":"))
}

fn first_word(text: &str) -> String {
    text.split_whitespace().next().unwrap_or_default().to_owned()
}

/// `512K` or `64M` in bytes.
fn size_bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let unit = match unit {
        "" => 1,
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_outputs_together_tell_all_of_an_array() {
        let export = "MD_LEVEL=raid5\nMD_DEVICES=3\nMD_METADATA=1.2\n\
            MD_UUID=3aaa0122:29827cfa:5331ad66:ca767371\nMD_DEVNAME=data\nMD_NAME=host:data\n\
            MD_DEVICE_dev_sda1_ROLE=0\nMD_DEVICE_dev_sda1_DEV=/dev/sda1\nMD_DEVICE_dev_sdc1_ROLE=2\n\
            MD_DEVICE_dev_sdc1_DEV=/dev/sdc1\nMD_DEVICE_dev_sdb1_ROLE=1\nMD_DEVICE_dev_sdb1_DEV=/dev/sdb1\n\
            MD_DEVICE_dev_sdd1_ROLE=spare\nMD_DEVICE_dev_sdd1_DEV=/dev/sdd1\n";
        let detail = "/dev/md127:\n           Version : 1.2\n     Intent Bitmap : Internal\n\
             State : clean, degraded \n            Layout : left-symmetric\n        Chunk Size : 512K\n\n\
            Number   Major   Minor   RaidDevice State\n\
            \x20      0       8        1        0      active sync   /dev/sda1\n\
       1       8       17        1      active sync   /dev/sdb1\n\
            \x20      3       8       49        2      faulty   /dev/sdc1\n";
        let (raid, members) = parse(export, detail).unwrap();
        assert_eq!(
            (raid.level.as_str(), raid.devices, raid.spares, raid.chunk_bytes),
            ("raid5", 3, 1, 512 << 10)
        );
        assert_eq!(
            (raid.layout.as_deref(), raid.bitmap.as_deref()),
            (Some("left-symmetric"), Some("internal"))
        );
        assert_eq!(raid.state.as_deref(), Some("clean, degraded"));
        let order: Vec<&str> = members.iter().map(|member| member.node.as_str()).collect();
        assert_eq!(order, ["/dev/sda1", "/dev/sdb1", "/dev/sdc1", "/dev/sdd1"]);
        assert_eq!((members[2].state.as_str(), members[3].role), ("faulty", None));
        assert_eq!(parse("", detail), None);
    }

    #[test]
    fn an_array_has_one_spelling_of_its_uuid() {
        let spelled = "3aaa0122:29827cfa:5331ad66:ca767371";
        assert_eq!(uuid("3aaa0122-2982-7cfa-5331-ad66ca767371").as_deref(), Some(spelled));
        assert_eq!(uuid("3AAA012229827CFA5331AD66CA767371").as_deref(), Some(spelled));
        assert_eq!(uuid("3aaa"), None);
    }
}
