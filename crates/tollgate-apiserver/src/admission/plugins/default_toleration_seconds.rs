//! DefaultTolerationSeconds: pods stay for five minutes on nodes that are not ready or cannot be reached.

use crate::admission::{Plugin, Review};
use tollgate_api::{Operation, Status, Value};

const KEYS: [&str; 2] = [
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/unreachable",
];
const SECONDS: i64 = 300;

/// The plugin.
#[derive(Debug)]
pub(in crate::admission) struct DefaultTolerationSeconds;

impl Plugin for DefaultTolerationSeconds {
    fn name(&self) -> &'static str {
        "DefaultTolerationSeconds"
    }

    fn mutate(&self, review: &Review<'_>, object: &mut Value) -> Result<(), Status> {
        let writes = matches!(
            review.attributes.operation,
            Operation::Create | Operation::Update
        );
        if writes && review.is_core("pods") {
            tolerate(object);
        }
        Ok(())
    }
}

fn tolerate(pod: &mut Value) {
    let spec = pod.child_mut("spec");
    let mut tolerations = spec.items("tolerations").to_vec();
    for key in KEYS {
        let is_tolerated = tolerations.iter().any(|toleration| {
            let covers =
                |name: &str, wanted: &str| ["", wanted].contains(&toleration.str_or_empty(name));
            covers("key", key) && covers("effect", "NoExecute")
        });
        if !is_tolerated {
            let mut toleration = Value::object();
            toleration.set("key", key);
            toleration.set("operator", "Exists");
            toleration.set("effect", "NoExecute");
            toleration.set("tolerationSeconds", SECONDS);
            tolerations.push(toleration);
        }
    }
    if !tolerations.is_empty() {
        spec.set("tolerations", Value::Array(tolerations));
    }
}
