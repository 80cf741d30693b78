//! `type: PersistentVolumeClaim`: the storage a claim requests; its limits mean nothing here.

use super::super::constraints::{Demand, Side, max, min};
use super::super::pod_totals::amount;
use super::super::prepared::Bounds;
use super::{Broken, Subject};
use tollgate_api::Value;
use tollgate_api::field::{FieldPath, Path};

pub(super) struct Claim<'a> {
    pub(super) spec: &'a Value,
}

impl Subject for Claim<'_> {
    fn demand(&self, resource: &str) -> Demand {
        Demand {
            request: amount(self.spec, "requests", resource),
            limit: None,
        }
    }

    /// A ratio would need limits, so there is none.
    fn broken<'b>(&self, bounds: &'b Bounds, demand: &Demand) -> [Option<Broken<'b>>; 3] {
        let (min, max) = (bounds.min.as_ref(), bounds.max.as_ref());
        [
            min.and_then(|min| Some(Broken::Min(min, min::broken(min, demand)?))),
            max.and_then(|max| Some(Broken::Max(max, max::broken_by_request(max, demand)?))),
            None,
        ]
    }

    fn fields(&self, side: Side, resource: &str) -> Vec<FieldPath> {
        let resources = Path::root("spec.resources");
        vec![resources.child(side.key()).key(resource).to_owned()]
    }

    fn called(&self, side: Side, resource: &str) -> String {
        format!("`spec.resources.{}.{resource}`", side.key())
    }
}
