//! FlowSchema and PriorityLevelConfiguration.

use super::set::{if_absent, if_zero, pointer, structure};
use tollgate_api::Value;

/// Sets the defaults of a FlowSchema.
pub fn set_schema_defaults(schema: &mut Value) {
    if let Some(spec) = structure(schema, "spec") {
        if_zero(spec, "matchingPrecedence", 1000);
    }
}

/// Sets the defaults of a PriorityLevelConfiguration.
pub fn set_level_defaults(level: &mut Value) {
    let Some(spec) = structure(level, "spec") else {
        return;
    };
    if let Some(exempt) = pointer(spec, "exempt") {
        if_absent(exempt, "nominalConcurrencyShares", 0);
        if_absent(exempt, "lendablePercent", 0);
    }
    if let Some(limited) = pointer(spec, "limited") {
        if_absent(limited, "nominalConcurrencyShares", 30);
        if_absent(limited, "lendablePercent", 0);
        if let Some(queuing) =
            pointer(limited, "limitResponse").and_then(|response| pointer(response, "queuing"))
        {
            if_zero(queuing, "handSize", 8);
            if_zero(queuing, "queues", 64);
            if_zero(queuing, "queueLengthLimit", 50);
        }
    }
}
