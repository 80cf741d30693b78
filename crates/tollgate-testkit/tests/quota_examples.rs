//! The examples of the quota controls do what they are there to show.

use std::collections::BTreeSet;
use std::sync::Arc;
use tollgate::manifest::{Source, split};
use tollgate_api::{Attributes, GroupResource, GroupVersionKind, Operation, Timestamp, Value};
use tollgate_objects::validation::resource_quota as validation;
use tollgate_policy::resource_quota::{
    CONTROLS, Context, Listing, Quota, Quotas, Refusal, admit, recalculate,
};

fn documents(text: &str) -> Vec<Value> {
    let source = Arc::new(Source {
        name: "example".to_owned(),
        bytes: text.as_bytes().to_vec(),
    });
    split(source)
        .map(|document| document.read().unwrap_or_default())
        .filter(|document| !document.is_null())
        .collect()
}

fn resource_of(object: &Value) -> GroupResource {
    let kind = GroupVersionKind::of(object);
    let plural = match kind.kind.as_str() {
        "PriorityClass" => "priorityclasses".to_owned(),
        other => format!("{}s", other.to_lowercase()),
    };
    GroupResource::new(kind.group, plural)
}

/// Creates one object after the other; the first refusal, if there is one.
fn play(text: &str) -> Option<Box<Refusal>> {
    let context = Context::at(Timestamp::default());
    let objects = documents(text);
    let resources: BTreeSet<GroupResource> = objects.iter().map(resource_of).collect();
    let quota = objects.first().unwrap_or(&Value::Null);
    let mut named = quota.clone();
    named.child_mut("metadata").set("namespace", "default");
    let errors = validation::validate(&named);
    assert!(errors.is_empty(), "{errors:?}\n{text}");
    let listings: Vec<Listing<'_>> = resources
        .iter()
        .map(|resource| Listing {
            resource,
            objects: Ok(Vec::new()),
        })
        .collect();
    let mut used = recalculate(quota, &listings, &context).used;
    // The quota itself is there already.
    used.add_all(&tollgate_policy::resource_quota::usage(
        &GroupResource::new("", "resourcequotas"),
        quota,
        &context,
    ));
    let mut quotas = Quotas::new([Quota::calculated(quota, &used)]);
    for object in objects.iter().skip(1) {
        let request = Attributes {
            operation: Operation::Create,
            resource: &resource_of(object),
            subresource: "",
            namespace: "default",
            name: "",
            user: None,
            object: Some(object),
            old_object: None,
            dry_run: false,
        };
        match admit(&request, &quotas, &[], &context) {
            Ok(charges) => quotas.apply(&charges),
            Err(refusal) => return Some(refusal),
        }
    }
    None
}

#[test]
fn failing_examples_are_refused_by_their_control_and_passing_ones_are_not() {
    for control in CONTROLS {
        let refusal = play(control.failing);
        let refusal = refusal.unwrap_or_else(|| panic!("{} refuses nothing", control.id));
        let by: Vec<_> = refusal.violations.iter().map(|one| one.control).collect();
        assert!(by.contains(&control.id), "{}: {by:?}", control.id);
        if let Some(refusal) = play(control.passing) {
            panic!("{}: {}", control.id, refusal.status.message);
        }
    }
}
