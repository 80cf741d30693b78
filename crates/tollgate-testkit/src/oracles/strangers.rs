//! What a server reads that strangers wrote: frames, selectors, bodies, patches, and what administrators configure.

use crate::generate::Choices;
use std::hint::black_box;
use std::str;
use std::sync::Arc;
use tollgate::manifest::{Source, split};
use tollgate_api::{GroupVersionKind, Timestamp, UserInfo, Value, json};
use tollgate_apiserver::audit::Policy;
use tollgate_apiserver::cel::{Bindings, Expression, Scope, Wanted};
use tollgate_apiserver::crd::{self, Definition, custom_of};
use tollgate_apiserver::http::fuzzing::spdy_client;
use tollgate_apiserver::patch;
use tollgate_apiserver::verbs::fuzzing::continue_token;
use tollgate_apiserver::verbs::{FieldSelector, LabelSelector};
use tollgate_controllers::cron_job::fuzzing::times;
use tollgate_objects::{protobuf, schema};
use tollgate_policy::rbac::{Access, ResourceAccess};

/// A connection ends when its client has left, whatever it said.
pub fn spdy_connections_end(bytes: &[u8]) {
    assert!(spdy_client(bytes).is_some(), "{bytes:?}");
}

/// A policy that is read judges requests; the reader of the file is that of `serve`.
pub fn audit_policies_judge_without_a_panic(bytes: &[u8]) {
    let source = Arc::new(Source {
        name: "audit.yaml".to_owned(),
        bytes: bytes.to_vec(),
    });
    for document in split(source) {
        let Ok(tree) = document.read() else { continue };
        let Ok(policy) = Policy::from_value(&tree, &[]) else {
            continue;
        };
        let user = UserInfo {
            name: "ada".into(),
            groups: vec!["ops".into()],
            ..UserInfo::default()
        };
        let access = Access::Resource(ResourceAccess {
            verb: "get",
            group: "apps",
            resource: "deployments",
            subresource: "status",
            namespace: "shop",
            name: "web",
            field_selector: "",
        });
        for user in [None, Some(&user)] {
            for access in [
                &access,
                &Access::NonResource {
                    verb: "get",
                    path: "/healthz/ping",
                },
            ] {
                let verdict = policy.judge(user, access);
                assert_eq!(verdict, policy.judge(user, access));
            }
        }
    }
}

/// The times of a schedule that is read lie one behind the other.
pub fn schedules_run_forward(bytes: &[u8]) {
    const TIMES_MAX: usize = 5;
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    // The first line may be the zone.
    let (zone, text) = match text.split_once('\n') {
        Some((zone, text)) => (Some(zone), text),
        None => (None, text),
    };
    let after = Timestamp::from_unix_seconds(1_768_478_400);
    let Ok(times) = times(text, zone, after, TIMES_MAX) else {
        return;
    };
    let mut last = after;
    for time in times {
        assert!(time > last, "{text:?} in {zone:?}: {time} after {last}");
        last = time;
    }
}

/// Selectors and continue tokens are read or refused; a token that is read is written as one.
pub fn selections_are_read_without_a_panic(bytes: &[u8]) {
    let text = &*String::from_utf8_lossy(bytes);
    continue_token(text);
    if let Ok(selector) = LabelSelector::parse(text) {
        black_box(selector.matches(|key| (key == "app").then_some("shop")));
    }
    if let Ok(selector) = FieldSelector::parse(text) {
        let object = Value::object();
        black_box(selector.matches("shop", "web", || Some(&object)));
    }
}

/// Every patch is applied to an object or refused; a merge patch that was applied changes nothing a second time.
pub fn patches_apply_without_a_panic(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    let (patch, object) = text.split_once('\n').unwrap_or((text, "{}"));
    let (Ok(patch), Ok(object)) = (json::from_str(patch), json::from_str(object)) else {
        return;
    };
    let mut document = object.clone();
    let _ = patch::json::apply(&mut document, &patch);
    let kind = GroupVersionKind::new("v1", "Pod");
    if let Some(of) = schema::type_of(&kind) {
        let mut document = object.clone();
        let _ = patch::strategic::apply(&mut document, &patch, of);
    }
    let mut merged = object;
    if patch::merge::apply(&mut merged, &patch).is_ok() {
        let mut again = merged.clone();
        assert!(patch::merge::apply(&mut again, &patch).is_ok());
        assert_eq!(again, merged, "{text:?}");
    }
}

