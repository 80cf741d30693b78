//! What the `Impersonate-` headers ask for.

use compact_str::CompactString;
use std::collections::BTreeMap;
use tollgate_api::Status;
use tollgate_api::go_format::{quote, slice_syntax};

const EXTRA_PREFIX: &str = "impersonate-extra-";

/// The user a request wants to be, as its headers say it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// `Impersonate-User`
    pub name: CompactString,
    /// `Impersonate-Uid`, or empty.
    pub uid: CompactString,
    /// `Impersonate-Group`, in order.
    pub groups: Vec<CompactString>,
    /// `Impersonate-Extra-<key>`, keys in lower case and without percent signs.
    pub extra: BTreeMap<CompactString, Vec<CompactString>>,
}

impl Wanted {
    /// Reads all headers of a request, names in any case. None if it wants to be nobody else; 400 if it wants only a
    /// part of somebody.
    pub fn from_headers<'h>(
        headers: impl IntoIterator<Item = (&'h str, &'h str)>,
    ) -> Result<Option<Self>, Status> {
        let mut wanted = Self::default();
        let mut has_name = false;
        let mut has_uid = false;
        for (name, value) in headers {
            let name = name.to_ascii_lowercase();
            match name.as_str() {
                // Of several the first counts.
                "impersonate-user" if !has_name => {
                    has_name = true;
                    wanted.name = value.into();
                }
                "impersonate-uid" if !has_uid => {
                    has_uid = true;
                    wanted.uid = value.into();
                }
                "impersonate-group" => wanted.groups.push(value.into()),
                _ => {
                    if let Some(key) = name.strip_prefix(EXTRA_PREFIX) {
                        let values = wanted.extra.entry(unescape(key)).or_default();
                        values.push(value.into());
                    }
                }
            }
        }
        if !wanted.name.is_empty() {
            return Ok(Some(wanted));
        }
        if wanted == Self::default() {
            return Ok(None);
        }
        Err(Status::bad_request(format!(
            "requested {} without impersonating a user name",
            wanted.go_syntax()
        )))
    }

    /// Whether a header is one of impersonation: such headers must go no further.
    pub fn is_header(name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        matches!(
            name.as_str(),
            "impersonate-user" | "impersonate-uid" | "impersonate-group"
        ) || name.starts_with(EXTRA_PREFIX)
    }

    /// Whether nothing but a name is wanted.
    pub(super) fn is_only_a_name(&self) -> bool {
        self.uid.is_empty() && self.groups.is_empty() && self.extra.is_empty()
    }

    fn go_syntax(&self) -> String {
        let slice = |texts: &[CompactString]| {
            let texts = texts.iter().map(|text| quote(text));
            slice_syntax("string", Some(texts).filter(|texts| texts.len() > 0))
        };
        let extra = if self.extra.is_empty() {
            "(nil)".to_owned()
        } else {
            let entries = self.extra.iter();
            let entries: Vec<String> = entries
                .map(|(key, values)| format!("{}:{}", quote(key), slice(values)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        };
        format!(
            "&user.DefaultInfo{{Name:{}, UID:{}, Groups:{}, Extra:map[string][]string{extra}}}",
            quote(&self.name),
            quote(&self.uid),
            slice(&self.groups)
        )
    }
}

/// Percent signs with two digits become bytes; a key where one is not so stays as it is.
fn unescape(key: &str) -> CompactString {
    let mut bytes = Vec::with_capacity(key.len());
    let mut rest = key.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        let (Some(high), Some(low)) = (digit(rest.next()), digit(rest.next())) else {
            return key.into();
        };
        bytes.extend(u8::try_from(high * 16 + low));
    }
    CompactString::from_utf8_lossy(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message(headers: &[(&str, &str)]) -> String {
        let result = Wanted::from_headers(headers.iter().copied());
        result.unwrap_err().message
    }

    #[test]
    fn headers_add_up_to_a_user() {
        let headers = [
            ("Impersonate-User", "jane"),
            ("impersonate-group", "devs"),
            ("Impersonate-Group", "ops"),
            ("Impersonate-Extra-Scopes", "a"),
            ("Impersonate-Extra-scopes", "b"),
            ("Impersonate-Extra-acme.io%2Fproject", "p"),
            ("Impersonate-Extra-50%", "q"),
            ("Impersonate-Uid", "u-1"),
            ("Accept", "*/*"),
        ];
        let wanted = Wanted::from_headers(headers).unwrap().unwrap();
        assert_eq!(wanted.name, "jane");
        assert_eq!(wanted.uid, "u-1");
        assert_eq!(wanted.groups, ["devs", "ops"]);
        let keys: Vec<&str> = wanted.extra.keys().map(CompactString::as_str).collect();
        assert_eq!(keys, ["50%", "acme.io/project", "scopes"]);
        assert_eq!(wanted.extra["scopes"], ["a", "b"]);
        assert_eq!(Wanted::from_headers([("Accept", "x")]), Ok(None));
        assert_eq!(Wanted::from_headers([("Impersonate-User", "")]), Ok(None));
    }

    #[test]
    fn a_part_without_a_user_is_refused_in_upstreams_words() {
        assert_eq!(
            message(&[("Impersonate-Group", "devs")]),
            r#"requested &user.DefaultInfo{Name:"", UID:"", Groups:[]string{"devs"}, Extra:map[string][]string(nil)} without impersonating a user name"#
        );
        assert_eq!(
            message(&[("Impersonate-Extra-Scopes", "x")]),
            r#"requested &user.DefaultInfo{Name:"", UID:"", Groups:[]string(nil), Extra:map[string][]string{"scopes":[]string{"x"}}} without impersonating a user name"#
        );
        assert!(message(&[("Impersonate-Uid", "7")]).contains(r#"UID:"7""#));
    }

    #[test]
    fn impersonation_headers_are_known() {
        assert!(Wanted::is_header("Impersonate-User"));
        assert!(Wanted::is_header("impersonate-extra-x"));
        assert!(!Wanted::is_header("Authorization"));
    }

    proptest! {
        #[test]
        fn no_header_makes_a_panic(name in "(Impersonate-Extra-)?\\PC{0,12}", value in "\\PC{0,12}") {
            let _ = Wanted::from_headers([(name.as_str(), value.as_str())]);
        }
    }
}
