//! One event as text.

use super::policy::{Level, Stage};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use tollgate_api::go_format::quote;
use tollgate_api::status::Details;
use tollgate_api::{Object, Status, Timestamp, UserInfo, Value};
use tollgate_objects::encode;

/// How long the name of a client's program may be.
const USER_AGENT_BYTES_MAX: usize = 1024;

/// How events are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// An object of `audit.k8s.io/v1` a line.
    #[default]
    Json,
    /// A line of names and values, with less in it.
    Legacy,
}

/// What is known of a request when it comes.
#[derive(Debug, Clone, Default)]
pub struct Received {
    /// What tells it from all others.
    pub id: String,
    /// Path and query, as the client wrote them.
    pub uri: String,
    /// From where it came: what proxies say first, the other end of the connection last.
    pub source_ips: Vec<String>,
    /// With which program.
    pub user_agent: String,
    /// When it came.
    pub at: Timestamp,
    /// Who asks; none if nobody knows.
    pub user: Option<UserInfo>,
}

/// The object that a request is about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct ObjectRef {
    pub(super) resource: String,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) uid: String,
    pub(super) api_group: String,
    pub(super) api_version: String,
    pub(super) resource_version: String,
    pub(super) subresource: String,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Outcome {
    pub(super) status: &'static str,
    pub(super) message: String,
    pub(super) reason: String,
    /// Already as an object.
    pub(super) details: Option<Value>,
    pub(super) code: u16,
}

impl Outcome {
    /// What nobody was told of: the connection was closed before there was an answer.
    pub(super) fn closed() -> Self {
        Self {
            status: "Success",
            message: "Connection closed early".to_owned(),
            code: 200,
            ..Self::default()
        }
    }

    /// A refusal or a failure.
    pub(super) fn of(status: &Status) -> Self {
        let details = status.details.as_deref();
        Self {
            status: "Failure",
            message: status.message.clone(),
            reason: status.reason.as_str().to_owned(),
            details: details.map(details_object),
            code: status.code,
        }
    }
}

fn details_object(details: &Details) -> Value {
    crate::error::details_object(details)
}

/// What is known of a request, more with every stage.
#[derive(Debug, Default)]
pub(super) struct Event {
    pub(super) level: Level,
    pub(super) verb: String,
    pub(super) received: Received,
    pub(super) impersonated: Option<UserInfo>,
    pub(super) constraint: Option<&'static str>,
    pub(super) object: Option<ObjectRef>,
    pub(super) outcome: Option<Outcome>,
    pub(super) request_object: Option<Vec<u8>>,
    pub(super) response_object: Option<Vec<u8>>,
    pub(super) annotations: BTreeMap<String, String>,
}

impl Event {
    /// The event at a stage, a line.
    pub(super) fn text(&self, format: Format, stage: Stage, now: Timestamp) -> Vec<u8> {
        let at = match stage {
            Stage::RequestReceived => self.received.at,
            _ => now,
        };
        match format {
            Format::Json => self.json(stage, at),
            Format::Legacy => self.legacy(stage),
        }
    }

    fn json(&self, stage: Stage, at: Timestamp) -> Vec<u8> {
        let mut line = Writer::new();
        line.text("kind", "Event");
        line.text("apiVersion", "audit.k8s.io/v1");
        line.text("level", self.level.as_str());
        line.text("auditID", &self.received.id);
        line.text("stage", stage.as_str());
        line.text("requestURI", &self.received.uri);
        line.text("verb", &self.verb);
        let user = self.received.user.as_ref();
        line.value("user", &user.map_or_else(Value::object, user_object));
        if let Some(user) = &self.impersonated {
            line.value("impersonatedUser", &user_object(user));
        }
        if let Some(constraint) = self.constraint {
            let mut metadata = Value::object();
            metadata.set("impersonationConstraint", constraint);
            line.value("authenticationMetadata", &metadata);
        }
        if !self.received.source_ips.is_empty() {
            line.value("sourceIPs", &self.received.source_ips.clone().into());
        }
        if !self.received.user_agent.is_empty() {
            line.text("userAgent", &shortened(&self.received.user_agent));
        }
        if let Some(object) = &self.object {
            line.value("objectRef", &object_ref(object));
        }
        if let Some(outcome) = &self.outcome {
            line.value("responseStatus", &response_status(outcome));
        }
        for (key, object) in [
            ("requestObject", &self.request_object),
            ("responseObject", &self.response_object),
        ] {
            if let Some(object) = object {
                line.raw(key, object);
            }
        }
        line.text(
            "requestReceivedTimestamp",
            &self.received.at.to_micro_time(),
        );
        line.text("stageTimestamp", &at.to_micro_time());
        if !self.annotations.is_empty() {
            let annotations = self.annotations.iter();
            let annotations = annotations.map(|(key, text)| (key.as_str(), text.as_str()));
            line.value("annotations", &annotations.collect());
        }
        line.end()
    }

