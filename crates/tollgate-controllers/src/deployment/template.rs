//! The ReplicaSet that a Deployment's template makes.

use super::hash;
use super::model::{Deployment, Sets};
use super::{revision, rolling};
use crate::pod_control::Owning;
use tollgate_api::Value;

/// The longest name of an object.
const NAME_LENGTH_MAX: usize = 253;

/// The ReplicaSet, with as many pods as it begins with.
pub(super) fn replica_set(deployment: &Deployment, owner: &Owning, sets: &Sets) -> Value {
    let hash = hash::of(
        &deployment.template,
        deployment.status.int("collisionCount"),
    );
    let mut template = deployment.template.clone();
    let labels = template.child_mut("metadata").child_mut("labels");
    labels.set(hash::LABEL, hash.as_str());
    let labels = labels.clone();
    let mut selector = deployment.selector.clone();
    selector
        .child_mut("matchLabels")
        .set(hash::LABEL, hash.as_str());
    let all = sets.sum(|set| set.replicas);
    let mut set = Value::object();
    let metadata = set.child_mut("metadata");
    metadata.set("name", name(&deployment.meta.name, &hash));
    metadata.set("namespace", deployment.meta.namespace.clone());
    metadata.set("labels", labels);
    metadata.set("ownerReferences", vec![owner.owner_reference()]);
    let spec = set.child_mut("spec");
    spec.set("replicas", rolling::new_replicas(deployment, all, 0));
    spec.set("minReadySeconds", deployment.min_ready_seconds);
    spec.set("selector", selector);
    spec.set("template", template);
    revision::annotate(deployment, &mut set, revision::next(&sets.old));
    revision::set_replicas(deployment, &mut set);
    set
}

/// The Deployment's name and the hash; a name that is too long is cut.
fn name(deployment: &str, hash: &str) -> String {
    let room = NAME_LENGTH_MAX.saturating_sub(hash.len()).saturating_sub(1);
    let deployment = deployment.get(..room).unwrap_or(deployment);
    format!("{deployment}-{hash}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_cut_so_that_the_hash_fits() {
        assert_eq!(name("web", "abc"), "web-abc");
        assert_eq!(name(&"x".repeat(253), "abc").len(), 253);
        assert!(name(&"x".repeat(253), "abc").ends_with("x-abc"));
    }
}
