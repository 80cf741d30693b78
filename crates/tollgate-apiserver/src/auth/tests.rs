//! Exchanges with a real server, judged by this part alone: who asks, in whose name, whether they may, and reviews.
//!
//! What other parts do is played by the smallest stand-in: objects are kept in a map, and a step that only they could
//! answer must merely get past the door.

use super::authenticate::{Authenticator, Certificate, Credentials};
use super::authorize::{Authorizer, Mode};
use super::impersonate::{Impersonator, Wanted};
use super::rbac::escalation::{self, Grant};
use super::rbac::{RbacIndex, bootstrap};
use super::reviews;
use super::token::request::{Issuer, Request};
use super::token::tests::{ISSUER, NOW, SERVER, verifier};
use crate::error::status_object;
use crate::patch;
use crate::storage::{Event, Key, MemoryStore, Snapshot, Store, Write};
use flate2::read::GzDecoder;
use ring::rand::SystemRandom;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::Arc;
use tollgate_api::value::CompactString;
use tollgate_api::{Object, Status, UserInfo, Value, json};
use tollgate_policy::rbac::{Access, RbacKind, ResourceAccess, outdated};

const PACKED: &[u8] = include_bytes!("../../data/auth-exchanges-1.36.json.gz");
const AUTHENTICATION: &str = "authentication.k8s.io";
const AUTHORIZATION: &str = "authorization.k8s.io";

/// A path under `/api` or `/apis`, taken apart.
#[derive(Debug, Default)]
struct Target<'p> {
    group: &'p str,
    namespace: &'p str,
    resource: &'p str,
    name: &'p str,
    subresource: &'p str,
    verb: &'p str,
}

impl<'p> Target<'p> {
    /// None for other paths.
    fn parse(method: &str, path: &'p str, query: &'p str) -> Option<Self> {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let (group, rest) = match parts.as_slice() {
            ["api", _, rest @ ..] if !rest.is_empty() => ("", rest),
            ["apis", group, _, rest @ ..] if !rest.is_empty() => (*group, rest),
            _ => return None,
        };
        let (namespace, rest) = match rest {
            ["namespaces", namespace] => (*namespace, rest),
            ["namespaces", namespace, rest @ ..] => (*namespace, rest),
            rest => ("", rest),
        };
        let part = |place: usize| rest.get(place).copied().unwrap_or_default();
        let is_list = rest.len() == 1;
        let verb = match method {
            "GET" if query.contains("watch=1") => "watch",
            "GET" if is_list => "list",
            "GET" => "get",
            "DELETE" if is_list => "deletecollection",
            "DELETE" => "delete",
            "POST" => "create",
            "PUT" => "update",
            _ => "patch",
        };
        let selected = query.strip_prefix("fieldSelector=metadata.name%3D");
        Some(Self {
            group,
            namespace,
            resource: part(0),
            name: selected.unwrap_or(part(1)),
            subresource: part(2),
            verb,
        })
    }

    fn access(&self) -> Access<'_> {
        Access::Resource(ResourceAccess {
            verb: self.verb,
            group: self.group,
            resource: self.resource,
            subresource: self.subresource,
            namespace: self.namespace,
            name: self.name,
            field_selector: "",
        })
    }
}

struct Server {
    store: MemoryStore,
    index: Arc<RbacIndex>,
    authorizer: Authorizer,
    authenticator: Authenticator,
    impersonator: Impersonator,
    created: usize,
}

/// What became of a request: an object of this part, or nothing it could refuse.
type Answer = Result<Option<Value>, Status>;

impl Server {
    fn new() -> Self {
        let index = Arc::new(RbacIndex::default());
        let authorizer = Authorizer::new(vec![Mode::Rbac], Arc::clone(&index));
        let mut server = Self {
            store: MemoryStore::default(),
            index,
            impersonator: Impersonator::new(authorizer.clone()),
            authorizer,
            authenticator: Authenticator {
                service_accounts: verifier(),
                audiences: vec![ISSUER.into()],
                anonymous: true,
                ..Authenticator::default()
            },
            created: 0,
        };
        for (kind, object) in bootstrap::objects() {
            let metadata = object.get("metadata").unwrap().clone();
            let [namespace, name] = ["namespace", "name"].map(|key| metadata.str_or_empty(key));
            let key = Key::new(RbacKind::GROUP, kind.resource(), namespace, name);
            server.write(key, Some(&object));
        }
        server
    }

