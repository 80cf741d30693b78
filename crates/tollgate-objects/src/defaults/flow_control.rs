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
    set_shares(level, |limited| {
        if_absent(limited, "nominalConcurrencyShares", 30);
    });
}

/// The same up to `v1beta2`, where the shares of a limited level had another name and 0 was no share at all.
pub fn set_level_defaults_v1beta2(level: &mut Value) {
    set_shares(level, |limited| {
        if_zero(limited, "assuredConcurrencyShares", 30);
    });
}

fn set_shares(level: &mut Value, set_limited: impl Fn(&mut Value)) {
    let Some(spec) = structure(level, "spec") else {
        return;
    };
    if let Some(exempt) = pointer(spec, "exempt") {
        if_absent(exempt, "nominalConcurrencyShares", 0);
        if_absent(exempt, "lendablePercent", 0);
    }
    if let Some(limited) = pointer(spec, "limited") {
        set_limited(limited);
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

#[cfg(test)]
mod tests {
    use crate::defaults::set_defaults;
    use tollgate_api::GroupVersionKind;
    use tollgate_api::json::from_str;

    #[test]
    fn shares_have_their_name_of_the_version() {
        for (version, expected) in [
            ("v1", "nominalConcurrencyShares"),
            ("v1beta3", "nominalConcurrencyShares"),
            ("v1beta2", "assuredConcurrencyShares"),
            ("v1beta1", "assuredConcurrencyShares"),
        ] {
            let mut level = from_str(r#"{"spec":{"limited":{}}}"#).unwrap();
            let api_version = format!("flowcontrol.apiserver.k8s.io/{version}");
            let kind = GroupVersionKind::new(&api_version, "PriorityLevelConfiguration");
            set_defaults(&kind, &mut level);
            let limited = level.at(&["spec", "limited"]).unwrap();
            let keys: Vec<&str> = limited.as_object().unwrap().keys().collect();
            assert_eq!(keys, [expected, "lendablePercent"], "{version}");
            assert_eq!(limited.int(expected), Some(30), "{version}");
        }
    }
}
