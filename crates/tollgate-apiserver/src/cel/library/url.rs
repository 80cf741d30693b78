//! URLs, as Go reads those of requests: absolute ones, or absolute paths.

use super::adapt::{failed, function, member, opaque, own, said, text, wrap, yes};
use ::cel::common::types::{STRING_TYPE, Type};
use ::cel::objects::{Key, Map, Opaque};
use ::cel::{Env, Value};
use std::collections::BTreeMap;
use std::sync::Arc;
use tollgate_api::go_format::quote;

const NAME: &str = "kubernetes.URL";

#[derive(Debug, Clone, PartialEq, Eq)]
struct Url {
    scheme: String,
    host: String,
    path: String,
    query: String,
}

impl Opaque for Url {
    fn runtime_type_name(&self) -> &'static str {
        NAME
    }
}

fn url() -> Type {
    opaque(NAME)
}

pub(super) fn add(environment: &mut Env) {
    function!(environment, "url", [STRING_TYPE], |given| {
        let parsed = Url::parse(text(given, 0)?);
        let parsed = parsed.map_err(|why| {
            failed(format!(
                "URL parse error during conversion from string: {why}"
            ))
        })?;
        Ok(wrap(parsed))
    });
    function!(environment, "isURL", [STRING_TYPE], |given| {
        yes(Url::parse(text(given, 0)?).is_ok())
    });
    member!(environment, "getScheme", url(), [], |given| {
        said(own::<Url>(given, 0)?.scheme.as_str())
    });
    member!(environment, "getHost", url(), [], |given| {
        said(own::<Url>(given, 0)?.host.as_str())
    });
    member!(environment, "getHostname", url(), [], |given| {
        said(own::<Url>(given, 0)?.host_and_port().0)
    });
    member!(environment, "getPort", url(), [], |given| {
        said(own::<Url>(given, 0)?.host_and_port().1)
    });
    member!(environment, "getEscapedPath", url(), [], |given| {
        said(own::<Url>(given, 0)?.escaped_path())
    });
    member!(environment, "getQuery", url(), [], |given| {
        Ok(own::<Url>(given, 0)?.parameters())
    });
}

/// What is wrong with the URL of a request.
pub(super) fn problem(text: &str) -> Option<String> {
    Url::parse(text).err()
}

impl Url {
    /// Reads a URL; the error is upstream's.
    fn parse(text: &str) -> Result<Self, String> {
        Self::read(text).map_err(|why| format!("parse {}: {why}", quote(text)))
    }

    fn read(text: &str) -> Result<Self, String> {
        if text.bytes().any(|byte| byte < 0x20 || byte == 0x7f) {
            return Err("net/url: invalid control character in URL".to_owned());
        }
        if text.is_empty() {
            return Err("empty url".to_owned());
        }
        let (scheme, rest) = split_scheme(text)?;
        let scheme = scheme.to_ascii_lowercase();
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut url = Self {
            scheme,
            host: String::new(),
            path: rest.to_owned(),
            query: query.to_owned(),
        };
        if !rest.starts_with('/') {
            if text == "*" {
                return Ok(url);
            }
            if url.scheme.is_empty() {
                return Err("invalid URI for request".to_owned());
            }
            // Behind the scheme of such a URL stands no path.
            url.path.clear();
            return Ok(url);
        }
        if !url.scheme.is_empty()
            && let Some(rest) = rest.strip_prefix("//")
        {
            let end = rest.find('/').unwrap_or(rest.len());
            let (authority, path) = rest.split_at(end);
            let host = authority
                .rsplit_once('@')
                .map_or(authority, |(_, host)| host);
            check_host(host)?;
            host.clone_into(&mut url.host);
            path.clone_into(&mut url.path);
        }
        unescape(&url.path, false)?;
        Ok(url)
    }

