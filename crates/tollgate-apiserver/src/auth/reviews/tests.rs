//! Reviews and their answers, as a real server gave them.

use super::*;
use crate::auth::authenticate::Authenticator;
use crate::auth::authorize::{Authorizer, Mode};
use crate::auth::rbac::{RbacIndex, bootstrap};
use crate::auth::token::tests::{ISSUER, NOW, few, token as new_token, verifier};
use crate::storage::{Event, Key, Mark, Record};
use std::sync::Arc;
use tollgate_api::{Status, json};
use tollgate_policy::rbac::RbacKind;

/// A fresh server on which `sam` has a role in the namespace `sar`.
fn authorizer() -> Authorizer {
    let index = RbacIndex::default();
    let put = |kind: RbacKind, object: &Value| {
        let metadata = object.get("metadata").unwrap();
        let [namespace, name] = ["namespace", "name"].map(|key| metadata.str_or_empty(key));
        let key = Key::new(RbacKind::GROUP, kind.resource(), namespace, name);
        let record = Arc::new(Record {
            value: json::to_string(object).into(),
            revision: 1,
            created: 1,
            mark: Mark::default(),
        });
        index.apply(&Event::new(1, key, None, Some(record)));
    };
    for (kind, object) in bootstrap::objects() {
        put(kind, &object);
    }
    let role = r#"{"metadata":{"name":"r","namespace":"sar"},"rules":[
        {"verbs":["get","list"],"apiGroups":[""],"resources":["pods"]},
        {"verbs":["*"],"apiGroups":["apps"],"resources":["deployments"]}]}"#;
    put(RbacKind::Role, &parse(role));
    let binding = r#"{"metadata":{"name":"b","namespace":"sar"},"roleRef":{"kind":"Role","name":"r"},
        "subjects":[{"kind":"User","name":"sam"}]}"#;
    put(RbacKind::RoleBinding, &parse(binding));
    Authorizer::new(vec![Mode::Rbac], Arc::new(index))
}

fn parse(text: &str) -> Value {
    json::from_str(text).unwrap()
}

fn sam() -> UserInfo {
    UserInfo {
        name: "sam".into(),
        groups: vec!["system:authenticated".into()],
        ..UserInfo::default()
    }
}