/// A body that is read is written as bytes that are read and written as the same.
pub fn protobuf_bodies_settle(bytes: &[u8]) {
    // A server knows the kind that it was asked for; here the first bytes choose it.
    let choices = &mut Choices::new(bytes);
    let resources = schema::resources();
    let Some(resource) = resources.get(choices.below(resources.len())) else {
        return;
    };
    let api_version = match resource.group {
        "" => resource.version.to_owned(),
        group => format!("{group}/{}", resource.version),
    };
    let kind = GroupVersionKind::new(&api_version, resource.kind);
    let rest = bytes.get(2..).unwrap_or_default();
    for body in [rest.to_vec(), protobuf::body(&kind, rest)] {
        let Ok((found, object)) = protobuf::decode(&body) else {
            continue;
        };
        let Some(written) = protobuf::encode(&found, &object) else {
            continue;
        };
        // What Go cannot leave out is written, so that only the bytes stay the same.
        let again = protobuf::decode(&written);
        assert!(again.is_ok(), "{found:?}: {again:?}");
        if let Ok((found, again)) = again {
            let rewritten = protobuf::encode(&found, &again);
            assert_eq!(rewritten.as_ref(), Some(&written), "{object:?}, {again:?}");
        }
    }
}

/// An expression that compiles has a value or an error.
pub fn expressions_answer_without_a_panic(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    let scope = Scope::new(&["object", "oldObject"]);
    for wanted in [Wanted::Anything, Wanted::Bool, Wanted::Object] {
        let Ok(expression) = Expression::compile(text, &scope, wanted) else {
            continue;
        };
        let object = json::from_str(
            r#"{"metadata":{"name":"web","labels":{"app":"shop"}},"spec":{"replicas":3,"list":[1,2.5,"x",null,true]}}"#,
        );
        let mut bindings = Bindings::default();
        bindings.bind("object", object.as_ref().ok());
        bindings.bind("oldObject", None);
        let _ = black_box(expression.make(&mut bindings));
    }
}

/// A definition serves its resources, or is refused; an object of one decodes.
pub fn definitions_serve_without_a_panic(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    let (schema, object) = text.split_once('\n').unwrap_or((text, "{}"));
    let (Ok(schema), Ok(mut object)) = (json::from_str(schema), json::from_str(object)) else {
        return;
    };
    let definition = definition(schema);
    black_box(crd::rules::check(&definition));
    let definition = Definition::read(definition);
    for resource in definition.resources() {
        if let Some(version) = custom_of(resource) {
            object.set("apiVersion", "x.io/v1");
            object.set("kind", "Thing");
            black_box(crd::objects::decode(version, &mut object));
        }
    }
}

fn definition(schema: Value) -> Value {
    let mut version = Value::from_iter([("name", "v1")]);
    version.set("served", true);
    version.set("storage", true);
    version.child_mut("schema").set("openAPIV3Schema", schema);
    let mut names = Value::from_iter([
        ("plural", "things"),
        ("singular", "thing"),
        ("kind", "Thing"),
        ("listKind", "ThingList"),
    ]);
    names.set("categories", Value::Array(Vec::new()));
    let mut definition = Value::from_iter([
        ("apiVersion", "apiextensions.k8s.io/v1"),
        ("kind", "CustomResourceDefinition"),
    ]);
    let metadata = definition.child_mut("metadata");
    metadata.set("name", "things.x.io");
    metadata.set("generation", 1_i64);
    let spec = definition.child_mut("spec");
    spec.set("group", "x.io");
    spec.set("scope", "Namespaced");
    spec.set("names", names.clone());
    spec.set("versions", vec![version]);
    let established = Value::from_iter([("type", "Established"), ("status", "True")]);
    let status = definition.child_mut("status");
    status.set("acceptedNames", names);
    status.set("conditions", vec![established]);
    status.set("storedVersions", vec!["v1"]);
    definition
}
