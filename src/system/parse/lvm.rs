//! `pvs`, `vgs` and `lvs` with `--reportformat json --units b --nosuffix`, and what vgcfgbackup wrote.

use serde_json::Value;

use crate::system::model::storage::LogicalVolume;
use crate::system::model::storage::content::{PhysicalVolume, VolumeGroup};
use crate::system::parse::json;

/// Columns of `pvs -o`.
pub const PV_COLUMNS: &str = "pv_name,pv_uuid,vg_name,pe_start,pv_size,pv_free";
/// Columns of `vgs -o`.
pub const VG_COLUMNS: &str = "vg_name,vg_uuid,vg_extent_size,vg_size,vg_free,vg_tags";
/// Columns of `lvs -o`.
pub const LV_COLUMNS: &str = "vg_name,lv_name,lv_uuid,lv_path,lv_attr,lv_size,segtype,pool_lv,origin,stripes,\
                              stripe_size,lv_tags";

/// The rows of a report: `{"report":[{"pv":[…]}]}`.
fn rows<'a>(value: &'a Value, name: &'static str) -> impl Iterator<Item = &'a Value> {
    json::items(value, "report").iter().flat_map(move |report| json::items(report, name))
}

fn tags(row: &Value, name: &str) -> Vec<String> {
    let mut tags: Vec<String> = match row.get(name) {
        Some(Value::Array(_)) => json::texts(row, name),
        _ => json::text(row, name).unwrap_or_default().split(',').map(str::to_owned).collect(),
    };
    tags.retain(|tag| !tag.is_empty());
    tags.sort_unstable();
    tags
}

/// Physical volumes, each with its node.
pub fn parse_pvs(text: &str) -> Option<Vec<(String, PhysicalVolume)>> {
    let value = json::read(text)?;
    let volumes = rows(&value, "pv").filter_map(|row| {
        let volume = PhysicalVolume {
            uuid: json::text(row, "pv_uuid")?,
            group: json::text(row, "vg_name"),
            data_offset_bytes: json::number(row, "pe_start").unwrap_or(0),
            size_bytes: json::number(row, "pv_size").unwrap_or(0),
            free_bytes: json::number(row, "pv_free").unwrap_or(0),
        };
        Some((json::text(row, "pv_name")?, volume))
    });
    Some(volumes.collect())
}

/// Volume groups, without their devices and backups, sorted by name.
pub fn parse_vgs(text: &str) -> Option<Vec<VolumeGroup>> {
    let value = json::read(text)?;
    let groups = rows(&value, "vg").filter_map(|row| {
        Some(VolumeGroup {
            name: json::text(row, "vg_name")?,
            uuid: json::text(row, "vg_uuid")?,
            extent_bytes: json::number(row, "vg_extent_size").unwrap_or(0),
            size_bytes: json::number(row, "vg_size").unwrap_or(0),
            free_bytes: json::number(row, "vg_free").unwrap_or(0),
            tags: tags(row, "vg_tags"),
            ..VolumeGroup::default()
        })
    });
    let mut groups: Vec<VolumeGroup> = groups.collect();
    groups.sort_by(|left, right| left.name.cmp(&right.name));
    Some(groups)
}

/// A logical volume with its node and length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// Its node, such as `/dev/vg/root`; empty for one that has none.
    pub node: String,
    /// Its length.
    pub size_bytes: u64,
    /// What it is.
    pub volume: LogicalVolume,
}

/// Logical volumes in lvs' order; of one with several segments, the first row counts.
pub fn parse_lvs(text: &str) -> Option<Vec<Listed>> {
    let value = json::read(text)?;
    let mut listed: Vec<Listed> = Vec::new();
    for row in rows(&value, "lv") {
        let (Some(group), Some(name), Some(uuid)) =
            (json::text(row, "vg_name"), json::text(row, "lv_name"), json::text(row, "lv_uuid"))
        else {
            continue;
        };
        if listed.last().is_some_and(|last| last.volume.uuid == uuid) {
            continue;
        }
        let volume = LogicalVolume {
            group,
            name,
            uuid,
            segment_type: json::text(row, "segtype").unwrap_or_default(),
            attributes: json::text(row, "lv_attr").unwrap_or_default(),
            pool: json::text(row, "pool_lv"),
            origin: json::text(row, "origin"),
            stripes: json::small(row, "stripes").unwrap_or(0),
            stripe_bytes: json::number(row, "stripe_size").unwrap_or(0),
            tags: tags(row, "lv_tags"),
        };
        let node = json::text(row, "lv_path").unwrap_or_default();
        listed.push(Listed { node, size_bytes: json::number(row, "lv_size").unwrap_or(0), volume });
    }
    Some(listed)
}

/// How device-mapper spells a volume: `vg-a` and `root` become `vg--a-root`.
pub fn mapper_name(group: &str, volume: &str) -> String {
    format!("{}-{}", group.replace('-', "--"), volume.replace('-', "--"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_of_lvm_are_read_with_numbers_as_text_and_tags_in_either_form() {
        let pvs = r#"{"report":[{"pv":[{"pv_name":"/dev/sda2","pv_uuid":"A","vg_name":"vg",
          "pe_start":"1048576",
            "pv_size":"4294967296","pv_free":"0"},{"pv_name":"/dev/sdb","pv_uuid":"B","vg_name":""}]}]}"#;
        let volumes = parse_pvs(pvs).unwrap();
        assert_eq!(volumes[0].1.data_offset_bytes, 1 << 20);
        assert_eq!(volumes[1].1.group, None);
        let lvs = r#"{"report":[{"lv":[
            {"vg_name":"vg-a","lv_name":"root","lv_uuid":"U","lv_path":"/dev/vg-a/root","lv_size":"10",
             "segtype":"linear","stripes":"1","stripe_size":"0","lv_tags":"b,a"},
            {"vg_name":"vg-a","lv_name":"root","lv_uuid":"U","segtype":"striped"},
            {"vg_name":"vg-a","lv_name":"t","lv_uuid":"V","pool_lv":"pool","lv_tags":["x"]}, {}]}]}"#;
        let listed = parse_lvs(lvs).unwrap();
        assert_eq!(listed.len(), 2);
        assert_eq!(
            (listed[0].volume.tags.as_slice(), listed[0].size_bytes),
            (&["a".into(), "b".into()][..], 10)
        );
        assert_eq!(listed[1].volume.pool.as_deref(), Some("pool"));
        assert_eq!(mapper_name("vg-a", "root"), "vg--a-root");
        assert_eq!((parse_pvs("x"), parse_vgs("{}")), (None, Some(vec![])));
    }
}
