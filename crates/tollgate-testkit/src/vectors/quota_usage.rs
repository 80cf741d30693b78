//! `quota-usage.jsonl`: what an object uses, which scopes it is in, what it fails to specify.

use super::{Outcome, compare, readings};
use tollgate_api::{Attributes, GroupResource, Operation, Release, Timestamp, Value, json};
use tollgate_policy::resource_quota::{
    Context, DeviceClasses, Evaluator, ExtensionsKeys, Others, Quota, Quotas, ScopeSelector, Usage,
    admit, usage,
};

/// The other objects of a case.
pub(super) struct Objects<'c> {
    pub(super) pods: Vec<&'c Value>,
    pub(super) claims: Vec<&'c Value>,
}

impl Others for Objects<'_> {
    fn pod(&self, namespace: &str, name: &str) -> Option<&Value> {
        self.pods.iter().copied().find(|pod| {
            let metadata = pod.get("metadata");
            metadata.is_some_and(|metadata| {
                metadata.str_or_empty("namespace") == namespace
                    && metadata.str_or_empty("name") == name
            })
        })
    }

    fn claims_made_for(&self, namespace: &str, pod_uid: &str) -> Vec<&Value> {
        let owned = |claim: &&Value| {
            let metadata = claim.get("metadata").unwrap_or(&Value::Null);
            let marked = metadata
                .get("annotations")
                .and_then(|all| all.str("resource.kubernetes.io/extended-resource-claim"));
            let owners = metadata.items("ownerReferences");
            metadata.str_or_empty("namespace") == namespace
                && marked == Some("true")
                && owners.iter().any(|owner| {
                    owner.bool("controller") == Some(true) && owner.str("uid") == Some(pod_uid)
                })
        };
        self.claims.iter().copied().filter(owned).collect()
    }
}

/// The time of a case.
pub(super) fn now(case: &Value) -> Timestamp {
    Timestamp::parse(case.str_or_empty("now")).unwrap_or_default()
}

/// Usage as the vectors write it.
pub(super) fn usage_value(usage: &Usage) -> Value {
    usage
        .iter()
        .map(|(key, amount)| (key.clone(), amount.to_string()))
        .collect()
}

/// Replays one case.
pub(super) fn run(case: &Value) -> Outcome {
    readings::replay(case, run_as_written)
}

fn run_as_written(case: &Value) -> Outcome {
    let others = Objects {
        pods: case.items("pods").iter().collect(),
        claims: Vec::new(),
    };
    let classes = DeviceClasses::of(case.items("deviceClasses"));
    let context = Context {
        now: now(case),
        release: Release::default(),
        device_classes: &classes,
        others: &others,
        extensions_keys: ExtensionsKeys::CountNothingElse,
    };
    let resource = GroupResource::new(case.str_or_empty("group"), case.str_or_empty("resource"));
    let object = case.get("object").unwrap_or(&Value::Null);
    let evaluator = Evaluator::of(&resource, &context);

    let used = usage_value(&usage(&resource, object, &context));
    compare(case.get("usage").unwrap_or(&Value::Null), &used)?;

    for scope in case.items("scopes") {
        let selector = ScopeSelector::from_value(scope);
        let (matches, error) = match evaluator.is_in_scope(object, &selector) {
            Ok(matches) => (matches, Value::Null),
            Err(error) => (false, error.to_string().into()),
        };
        let mut got = scope.clone();
        got.set("matches", matches);
        got.remove("error");
        if !error.is_null() {
            got.set("error", error);
        }
        compare(scope, &got)?;
    }
    for constraint in case.items("constraints") {
        let mut got = constraint.clone();
        got.set("error", missing(&resource, object, constraint, &context));
        compare(constraint, &got)?;
    }
    Ok(())
}

/// The error about missing requests and limits: what admission under a quota with just these keys says.
fn missing(
    resource: &GroupResource,
    object: &Value,
    constraint: &Value,
    context: &Context<'_>,
) -> Value {
    let keys = constraint
        .items("required")
        .iter()
        .filter_map(Value::as_str);
    let hard: Value = keys.map(|key| (key, "1E")).collect();
    let mut quota = json::from_str(r#"{"metadata":{"name":"q"},"status":{}}"#).unwrap_or_default();
    quota.child_mut("status").set("used", Value::object());
    quota.child_mut("status").set("hard", hard);
    let request = Attributes {
        operation: Operation::Create,
        resource,
        subresource: "",
        namespace: "ns",
        name: "p",
        user: None,
        object: Some(object),
        old_object: None,
        dry_run: true,
    };
    let quotas = Quotas::new([Quota::stored(&quota)]);
    let prefix = "pods \"p\" is forbidden: failed quota: q: ";
    match admit(&request, &quotas, &[], context) {
        Err(refusal) => refusal
            .status
            .message
            .strip_prefix(prefix)
            .map_or(Value::Null, Value::from),
        Ok(_) => Value::Null,
    }
}
