//! Capabilities: single rights of root that a container may have.
//!
//! Fields: spec.{initContainers,containers,ephemeralContainers}[*].securityContext.capabilities
//! Allowed: adding what `allowedCapabilities` or `defaultAddCapabilities` list
//! Mutates: adds `defaultAddCapabilities` that are not dropped, drops `requiredDropCapabilities`
//! Upstream: podsecuritypolicy/capabilities, 1.24

use super::super::edit::Edit;
use super::super::finding::{Finding, Findings};
use super::super::pod::{Container, spec_field};
use super::capability_examples;
use compact_str::CompactString;
use std::collections::BTreeSet;
use tollgate_api::Value;
use tollgate_api::field::{Error, Path};
use tollgate_api::go_format::{quote, slice_syntax};

pub(super) use capability_examples::{ALLOWED, DEFAULT_ADD, REQUIRED_DROP};

const FIELD: &str = "capabilities";

/// `spec.allowedCapabilities`, `spec.defaultAddCapabilities`, `spec.requiredDropCapabilities`
#[derive(Debug, Clone)]
pub(in super::super) struct Capabilities {
    allowed: Vec<CompactString>,
    allow_all: bool,
    default_add: BTreeSet<CompactString>,
    /// As written: errors come in this order.
    required_drop: Vec<CompactString>,
}

impl Capabilities {
    pub(in super::super) fn read(spec: &Value) -> Self {
        let allowed: Vec<CompactString> = names(spec, ALLOWED.id).map(Into::into).collect();
        Self {
            allow_all: allowed.iter().any(|name| name == "*"),
            allowed,
            default_add: names(spec, DEFAULT_ADD.id).map(Into::into).collect(),
            required_drop: names(spec, REQUIRED_DROP.id).map(Into::into).collect(),
        }
    }

    pub(in super::super) fn default(&self, container: &Container<'_>, edits: &mut Vec<Edit>) {
        if self.default_add.is_empty() && self.required_drop.is_empty() {
            return;
        }
        let own = own(container).unwrap_or(&Value::Null);
        let mut add: BTreeSet<&str> = names(own, "add").collect();
        let mut drop: BTreeSet<&str> = names(own, "drop").collect();
        let before = (add.len(), drop.len());
        for name in &self.default_add {
            if !drop.contains(name.as_str()) {
                add.insert(name);
            }
        }
        drop.extend(self.required_drop.iter().map(CompactString::as_str));
        if (add.len(), drop.len()) == before {
            return;
        }
        let control = if drop.len() == before.1 {
            DEFAULT_ADD.id
        } else {
            REQUIRED_DROP.id
        };
        let mut value = Value::object();
        for (field, names) in [("add", add), ("drop", drop)] {
            if !names.is_empty() {
                value.set(field, names.into_iter().collect::<Vec<_>>());
            }
        }
        edits.push(Edit::container(control, container, FIELD, value));
    }

    pub(in super::super) fn validate(&self, container: &Container<'_>, findings: &mut Findings) {
        let Some(own) = own(container) else {
            if !self.default_add.is_empty() || !self.required_drop.is_empty() {
                findings.add(|| self.not_set(container));
            }
            return;
        };
        // Upstream skips the required drops, too.
        if self.allow_all {
            return;
        }
        for name in names(own, "add") {
            if !self.default_add.contains(name) && !self.allowed.iter().any(|other| other == name) {
                findings.add(|| self.may_not_add(container, name));
            }
        }
        for name in &self.required_drop {
            if !names(own, "drop").any(|other| other == name) {
                findings.add(|| not_dropped(container, own, name));
            }
        }
    }

    fn not_set(&self, container: &Container<'_>) -> Finding {
        let control = if self.required_drop.is_empty() {
            DEFAULT_ADD.id
        } else {
            REQUIRED_DROP.id
        };
        let detail = "required capabilities are not set on the securityContext";
        Finding {
            control,
            error: at_field(container, |path| Error::invalid(path, "null", detail)),
            fields: vec![container.own_field(FIELD)],
            policy_fields: vec![spec_field(control)],
            help: format!("drop {}", list(&self.required_drop)),
        }
    }

    fn may_not_add(&self, container: &Container<'_>, name: &str) -> Finding {
        let listed = [(
            REQUIRED_DROP.id,
            self.required_drop.iter().any(|other| other == name),
        )];
        let control = match listed {
            [(required_drop, true)] => required_drop,
            // Only defaults are listed: they are what may be added.
            _ if self.allowed.is_empty() && !self.default_add.is_empty() => DEFAULT_ADD.id,
            _ => ALLOWED.id,
        };
        let detail = "capability may not be added";
        Finding {
            control,
            error: at_field(container, |path| {
                Error::invalid(&path.child("add"), name, detail)
            }),
            fields: vec![member(container, "add", name)],
            policy_fields: vec![spec_field(control)],
            help: format!("remove `{name}` from `capabilities.add`"),
        }
    }
}

fn not_dropped(container: &Container<'_>, own: &Value, name: &str) -> Finding {
    let drops = own.get("drop").and_then(Value::as_array);
    let quoted = drops.map(|drops| drops.iter().filter_map(Value::as_str).map(quote));
    let shown = slice_syntax("core.Capability", quoted);
    let detail = format!("{name} is required to be dropped but was not found");
    Finding {
        control: REQUIRED_DROP.id,
        error: at_field(container, |path| {
            let value = drops.map(<[Value]>::to_vec);
            Error::invalid_shown(&path.child("drop"), value, shown, detail)
        }),
        fields: vec![at_field(container, |path| path.child("drop").to_owned())],
        policy_fields: vec![spec_field(REQUIRED_DROP.id)],
        help: format!("add `{name}` to `capabilities.drop`"),
    }
}

fn own<'p>(container: &Container<'p>) -> Option<&'p Value> {
    let own = container.security_context.get(FIELD)?;
    own.as_object().map(|_| own)
}

fn names<'v>(value: &'v Value, field: &str) -> impl Iterator<Item = &'v str> + use<'v> {
    value.items(field).iter().filter_map(Value::as_str)
}

fn at_field<T>(container: &Container<'_>, make: impl FnOnce(&Path<'_>) -> T) -> T {
    container.at_security_context(|path| make(&path.child(FIELD)))
}

/// The place of the member `name` of a list of capabilities.
fn member(container: &Container<'_>, field: &str, name: &str) -> tollgate_api::field::FieldPath {
    at_field(container, |path| {
        let list = path.child(field);
        let items = container.written_security_context().at(&[FIELD, field]);
        let index = items
            .and_then(Value::as_array)
            .and_then(|items| items.iter().position(|item| item.as_str() == Some(name)));
        index.map_or_else(|| list.to_owned(), |index| list.index(index).to_owned())
    })
}

fn list(names: &[CompactString]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}
