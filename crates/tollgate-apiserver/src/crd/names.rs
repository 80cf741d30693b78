//! Which names a definition gets: those that nobody else in its group has.

use std::collections::BTreeSet;
use tollgate_api::Value;

/// The names that other definitions of a group have been given.
#[derive(Debug, Default, Clone)]
pub(super) struct Taken {
    resources: BTreeSet<String>,
    kinds: BTreeSet<String>,
}

impl Taken {
    /// Adds the accepted names of a definition.
    pub(super) fn add(&mut self, definition: &Value) {
        let Some(names) = definition.at(&["status", "acceptedNames"]) else {
            return;
        };
        let short = names.items("shortNames").iter().filter_map(Value::as_str);
        let resources = [names.str_or_empty("plural"), names.str_or_empty("singular")];
        let resources = resources.into_iter().chain(short);
        self.resources
            .extend(resources.filter(|name| !name.is_empty()).map(str::to_owned));
        let kinds = [names.str_or_empty("kind"), names.str_or_empty("listKind")];
        self.kinds.extend(
            kinds
                .into_iter()
                .filter(|name| !name.is_empty())
                .map(str::to_owned),
        );
    }
}

/// A name that is asked for is had already, or free.
fn check(wanted: &str, had: &str, taken: &BTreeSet<String>) -> Result<(), String> {
    if wanted == had || !taken.contains(wanted) {
        return Ok(());
    }
    Err(format!(
        "{} is already in use",
        tollgate_api::go_format::quote(wanted)
    ))
}

/// What names and conditions the status of a definition is to have; none if it has them. `time` is now.
pub(super) fn settle(definition: &Value, taken: &Taken, time: &str) -> Option<Value> {
    let none = Value::Null;
    let wanted = definition.at(&["spec", "names"]).unwrap_or(&none);
    let old_status = definition
        .get("status")
        .cloned()
        .unwrap_or_else(Value::object);
    let mut names = old_status
        .get("acceptedNames")
        .cloned()
        .unwrap_or_else(Value::object);
    let mut refusal: Option<(&str, String)> = None;
    for (key, reason) in [
        ("plural", "PluralConflict"),
        ("singular", "SingularConflict"),
    ] {
        accept(
            wanted,
            &mut names,
            key,
            reason,
            &taken.resources,
            &mut refusal,
        );
    }
    accept_short_names(wanted, &mut names, &taken.resources, &mut refusal);
    for (key, reason) in [("kind", "KindConflict"), ("listKind", "ListKindConflict")] {
        accept(wanted, &mut names, key, reason, &taken.kinds, &mut refusal);
    }
    match wanted.get("categories") {
        Some(categories) => names.set("categories", categories.clone()),
        None => {
            names.remove("categories");
        }
    }
    let accepted = refusal.is_none();
    let mut status = old_status.clone();
    status.set("acceptedNames", names);
    let (reason, message) =
        refusal.unwrap_or_else(|| ("NoConflicts", "no conflicts found".to_owned()));
    set_condition(
        &mut status,
        "NamesAccepted",
        accepted,
        reason,
        &message,
        time,
    );
    establish(&mut status, accepted, time);
    (status != old_status).then_some(status)
}

/// Once its names have been accepted a definition is established, and stays so.
fn establish(status: &mut Value, accepted: bool, time: &str) {
    let established = condition(status, "Established").cloned();
    let is_established = established
        .as_ref()
        .is_some_and(|found| found.str("status") == Some("True"));
    if !is_established && accepted {
        let message = "the initial names have been accepted";
        set_condition(
            status,
            "Established",
            true,
            "InitialNamesAccepted",
            message,
            time,
        );
    } else if established.is_none() {
        let message = "not all names are accepted";
        set_condition(status, "Established", false, "NotAccepted", message, time);
    }
}

