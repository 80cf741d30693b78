//! JSON documents one after another, and how kubectl decides that a source holds them.

use tollgate_api::json;

/// How far kubectl looks for the `{` that makes a source JSON.
const LOOKED_AT_BYTES: usize = 4096;

/// Whether a source begins with `{`, after white space.
pub(super) fn looks_like_json(bytes: &[u8]) -> bool {
    let start = bytes.get(..LOOKED_AT_BYTES).unwrap_or(bytes);
    let text = match std::str::from_utf8(start) {
        Ok(text) => text,
        Err(error) => {
            let valid = start.get(..error.valid_up_to()).unwrap_or_default();
            std::str::from_utf8(valid).unwrap_or_default()
        }
    };
    text.trim_start().starts_with('{')
}

/// The first offset at or after `at` that holds no white space of JSON.
pub(super) fn after_space(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let is_space = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    at + rest.iter().take_while(is_space).count()
}

/// Where YAML starts when a source stops being JSON at `at`: after white space, but at most one line break of it.
pub(super) fn after_line(bytes: &[u8], at: usize) -> usize {
    let start = after_space(bytes, at);
    let passed = bytes.get(at..start).unwrap_or_default();
    memchr::memchr(b'\n', passed).map_or(start, |newline| at + newline + 1)
}

/// How many JSON documents a source has had.
#[derive(Debug, Clone, Default)]
pub(super) struct JsonStream {
    count: usize,
}

/// What comes next in a source.
#[derive(Debug)]
pub(super) enum Next {
    /// A JSON document, up to there.
    Document(usize),
    /// A fault, there, and kubectl is sure that the source is JSON.
    Broken(String, usize),
    /// No JSON from here on: perhaps YAML. What was wrong with it as JSON, and where.
    Yaml(String, usize),
}

impl JsonStream {
    /// Looks at what stands at `start`, where there is no white space.
    pub(super) fn next(&mut self, bytes: &[u8], start: usize) -> Option<Next> {
        if start >= bytes.len() {
            return None;
        }
        let error = match json::skip_value(bytes, start) {
            Ok(end) => {
                self.count += 1;
                return Some(Next::Document(end));
            }
            Err(error) => error,
        };
        let ended = error.offset >= bytes.len();
        // After two documents kubectl is sure; with fewer it tries the rest as YAML.
        if self.count > 1 {
            let message = if ended {
                "unexpected EOF".to_owned()
            } else {
                error.message
            };
            self.count = 0;
            return Some(Next::Broken(message, error.offset));
        }
        let message = if ended {
            "unexpected EOF".to_owned()
        } else {
            format!("json: offset {}: {}", error.offset + 1, error.message)
        };
        Some(Next::Yaml(message, error.offset))
    }
}