fn review(spec: &str) -> Value {
    parse(&format!(r#"{{"metadata":{{}},"spec":{spec}}}"#))
}

#[track_caller]
fn check(result: Result<Value, Status>, status: &str) {
    assert_eq!(
        json::to_string(result.unwrap().get("status").unwrap()),
        status
    );
}

#[track_caller]
fn refused(result: Result<Value, Status>, message: &str) {
    assert_eq!(result.unwrap_err().message, message);
}

const ALLOWED: &str = r#"{"allowed":true,"reason":"RBAC: allowed by RoleBinding \"b/sar\" of Role \"r\" to User \"sam\""}"#;
const GET_PODS: &str = r#"{"namespace":"sar","verb":"get","resource":"pods"}"#;

#[test]
fn an_answer_says_whether_and_why() {
    let authorizer = authorizer();
    let ask = |spec: &str| subject_access(&authorizer, &review(spec));
    check(
        ask(&format!(
            r#"{{"user":"sam","resourceAttributes":{GET_PODS}}}"#
        )),
        ALLOWED,
    );
    let others = [
        r#"{"user":"sam","resourceAttributes":{"namespace":"sar","verb":"delete","resource":"pods"}}"#,
        r#"{"user":"sam","resourceAttributes":{"namespace":"sar","verb":"get","group":"apps","resource":"deployments","subresource":"scale"}}"#,
        r#"{"user":"sam","nonResourceAttributes":{"path":"/x","verb":"get"}}"#,
    ];
    for spec in others {
        check(ask(spec), r#"{"allowed":false}"#);
    }
    check(
        ask(r#"{"groups":["system:masters"],"nonResourceAttributes":{"path":"/x","verb":"get"}}"#),
        r#"{"allowed":true}"#,
    );
    let answer = ask(r#"{"user":"sam","resourceAttributes":{"verb":"get"}}"#).unwrap();
    assert_eq!(
        json::to_string(&answer),
        r#"{"kind":"SubjectAccessReview","apiVersion":"authorization.k8s.io/v1","metadata":{},"spec":{"user":"sam","resourceAttributes":{"verb":"get"}},"status":{"allowed":false}}"#
    );
}

#[test]
fn one_may_ask_about_oneself() {
    let authorizer = authorizer();
    let ask = |spec: &str| self_subject_access(&authorizer, &sam(), &review(spec));
    check(
        ask(&format!(r#"{{"resourceAttributes":{GET_PODS}}}"#)),
        ALLOWED,
    );
    refused(
        ask("{}"),
        r#".authorization.k8s.io "" is invalid: spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified"#,
    );
}

#[test]
fn reviews_that_make_no_sense_are_refused_in_upstreams_words() {
    let authorizer = authorizer();
    let ask = |spec: &str| subject_access(&authorizer, &review(spec));
    refused(
        ask("{}"),
        r#".authorization.k8s.io "" is invalid: [spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified, spec.user: Invalid value: "": at least one of user or group must be specified]"#,
    );
    refused(
        ask(
            r#"{"user":"sam","nonResourceAttributes":{"path":"/x","verb":"get"},"resourceAttributes":{"verb":"get"}}"#,
        ),
        r#".authorization.k8s.io "" is invalid: spec.nonResourceAttributes: Invalid value: {"Path":"/x","Verb":"get"}: cannot be specified in combination with resourceAttributes"#,
    );
    let named = parse(r#"{"metadata":{"name":"x"},"spec":{"user":"sam","resourceAttributes":{}}}"#);
    refused(
        subject_access(&authorizer, &named),
        r#".authorization.k8s.io "" is invalid: metadata: Invalid value: {"name":"x"}: must be empty"#,
    );
    let status = ask("{}").unwrap_err();
    let details = status.details.unwrap();
    assert_eq!(details.group, "authorization.k8s.io");
    assert_eq!(details.kind, "");
    assert_eq!(details.causes[0].field, "spec.resourceAttributes");
}

#[test]
fn a_local_review_stays_in_its_namespace() {
    let authorizer = authorizer();
    let ask = |spec: &str| local_subject_access(&authorizer, "sar", &review(spec));
    let answer = ask(&format!(
        r#"{{"user":"sam","resourceAttributes":{GET_PODS}}}"#
    ))
    .unwrap();
    assert_eq!(
        json::to_string(answer.get("metadata").unwrap()),
        r#"{"namespace":"sar"}"#
    );
    check(Ok(answer), ALLOWED);
    refused(
        ask(r#"{"user":"sam","resourceAttributes":{"namespace":"other","verb":"get"}}"#),
        r#".authorization.k8s.io "" is invalid: spec.resourceAttributes.namespace: Invalid value: "other": must match metadata.namespace"#,
    );
    refused(
        ask(r#"{"user":"sam","nonResourceAttributes":{}}"#),
        r#".authorization.k8s.io "" is invalid: spec.nonResourceAttributes: Invalid value: {"Path":"","Verb":""}: disallowed on this kind of request"#,
    );
}

#[test]
fn selectors_are_checked_and_what_cannot_be_read_is_said() {
    let authorizer = authorizer();
    let ask = |selector: &str| {
        let spec = format!(
            r#"{{"user":"sam","resourceAttributes":{{"namespace":"sar","verb":"list","resource":"pods",{selector}}}}}"#
        );
        subject_access(&authorizer, &review(&spec))
    };
    check(
        ask(r#""fieldSelector":{"rawSelector":"spec.nodeName=n"}"#),
        ALLOWED,
    );
    let with_error = |error: &str| {
        let open = ALLOWED.strip_suffix('}').unwrap();
        format!(r#"{open},"evaluationError":"{error}"}}"#)
    };
    check(
        ask(r#""fieldSelector":{"rawSelector":"x"},"labelSelector":{"rawSelector":"a=b=c"}"#),
        &with_error(
            "spec.resourceAttributes.fieldSelector ignored due to parse error; spec.resourceAttributes.labelSelector ignored due to parse error",
        ),
    );
    check(
        ask(
            r#""labelSelector":{"requirements":[{"key":"a","operator":"New"},{"key":"a","operator":"Exists"}]}"#,
        ),
        &with_error("spec.resourceAttributes.labelSelector partially ignored due to parse error"),
    );
    let prefix = r#".authorization.k8s.io "" is invalid: spec.resourceAttributes."#;
    let cases = [
        (
            r#""fieldSelector":{"rawSelector":"a=b","requirements":[{"key":"k","operator":"In","values":["v"]}]}"#,
            r#"fieldSelector.rawSelector: Invalid value: "a=b": may not specified at the same time as requirements"#,
        ),
        (
            r#""labelSelector":{}"#,
            "labelSelector.requirements: Required value: when spec.resourceAttributes.labelSelector is specified, requirements or rawSelector is required",
        ),
        (
            r#""fieldSelector":{"requirements":[{"operator":"In","values":["v"]}]}"#,
            "fieldSelector.requirements[0].key: Required value: must be specified",
        ),
        (
            r#""labelSelector":{"requirements":[{"key":"k","operator":"Exists","values":["v"]}]}"#,
            "labelSelector.requirements[0].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        ),
    ];
    for (selector, message) in cases {
        refused(ask(selector), &format!("{prefix}{message}"));
    }
}

#[test]
fn the_list_of_rules_has_those_of_everybody_and_ones_own() {
    let authorizer = authorizer();
    let ask = |spec: &str| self_subject_rules(&authorizer, &sam(), &review(spec));
    let answer = ask(r#"{"namespace":"sar"}"#).unwrap();
    assert_eq!(answer.get("spec"), Some(&Value::object()));
    let status = answer.get("status").unwrap();
    assert_eq!(
        json::to_string(&Value::Array(status.items("resourceRules").to_vec())),
        r#"[{"verbs":["create"],"apiGroups":["authorization.k8s.io"],"resources":["selfsubjectaccessreviews","selfsubjectrulesreviews"]},{"verbs":["create"],"apiGroups":["authentication.k8s.io"],"resources":["selfsubjectreviews"]},{"verbs":["get","list"],"apiGroups":[""],"resources":["pods"]},{"verbs":["*"],"apiGroups":["apps"],"resources":["deployments"]}]"#
    );
    assert_eq!(status.items("nonResourceRules").len(), 2);
    assert_eq!(status.bool("incomplete"), Some(false));
    refused(ask("{}"), "no namespace on request");
}

#[test]
fn one_is_shown_as_one_is_known() {
    let mut user = sam();
    user.extra
        .insert("scopes".into(), vec!["a".into(), "b".into()]);
    assert_eq!(
        json::to_string(&self_subject(&user, NOW)),
        r#"{"kind":"SelfSubjectReview","apiVersion":"authentication.k8s.io/v1","metadata":{"creationTimestamp":"2026-01-15T12:00:00Z"},"status":{"userInfo":{"username":"sam","groups":["system:authenticated"],"extra":{"scopes":["a","b"]}}}}"#
    );
}

#[test]
fn a_token_is_reviewed_for_its_audiences() {
    let authenticator = Authenticator {
        service_accounts: verifier(),
        audiences: vec![ISSUER.into()],
        ..Authenticator::default()
    };
    let ask = |spec: &str| {
        let answered = token(&authenticator, &review(spec), NOW, &few());
        answered.map(|(answer, _)| answer)
    };
    let own = new_token("{}");
    let vault = new_token(r#"{"audiences":["vault"]}"#);
    let user = r#"{"username":"system:serviceaccount:ns:bot","uid":"sa-1","groups":["system:serviceaccounts","system:serviceaccounts:ns","system:authenticated"],"extra":{"authentication.kubernetes.io/credential-id":["JTI=token-1"]}}"#;
    check(
        ask(&format!(r#"{{"token":"{}"}}"#, own.secret())),
        &format!(r#"{{"authenticated":true,"user":{user},"audiences":["{ISSUER}"]}}"#),
    );
    check(
        ask(&format!(r#"{{"token":"{}"}}"#, vault.secret())),
        r#"{"user":{},"error":"[invalid bearer token, token audiences [\"vault\"] is invalid for the target audiences [\"https://kubernetes.default.svc\"]]"}"#,
    );
    check(
        ask(&format!(
            r#"{{"token":"{}","audiences":["vault","other"]}}"#,
            vault.secret()
        )),
        &format!(r#"{{"authenticated":true,"user":{user},"audiences":["vault"]}}"#),
    );
    check(
        ask(r#"{"token":"garbage"}"#),
        r#"{"user":{},"error":"invalid bearer token"}"#,
    );
    refused(
        ask("{}"),
        "token is required for TokenReview in authentication",
    );
}