    fn legacy(&self, stage: Stage) -> Vec<u8> {
        let received = &self.received;
        let groups = |user: &UserInfo| {
            let quoted: Vec<String> = user.groups.iter().map(|group| quote(group)).collect();
            quoted.join(",")
        };
        let user = received.user.as_ref().filter(|user| !user.name.is_empty());
        let user_name = user.map_or("<none>", |user| user.name.as_str());
        let user_groups = user
            .filter(|user| !user.groups.is_empty())
            .map_or_else(|| "<none>".to_owned(), groups);
        let acting = self.impersonated.as_ref();
        let acting_name = acting.map_or("<self>", |user| user.name.as_str());
        let acting_groups = acting.map_or_else(|| "<lookup>".to_owned(), groups);
        let namespace = self.object.as_ref().map(|object| object.namespace.as_str());
        let namespace = namespace
            .filter(|namespace| !namespace.is_empty())
            .unwrap_or("<none>");
        let response = self.outcome.as_ref().map_or_else(
            || "<deferred>".to_owned(),
            |outcome| outcome.code.to_string(),
        );
        let ip = received
            .source_ips
            .first()
            .map_or("<unknown>", String::as_str);
        let mut line = String::with_capacity(256);
        // Writing to a String cannot fail.
        let _ = writeln!(
            line,
            "{} AUDIT: id={} stage={} ip={} method={} user={} groups={} as={} asgroups={} user-agent={} namespace={} uri={} response=\"{response}\"",
            nano_time(received.at),
            quote(&received.id),
            quote(stage.as_str()),
            quote(ip),
            quote(&self.verb),
            quote(user_name),
            quote(&user_groups),
            quote(acting_name),
            quote(&acting_groups),
            quote(&shortened(&received.user_agent)),
            quote(namespace),
            quote(&received.uri),
        );
        line.into_bytes()
    }
}

/// Writes an object key by key.
struct Writer(Vec<u8>);

impl Writer {
    fn new() -> Self {
        let mut out = Vec::with_capacity(1024);
        out.push(b'{');
        Self(out)
    }

    fn key(&mut self, key: &str) {
        if self.0.len() > 1 {
            self.0.push(b',');
        }
        self.0.push(b'"');
        self.0.extend_from_slice(key.as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    fn text(&mut self, key: &str, text: &str) {
        self.key(key);
        encode::string(text, &mut self.0);
    }

    fn value(&mut self, key: &str, value: &Value) {
        self.key(key);
        encode::untyped(value, &mut self.0);
    }

    fn raw(&mut self, key: &str, json: &[u8]) {
        self.key(key);
        self.0.extend_from_slice(json);
    }

    fn end(mut self) -> Vec<u8> {
        self.0.extend_from_slice(b"}\n");
        self.0
    }
}

fn set_text(object: &mut Object, key: &'static str, text: &str) {
    if !text.is_empty() {
        object.insert(key, text);
    }
}

fn user_object(user: &UserInfo) -> Value {
    let mut object = Object::new();
    set_text(&mut object, "username", &user.name);
    set_text(&mut object, "uid", &user.uid);
    if !user.groups.is_empty() {
        object.insert("groups", user.groups.clone());
    }
    if !user.extra.is_empty() {
        let extra = user.extra.iter();
        let extra: Value = extra
            .map(|(key, values)| (key.clone(), Value::from(values.clone())))
            .collect();
        object.insert("extra", extra);
    }
    Value::Object(object)
}

fn object_ref(reference: &ObjectRef) -> Value {
    let mut object = Object::new();
    set_text(&mut object, "resource", &reference.resource);
    set_text(&mut object, "namespace", &reference.namespace);
    set_text(&mut object, "name", &reference.name);
    set_text(&mut object, "uid", &reference.uid);
    set_text(&mut object, "apiGroup", &reference.api_group);
    set_text(&mut object, "apiVersion", &reference.api_version);
    set_text(&mut object, "resourceVersion", &reference.resource_version);
    set_text(&mut object, "subresource", &reference.subresource);
    Value::Object(object)
}

fn response_status(outcome: &Outcome) -> Value {
    let mut object = Object::new();
    object.insert("metadata", Value::object());
    set_text(&mut object, "status", outcome.status);
    set_text(&mut object, "message", &outcome.message);
    set_text(&mut object, "reason", &outcome.reason);
    if let Some(details) = &outcome.details {
        object.insert("details", details.clone());
    }
    if outcome.code > 0 {
        object.insert("code", i64::from(outcome.code));
    }
    Value::Object(object)
}

fn shortened(user_agent: &str) -> String {
    if user_agent.len() <= USER_AGENT_BYTES_MAX {
        return user_agent.to_owned();
    }
    let mut end = USER_AGENT_BYTES_MAX;
    while !user_agent.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    format!("{}...TRUNCATED", user_agent.get(..end).unwrap_or_default())
}

/// To the nanosecond, without zeros at the end.
fn nano_time(time: Timestamp) -> String {
    let text = time.to_string();
    let digits = format!("{:09}", time.subsecond_nanos());
    match digits.trim_end_matches('0') {
        "" => text,
        digits => format!("{}.{digits}Z", text.trim_end_matches('Z')),
    }
}
