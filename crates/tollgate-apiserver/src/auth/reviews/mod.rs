//! Reviews: questions about users and their rights, asked as objects and answered in their status. Nothing is stored.
//!
//! Each function takes the review as decoded and gives it back with its answer, or the refusal of a review that makes no
//! sense. Who may ask at all is decided before, as for any other request.

mod access;
mod identity;
mod rules;
mod selector;
mod validation;

pub use access::{local_subject_access, self_subject_access, subject_access};
pub use identity::{self_subject, token};
pub use rules::self_subject_rules;

use compact_str::CompactString;
use tollgate_api::{Object, UserInfo, Value};

/// A user as reviews show it; what is empty is left out.
fn user_info(user: &UserInfo) -> Value {
    let mut info = Object::new();
    for (key, text) in [("username", &user.name), ("uid", &user.uid)] {
        if !text.is_empty() {
            info.insert(key, text.clone());
        }
    }
    if !user.groups.is_empty() {
        info.insert("groups", texts(&user.groups));
    }
    if !user.extra.is_empty() {
        let extra = user.extra.iter();
        let extra: Object = extra
            .map(|(key, values)| (key.clone(), texts(values)))
            .collect();
        info.insert("extra", extra);
    }
    Value::from(info)
}

fn texts(texts: &[CompactString]) -> Value {
    Value::Array(texts.iter().cloned().map(Value::string).collect())
}

fn read_texts(value: &Value, key: &str) -> Vec<CompactString> {
    let texts = value.items(key).iter().filter_map(Value::as_str);
    texts.map(CompactString::from).collect()
}

/// The review with its type and, at its end, its answer.
fn answered(
    review: &Value,
    api_version: &'static str,
    kind: &'static str,
    status: Object,
) -> Value {
    let mut answer = Object::new();
    answer.insert("kind", kind);
    answer.insert("apiVersion", api_version);
    let metadata = review.get("metadata").cloned();
    answer.insert("metadata", metadata.unwrap_or_else(Value::object));
    if let Some(spec) = review.get("spec") {
        answer.insert("spec", spec.clone());
    }
    answer.insert("status", status);
    Value::from(answer)
}

#[cfg(test)]
mod tests;
