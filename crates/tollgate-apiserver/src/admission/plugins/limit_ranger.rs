//! LimitRanger: defaults for containers, then minimums, maximums and ratios.

use crate::admission::{Plugin, Review};
use tollgate_api::{Status, Value};
use tollgate_policy::limit_range;

/// The plugin.
#[derive(Debug)]
pub(in crate::admission) struct LimitRanger;

impl Plugin for LimitRanger {
    fn name(&self) -> &'static str {
        "LimitRanger"
    }

    fn mutate(&self, review: &Review<'_>, object: &mut Value) -> Result<(), Status> {
        if limit_range::applies(&review.attributes) {
            let ranges = review
                .prepared
                .limit_ranges(review.snapshot, review.attributes.namespace);
            limit_range::mutate(&ranges, &review.attributes, object);
        }
        Ok(())
    }

    fn validate(&self, review: &Review<'_>) -> Result<(), Status> {
        if !limit_range::applies(&review.attributes) {
            return Ok(());
        }
        let ranges = review
            .prepared
            .limit_ranges(review.snapshot, review.attributes.namespace);
        limit_range::validate(&ranges, &review.attributes).map_err(|refusal| refusal.status)
    }
}
