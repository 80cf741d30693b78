//! `type: Container`: containers and init containers, one by one.

use super::super::constraints::{Demand, Side};
use super::super::pod_totals::amount;
use super::Subject;
use tollgate_api::Value;
use tollgate_api::field::{FieldPath, Path};

/// Hands every container to `judge`, init containers last. Ephemeral containers ask for nothing.
pub(super) fn each(spec: &Value, judge: &mut dyn FnMut(&dyn Subject)) {
    for list in ["containers", "initContainers"] {
        for (index, container) in spec.items(list).iter().enumerate() {
            judge(&Container {
                object: container,
                list,
                index,
            });
        }
    }
}

struct Container<'a> {
    object: &'a Value,
    list: &'static str,
    index: usize,
}

impl Subject for Container<'_> {
    fn demand(&self, resource: &str) -> Demand {
        Demand {
            request: amount(self.object, "requests", resource),
            limit: amount(self.object, "limits", resource),
        }
    }

    fn fields(&self, side: Side, resource: &str) -> Vec<FieldPath> {
        vec![field(self.list, self.index, side, resource)]
    }

    fn called(&self, side: Side, resource: &str) -> String {
        format!("`resources.{}.{resource}`", side.key())
    }
}

/// Where a container says one side of its demand.
pub(super) fn field(list: &str, index: usize, side: Side, resource: &str) -> FieldPath {
    let spec = Path::root("spec");
    let containers = spec.child(list);
    let container = containers.index(index);
    let resources = container.child("resources");
    resources.child(side.key()).key(resource).to_owned()
}
