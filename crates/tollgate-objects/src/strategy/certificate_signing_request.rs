//! The strategy of CertificateSigningRequests: what was asked for is not asked again, and the server knows who asked.

use tollgate_api::{Release, UserInfo, Value};

/// The types of conditions by which a request is decided.
const DECISIONS: [&str; 2] = ["Approved", "Denied"];

/// Writes down who asks. What a request says of its author itself would let anybody be anybody.
pub(super) fn note_author(object: &mut Value, author: &UserInfo) {
    let texts = |texts: &[_]| Value::Array(texts.iter().cloned().map(Value::string).collect());
    let spec = object.child_mut("spec");
    for field in ["username", "uid", "groups", "extra"] {
        spec.remove(field);
    }
    for (field, text) in [("username", &author.name), ("uid", &author.uid)] {
        if !text.is_empty() {
            spec.set(field, text.clone());
        }
    }
    if !author.groups.is_empty() {
        spec.set("groups", texts(&author.groups));
    }
    if !author.extra.is_empty() {
        let extra = author.extra.iter();
        let extra = extra.map(|(key, values)| (key.clone(), texts(values)));
        spec.set("extra", extra.collect::<Value>());
    }
}

/// Prepares what a request becomes through `approval`, which changes its conditions alone, or through `status`, which
/// leaves what was decided as it is. Conditions without times get `now`.
pub(super) fn prepare_conditions(subresource: &str, new: &mut Value, old: &Value, now: &str) {
    let of = |object: &Value| {
        let status = object.get("status");
        status.map_or_else(Vec::new, |status| status.items("conditions").to_vec())
    };
    let before = of(old);
    let mut conditions = of(new);
    if subresource == "status" {
        for decision in DECISIONS {
            keep_decision(&mut conditions, &before, decision);
        }
    }
    for condition in &mut conditions {
        fill_times(condition, &before, now);
    }
    if subresource == "approval" {
        prepare_for_update(new, old, Release::default());
    } else {
        keep(new, old, "spec");
    }
    if !conditions.is_empty() || new.at(&["status", "conditions"]).is_some() {
        new.child_mut("status")
            .set("conditions", Value::Array(conditions));
    }
}

/// Puts conditions of a type back; where there are more or fewer of them than before, validation says so.
fn keep_decision(conditions: &mut [Value], before: &[Value], sort: &str) {
    let is_one = |condition: &&Value| condition.str("type") == Some(sort);
    let old: Vec<&Value> = before.iter().filter(is_one).collect();
    if conditions.iter().filter(is_one).count() != old.len() {
        return;
    }
    let places = conditions
        .iter_mut()
        .filter(|condition| condition.str("type") == Some(sort));
    for (place, old) in places.zip(old) {
        *place = old.clone();
    }
}

fn fill_times(condition: &mut Value, before: &[Value], now: &str) {
    if condition.str_or_empty("lastUpdateTime").is_empty() {
        condition.set("lastUpdateTime", now);
    }
    if !condition.str_or_empty("lastTransitionTime").is_empty() {
        return;
    }
    let same = |old: &&Value| {
        ["type", "status"]
            .iter()
            .all(|key| old.str(key) == condition.str(key))
    };
    let since = before
        .iter()
        .filter(same)
        .find_map(|old| old.str("lastTransitionTime"));
    let since = since.unwrap_or(now).to_owned();
    condition.set("lastTransitionTime", since);
}

fn keep(new: &mut Value, old: &Value, field: &'static str) {
    match old.get(field) {
        Some(value) => new.set(field, value.clone()),
        None => {
            new.remove(field);
        }
    }
}

/// Prepares what a request becomes by an update: its spec and its status stay.
pub(super) fn prepare_for_update(new: &mut Value, old: &Value, _release: Release) {
    keep(new, old, "spec");
    keep(new, old, "status");
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    #[track_caller]
    fn check(subresource: &str, new: &str, old: &str, expected: &str) {
        let mut new = from_str(new).unwrap();
        prepare_conditions(subresource, &mut new, &from_str(old).unwrap(), "NOW");
        assert_eq!(new, from_str(expected).unwrap());
    }

    #[test]
    fn the_author_is_who_asks_and_not_who_is_named() {
        let forged = r#"{"spec":{"username":"admin","uid":"1","groups":["system:masters"],"extra":{"a":["b"]},"request":"r"}}"#;
        let mut object = from_str(forged).unwrap();
        note_author(&mut object, &UserInfo::default());
        assert_eq!(object, from_str(r#"{"spec":{"request":"r"}}"#).unwrap());
        let author = UserInfo {
            name: "jane".into(),
            uid: "u".into(),
            groups: vec!["dev".into()],
            extra: [("k".into(), vec!["v".into()])].into(),
        };
        note_author(&mut object, &author);
        let noted = r#"{"spec":{"request":"r","username":"jane","uid":"u","groups":["dev"],"extra":{"k":["v"]}}}"#;
        assert_eq!(object, from_str(noted).unwrap());
    }

    #[test]
    fn an_approval_changes_conditions_alone() {
        check(
            "approval",
            r#"{"metadata":{"name":"a"},"spec":{"x":2},"status":{"certificate":"new","conditions":[
                {"type":"Approved","status":"True"},{"type":"Other","status":"True"}]}}"#,
            r#"{"spec":{"x":1},"status":{"certificate":"old","conditions":[
                {"type":"Other","status":"True","lastTransitionTime":"THEN"}]}}"#,
            r#"{"metadata":{"name":"a"},"spec":{"x":1},"status":{"certificate":"old","conditions":[
                {"type":"Approved","status":"True","lastUpdateTime":"NOW","lastTransitionTime":"NOW"},
                {"type":"Other","status":"True","lastUpdateTime":"NOW","lastTransitionTime":"THEN"}]}}"#,
        );
        check("approval", "{}", "{}", "{}");
    }

    #[test]
    fn a_status_leaves_what_was_decided() {
        check(
            "status",
            r#"{"status":{"certificate":"c","conditions":[{"type":"Approved","status":"True","reason":"new"}]}}"#,
            r#"{"status":{"conditions":[{"type":"Approved","status":"True","reason":"old",
                "lastUpdateTime":"THEN","lastTransitionTime":"THEN"}]}}"#,
            r#"{"status":{"certificate":"c","conditions":[{"type":"Approved","status":"True","reason":"old",
                "lastUpdateTime":"THEN","lastTransitionTime":"THEN"}]}}"#,
        );
    }
}
