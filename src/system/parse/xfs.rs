//! `xfs_info`: what mkfs.xfs needs to make an XFS again.

use crate::system::model::storage::content::FileSystem;

/// Adds what the superblock says to `system`.
pub fn read(info: &str, system: &mut FileSystem) {
    let mut section = String::new();
    let mut found: Vec<(String, String)> = Vec::new();
    for line in info.lines() {
        // `section =fixed key=value, key=value blks`
        let Some((head, rest)) = line.split_once('=') else { continue };
        if !head.trim().is_empty() {
            section = head.trim().to_owned();
        }
        if let Some((_, version)) = rest.split_once("version ").filter(|_| section == "naming") {
            found.extend(version.split_whitespace().next().map(|n| ("naming.version".into(), n.into())));
        }
        for word in rest.split([' ', ',']).filter(|word| !word.is_empty()) {
            if let Some((key, value)) = word.split_once('=') {
                found.push((format!("{section}.{key}"), value.to_owned()));
            }
        }
    }
    let get = |name: &str| found.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let number = |name: &str| get(name).and_then(|value| value.parse::<u64>().ok());
    let Some(block) = number("data.bsize") else { return };
    system.block_bytes = u32::try_from(block).ok();
    system.size_bytes = number("data.blocks").and_then(|count| count.checked_mul(block));
    const FEATURES: [&str; 15] = [
        "meta-data.crc",
        "meta-data.finobt",
        "meta-data.sparse",
        "meta-data.rmapbt",
        "meta-data.reflink",
        "meta-data.bigtime",
        "meta-data.inobtcount",
        "meta-data.nrext64",
        "meta-data.exchange",
        "meta-data.metadir",
        "meta-data.projid32bit",
        "meta-data.parent",
        "naming.ftype",
        "naming.parent",
        "log.lazy-count",
    ];
    let name = |path: &str| path.rsplit('.').next().unwrap_or(path).to_owned();
    system.features =
        FEATURES.iter().filter(|feature| get(feature) == Some("1")).map(|path| name(path)).collect();
    system.features.sort_unstable();
    system.features.dedup();
    let options = [
        ("meta-data.isize", "inode_bytes"),
        ("meta-data.agcount", "allocation_groups"),
        ("meta-data.sectsz", "sector_bytes"),
        ("data.imaxpct", "inode_percent"),
        ("data.sunit", "stripe_unit_blocks"),
        ("data.swidth", "stripe_width_blocks"),
        ("naming.bsize", "directory_block_bytes"),
        ("naming.ascii-ci", "ascii_ci"),
        ("log.blocks", "log_blocks"),
        ("log.version", "log_version"),
    ];
    for (key, name) in options {
        if let Some(value) = get(key) {
            system.options.insert(name.to_owned(), value.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xfs_info_tells_how_to_make_the_file_system_again() {
        let info = "meta-data=/dev/sda1  isize=512    agcount=4, agsize=16384 blks\n\
            \x20        =           sectsz=512   attr=2, projid32bit=1\n\
            \x20        =           crc=1        finobt=1, sparse=1, rmapbt=0\n\
            \x20        =           reflink=1    bigtime=1 inobtcount=1 nrext64=0\n\
            data     =           bsize=4096   blocks=65536, imaxpct=25\n\
            \x20        =           sunit=0      swidth=0 blks\n\
            naming   =version 2  bsize=4096   ascii-ci=0, ftype=1\n\
            log      =internal log bsize=4096   blocks=1221, version=2\n\
            realtime =none       extsz=4096   blocks=0, rtextents=0\n";
        let mut system = FileSystem::default();
        read(info, &mut system);
        let expected =
            ["bigtime", "crc", "finobt", "ftype", "inobtcount", "projid32bit", "reflink", "sparse"];
        assert_eq!(system.features, expected);
        assert_eq!(system.size_bytes, Some(65536 * 4096));
        assert_eq!(system.options["log_blocks"], "1221");
        let mut none = FileSystem::default();
        read("xfs_info: /x is not a mounted XFS filesystem", &mut none);
        assert_eq!(none, FileSystem::default());
    }
}
