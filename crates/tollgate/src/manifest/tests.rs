//! What kubectl makes of texts, and what we do.
//!
//! The answers in `tests/yaml` were given by kubectl 1.37 (`kubectl label --local -f FILE zz=zz -o json`, without the
//! label), with what stands before its error taken away.

use super::{Source, split, yaml};
use serde_json::{Value as Json, json};
use std::sync::Arc;

const KUBECTL: &str = include_str!("../../tests/yaml/kubectl-1.37.jsonl");

fn as_json(value: &tollgate_api::Value) -> Json {
    serde_json::from_str(&tollgate_api::json::to_string(value)).unwrap()
}

/// The first document of a text, or why it is none.
fn read(text: &str) -> Result<Json, String> {
    let source = Source {
        name: "f.yaml".to_owned(),
        bytes: text.as_bytes().to_vec(),
    };
    let document = split(Arc::new(source)).next();
    let value = document.map_or(Ok(tollgate_api::Value::Null), |document| document.read());
    value
        .map(|value| as_json(&value))
        .map_err(|error| error.message)
}

#[track_caller]
fn resolves(scalars: &str, value: &Json) {
    for scalar in scalars.split(' ') {
        let read = read(&format!("f: {scalar}\n"));
        assert_eq!(read, Ok(json!({"f": value})), "{scalar}");
    }
}

#[test]
fn scalars_resolve_as_kubectls_do() {
    resolves("y Y yes Yes YES on On ON true True TRUE", &json!(true));
    resolves("n N no No NO off Off OFF false False FALSE", &json!(false));
    resolves("~ null Null NULL", &json!(null));
    resolves("tRue", &json!("tRue"));
    resolves("0777 0o777", &json!(511));
    for (scalar, number) in [
        ("0O17", 15),
        ("08", 8),
        ("0_7", 7),
        ("0x1F", 31),
        ("0b101", 5),
        ("1_000", 1000),
        ("+12", 12),
        ("-0x1F", -31),
        ("5.", 5),
        ("1e3", 1000),
        ("123e2", 12300),
    ] {
        resolves(scalar, &json!(number));
    }
    resolves(".5", &json!(0.5));
    resolves("1_000.5", &json!(1000.5));
    for text in ["1:30", "190:20:30", "2001-01-01", "1e400"] {
        resolves(text, &json!(text));
    }
    // Beyond 63 bits, integers become floats.
    resolves("18446744073709551615", &json!(18_446_744_073_709_552_000.0));
    resolves("9223372036854775808", &json!(9_223_372_036_854_776_000_u64));
    for number in [".inf", ".nan"] {
        let why = read(&format!("f: {number}\n")).unwrap_err();
        assert!(why.contains("json: unsupported value: "), "{why}");
    }
    let why = read("~: v\n").unwrap_err();
    assert!(why.contains("unsupported map key"), "{why}");
    assert_eq!(
        read("a: 1\na: 2\n").map(|read| read["a"].clone()),
        Ok(json!(2))
    );
}

#[test]
fn documents_read_as_kubectl_reads_them() {
    let mut count = 0;
    for line in KUBECTL.lines() {
        count += 1;
        let answer: Json = serde_json::from_str(line).unwrap();
        let text = answer["text"].as_str().unwrap();
        let expected = match answer.get("error") {
            Some(error) => Err(error.as_str().unwrap().to_owned()),
            None => Ok(answer["json"].clone()),
        };
        assert_eq!(read(text), expected, "{text:?}");
    }
    assert!(count > 400);
}

#[test]
fn the_fast_reader_answers_as_the_full_one_or_not_at_all() {
    let mut answered = 0;
    for line in KUBECTL.lines() {
        let answer: Json = serde_json::from_str(line).unwrap();
        let text = answer["text"].as_str().unwrap();
        let Some(fast) = yaml::read_fast(text) else {
            continue;
        };
        answered += 1;
        let full = yaml::read_bytes_fully(text.as_bytes());
        assert_eq!(full.ok(), Some(fast), "{text:?}");
    }
    assert!(answered > 100, "{answered}");
}
