//! `quota-matching.jsonl`: which quota keys a resource is counted under.

use super::{Outcome, compare};
use tollgate_api::{GroupResource, Timestamp, Value};
use tollgate_policy::resource_quota::{Context, DeviceClasses, Evaluator, ExtensionsKeys};

/// Replays one case.
pub(super) fn run(case: &Value) -> Outcome {
    let classes = DeviceClasses::of(case.items("deviceClasses"));
    let context = Context {
        device_classes: &classes,
        extensions_keys: ExtensionsKeys::CountNothingElse,
        ..Context::at(Timestamp::default())
    };
    let resource = GroupResource::new(case.str_or_empty("group"), case.str_or_empty("resource"));
    let evaluator = Evaluator::of(&resource, &context);
    let claimed = case.items("input").iter().filter_map(Value::as_str);
    let mut matched: Vec<&str> = claimed
        .filter(|key| evaluator.claims(key, &context))
        .collect();
    matched.sort_unstable();
    let expected = case.get("matched").cloned().unwrap_or_default();
    compare(&expected, &Value::from(matched))
}