fn accept(
    wanted: &Value,
    names: &mut Value,
    key: &'static str,
    reason: &'static str,
    taken: &BTreeSet<String>,
    refusal: &mut Option<(&'static str, String)>,
) {
    let name = wanted.str_or_empty(key);
    match check(name, names.str_or_empty(key), taken) {
        Ok(()) => names.set(key, name),
        // The last one is told.
        Err(message) => *refusal = Some((reason, message)),
    }
}

fn accept_short_names(
    wanted: &Value,
    names: &mut Value,
    taken: &BTreeSet<String>,
    refusal: &mut Option<(&'static str, String)>,
) {
    let (new, old) = (wanted.items("shortNames"), names.items("shortNames"));
    let fresh = new
        .iter()
        .filter(|name| !old.contains(name))
        .filter_map(Value::as_str);
    let faults: Vec<String> = fresh
        .filter_map(|name| check(name, "", taken).err())
        .collect();
    match faults.as_slice() {
        [] if new.is_empty() => {
            names.remove("shortNames");
        }
        [] => names.set("shortNames", Value::Array(new.to_vec())),
        [one] => *refusal = Some(("ShortNamesConflict", one.clone())),
        more => *refusal = Some(("ShortNamesConflict", format!("[{}]", more.join(", ")))),
    }
}

/// The condition of a type.
pub(super) fn condition<'v>(status: &'v Value, name: &str) -> Option<&'v Value> {
    let mut conditions = status.items("conditions").iter();
    conditions.find(|condition| condition.str("type") == Some(name))
}

/// Puts a condition; its time changes only with its status.
pub(super) fn set_condition(
    status: &mut Value,
    name: &'static str,
    is_true: bool,
    reason: &str,
    message: &str,
    time: &str,
) {
    let state = if is_true { "True" } else { "False" };
    let old = condition(status, name);
    let same = old.filter(|old| old.str("status") == Some(state));
    let since = same
        .map_or(time, |old| old.str_or_empty("lastTransitionTime"))
        .to_owned();
    let new: Value = [
        ("type", Value::from(name)),
        ("status", state.into()),
        ("lastTransitionTime", since.into()),
        ("reason", reason.into()),
        ("message", message.into()),
    ]
    .into_iter()
    .collect();
    let mut conditions = status.items("conditions").to_vec();
    match conditions
        .iter_mut()
        .find(|condition| condition.str("type") == Some(name))
    {
        Some(place) => *place = new,
        None => conditions.push(new),
    }
    status.set("conditions", Value::Array(conditions));
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json::from_str;

    #[test]
    fn a_kind_that_is_taken_is_not_accepted() {
        let mut taken = Taken::default();
        taken.add(
            &from_str(
                r#"{"status":{"acceptedNames":{"plural":"ships","singular":"ship","kind":"Ship","listKind":"Fleet"}}}"#,
            )
            .unwrap(),
        );
        let other = from_str(
            r#"{"spec":{"names":{"plural":"ships2","singular":"ship","kind":"Ship","listKind":"ShipList"}}}"#,
        )
        .unwrap();
        let status = settle(&other, &taken, "t").unwrap();
        assert_eq!(
            status.get("acceptedNames").unwrap(),
            &from_str(r#"{"plural":"ships2","listKind":"ShipList"}"#).unwrap()
        );
        let names = condition(&status, "NamesAccepted").unwrap();
        assert_eq!(names.str("reason"), Some("KindConflict"));
        assert_eq!(names.str("message"), Some("\"Ship\" is already in use"));
        assert_eq!(
            condition(&status, "Established").unwrap().str("status"),
            Some("False")
        );
        let mut free = other.clone();
        free.set("status", status);
        let status = settle(&free, &Taken::default(), "u").unwrap();
        let established = condition(&status, "Established").unwrap();
        assert_eq!(established.str("reason"), Some("InitialNamesAccepted"));
        free.set("status", status);
        assert_eq!(settle(&free, &Taken::default(), "v"), None);
    }
}