    fn snapshot(&self) -> Snapshot {
        self.store.snapshot()
    }

    fn write(&mut self, key: Key, object: Option<&Value>) {
        let write = match object {
            Some(object) => Write::Put {
                key: key.clone(),
                value: json::to_string(object).into(),
            },
            None => Write::Delete { key: key.clone() },
        };
        self.store.transact(&mut |_| vec![write.clone()]).unwrap();
        let current = self.snapshot().get(key.as_str()).cloned();
        self.index.apply(&Event::new(1, key, None, current));
    }

    fn user(&self, who: &str) -> Result<UserInfo, Status> {
        let admin = UserInfo {
            name: "admin".into(),
            groups: vec!["system:masters".into()],
            extra: BTreeMap::from([(
                CompactString::from("authentication.kubernetes.io/credential-id"),
                vec!["X509SHA256=0".into()],
            )]),
            ..UserInfo::default()
        };
        let token = who
            .strip_prefix("token:")
            .map(|token| format!("Bearer {token}"));
        let certificate = match who {
            "admin" => Certificate::Of(admin),
            _ => Certificate::Nobody,
        };
        let credentials = Credentials {
            certificate: &certificate,
            authorization: token.as_deref(),
        };
        self.authenticator
            .authenticate(&credentials, NOW, &self.snapshot())
            .user
    }

    fn answer(&mut self, who: &str, request: &Value) -> Answer {
        let (path, query) = {
            let path = request.str_or_empty("path");
            path.split_once('?').unwrap_or((path, ""))
        };
        let method = request.str_or_empty("method");
        let target = Target::parse(method, path, query);
        let verb = method.to_ascii_lowercase();
        let access = match &target {
            Some(target) => target.access(),
            None => Access::NonResource { verb: &verb, path },
        };
        let mut user = self.user(who)?;
        let headers = request.entries("headers").flat_map(|(name, value)| {
            let one = std::slice::from_ref(value);
            let values = value.as_array().unwrap_or(one).iter();
            values.filter_map(move |value| Some((name, value.as_str()?)))
        });
        if let Some(wanted) = Wanted::from_headers(headers)? {
            user = self.impersonator.impersonate(&user, &wanted, &access)?.user;
        }
        self.authorizer.check(&user, &access)?;
        let body = request.get("body").unwrap_or(&Value::Null);
        match target {
            Some(target) => self.act(&user, &target, body, query.contains("dryRun=All")),
            None => Ok(None),
        }
    }

    fn act(&mut self, user: &UserInfo, target: &Target<'_>, body: &Value, is_dry: bool) -> Answer {
        let authorizer = &self.authorizer;
        let snapshot = self.snapshot();
        let review = match (target.group, target.resource, target.verb) {
            (AUTHORIZATION, "selfsubjectaccessreviews", "create") => {
                reviews::self_subject_access(authorizer, user, body)
            }
            (AUTHORIZATION, "subjectaccessreviews", "create") => {
                reviews::subject_access(authorizer, body)
            }
            (AUTHORIZATION, "localsubjectaccessreviews", "create") => {
                reviews::local_subject_access(authorizer, target.namespace, body)
            }
            (AUTHORIZATION, "selfsubjectrulesreviews", "create") => {
                reviews::self_subject_rules(authorizer, user, body)
            }
            (AUTHENTICATION, "selfsubjectreviews", "create") => {
                Ok(reviews::self_subject(user, NOW))
            }
            (AUTHENTICATION, "tokenreviews", "create") => {
                reviews::token(&self.authenticator, body, NOW, &snapshot).map(|(review, _)| review)
            }
            ("", "serviceaccounts", "create") if target.subresource == "token" => {
                // Another kind in the body is found when it is decoded.
                if !body.str_or_empty("apiVersion").starts_with(AUTHENTICATION) {
                    return Ok(None);
                }
                token(&SERVER, target, body, &snapshot)
            }
            _ => return self.keep(user, target, body, is_dry),
        };
        review.map(Some)
    }

