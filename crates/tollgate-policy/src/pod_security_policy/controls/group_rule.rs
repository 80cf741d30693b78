//! The rule about groups that `fsGroup`, `supplementalGroups` and `runAsGroup` share.

use super::super::finding::{Finding, Findings};
use super::super::pod::spec_field;
use super::id_range::IdRanges;
use tollgate_api::Value;
use tollgate_api::field::{Error, FieldPath, Path};
use tollgate_api::go_format::slice_syntax;

/// Which groups are allowed.
#[derive(Debug, Clone)]
pub(super) enum GroupRule {
    /// `RunAsAny`
    Any,
    /// `MayRunAs`: what is set must be in the ranges.
    May(IdRanges),
    /// `MustRunAs`: something must be set, and be in the ranges.
    Must(IdRanges),
}

/// Where groups are judged, for the texts.
pub(super) struct Judged<'a> {
    /// The control's id, which is the policy's field, too.
    pub(super) control: &'static str,
    /// The path that upstream prints.
    pub(super) path: &'a Path<'a>,
    /// The real place.
    pub(super) field: FieldPath,
}

impl GroupRule {
    /// Reads a rule; `what` is upstream's name for it.
    pub(super) fn read(rule: &Value, what: &str) -> Result<Self, String> {
        let ranges = IdRanges::read(rule);
        let need_ranges = |name: &str| Err(format!("ranges must be supplied for {name}"));
        match rule.str_or_empty("rule") {
            "RunAsAny" => Ok(Self::Any),
            "MayRunAs" if ranges.is_empty() => need_ranges("MayRunAs"),
            "MustRunAs" if ranges.is_empty() => need_ranges("MustRunAs"),
            "MayRunAs" => Ok(Self::May(ranges)),
            "MustRunAs" => Ok(Self::Must(ranges)),
            other => Err(format!("Unrecognized {what} strategy type {other}")),
        }
    }

    /// The group for a pod that names none.
    pub(super) fn default_group(&self) -> Option<i64> {
        match self {
            Self::Must(ranges) => ranges.first(),
            Self::Any | Self::May(_) => None,
        }
    }

    /// Judges `groups`; none means that the field is absent.
    pub(super) fn validate(
        &self,
        groups: Option<&[i64]>,
        findings: &mut Findings,
        judged: impl FnOnce(&mut dyn FnMut(&Judged<'_>)),
    ) {
        let (ranges, required) = match self {
            Self::Any => return,
            Self::May(ranges) => (ranges, false),
            Self::Must(ranges) => (ranges, true),
        };
        let listed = groups.unwrap_or_default();
        let empty = required && listed.is_empty();
        if !empty && listed.iter().all(|group| ranges.contains(*group)) {
            return;
        }
        judged(&mut |judged| {
            if empty {
                let detail = "unable to validate empty groups against required ranges";
                findings.add(|| ranges.finding(judged, groups, detail));
            }
            for group in listed.iter().filter(|group| !ranges.contains(**group)) {
                findings.add(|| {
                    let detail = format!("group {group} must be in the ranges: {}", ranges.print());
                    ranges.finding(judged, groups, &detail)
                });
            }
        });
    }
}

impl IdRanges {
    fn finding(&self, judged: &Judged<'_>, groups: Option<&[i64]>, detail: &str) -> Finding {
        let shown = slice_syntax("int64", groups);
        let value = groups.map(<[i64]>::to_vec);
        Finding {
            control: judged.control,
            error: Error::invalid_shown(judged.path, value, shown, detail),
            fields: vec![judged.field.clone()],
            policy_fields: vec![spec_field(judged.control)],
            help: format!("use a group in {}", self.describe()),
        }
    }
}
