//! What is held against the constraints: every container, the pod as a whole, a claim.

mod container;
mod help;
mod persistent_volume_claim;
mod pod;

use super::Target;
use super::constraints::{Demand, Side, max, max_limit_request_ratio as ratio, min};
use super::controls::{MAX, MAX_LIMIT_REQUEST_RATIO, MIN};
use super::prepared::{Amount, Bounds, Item, ItemType, LimitRange};
use crate::{PolicyObject, Violation};
use tollgate_api::Value;
use tollgate_api::field::{FieldPath, Path};

/// Adds the violations of `object` against `range`, in upstream's order.
pub(super) fn validate(
    range: &LimitRange,
    target: Target,
    object: &Value,
    violations: &mut Vec<Violation>,
) {
    let spec = object.get("spec").unwrap_or(&Value::Null);
    for item in &range.items {
        let mut judge = |subject: &dyn Subject| judge(range, item, subject, violations);
        match (item.judges, target) {
            (ItemType::Container, Target::Pod) => container::each(spec, &mut judge),
            (ItemType::Pod, Target::Pod) => judge(&pod::Pod { spec }),
            (ItemType::PersistentVolumeClaim, Target::PersistentVolumeClaim) => {
                judge(&persistent_volume_claim::Claim { spec });
            }
            _ => {}
        }
    }
}

/// One thing that is judged.
trait Subject {
    /// What it asks of a resource.
    fn demand(&self, resource: &str) -> Demand;

    /// The constraints that it breaks, one of each sort.
    fn broken<'b>(&self, bounds: &'b Bounds, demand: &Demand) -> [Option<Broken<'b>>; 3] {
        let (min, max) = (bounds.min.as_ref(), bounds.max.as_ref());
        let ratio = bounds.max_limit_request_ratio.as_ref();
        [
            min.and_then(|min| Some(Broken::Min(min, min::broken(min, demand)?))),
            max.and_then(|max| Some(Broken::Max(max, max::broken(max, demand)?))),
            ratio.and_then(|ratio| Some(Broken::Ratio(ratio, ratio::broken(ratio, demand)?))),
        ]
    }

    /// Where in the object one side of the demand stands, or should.
    fn fields(&self, side: Side, resource: &str) -> Vec<FieldPath>;

    /// What our words call one side of the demand: a field or a sum.
    fn called(&self, side: Side, resource: &str) -> String;
}

/// A constraint that is broken, and how.
#[derive(Debug, Clone, Copy)]
enum Broken<'b> {
    Min(&'b Amount, Side),
    Max(&'b Amount, Side),
    Ratio(&'b Amount, ratio::Broken),
}

impl Broken<'_> {
    /// The control, which is called as the item's field.
    const fn control(self) -> &'static str {
        match self {
            Self::Min(..) => MIN,
            Self::Max(..) => MAX,
            Self::Ratio(..) => MAX_LIMIT_REQUEST_RATIO,
        }
    }

    fn message(self, resource: &str, item_type: ItemType, demand: &Demand) -> String {
        let target = item_type.as_str();
        match self {
            Self::Min(amount, side) => min::message(resource, target, amount, demand, side),
            Self::Max(amount, side) => max::message(resource, target, amount, demand, side),
            Self::Ratio(amount, broken) => ratio::message(resource, target, amount, broken),
        }
    }

    /// The sides to look at, most telling first.
    const fn sides(self) -> &'static [Side] {
        match self {
            Self::Min(_, side)
            | Self::Max(_, side)
            | Self::Ratio(_, ratio::Broken::Nothing(side)) => match side {
                Side::Request => &[Side::Request],
                Side::Limit => &[Side::Limit],
            },
            Self::Ratio(_, ratio::Broken::Ratio(_)) => &[Side::Limit, Side::Request],
        }
    }
}

fn judge(range: &LimitRange, item: &Item, subject: &dyn Subject, violations: &mut Vec<Violation>) {
    let start = violations.len();
    for bounds in &item.bounds {
        let demand = subject.demand(&bounds.resource);
        for broken in subject.broken(bounds, &demand).into_iter().flatten() {
            violations.push(violation(range, item, bounds, subject, &demand, broken));
        }
    }
    if let Some(new) = violations.get_mut(start..) {
        // Upstream looks at all minimums first, then at maximums, then at ratios.
        new.sort_by_key(|violation| match violation.control {
            MIN => 0,
            MAX => 1,
            _ => 2,
        });
    }
}

#[cold]
fn violation(
    range: &LimitRange,
    item: &Item,
    bounds: &Bounds,
    subject: &dyn Subject,
    demand: &Demand,
    broken: Broken<'_>,
) -> Violation {
    let resource = bounds.resource.as_str();
    let constraint = Path::root("spec.limits");
    let constraint = constraint.index(item.index);
    let constraint = constraint.child(broken.control());
    let fields = broken.sides().iter();
    Violation {
        control: broken.control(),
        message: broken.message(resource, item.judges, demand),
        fields: fields
            .flat_map(|side| subject.fields(*side, resource))
            .collect(),
        policy: Some(PolicyObject {
            kind: "LimitRange",
            name: range.name.clone(),
            fields: vec![constraint.key(resource).to_owned()],
        }),
        help: Some(help::text(broken, subject, resource, demand)),
    }
}
