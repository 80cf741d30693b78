//! `quota-recalc.jsonl`: what the objects of a namespace use.

use super::quota_usage::{Objects, now, usage_value};
use super::{Outcome, compare, readings};
use std::collections::BTreeMap;
use tollgate_api::status::aggregate;
use tollgate_api::{GroupResource, GroupVersionKind, Release, Value};
use tollgate_policy::resource_quota::{
    Context, DeviceClasses, ExtensionsKeys, Listing, recalculate,
};

/// Replays one case.
pub(super) fn run(case: &Value) -> Outcome {
    readings::replay(case, run_as_written)
}

fn run_as_written(case: &Value) -> Outcome {
    let objects = case.items("objects");
    let of_kind = |kind: &str| {
        let objects = objects.iter();
        objects
            .filter(|object| object.str("kind") == Some(kind))
            .collect()
    };
    let others = Objects {
        pods: of_kind("Pod"),
        claims: of_kind("ResourceClaim"),
    };
    let classes = DeviceClasses::of(case.items("deviceClasses"));
    let context = Context {
        now: now(case),
        release: Release::default(),
        device_classes: &classes,
        others: &others,
        extensions_keys: ExtensionsKeys::CountNothingElse,
    };
    let mut lists: BTreeMap<GroupResource, Result<Vec<&Value>, String>> = BTreeMap::new();
    for counted in case.items("countedResources") {
        lists.insert(
            resource(counted.as_str().unwrap_or_default()),
            Ok(Vec::new()),
        );
    }
    for object in objects {
        let resource = resource_of(object);
        let is_known = resource.group.is_empty() || resource.group == "resource.k8s.io";
        if is_known || lists.contains_key(&resource) {
            let list = lists.entry(resource).or_insert_with(|| Ok(Vec::new()));
            if let Ok(list) = list {
                list.push(object);
            }
        }
    }
    for (failing, why) in case.str_entries("listErrors") {
        lists.insert(resource(failing), Err(why.to_owned()));
    }
    let listings: Vec<Listing<'_>> = lists
        .iter()
        .map(|(resource, objects)| Listing {
            resource,
            objects: objects.clone(),
        })
        .collect();
    let quota = case.get("quota").unwrap_or(&Value::Null);
    let result = recalculate(quota, &listings, &context);

    let mut expected = Value::object();
    expected.set("used", case.get("used").cloned().unwrap_or_default());
    expected.set("error", case.str("error").map(str::to_owned));
    let mut got = Value::object();
    got.set("used", usage_value(&result.used));
    let error = (!result.errors.is_empty()).then(|| aggregate(&result.errors));
    got.set("error", error);
    compare(&expected, &got)
}

/// `deployments.apps`
fn resource(text: &str) -> GroupResource {
    let (resource, group) = text.split_once('.').unwrap_or((text, ""));
    GroupResource::new(group, resource)
}

/// The resource of an object; the plurals in the vectors are regular.
fn resource_of(object: &Value) -> GroupResource {
    let kind = GroupVersionKind::of(object);
    GroupResource::new(kind.group, format!("{}s", kind.kind.to_lowercase()))
}
