//! The Tables that real servers answered.

use super::*;
use crate::table::write::{head, tail};
use flate2::read::GzDecoder;
use std::io::Read as _;
use tollgate_api::{GroupVersionKind, json};
use tollgate_objects::encode::{self, ListMeta};

const NOW: i64 = 1_795_000_000;

/// What the custom resource of the facts shows.
const WIDGET: &str = r#"{"additionalPrinterColumns":[{"name":"Size","type":"integer","jsonPath":".spec.size"},
    {"name":"Ok","type":"boolean","jsonPath":".spec.ok","priority":1},{"name":"When","type":"date","jsonPath":".spec.when"},
    {"name":"Names","type":"string","jsonPath":".spec.list[*].name"},{"name":"Num","type":"number","jsonPath":".spec.num"},
    {"name":"Map","type":"string","jsonPath":".spec.map"}]}"#;

fn unpacked(data: &[u8]) -> String {
    let mut text = String::new();
    GzDecoder::new(data).read_to_string(&mut text).unwrap();
    text
}

fn tables() -> Value {
    json::from_str(&unpacked(include_bytes!("../../data/tables-1.36.json.gz"))).unwrap()
}

fn psp_tables() -> Value {
    json::from_str(&unpacked(include_bytes!(
        "../../data/psp-tables-1.24.json.gz"
    )))
    .unwrap()
}

/// `apps/v1 deployments` in three.
fn resource_of(text: &str) -> (&str, &str, &str) {
    let (version, resource) = text.split_once(' ').unwrap();
    let (group, version) = version.split_once('/').unwrap_or(("", version));
    (group, version, resource)
}

/// `@-50h` is a time that many hours before now.
fn with_times(value: &mut Value) {
    match value {
        Value::String(text) if text.starts_with("@-") => {
            let span = text.trim_start_matches("@-");
            let (span, micros) = span.split_once('.').unwrap_or((span, ""));
            let (number, unit) = span.split_at(span.len() - 1);
            let scale = match unit {
                "h" => 3_600,
                "m" => 60,
                _ => 1,
            };
            let seconds = NOW - number.parse::<i64>().unwrap() * scale;
            let time = Timestamp::from_unix_seconds(seconds).to_string();
            *value = match micros {
                "" => time.into(),
                micros => format!("{}.{micros}Z", time.trim_end_matches('Z')).into(),
            };
        }
        Value::String(text) if text == "<time>" => {
            *value = Timestamp::from_unix_seconds(NOW - 9).to_string().into();
        }
        Value::Array(items) => items.iter_mut().for_each(with_times),
        Value::Object(object) => object.iter_mut().for_each(|(_, member)| with_times(member)),
        _ => {}
    }
}

fn definitions(columns: &[Column]) -> Value {
    let of = |column: &Column| {
        let mut definition = Value::object();
        definition.set("name", column.name.as_ref());
        definition.set("type", column.kind.as_ref());
        definition.set("format", column.format.as_ref());
        definition.set("priority", column.priority);
        definition
    };
    Value::Array(columns.iter().map(of).collect())
}

#[test]
fn columns_are_those_of_a_real_server() {
    let (tables, old) = (tables(), psp_tables());
    let mut count = 0;
    for (name, expected) in tables.entries("resources").chain(old.entries("resources")) {
        let (group, version, resource) = resource_of(name);
        if group == "t.example" {
            continue;
        }
        assert_eq!(
            &definitions(columns(group, version, resource)),
            expected,
            "{name}"
        );
        count += 1;
    }
    assert_eq!(count, 64);
    let widgets = tables.at(&["resources", "t.example/v1 widgets"]).unwrap();
    let custom = CustomColumns::new(&json::from_str(WIDGET).unwrap());
    assert_eq!(&definitions(custom.columns()), widgets);
}

fn row_of(case: &Value) -> Row {
    let (group, version, resource) = resource_of(case.str("resource").unwrap());
    let mut object = case.get("object").unwrap().clone();
    with_times(&mut object);
    let now = Timestamp::from_unix(NOW, 400_000_000);
    match (group, resource) {
        ("t.example", "widgets") => {
            CustomColumns::new(&json::from_str(WIDGET).unwrap()).row(&object, now)
        }
        ("t.example", _) => CustomColumns::new(&Value::object()).row(&object, now),
        _ => row(group, version, resource, &object, now),
    }
}