    /// Creates, changes and deletes objects, as far as this part cares.
    fn keep(&mut self, user: &UserInfo, target: &Target<'_>, body: &Value, is_dry: bool) -> Answer {
        if matches!(target.verb, "get" | "list" | "watch") {
            return Ok(None);
        }
        let own = body.at(&["metadata", "name"]).and_then(Value::as_str);
        let name = if target.name.is_empty() {
            own.unwrap_or_default()
        } else {
            target.name
        };
        let key = Key::new(target.group, target.resource, target.namespace, name);
        if target.verb == "delete" {
            self.write(key, None);
            return Ok(None);
        }
        let old = self.snapshot().get(key.as_str()).cloned();
        let old: Option<Value> = old.map(|record| json::from_slice(&record.value).unwrap());
        let mut new = old.clone().unwrap_or_else(Value::object);
        match body {
            Value::Array(_) => patch::json::apply(&mut new, body).unwrap(),
            Value::Object(_) if target.verb == "patch" => {
                patch::merge::apply(&mut new, body).unwrap();
            }
            Value::Object(_) => new = body.clone(),
            _ => return Ok(None),
        }
        if let Some(kind) = RbacKind::of_resource(target.resource) {
            let grant = Grant {
                kind,
                namespace: target.namespace,
                name: target.name,
                new: &new,
                old: old.as_ref(),
            };
            escalation::check(&self.authorizer, user, &grant)?;
        }
        if !is_dry {
            self.created += 1;
            let metadata = new.child_mut("metadata");
            metadata.set("uid", format!("uid-{}", self.created));
            self.write(key, Some(&new));
        }
        Ok(None)
    }

    /// The controller's work.
    fn aggregate(&mut self) {
        let prefix = Key::prefix(RbacKind::GROUP, "clusterroles", None);
        let snapshot = self.snapshot();
        let roles = snapshot.range(&prefix);
        let roles = roles.map(|(_, record)| json::from_slice(&record.value).unwrap());
        for role in outdated(roles.collect()) {
            let key = Key::new(RbacKind::GROUP, "clusterroles", "", &role.name);
            let record = self.snapshot().get(key.as_str()).cloned().unwrap();
            let mut object = json::from_slice(&record.value).unwrap();
            object.set("rules", Value::Array(role.rules));
            self.write(key, Some(&object));
        }
    }
}

fn token(
    issuer: &Issuer,
    target: &Target<'_>,
    body: &Value,
    objects: &Snapshot,
) -> Result<Value, Status> {
    let issued = issuer.answer(&Request {
        namespace: target.namespace,
        name: target.name,
        object: body,
        now: NOW,
        uid: "request-1",
        token_id: "token-1",
        objects,
        random: &SystemRandom::new(),
    })?;
    Ok(issued.object)
}

/// Whether `found` is `expected`, in which `<…>` stands for any text and `null` for nothing.
fn is_same(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::String(expected), Value::String(found)) => match expected.split_once('<') {
            Some((start, _)) if expected.ends_with('>') => found.starts_with(start),
            _ => expected == found,
        },
        (Value::String(expected), _) => expected == "<ignored>",
        (Value::Array(expected), Value::Array(found)) => {
            let pairs = expected.iter().zip(found);
            expected.len() == found.len() && pairs.into_iter().all(|(a, b)| is_same(a, b))
        }
        (Value::Object(expected), Value::Object(found)) => {
            let is_known = |(key, value): (&str, &Value)| {
                value.is_null() || is_same(value, found.get(key).unwrap_or(&Value::Null))
            };
            let is_expected = |key: &str| expected.get_or_null(key).is_some();
            expected.iter().all(is_known) && found.keys().all(is_expected)
        }
        _ => expected == found,
    }
}

/// Puts the members of the lists a step calls unordered into one order.
fn sort(value: &mut Value, pointer: &[&str]) {
    match (pointer, value) {
        ([], Value::Array(items)) => items.sort_by_key(json::to_string),
        (["*", rest @ ..], Value::Array(items)) => {
            for item in items {
                sort(item, rest);
            }
        }
        ([key, rest @ ..], value) => {
            if let Some(child) = value.get_mut(key) {
                sort(child, rest);
            }
        }
        _ => {}
    }
}

/// Replaces `${name}` by what earlier answers gave.
fn fill(value: &Value, captured: &BTreeMap<String, String>) -> Value {
    let text = |text: &str| {
        let mut text = text.to_owned();
        for (name, value) in captured {
            text = text.replace(&format!("${{{name}}}"), value);
        }
        text
    };
    match value {
        Value::String(value) => Value::string(text(value)),
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| fill(item, captured)).collect())
        }
        Value::Object(entries) => {
            let entries = entries.iter();
            let entries: Object = entries
                .map(|(key, value)| (key, fill(value, captured)))
                .collect();
            Value::from(entries)
        }
        other => other.clone(),
    }
}

