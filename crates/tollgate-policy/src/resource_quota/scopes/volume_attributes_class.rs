//! `VolumeAttributesClass`: claims by the classes they want, have, or are on their way to.

use super::class_selector::ClassSelector;
use tollgate_api::Value;

/// Whether any of the classes of a claim is meant. A claim can have up to three while it moves from one to another.
pub(super) fn holds<'s>(claim: &Value, selector: &'s ClassSelector) -> Result<bool, &'s str> {
    let mut classes = classes(claim).peekable();
    if classes.peek().is_none() {
        return selector.holds(None);
    }
    for class in classes {
        if selector.holds(Some(class))? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn classes(claim: &Value) -> impl Iterator<Item = &str> {
    let status = claim.get("status");
    let current = status.and_then(|status| status.str("currentVolumeAttributesClassName"));
    let target = status
        .and_then(|status| status.get("modifyVolumeStatus"))
        .and_then(|status| status.str("targetVolumeAttributesClassName"));
    let wanted = claim
        .get("spec")
        .and_then(|spec| spec.str("volumeAttributesClassName"));
    [wanted, current, target]
        .into_iter()
        .flatten()
        .filter(|class| !class.is_empty())
}
