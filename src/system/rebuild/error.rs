//! Why a machine cannot be rebuilt as it was asked for. All of it is found before anything is touched.

use crate::base::error_kind::ErrorKind;
use crate::system::action::DiskIdentity;

/// Why a machine cannot be rebuilt as it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The snapshot does not know the disk.
    #[error("the captured machine had no disk {identity}; it had {}", list(known))]
    NoSuchDisk {
        /// What was asked for.
        identity: DiskIdentity,
        /// What there is.
        known: Vec<String>,
    },
    /// Several disks match.
    #[error(
        "{identity} could be any of {}; name the disk by its serial number or WWN (lsblk -o NAME,SERIAL,WWN)",
        list(matches)
    )]
    Ambiguous {
        /// What was asked for.
        identity: DiskIdentity,
        /// Which disks it may be.
        matches: Vec<String>,
    },
    /// Two disks go to one place, or one to two.
    #[error("{what} appears twice in the mapping of disks; each disk can take one place only")]
    MappedTwice {
        /// The disk.
        what: String,
    },
    /// The target must not be touched.
    #[error(
        "{target} is protected and is never written to; take another disk, or unprotect it in the plan file"
    )]
    Protected {
        /// The target.
        target: String,
    },
    /// What was captured does not tell enough.
    #[error("the captured state does not describe the {what} ({why}), so they cannot be made again")]
    NotCaptured {
        /// Of what.
        what: &'static str,
        /// Why.
        why: String,
    },
    /// A disk is not in the mapping although the machine needs it.
    #[error("{what} was on the disk {disk}, which no entry of the mapping replaces; add one for it")]
    Unmapped {
        /// Such as `/`.
        what: String,
        /// The captured disk.
        disk: String,
    },
    /// The target has too little room.
    #[error(
        "{target} is too small: {needed_bytes} bytes are needed to take the place of {disk}, and it has \
         {size_bytes} ({} missing){hint}",
        needed_bytes.saturating_sub(*size_bytes)
    )]
    TooSmall {
        /// The target.
        target: String,
        /// The captured disk.
        disk: String,
        /// What is needed.
        needed_bytes: u64,
        /// What there is.
        size_bytes: u64,
        /// What can be done about it.
        hint: &'static str,
    },
    /// A sector of the target is larger than what partitions are aligned to.
    #[error(
        "{target} has sectors of {sector_bytes} bytes, and partition {number} of {disk} does not begin or \
         end on one of them; take a disk with sectors of 512 bytes"
    )]
    Alignment {
        /// The target.
        target: String,
        /// The captured disk.
        disk: String,
        /// The partition.
        number: u32,
        /// The target's sector.
        sector_bytes: u32,
    },
    /// Nobody knows how to make it.
    #[error(
        "{device} held {what}, which lifeboat cannot make again; leave its disk out of the mapping, or make \
         it by hand"
    )]
    Unknown {
        /// What the device was called.
        device: String,
        /// What it held.
        what: String,
    },
    /// An LVM volume of a type that cannot be made again.
    #[error(
        "the volume {volume} is of the type {segment_type}, which can be made again only from LVM's own \
         backup of its group, on disks that are not smaller"
    )]
    Volume {
        /// `GROUP/VOLUME`.
        volume: String,
        /// LVM's name for the type.
        segment_type: String,
    },
    /// A name that would be taken for something else.
    #[error(
        "the captured state holds the {what} {name:?}, which is not one; the snapshot may have been tampered \
         with"
    )]
    Hostile {
        /// What it should be.
        what: &'static str,
        /// What it is.
        name: String,
    },
}

impl RebuildError {
    /// The sort of failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            RebuildError::NoSuchDisk { .. }
            | RebuildError::Ambiguous { .. }
            | RebuildError::MappedTwice { .. }
            | RebuildError::Protected { .. }
            | RebuildError::Unmapped { .. } => ErrorKind::Usage,
            RebuildError::Hostile { .. } => ErrorKind::Damage,
            _ => ErrorKind::Failed,
        }
    }
}

fn list(names: &[String]) -> String {
    match names {
        [] => "none at all".to_owned(),
        names => names.join("; "),
    }
}
