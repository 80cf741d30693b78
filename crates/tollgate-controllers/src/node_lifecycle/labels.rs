//! What labels of a node say: its zone, and the older names of some labels.

use super::taints::{self, Readiness};
use super::zones::Fact;
use crate::context::Context;
use crate::driver::Meta;
use crate::gone;
use crate::resources::NODES;
use tollgate_api::client::{PatchKind, Target};
use tollgate_api::value::CompactString;
use tollgate_api::{Status, Value};

const ZONE: [&str; 2] = [
    "topology.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/zone",
];
const REGION: [&str; 2] = [
    "topology.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/region",
];
/// A node with this label does not count for the state of its zone.
const EXCLUDED: &str = "node.kubernetes.io/exclude-disruption";

/// Labels, and under which older names they are repeated.
const REPEATED: [(&str, &str); 2] = [
    ("kubernetes.io/os", "beta.kubernetes.io/os"),
    ("kubernetes.io/arch", "beta.kubernetes.io/arch"),
];

/// What counts of a node for its zone.
pub(super) fn fact(meta: &Meta, node: &Value) -> Fact {
    Fact {
        zone: zone(&meta.labels),
        readiness: Readiness::of(node),
        counts: meta.labels.get(EXCLUDED).is_none(),
        taints: taints::no_execute(node),
    }
}

/// The region and the zone in it; empty if a node has neither.
fn zone(labels: &Value) -> CompactString {
    let [region, zone] = [REGION, ZONE].map(|keys| {
        let mut found = keys.iter().filter_map(|key| labels.str(key));
        found.find(|text| !text.is_empty()).unwrap_or_default()
    });
    if region.is_empty() && zone.is_empty() {
        return CompactString::default();
    }
    format!("{region}:\0:{zone}").into()
}

/// The older names that are missing or say something else.
fn missing(labels: &Value) -> Vec<(&'static str, &str)> {
    let repeated = REPEATED.iter().filter_map(|(name, older)| {
        let value = labels.str(name)?;
        (labels.str(older) != Some(value)).then_some((*older, value))
    });
    repeated.collect()
}

/// Repeats labels under their older names.
pub(super) async fn complete(context: &Context, meta: &Meta) -> Result<(), Status> {
    let missing = missing(&meta.labels);
    if missing.is_empty() {
        return Ok(());
    }
    let mut patch = Value::object();
    let labels = patch.child_mut("metadata").child_mut("labels");
    for (name, value) in missing {
        labels.set(name, value);
    }
    let target = Target::object(&NODES, "", &meta.name);
    gone::passed_over(context.patch(target, PatchKind::Strategic, patch).await)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    #[test]
    fn a_zone_is_that_of_its_region_and_old_labels_count() {
        let check = |labels: &str, expected: &str| {
            assert_eq!(zone(&json::from_str(labels).unwrap()), expected, "{labels}");
        };
        check("{}", "");
        check(r#"{"topology.kubernetes.io/zone":"a"}"#, ":\0:a");
        check(
            r#"{"topology.kubernetes.io/zone":"a","failure-domain.beta.kubernetes.io/region":"r"}"#,
            "r:\0:a",
        );
    }

    #[test]
    fn older_names_say_the_same() {
        let labels = r#"{"kubernetes.io/os":"linux","kubernetes.io/arch":"arm64","beta.kubernetes.io/arch":"amd64"}"#;
        let labels = json::from_str(labels).unwrap();
        let expected = [
            ("beta.kubernetes.io/os", "linux"),
            ("beta.kubernetes.io/arch", "arm64"),
        ];
        assert_eq!(missing(&labels), expected);
        assert_eq!(missing(&Value::Null), []);
    }
}
