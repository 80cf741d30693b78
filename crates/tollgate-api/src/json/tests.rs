//! The reader against `serde_json`, and what it does differently on purpose.

use super::*;
use crate::value::{Number, Object, Value};
use proptest::prelude::*;
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use std::fmt;

#[track_caller]
fn check(text: &str, printed: &str) {
    assert_eq!(to_string(&from_str(text).unwrap()), printed);
}

#[track_caller]
fn refuses(text: &str, error: &str) {
    assert_eq!(from_str(text).unwrap_err().to_string(), error);
}

#[test]
fn keeps_order_and_duplicates() {
    check(
        r#"{ "b": 1, "a": [true, null], "b": "<x>" }"#,
        "{\"b\":1,\"a\":[true,null],\"b\":\"\\u003cx\\u003e\"}",
    );
    assert_eq!(from_str(r#"{"a":1,"a":2}"#).unwrap().int("a"), Some(2));
}

#[test]
fn numbers_print_as_go_prints_them() {
    check(
        "[1.0, 1e3, 1e21, 1.5e-7, 18446744073709551615, -0.5, -0]",
        "[1,1000,1e+21,1.5e-7,18446744073709552000,-0.5,0]",
    );
}

#[test]
fn escapes_read_as_in_go() {
    check(
        r#"["\u00e9\t\/", "\ud83d\ude00", "\ud83d", "\ude00x", "\ud83d\u0041"]"#,
        "[\"é\\t/\",\"😀\",\"\u{fffd}\",\"\u{fffd}x\",\"\u{fffd}A\"]",
    );
    assert_eq!(
        from_slice(b"\"a\xff\xfeb\"").unwrap(),
        Value::from("a\u{fffd}\u{fffd}b")
    );
}

#[test]
fn errors_are_in_the_words_of_go() {
    refuses("", "unexpected end of JSON input at line 1 column 1");
    let value = "looking for beginning of value";
    refuses(
        "[1,\n ]",
        &format!("invalid character ']' {value} at line 2 column 2"),
    );
    refuses(
        "\u{e9}",
        &format!("invalid character 'Ã' {value} at line 1 column 1"),
    );
    refuses(
        "\0",
        &format!("invalid character '\\x00' {value} at line 1 column 1"),
    );
    refuses(
        "{} {}",
        "invalid character '{' after top-level value at line 1 column 4",
    );
    refuses(
        "{\"a\" 1}",
        "invalid character '1' after object key at line 1 column 6",
    );
    refuses(
        "{\"a\":1 \"",
        "invalid character '\"' after object key:value pair at line 1 column 8",
    );
    let key = "looking for beginning of object key string";
    refuses(
        "{'a'",
        &format!("invalid character '\\'' {key} at line 1 column 2"),
    );
    refuses(
        "[1 2]",
        "invalid character '2' after array element at line 1 column 4",
    );
    refuses(
        "\"\n\"",
        "invalid character '\\n' in string literal at line 1 column 2",
    );
    refuses(
        r#""\x""#,
        "invalid character 'x' in string escape code at line 1 column 3",
    );
    let escape = "in \\u hexadecimal character escape";
    refuses(
        r#""\u12g4""#,
        &format!("invalid character 'g' {escape} at line 1 column 6"),
    );
    refuses(
        "nul!",
        "invalid character '!' in literal null (expecting 'l') at line 1 column 4",
    );
    refuses(
        "-a",
        "invalid character 'a' in numeric literal at line 1 column 2",
    );
    refuses("1.", "unexpected end of JSON input at line 1 column 3");
    refuses(
        "01",
        "invalid character '1' after top-level value at line 1 column 2",
    );
    refuses(
        "[1e400]",
        "cannot unmarshal number 1e400 into Go value of type float64 at line 1 column 2",
    );
}

#[test]
fn refuses_nesting_beyond_the_limit() {
    let deep = "[".repeat(200_000);
    refuses(&deep, "exceeded max depth at line 1 column 1001");
    assert_eq!(
        skip_value(deep.as_bytes(), 0).unwrap_err().offset,
        DEPTH_MAX
    );
    let fits = format!("{}{}", "[".repeat(DEPTH_MAX), "]".repeat(DEPTH_MAX));
    from_str(&fits).unwrap();
    assert_eq!(skip_value(fits.as_bytes(), 0), Ok(fits.len()));
}

#[test]
fn skips_one_value_of_a_stream() {
    assert_eq!(skip_value(b" {\"a\":[{}, \"}\"]} {}", 0), Ok(16));
    assert_eq!(skip_value(b"[] 1 ", 2), Ok(4));
}

/// What `serde_json` makes of a text, as a tree.
fn oracle(text: &str) -> Result<Value, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.disable_recursion_limit();
    let value = Node.deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

#[derive(Clone, Copy)]
struct Node;

impl<'de> DeserializeSeed<'de> for Node {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(Number::Int(value)))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "Go reads such a number as float64, too"
    )]
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        let number = i64::try_from(value).map_or_else(|_| Number::Float(value as f64), Number::Int);
        Ok(Value::Number(number))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(Number::Float(value)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::string(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Object::new();
        while let Some((key, value)) =
            map.next_entry_seed(std::marker::PhantomData::<String>, self)?
        {
            object.push(key, value);
        }
        Ok(Value::Object(object))
    }
}

