//! Continue tokens: where the next page of a list begins, in upstream's form.

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD, URL_SAFE_NO_PAD};
use tollgate_api::go_format::json_kind;
use tollgate_api::{Value, json};

/// Reads as Go does, which does not look at bits that no byte needs.
const LENIENT: GeneralPurpose =
    GeneralPurpose::new(&URL_SAFE, NO_PAD.with_decode_allow_trailing_bits(true));
const VERSION: &str = "meta.k8s.io/v1";

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ContinueToken {
    /// The state that is listed; [`Self::NEWEST`] for whatever is the newest.
    pub(super) revision: i64,
    /// The key, relative to the collection, from which on.
    pub(super) start: String,
}

impl ContinueToken {
    /// In place of a revision that is forgotten.
    pub(super) const NEWEST: i64 = -1;

    /// The text for the client.
    pub(super) fn encode(&self) -> String {
        let token: Value = [
            ("v", Value::from(VERSION)),
            ("rv", Value::from(self.revision)),
            ("start", Value::from(self.start.as_str())),
        ]
        .into_iter()
        .collect();
        URL_SAFE_NO_PAD.encode(token.to_string())
    }

    /// Reads what a client sends; the error is in upstream's words.
    pub(super) fn decode(text: &str) -> Result<Self, String> {
        let bytes = LENIENT.decode(text).map_err(|error| {
            format!("continue key is not valid: {}", base64_fault(text, &error))
        })?;
        let token = json::from_slice(&bytes).map_err(|error| {
            let why = strange_start(&bytes).unwrap_or(error.message);
            format!("continue key is not valid: {why}")
        })?;
        if !matches!(token, Value::Object(_) | Value::Null) {
            let found = json_kind(&token);
            return Err(format!(
                "continue key is not valid: json: cannot unmarshal {found} into Go value of type storage.continueToken"
            ));
        }
        if token.str("v") != Some(VERSION) {
            let version = token.str_or_empty("v");
            return Err(format!(
                "continue key is not valid: server does not recognize this encoded version {version}"
            ));
        }
        let revision = token.int("rv").unwrap_or_default();
        if revision == 0 {
            return Err(
                "continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)"
                    .to_owned(),
            );
        }
        let start = token.str_or_empty("start");
        if start.is_empty() {
            return Err(
                "continue key is not valid: encoded start key empty (version meta.k8s.io/v1)"
                    .to_owned(),
            );
        }
        // A key that leads out of the collection is refused, as upstream refuses it.
        let inner = start.strip_prefix('/').unwrap_or(start);
        if inner.split('/').any(|part| part == "..") {
            return Err(format!("continue key is not valid: {start}"));
        }
        Ok(Self {
            revision,
            start: inner.to_owned(),
        })
    }
}

/// What Go's reader says of a text that begins with a byte that is no character.
fn strange_start(bytes: &[u8]) -> Option<String> {
    let first = bytes.first().filter(|byte| !byte.is_ascii())?;
    let quoted = tollgate_api::go_format::quote(char::from(*first).encode_utf8(&mut [0; 4]));
    let inner = quoted.trim_matches('"');
    Some(format!(
        "invalid character '{inner}' looking for beginning of value"
    ))
}

/// Go names the place of the first byte that is no base64.
fn base64_fault(text: &str, error: &base64::DecodeError) -> String {
    let place = match error {
        base64::DecodeError::InvalidByte(place, _)
        | base64::DecodeError::InvalidLastSymbol(place, _) => *place,
        // A last group of one letter makes no byte: it is bad from its start.
        base64::DecodeError::InvalidLength(_) | base64::DecodeError::InvalidPadding => {
            text.len() / 4 * 4
        }
    };
    format!("illegal base64 data at input byte {place}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn faults_read_as_upstream_says_them() {
        assert_eq!(
            ContinueToken::decode("abc").unwrap_err(),
            "continue key is not valid: invalid character 'i' looking for beginning of value"
        );
        assert_eq!(
            ContinueToken::decode("garbage").unwrap_err(),
            "continue key is not valid: invalid character '\\u0081' looking for beginning of value"
        );
        for (text, why) in [
            ("x", "illegal base64 data at input byte 0"),
            ("e30", "server does not recognize this encoded version "),
            (
                "W10",
                "json: cannot unmarshal array into Go value of type storage.continueToken",
            ),
        ] {
            assert_eq!(
                ContinueToken::decode(text).unwrap_err(),
                format!("continue key is not valid: {why}")
            );
        }
        let known =
            ContinueToken::decode("eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiJhIn0");
        assert_eq!(known.unwrap().revision, 1);
    }

    proptest! {
        #[test]
        fn tokens_read_back(revision in 1_i64.., start in "[a-z]{1,9}(/[a-z.-]{1,9})?") {
            let token = ContinueToken { revision, start };
            // Dots may make a name that no key has.
            if let Ok(read) = ContinueToken::decode(&token.encode()) {
                prop_assert_eq!(read, token);
            }
        }

        #[test]
        fn no_token_makes_a_panic(text in "\\PC*", other in "[A-Za-z0-9_-]{0,60}") {
            let _ = ContinueToken::decode(&text);
            let _ = ContinueToken::decode(&other);
        }
    }
}