    fn host_and_port(&self) -> (&str, &str) {
        let end = self.host.rfind(']').unwrap_or_default();
        let (host, port) = match self.host.rfind(':') {
            Some(colon) if colon >= end => {
                let (host, port) = self.host.split_at(colon);
                (host, port.trim_start_matches(':'))
            }
            _ => (self.host.as_str(), ""),
        };
        let bare = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'));
        (bare.unwrap_or(host), port)
    }

    fn escaped_path(&self) -> String {
        let is_good =
            |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~!$&'()*+,;=:@/[]%".contains(&byte);
        if self.path.bytes().all(is_good) {
            return self.path.clone();
        }
        let plain = unescape(&self.path, false).unwrap_or_default();
        let mut escaped = String::new();
        for byte in plain {
            if byte.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@".contains(&byte) {
                escaped.push(char::from(byte));
            } else {
                escaped.push_str(&format!("%{byte:02X}"));
            }
        }
        escaped
    }

    /// The parameters of the query: a list of values for each name.
    fn parameters(&self) -> Value {
        let mut found: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        let pairs = self.query.split('&');
        for pair in pairs.filter(|pair| !pair.is_empty() && !pair.contains(';')) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Ok(name), Ok(value)) = (unescape(name, true), unescape(value, true)) else {
                continue;
            };
            let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
            let values = found.entry(text(name)).or_default();
            values.push(Value::String(Arc::new(text(value))));
        }
        let entries = found.into_iter();
        let entries =
            entries.map(|(name, values)| (Key::from(name), Value::List(Arc::new(values))));
        Value::Map(Map {
            map: Arc::new(entries.collect()),
        })
    }
}

/// The scheme, if there is one, and what follows it.
fn split_scheme(text: &str) -> Result<(&str, &str), String> {
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if place > 0 => {}
            b':' if place == 0 => return Err("missing protocol scheme".to_owned()),
            b':' => {
                let (scheme, rest) = text.split_at(place);
                return Ok((scheme, rest.strip_prefix(':').unwrap_or(rest)));
            }
            _ => break,
        }
    }
    Ok(("", text))
}

fn check_host(host: &str) -> Result<(), String> {
    let (name, port) = match host.rfind(']') {
        Some(end) if host.starts_with('[') => {
            let (name, rest) = host.split_at(end.saturating_add(1));
            (name, rest)
        }
        _ if host.starts_with('[') => return Err("missing ']' in host".to_owned()),
        _ => match host.rfind(':') {
            Some(colon) => host.split_at(colon),
            None => (host, ""),
        },
    };
    let digits = port.strip_prefix(':');
    let is_port = port.is_empty()
        || digits.is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()));
    if !is_port {
        return Err(format!("invalid port {} after host", quote(port)));
    }
    let is_bad = |byte: u8| {
        byte.is_ascii()
            && !byte.is_ascii_alphanumeric()
            && !b"-_.~!$&'()*+,;=:[]<>\"%".contains(&byte)
    };
    match name
        .chars()
        .find(|letter| u8::try_from(*letter).is_ok_and(is_bad))
    {
        Some(letter) => Err(format!(
            "invalid character {} in host name",
            quote(&letter.to_string())
        )),
        None => Ok(()),
    }
}

/// The bytes that a text with escapes stands for.
fn unescape(text: &str, is_query: bool) -> Result<Vec<u8>, String> {
    let mut bytes = text.bytes();
    let mut plain = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte == b'+' && is_query {
            plain.push(b' ');
            continue;
        }
        if byte != b'%' {
            plain.push(byte);
            continue;
        }
        let written: Vec<u8> = bytes.by_ref().take(2).collect();
        let digits = std::str::from_utf8(&written).ok();
        let value = digits
            .filter(|digits| digits.len() == 2 && !digits.starts_with('+'))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let Some(value) = value else {
            let shown = format!("%{}", String::from_utf8_lossy(&written));
            return Err(format!("invalid URL escape {}", quote(&shown)));
        };
        plain.push(value);
    }
    Ok(plain)
}