/// Texts that are nearly or truly JSON.
fn json_like() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("fals".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| format!("{number:e}")),
        "-?[0-9]{1,25}(\\.[0-9]{0,20})?([eE][+-]?[0-9]{0,3})?",
        "\"[ -~é\\\\\"\t\n]{0,40}\"",
        "\"(\\\\u[0-9a-f]{4}|\\\\[\"\\\\/bfnrtx]|[a-z]){0,12}\"",
    ];
    leaf.prop_recursive(4, 48, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5)
                .prop_map(|items| format!("[{} ]", items.join(" ,"))),
            prop::collection::vec(("[a-c]{0,30}", inner), 0..5).prop_map(|entries| {
                let entries: Vec<_> = entries
                    .iter()
                    .map(|(key, value)| format!("\n\"{key}\" : {value}"))
                    .collect();
                format!("{{{}}}", entries.join(","))
            }),
        ]
    })
}

#[track_caller]
fn agrees(text: &str) {
    let ours = from_str(text);
    let theirs = oracle(text);
    // Half a surrogate pair is an error there and U+FFFD here, as in Go.
    let surrogate = theirs.as_ref().is_err_and(|error| {
        let message = error.to_string();
        message.contains("surrogate") || message.contains("hex escape")
    });
    if !surrogate {
        assert_eq!(
            ours.is_ok(),
            theirs.is_ok(),
            "{text:?}: {ours:?} {theirs:?}"
        );
    }
    if let (Ok(ours), Ok(theirs)) = (&ours, theirs) {
        // Compared as text, too, which shows the order of keys; `-0` is an integer in Go.
        assert_eq!(ours, &theirs);
        if !text.contains("-0") {
            assert_eq!(to_string(ours), to_string(&theirs));
        }
    }
    let end = skip_value(text.as_bytes(), 0).map(|end| text.split_at(end).1.trim().is_empty());
    if ours.is_ok() {
        assert_eq!(end, Ok(true), "{text:?}");
    }
}

/// What [`fields_from_slice`] is to read, made out of all that stands there.
fn cut(value: Value, fields: Fields) -> Value {
    let of = |name: &str| match fields {
        Fields::Each(named, others) => {
            let found = named.iter().find(|(field, _)| *field == name);
            found.map_or(*others, |(_, fields)| *fields)
        }
        same => same,
    };
    match value {
        Value::Object(object) => {
            let kept = object.into_iter().filter_map(|(name, value)| {
                let fields = of(&name);
                (!matches!(fields, Fields::Nothing)).then(|| (name, cut(value, fields)))
            });
            Value::Object(Object::from(kept.collect::<Vec<_>>()))
        }
        Value::Array(items) => {
            Value::Array(items.into_iter().map(|item| cut(item, fields)).collect())
        }
        same => same,
    }
}

const SOME: Fields = Fields::Each(
    &[
        ("a", Fields::Each(&[("b", Fields::All)], &Fields::Nothing)),
        ("b", Fields::Nothing),
        ("", Fields::Nothing),
    ],
    &Fields::Each(&[("a", Fields::Nothing)], &Fields::All),
);

#[test]
fn some_fields_are_read_and_the_others_have_to_be_json() {
    let read = |text: &str| fields_from_slice(text.as_bytes(), SOME);
    let text = r#"{"b":{"x":1},"a":[{"b":1,"c":2},3],"z":{"a":[],"y":{"a":1}},"\u0062":1,"a":1}"#;
    assert_eq!(
        to_string(&read(text).unwrap()),
        r#"{"a":[{"b":1},3],"z":{"y":{"a":1}},"a":1}"#
    );
    for text in [
        r#"{"b":[1}"#,
        r#"{"b":}"#,
        r#"{"b":1 2}"#,
        r#"{"b":1,}"#,
        "[",
        r#"{"b":1}x"#,
    ] {
        assert_eq!(
            read(text).unwrap_err().to_string(),
            from_str(text).unwrap_err().to_string()
        );
    }
}

proptest! {
    #[test]
    fn some_fields_are_those_of_the_whole(text in json_like()) {
        let whole = from_str(&text).map(|whole| to_string(&cut(whole, SOME)));
        let some = fields_from_slice(text.as_bytes(), SOME).map(|some| to_string(&some));
        // A number beyond all bounds is an error only where it is read.
        if whole.is_ok() {
            prop_assert_eq!(whole, some);
        }
    }

    #[test]
    fn reads_what_serde_json_reads(text in json_like()) {
        agrees(&text);
    }

    #[test]
    fn reads_cut_and_bent_texts_as_serde_json_does(
        text in json_like(), at in any::<prop::sample::Index>(), put in "[\\[\\]{}:,\"0e. é\\\\]?"
    ) {
        let mut at = at.index(text.len() + 1);
        while !text.is_char_boundary(at) { at -= 1; }
        let (start, end) = text.split_at(at);
        agrees(start);
        agrees(&format!("{start}{put}{end}"));
    }

    #[test]
    fn never_panics_on_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = from_slice(&bytes);
    }

    #[test]
    fn what_is_written_reads_back(text in json_like()) {
        if let Ok(value) = from_str(&text) {
            prop_assert_eq!(from_str(&to_string(&value)).unwrap(), value);
        }
    }
}
