//! Where documents begin and end.

use super::{Source, split};
use crate::manifest::Form;
use std::sync::Arc;

/// First line, text and form of each document.
fn documents(text: &str) -> Vec<(usize, String, Form)> {
    let source = Source {
        name: "f".to_owned(),
        bytes: text.as_bytes().to_vec(),
    };
    split(Arc::new(source))
        .map(|document| {
            (
                document.first_line(),
                document.text().into_owned(),
                document.form(),
            )
        })
        .collect()
}

#[track_caller]
fn is_cut(text: &str, expected: &[(usize, &str)]) {
    let cut: Vec<_> = documents(text)
        .into_iter()
        .map(|(line, text, _)| (line, text))
        .collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|(line, text)| (*line, (*text).to_owned()))
        .collect();
    assert_eq!(cut, expected, "{text:?}");
}

#[test]
fn lines_that_begin_with_three_dashes_separate_documents() {
    is_cut("", &[]);
    is_cut("a: 1\n", &[(1, "a: 1\n")]);
    is_cut("a: 1\n---\nb: 2\n", &[(1, "a: 1\n"), (3, "b: 2\n")]);
    is_cut("a: 1\n--- # next\nb: 2\n", &[(1, "a: 1\n"), (3, "b: 2\n")]);
    is_cut("a: 1\r\n---\r\nb: 2", &[(1, "a: 1\r\n"), (3, "b: 2")]);
    is_cut("a: 1\n---", &[(1, "a: 1\n")]);
    is_cut("a: |\n ---\n", &[(1, "a: |\n ---\n")]);
}

#[test]
fn a_source_that_begins_with_a_brace_is_a_stream_of_json() {
    let cut = documents("{\"a\": 1}\n\n{\"b\":\n 2}\n");
    assert_eq!(
        cut,
        [
            (1, "{\"a\": 1}".to_owned(), Form::Json),
            (3, "{\"b\":\n 2}".to_owned(), Form::Json)
        ]
    );
    let flow = documents("{a: 1}\n---\nb: 2\n");
    assert_eq!(flow.len(), 2);
    assert!(flow.iter().all(|(_, _, form)| *form == Form::Yaml));
}

#[test]
fn a_separator_with_text_is_broken_and_the_rest_is_not() {
    let source = Source {
        name: "f".to_owned(),
        bytes: b"a: 1\n---text\nb: 2\n---\nc: 3\n".to_vec(),
    };
    let read: Vec<_> = split(Arc::new(source))
        .map(|document| document.read().map_err(|error| error.message))
        .collect();
    assert_eq!(read.len(), 3);
    assert!(read[0].is_ok() && read[2].is_ok());
    assert_eq!(
        read[1],
        Err("invalid Yaml document separator: text".to_owned())
    );
}
