//! What a real kube-apiserver 1.36.3 answered where this server once answered otherwise (`data/oracle-1.36.jsonl.gz`).
//!
//! Each line is an object that was created or that replaced `old`, in a dry run, with the code, the message, the number
//! of causes, the generation and the warnings of the answer.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it must be"
)]

mod in_process;

use flate2::read::GzDecoder;
use in_process::api;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use tollgate_api::{Status, UserInfo, Value, json};
use tollgate_apiserver::audit::NO_TRAIL;
use tollgate_apiserver::verbs::options::{FieldValidation, WriteOptions};
use tollgate_apiserver::verbs::{
    Answer, Api, BodyFormat, Call, Warnings, convert, create, decode, replace,
};

const NAMESPACE: &str = "oracle";

fn lines() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/oracle-1.36.jsonl.gz");
    let mut text = String::new();
    GzDecoder::new(File::open(path).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    text.lines()
        .map(|line| json::from_str(line).unwrap())
        .collect()
}

/// Creates an object, or replaces the one of that name; gives the code, what is answered, and the warnings.
async fn send(
    api: &Api,
    resource: &str,
    name: &str,
    object: &Value,
    dry_run: bool,
) -> (Result<Value, Status>, Vec<String>) {
    let (api_version, plural) = resource.split_once(' ').unwrap();
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let catalog = api.catalog.load();
    let resource = catalog.resource(group, version, plural).unwrap();
    let (user, warnings) = (UserInfo::default(), Warnings::default());
    let call = Call {
        api,
        resource,
        subresource: "",
        namespace: if resource.namespaced { NAMESPACE } else { "" },
        name,
        user: &user,
        user_agent: "test",
        warnings: &warnings,
        trail: &NO_TRAIL,
        now: api.environment.now(),
    };
    let outcome = answer(&call, object, dry_run).await;
    (outcome, warnings.take())
}

async fn answer(call: &Call<'_>, object: &Value, dry_run: bool) -> Result<Value, Status> {
    let body = object.to_string();
    let (kind, validation) = (&call.resource.kind, FieldValidation::Warn);
    let object = decode(call, kind, body.as_bytes(), BodyFormat::Json, validation)?;
    let mut options = WriteOptions::default();
    if dry_run {
        options.dry_run = vec!["All".to_owned()];
    }
    let answer = if call.name.is_empty() {
        create(call, object, &options).await?
    } else {
        replace(call, object, &options).await?
    };
    match convert::answer(call.api, answer).await? {
        Answer::Object { object, .. } => object.parse(),
        other => Err(Status::internal(format!("{other:?}"))),
    }
}

async fn prepared() -> Api {
    let api = api();
    for (resource, object) in [
        ("v1 namespaces", r#"{"metadata":{"name":"oracle"}}"#),
        (
            "v1 serviceaccounts",
            r#"{"metadata":{"name":"default"},"automountServiceAccountToken":false}"#,
        ),
    ] {
        let object = json::from_str(object).unwrap();
        send(&api, resource, "", &object, false).await.0.unwrap();
    }
    api
}

/// An answer in the words of a line.
fn told(outcome: &Result<Value, Status>, creates: bool, warnings: Vec<String>) -> Value {
    let mut told = Value::object();
    match outcome {
        Ok(object) => {
            told.set("status", if creates { 201 } else { 200 });
            let generation = object.at(&["metadata", "generation"]);
            if let Some(generation) = generation {
                told.set("generation", generation.clone());
            }
        }
        Err(status) => {
            told.set("status", i64::from(status.code));
            told.set("message", status.message.as_str());
            if status.code == 422 {
                let causes = status.details.as_ref().map_or(0, |it| it.causes.len());
                told.set("causes", i64::try_from(causes).unwrap());
            }
        }
    }
    if !warnings.is_empty() {
        told.set("warnings", warnings);
    }
    told
}

#[tokio::test]
async fn answers_are_those_of_the_real_server() {
    let api = prepared().await;
    let mut made = BTreeSet::new();
    let mut wrong = Vec::new();
    let lines = lines();
    for line in &lines {
        let resource = line.str_or_empty("resource");
        let object = line.get("in").unwrap();
        let name = line.at(&["old", "metadata", "name"]);
        let name = name.and_then(Value::as_str).unwrap_or_default();
        if let Some(old) = line.get("old")
            && made.insert((resource, name))
        {
            let outcome = send(&api, resource, "", old, false).await.0;
            assert!(outcome.is_ok(), "{resource} {name}: {outcome:?}");
        }
        let (outcome, warnings) = send(&api, resource, name, object, true).await;
        let told = told(&outcome, name.is_empty(), warnings);
        let mut expected = line.clone();
        for key in ["mode", "resource", "in", "old"] {
            expected.remove(key);
        }
        if told != expected {
            wrong.push(format!("{line}\n  answered {told}"));
        }
    }
    let (count, all) = (wrong.len(), lines.len());
    assert!(wrong.is_empty(), "{count} of {all}:\n{}", wrong.join("\n"));
    assert!(all > 300, "{all} lines");
}
