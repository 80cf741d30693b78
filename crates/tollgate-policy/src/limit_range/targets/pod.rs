//! `type: Pod`: all containers of a pod together.

use super::super::constraints::{Demand, Side};
use super::super::pod_totals::{amount, total};
use super::{Subject, container};
use tollgate_api::Value;
use tollgate_api::field::{FieldPath, Path};

pub(super) struct Pod<'a> {
    pub(super) spec: &'a Value,
}

impl Subject for Pod<'_> {
    fn demand(&self, resource: &str) -> Demand {
        Demand {
            request: total(self.spec, "requests", resource),
            limit: total(self.spec, "limits", resource),
        }
    }

    fn fields(&self, side: Side, resource: &str) -> Vec<FieldPath> {
        let mut fields = Vec::new();
        if amount(self.spec, side.key(), resource).is_some() {
            let resources = Path::root("spec.resources");
            fields.push(resources.child(side.key()).key(resource).to_owned());
        }
        let nobody_asks = total(self.spec, side.key(), resource).is_none();
        for list in ["containers", "initContainers"] {
            for (index, container) in self.spec.items(list).iter().enumerate() {
                let wanted = nobody_asks && list == "containers";
                if wanted || amount(container, side.key(), resource).is_some() {
                    fields.push(container::field(list, index, side, resource));
                }
            }
        }
        fields
    }

    fn called(&self, side: Side, resource: &str) -> String {
        format!("the total of the containers' {resource} {}", side.key())
    }
}
