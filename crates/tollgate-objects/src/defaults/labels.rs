//! Labels and selectors that older kinds take from their pod template.

use super::set::{if_absent, structure};
use tollgate_api::{Object, Value};

/// Gives an object without labels those of its pod template, and a selector of them if it has none.
///
/// `wrapped` tells whether the selector is a `LabelSelector` or a plain map.
pub(super) fn set_from_template(owner: &mut Value, wrapped: bool) {
    let Some(labels) = owner
        .at(&["spec", "template", "metadata", "labels"])
        .filter(|labels| labels.as_object().is_some())
        .cloned()
    else {
        return;
    };
    let is_empty =
        |map: Option<&Value>| map.is_none_or(|map| map.as_object().is_some_and(Object::is_empty));
    if let Some(spec) = structure(owner, "spec") {
        if wrapped {
            let selector: Value = [("matchLabels", labels.clone())].into_iter().collect();
            if_absent(spec, "selector", selector);
        } else if is_empty(spec.get("selector")) {
            spec.set("selector", labels.clone());
        }
    }
    if let Some(metadata) = structure(owner, "metadata")
        && is_empty(metadata.get("labels"))
    {
        metadata.set("labels", labels);
    }
}