fn check(case: &Value) {
    let name = case.str("case").unwrap();
    let row = row_of(case);
    let expected: Vec<&Value> = case.entries("cells").map(|(_, cell)| cell).collect();
    let cells: Vec<Value> = row
        .cells
        .iter()
        .zip(&expected)
        .map(|(cell, expected)| match expected.as_str() {
            Some("<age>") if cell.as_str() == Some("9s") => "<age>".into(),
            Some("<time>") if cell.as_str().and_then(Timestamp::parse).is_some() => "<time>".into(),
            _ => cell.clone(),
        })
        .collect();
    assert_eq!(cells.iter().collect::<Vec<_>>(), expected, "{name}");
    // Upstream has a cell for the age of an address and no column for it.
    let surplus = usize::from(case.str_or_empty("resource").ends_with(" ipaddresses"));
    assert_eq!(row.cells.len(), expected.len() + surplus, "{name}");
    let conditions: Vec<(&str, &str)> = row
        .conditions
        .iter()
        .map(|condition| (condition.reason, condition.message))
        .collect();
    let expected = case.items("rowConditions").iter();
    let expected: Vec<_> = expected
        .map(|condition| {
            (
                condition.str_or_empty("reason"),
                condition.str_or_empty("message"),
            )
        })
        .collect();
    assert_eq!(conditions, expected, "{name}");
}

#[test]
fn rows_are_those_of_a_real_server() {
    let text = unpacked(include_bytes!("../../data/table-rows-1.36.jsonl.gz"));
    assert_eq!(
        text.lines()
            .map(|line| check(&json::from_str(line).unwrap()))
            .count(),
        224
    );
}

#[test]
fn rows_of_pod_security_policies_are_those_of_the_last_server_that_had_them() {
    let tables = psp_tables();
    assert!(!tables.items("rows").is_empty());
    tables.items("rows").iter().for_each(check);
}

#[test]
fn a_table_is_written_in_the_order_of_upstream() {
    let object = json::from_str(
        r#"{"kind":"Pod","apiVersion":"v1","metadata":{"name":"p","labels":{"b":"","a":""}},"status":{"phase":"Failed"}}"#,
    )
    .unwrap();
    let now = Timestamp::from_unix_seconds(NOW);
    let made = Row {
        cells: vec!["p".into(), 1.into(), Value::Null, true.into()],
        ..row("", "v1", "pods", &object, now)
    };
    let columns = &columns("", "v1", "namespaces")[1..2];
    let meta = ListMeta {
        resource_version: "7",
        continue_token: "c",
        remaining_item_count: None,
    };
    let mut text = Vec::new();
    encode::json(&GroupVersionKind::new("v1", "Pod"), &object, &mut text);
    let table = |columns, include| {
        let mut out = Vec::new();
        head("v1", &meta, columns, &mut out);
        write::row("v1", &made, include, &object, &text, &mut out);
        tail(&mut out);
        String::from_utf8(out).unwrap()
    };
    assert_eq!(
        table(Some(columns), IncludeObject::None),
        r#"{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{"resourceVersion":"7","continue":"c"},"columnDefinitions":[{"name":"Status","type":"string","format":"","description":"The status of the namespace","priority":0}],"rows":[{"cells":["p",1,null,true],"conditions":[{"type":"Completed","status":"True","reason":"Failed","message":"The pod failed."}],"object":null}]}"#
    );
    assert!(table(None, IncludeObject::Metadata).ends_with(
        r#""object":{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"name":"p","labels":{"a":"","b":""}}}}]}"#
    ));
    assert!(table(None, IncludeObject::Object).contains(r#""columnDefinitions":null,"#));
    assert!(
        table(None, IncludeObject::Object).contains(r#""object":{"kind":"Pod","apiVersion":"v1","#)
    );
}

#[test]
fn what_stands_beside_a_row_is_asked_for_in_upstreams_words() {
    let tables = tables();
    let refusal = tables
        .at(&["rowObject", "Bogus", "message"])
        .and_then(Value::as_str)
        .unwrap();
    assert_eq!(IncludeObject::parse("Bogus"), Err(refusal.to_owned()));
    assert_eq!(IncludeObject::parse(""), Ok(IncludeObject::Metadata));
    assert_eq!(IncludeObject::parse("None"), Ok(IncludeObject::None));
    assert_eq!(IncludeObject::parse("Object"), Ok(IncludeObject::Object));
}