fn exchanges() -> Value {
    let mut text = String::new();
    GzDecoder::new(PACKED).read_to_string(&mut text).unwrap();
    json::from_str(&text).unwrap()
}

/// Compares an answer; whether there was anything to compare.
#[track_caller]
fn compare(what: &str, step: &Value, answer: &Answer, code: i64, body: Option<&Value>) -> bool {
    let (found_code, mut found) = match answer {
        Err(status) => (i64::from(status.code), status_object(status)),
        Ok(Some(object)) => (201, object.clone()),
        Ok(None) => {
            assert!(!matches!(code, 401 | 403), "{what} was let in");
            return false;
        }
    };
    assert_eq!(found_code, code, "{what}: {}", json::to_string(&found));
    let Some(body) = body else { return true };
    let mut body = body.clone();
    for pointer in step.items("unordered").iter().filter_map(Value::as_str) {
        let keys: Vec<&str> = pointer.trim_start_matches("/body/").split('/').collect();
        sort(&mut body, &keys);
        sort(&mut found, &keys);
    }
    assert!(
        is_same(&body, &found),
        "{what}:\n{}\n{}",
        json::to_string(&body),
        json::to_string(&found)
    );
    true
}

#[test]
fn recorded_sequences_get_the_answers_of_the_real_server() {
    let mut compared = 0;
    for sequence in exchanges().items("sequences") {
        let mut server = Server::new();
        let mut captured: BTreeMap<String, String> = BTreeMap::new();
        for step in sequence.items("steps") {
            let what = format!(
                "{}: {}",
                sequence.str_or_empty("name"),
                step.str_or_empty("note")
            );
            let who = fill(step.get("as").unwrap(), &captured);
            let request = fill(step.get("request").unwrap(), &captured);
            let answer = server.answer(who.as_str().unwrap(), &request);
            if sequence.bool("controllers") == Some(true) {
                server.aggregate();
            }
            let response = step.get("response").unwrap();
            let code = response.int("status").unwrap();
            let body = response.get("body");
            compared += usize::from(compare(&what, step, &answer, code, body));
            for (name, pointer) in step.str_entries("capture") {
                let keys: Vec<&str> = pointer.trim_start_matches('/').split('/').collect();
                let object = answer.as_ref().unwrap().as_ref().unwrap();
                let text = object.at(&keys).and_then(Value::as_str).unwrap();
                captured.insert(name.to_owned(), text.to_owned());
            }
        }
    }
    assert!(compared >= 60, "only {compared} were compared");
}

#[test]
fn recorded_refusals_read_as_those_of_the_real_server() {
    let mut server = Server::new();
    let role = r#"{"rules":[{"apiGroups":["rbac.authorization.k8s.io"],"resources":["roles","rolebindings"],"verbs":["get","create"]}]}"#;
    let binding = r#"{"subjects":[{"kind":"User","name":"carol"}],"roleRef":{"kind":"Role","name":"rolemaker"}}"#;
    let account = r#"{"metadata":{"name":"default","uid":"sa-1"}}"#;
    for (group, resource, name, text) in [
        (RbacKind::GROUP, "roles", "rolemaker", role),
        (RbacKind::GROUP, "rolebindings", "rm", binding),
        ("", "serviceaccounts", "default", account),
    ] {
        let object = json::from_str(text).unwrap();
        server.write(Key::new(group, resource, "m", name), Some(&object));
    }
    let target = Target {
        namespace: "m",
        name: "default",
        ..Target::default()
    };
    let token = token(&SERVER, &target, &Value::object(), &server.snapshot()).unwrap();
    let token = token
        .at(&["status", "token"])
        .and_then(Value::as_str)
        .unwrap();
    let mut compared = 0;
    for case in exchanges().items("whoMay") {
        let request = case.get("request").unwrap();
        let authorization = request.at(&["headers", "Authorization"]);
        let who = match authorization.and_then(Value::as_str) {
            Some("Bearer <token>") => format!("token:{token}"),
            Some(header) if header.starts_with("Bearer ") => header.replace("Bearer ", "token:"),
            Some(_) => "anonymous".to_owned(),
            None if request.get("client").is_some() => "anonymous".to_owned(),
            None => "admin".to_owned(),
        };
        let answer = server.answer(&who, request);
        let code = case.int("code").unwrap();
        let what = case.str_or_empty("case");
        compared += usize::from(compare(what, case, &answer, code, case.get("answer")));
    }
    assert_eq!(compared, exchanges().items("whoMay").len());
}
