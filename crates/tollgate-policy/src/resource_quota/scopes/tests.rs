//! Edges of the selectors that no vector asks about.

use super::*;
use tollgate_api::json::from_str;

fn selector(text: &str) -> ScopeSelector {
    ScopeSelector::from_value(&from_str(text).unwrap())
}

#[track_caller]
fn check_error(text: &str, error: &str) {
    let pod = Value::object();
    assert_eq!(
        selector(text).holds_pod(&pod).unwrap_err().to_string(),
        error
    );
}

#[test]
fn values_must_be_label_values() {
    check_error(
        r#"{"scopeName":"PriorityClass","operator":"In","values":["ok","-x","y z"]}"#,
        "error on matching scope {PriorityClass In [ok -x y z]}: failed to parse and convert selector: \
         [values[1][PriorityClass]: Invalid value: \"-x\": a valid label must be an empty string or consist of \
         alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. \
         'MyValue',  or 'my_value',  or '12345', regex used for validation is \
         '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?'), values[2][PriorityClass]: Invalid value: \"y z\": a valid \
         label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end \
         with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is \
         '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')]",
    );
}

#[test]
fn an_empty_list_of_values_is_shown_as_such() {
    check_error(
        r#"{"scopeName":"PriorityClass","operator":"NotIn","values":[]}"#,
        "error on matching scope {PriorityClass NotIn []}: failed to parse and convert selector: values: Invalid \
         value: []: for 'in', 'notin' operators, values set can't be empty",
    );
}

#[test]
fn a_broken_selector_on_another_scope_is_never_looked_at() {
    let broken = selector(r#"{"scopeName":"Terminating","operator":"Sometimes"}"#);
    assert_eq!(broken.holds_pod(&Value::object()), Ok(false));
    let other = selector(r#"{"scopeName":"PriorityClass","operator":"In"}"#);
    assert_eq!(other.holds_claim(&Value::object()), Ok(false));
}

#[test]
fn selectors_print_and_write_as_they_were_read() {
    let text = r#"{"scopeName":"PriorityClass","operator":"In","values":["a","b"]}"#;
    let selector = selector(text);
    assert_eq!(selector.to_string(), "{PriorityClass In [a b]}");
    assert_eq!(selector.to_value(), from_str(text).unwrap());
}
