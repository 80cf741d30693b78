//! Disks that a pod names itself and that two pods cannot both write: what VolumeRestrictions compares.

use tollgate_api::Value;
use tollgate_api::value::CompactString;

/// A disk in a pod's volumes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Disk {
    /// `gcePersistentDisk`: shared if all only read.
    Gce {
        /// The disk's name.
        name: CompactString,
        /// Whether the pod only reads.
        read_only: bool,
    },
    /// `awsElasticBlockStore`: never shared.
    Aws {
        /// The volume's ID.
        id: CompactString,
    },
    /// `iscsi`: shared if all only read.
    Iscsi {
        /// The target's qualified name.
        iqn: CompactString,
        /// Whether the pod only reads.
        read_only: bool,
    },
    /// `rbd`: shared if all only read.
    Rbd {
        /// The monitors; one in common makes it the same cluster.
        monitors: Vec<CompactString>,
        /// Pool and image.
        image: (CompactString, CompactString),
        /// Whether the pod only reads.
        read_only: bool,
    },
}

impl Disk {
    /// Reads a volume; most are no such disk.
    pub fn read(volume: &Value) -> Option<Self> {
        let read_only = |source: &Value| source.bool("readOnly") == Some(true);
        if let Some(source) = volume.get("gcePersistentDisk") {
            return Some(Self::Gce {
                name: source.str_or_empty("pdName").into(),
                read_only: read_only(source),
            });
        }
        if let Some(source) = volume.get("awsElasticBlockStore") {
            return Some(Self::Aws {
                id: source.str_or_empty("volumeID").into(),
            });
        }
        if let Some(source) = volume.get("iscsi") {
            return Some(Self::Iscsi {
                iqn: source.str_or_empty("iqn").into(),
                read_only: read_only(source),
            });
        }
        let source = volume.get("rbd")?;
        let monitors = source.items("monitors").iter();
        Some(Self::Rbd {
            monitors: monitors
                .filter_map(Value::as_str)
                .map(CompactString::from)
                .collect(),
            image: (
                source.str("pool").unwrap_or("rbd").into(),
                source.str_or_empty("image").into(),
            ),
            read_only: read_only(source),
        })
    }

    /// Whether two pods cannot use these on one node.
    pub fn conflicts_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Aws { id }, Self::Aws { id: theirs }) => id == theirs,
            (
                Self::Gce { name, read_only },
                Self::Gce {
                    name: other_name,
                    read_only: other_reads,
                },
            ) => name == other_name && !(*read_only && *other_reads),
            (
                Self::Iscsi { iqn, read_only },
                Self::Iscsi {
                    iqn: other_iqn,
                    read_only: other_reads,
                },
            ) => iqn == other_iqn && !(*read_only && *other_reads),
            (
                Self::Rbd {
                    monitors,
                    image,
                    read_only,
                },
                Self::Rbd {
                    monitors: other_monitors,
                    image: other_image,
                    read_only: other_reads,
                },
            ) => {
                image == other_image
                    && monitors
                        .iter()
                        .any(|monitor| other_monitors.contains(monitor))
                    && !(*read_only && *other_reads)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    #[track_caller]
    fn check(one: &str, other: &str, expected: bool) {
        let read = |text: &str| Disk::read(&json::from_str(text).unwrap()).unwrap();
        assert_eq!(read(one).conflicts_with(&read(other)), expected);
        assert_eq!(read(other).conflicts_with(&read(one)), expected);
    }

    #[test]
    fn disks_conflict_unless_all_only_read() {
        let write = r#"{"gcePersistentDisk":{"pdName":"d"}}"#;
        let read = r#"{"gcePersistentDisk":{"pdName":"d","readOnly":true}}"#;
        check(write, write, true);
        check(write, read, true);
        check(read, read, false);
        let aws = r#"{"awsElasticBlockStore":{"volumeID":"d","readOnly":true}}"#;
        check(aws, aws, true);
        check(aws, write, false);
        let rbd = |monitors: &str| format!(r#"{{"rbd":{{"monitors":{monitors},"image":"i"}}}}"#);
        check(&rbd(r#"["a","b"]"#), &rbd(r#"["b"]"#), true);
        check(&rbd(r#"["a"]"#), &rbd(r#"["b"]"#), false);
    }
}
