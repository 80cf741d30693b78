//! The query of a request: names and values, read with upstream's tolerance and its errors.

use tollgate_api::Status;
use tollgate_api::go_format::quote;

/// The parameters behind the question mark, in written order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Query {
    parameters: Vec<(String, String)>,
}

impl Query {
    /// Reads `a=b&c=d`; what cannot be decoded is left out.
    pub(super) fn parse(text: &str) -> Self {
        let parameters = text.split('&').filter(|pair| !pair.is_empty());
        let parameters = parameters.filter_map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(name, true)?, decode(value, true)?))
        });
        Self {
            parameters: parameters.collect(),
        }
    }

    /// The first value of that name.
    pub(super) fn first(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Every value of that name.
    pub(super) fn all<'q>(&'q self, name: &'q str) -> impl Iterator<Item = &'q str> {
        let found = self
            .parameters
            .iter()
            .filter(move |(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The value of that name as text; empty if there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.first(name).unwrap_or_default()
    }

    /// A switch: anything counts as yes but `0`, `false` and absence.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.optional_flag(name) == Some(true)
    }

    /// A switch that may not be set at all.
    pub(super) fn optional_flag(&self, name: &str) -> Option<bool> {
        let value = self.first(name)?;
        Some(value != "0" && !value.eq_ignore_ascii_case("false"))
    }

    /// A number; 400 if it is none.
    pub(super) fn int(&self, name: &str) -> Result<Option<i64>, Status> {
        match self.first(name) {
            None => Ok(None),
            Some(text) => parse_int(text).map(Some),
        }
    }
}

fn parse_int(text: &str) -> Result<i64, Status> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let why = if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        "invalid syntax"
    } else {
        match text.parse() {
            Ok(number) => return Ok(number),
            Err(_) => "value out of range",
        }
    };
    let message = format!("strconv.ParseInt: parsing {}: {why}", quote(text));
    Err(Status::bad_request(message))
}

/// Decodes `%xx`, and `+` in a query; none if an escape is broken.
pub(super) fn decode(text: &str, plus_is_space: bool) -> Option<String> {
    if !text.contains(['%', '+']) {
        return Some(text.to_owned());
    }
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let high = char::from(bytes.next()?).to_digit(16)?;
                let low = char::from(bytes.next()?).to_digit(16)?;
                u8::try_from(high * 16 + low).ok()?
            }
            b'+' if plus_is_space => b' ',
            other => other,
        });
    }
    Some(match String::from_utf8(decoded) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_are_decoded() {
        let query = Query::parse("labelSelector=a%3Db%2Cc&x=1+2&x=3&watch&bad=%zz");
        assert_eq!(query.text("labelSelector"), "a=b,c");
        assert_eq!(query.all("x").collect::<Vec<_>>(), ["1 2", "3"]);
        assert_eq!(query.first("bad"), None);
    }

    #[test]
    fn switches_are_on_for_almost_anything() {
        for (text, expected) in [
            ("", None),
            ("watch", Some(true)),
            ("watch=abc", Some(true)),
            ("watch=1", Some(true)),
            ("watch=0", Some(false)),
            ("watch=False", Some(false)),
        ] {
            assert_eq!(
                Query::parse(text).optional_flag("watch"),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_number_is_refused_in_gos_words() {
        let error = |text: &str| Query::parse(text).int("limit").unwrap_err().message;
        assert_eq!(
            error("limit=abc"),
            "strconv.ParseInt: parsing \"abc\": invalid syntax"
        );
        assert_eq!(
            error("limit=99999999999999999999"),
            "strconv.ParseInt: parsing \"99999999999999999999\": value out of range"
        );
        assert_eq!(Query::parse("limit=-1").int("limit"), Ok(Some(-1)));
    }

    proptest! {
        #[test]
        fn no_query_makes_a_panic(text in "\\PC*") {
            let query = Query::parse(&text);
            let _ = query.int("a");
        }
    }
}
