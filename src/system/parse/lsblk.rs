//! `lsblk -J -b -O` and `blkid -o export`: which block devices there are, and what they hold.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::base::limits;
use crate::system::parse::json;

/// A block device as the kernel has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// The kernel's name, such as `sda1` or `dm-0`.
    pub kname: String,
    /// The usual name, such as `vg-root` for `dm-0`.
    pub name: String,
    /// Its node.
    pub path: String,
    /// Kernel names of what it is made of.
    pub parents: Vec<String>,
    /// `disk`, `part`, `raid1`, `crypt`, `lvm`, `loop`, `mpath`…
    pub kind: String,
    /// Length in bytes.
    pub size_bytes: u64,
    /// All other columns that say something, by lsblk's names in small letters.
    pub columns: BTreeMap<String, String>,
}

impl Block {
    /// A column's text.
    pub fn column(&self, name: &str) -> Option<String> {
        self.columns.get(name).cloned()
    }

    /// A column's number.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.columns.get(name)?.parse().ok()
    }

    /// A column that is yes or no.
    pub fn flag(&self, name: &str) -> bool {
        self.columns.get(name).is_some_and(|value| value == "true" || value == "1")
    }
}

/// Reads `lsblk -J -b -O`: each device once, parents before children.
pub fn parse(text: &str) -> Option<Vec<Block>> {
    let value = json::read(text)?;
    value.get("blockdevices")?;
    let mut blocks = Vec::new();
    for device in json::items(&value, "blockdevices") {
        gather(device, None, &mut blocks);
    }
    Some(in_order(blocks))
}

/// JSON is at most 128 deep here, so the stack bears it.
fn gather(value: &Value, parent: Option<&str>, blocks: &mut Vec<Block>) {
    let Some(name) = json::text(value, "name") else { return };
    let kname = json::text(value, "kname").unwrap_or_else(|| name.clone());
    let parents = || parent.map(str::to_owned).or_else(|| json::text(value, "pkname"));
    let is_full = blocks.len() >= limits::SYSTEM_DEVICES_MAX;
    match blocks.iter_mut().find(|block| block.kname == kname) {
        // An array is shown once below each of its members.
        Some(known) => known.parents.extend(parents().filter(|parent| !known.parents.contains(parent))),
        None if is_full => return,
        None => {
            let kind = json::text(value, "type").unwrap_or_default();
            let is_mapped = kname.starts_with("dm-");
            let path = json::text(value, "path").unwrap_or_else(|| match is_mapped {
                true => format!("/dev/mapper/{name}"),
                false => format!("/dev/{kname}"),
            });
            let size_bytes = json::number(value, "size").unwrap_or(0);
            let parents = parents().into_iter().collect();
            let columns = value.as_object().into_iter().flatten();
            let columns = columns
                .filter_map(|(column, _)| Some((column.clone(), json::text(value, column)?)))
                .collect();
            blocks.push(Block { kname: kname.clone(), name, path, parents, kind, size_bytes, columns });
        }
    }
    for child in json::items(value, "children") {
        gather(child, Some(&kname), blocks);
    }
}

/// Each after its parents. What is left in a circle, which no kernel has, comes last.
fn in_order(mut left: Vec<Block>) -> Vec<Block> {
    let mut ordered: Vec<Block> = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let is_open = |name: &String| left.iter().any(|block| &block.kname == name);
        let ready: Vec<bool> = left.iter().map(|block| !block.parents.iter().any(is_open)).collect();
        if !ready.contains(&true) {
            ordered.append(&mut left);
            break;
        }
        let mut ready = ready.into_iter();
        let (now, later) = left.into_iter().partition(|_| ready.next().unwrap_or(true));
        ordered.extend::<Vec<Block>>(now);
        left = later;
    }
    ordered
}

/// What `blkid -o export` says of each device, by its node.
pub fn parse_blkid(text: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut devices = BTreeMap::new();
    let mut current: Option<(String, BTreeMap<String, String>)> = None;
    for line in text.lines() {
        let Some((key, value)) = line.trim().split_once('=') else { continue };
        let value = unescape(value);
        match (key, &mut current) {
            ("DEVNAME", _) => {
                devices.extend(current.take());
                current = Some((value, BTreeMap::new()));
            }
            (_, Some((_, fields))) => {
                fields.insert(key.to_owned(), value);
            }
            (_, None) => {}
        }
    }
    devices.extend(current);
    devices
}

/// blkid puts a backslash before what a shell would take for its own.
fn unescape(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => text.extend(characters.next()),
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_below_two_members_is_one_device_that_comes_after_both() {
        let text = r#"{"blockdevices":[
            {"name":"sda","kname":"sda","type":"disk","size":"10","children":[
                {"name":"sda1","kname":"sda1","type":"part","size":"5","children":[
                    {"name":"md0","kname":"md0","type":"raid1","size":5}]}]},
            {"name":"sdb","kname":"sdb","type":"disk","size":10,"children":[
                {"name":"md0","kname":"md0","type":"raid1","size":5}]}]}"#;
        let blocks = parse(text).unwrap();
        let names: Vec<&str> = blocks.iter().map(|block| block.kname.as_str()).collect();
        assert_eq!(names, ["sda", "sdb", "sda1", "md0"]);
        assert_eq!(blocks[3].parents, ["sda1", "sdb"]);
        assert_eq!((blocks[2].path.as_str(), blocks[2].size_bytes), ("/dev/sda1", 5));
    }

    #[test]
    fn nonsense_is_no_device_list_and_circles_end() {
        for text in ["", "[]", "{}", "null", "{\"blockdevices\":"] {
            assert_eq!(parse(text), None, "{text}");
        }
        let circle = r#"{"blockdevices":[{"name":"a","pkname":"b"},{"name":"b","pkname":"a"},{"x":1},7]}"#;
        assert_eq!(parse(circle).unwrap().len(), 2);
    }

    #[test]
    fn blkid_groups_fields_by_device() {
        let devices =
            parse_blkid("X=1\nDEVNAME=/dev/a\nTYPE=ext4\nLABEL=a\\ b\n\nDEVNAME=/dev/b\nPTTYPE=gpt\n");
        assert_eq!(devices["/dev/a"]["LABEL"], "a b");
        assert_eq!(devices["/dev/b"]["PTTYPE"], "gpt");
        assert_eq!(devices.len(), 2);
    }
}
