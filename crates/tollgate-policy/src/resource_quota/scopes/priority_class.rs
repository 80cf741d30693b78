//! `PriorityClass`: pods by the class they name.

use super::class_selector::ClassSelector;
use tollgate_api::Value;

pub(super) fn holds<'s>(pod: &Value, selector: &'s ClassSelector) -> Result<bool, &'s str> {
    let class = pod
        .at(&["spec", "priorityClassName"])
        .and_then(Value::as_str)
        .filter(|class| !class.is_empty());
    selector.holds(class)
}
