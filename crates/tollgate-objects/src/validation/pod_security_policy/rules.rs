//! The rules about users, groups and SELinux, and their ranges.

use tollgate_api::Value;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::go_format::slice_syntax;

const MAY: &str = "MayRunAs";
const MUST: &str = "MustRunAs";
const ANY: &str = "RunAsAny";

/// `runAsUser`
pub(super) fn run_as_user(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let rule = spec.get("runAsUser").unwrap_or(&Value::Null);
    let path = path.child("runAsUser");
    rule_in(rule, &[MUST, "MustRunAsNonRoot", ANY], &path, errors);
    ranges(rule, &path, errors);
}

/// `runAsGroup`, which alone may be absent and alone needs ranges.
pub(super) fn run_as_group(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let Some(rule) = spec
        .get("runAsGroup")
        .filter(|rule| rule.as_object().is_some())
    else {
        return;
    };
    let path = path.child("runAsGroup");
    let listed = rule.get("ranges").and_then(Value::as_array);
    let count = listed.map_or(0, <[Value]>::len);
    let invalid = |detail| {
        let shown = slice_syntax(
            "policy.IDRange",
            listed.map(|list| list.iter().map(print_range)),
        );
        let value = listed.map(<[Value]>::to_vec);
        Error::invalid_shown(&path.child("ranges"), value, shown, detail)
    };
    match rule.str_or_empty("rule") {
        ANY => {
            if count > 0 {
                errors.push(invalid("Ranges must be empty"));
            }
        }
        MUST | MAY => {
            if count == 0 {
                errors.push(invalid("must provide at least one range"));
            }
            ranges(rule, &path, errors);
        }
        _ => rule_in(rule, &[MUST, ANY, MAY], &path, errors),
    }
}

/// `seLinux`
pub(super) fn se_linux(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let rule = spec.get("seLinux").unwrap_or(&Value::Null);
    rule_in(rule, &[MUST, ANY], &path.child("seLinux"), errors);
}

/// `supplementalGroups` or `fsGroup`
pub(super) fn groups(spec: &Value, field: &str, path: &Path<'_>, errors: &mut Errors) {
    let rule = spec.get(field).unwrap_or(&Value::Null);
    let path = path.child(field);
    rule_in(rule, &[MAY, MUST, ANY], &path, errors);
    ranges(rule, &path, errors);
}

fn rule_in(rule: &Value, supported: &[&str], path: &Path<'_>, errors: &mut Errors) {
    let name = rule.str_or_empty("rule");
    if !supported.contains(&name) {
        errors.push(Error::not_supported(&path.child("rule"), name, supported));
    }
}

fn ranges(rule: &Value, path: &Path<'_>, errors: &mut Errors) {
    let path = path.child("ranges");
    for (index, range) in rule.items("ranges").iter().enumerate() {
        let path = path.index(index);
        let (min, max) = ends(range);
        let mut invalid =
            |end, value: i64, detail| errors.push(Error::invalid(&path.child(end), value, detail));
        if min < 0 {
            invalid("min", min, "min cannot be negative");
        }
        if max < 0 {
            invalid("max", max, "max cannot be negative");
        }
        if min > max {
            invalid("min", min, "min cannot be greater than max");
        }
    }
}

fn ends(range: &Value) -> (i64, i64) {
    let end = |key| range.int(key).unwrap_or_default();
    (end("min"), end("max"))
}

fn print_range(range: &Value) -> String {
    let (min, max) = ends(range);
    format!("policy.IDRange{{Min:{min}, Max:{max}}}")
}
