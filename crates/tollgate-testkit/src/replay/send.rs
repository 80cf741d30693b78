//! A recorded request as HTTP, and the answer as the recordings have it.

use super::Run;
use crate::client::{Answer, Request, Who};
use anyhow::Result;
use flate2::read::GzDecoder;
use serde_json::{Map, Value, json};
use std::io::Read as _;

/// The headers of answers that are compared.
const COMPARED: [&str; 6] = [
    "Content-Type",
    "Warning",
    "Location",
    "Retry-After",
    "Allow",
    "Content-Encoding",
];

impl Run<'_> {
    /// Sends a request; one on a connection that was kept alive is sent again if the server had closed it.
    pub(super) fn send(
        &mut self,
        who: &str,
        method: &str,
        path: &str,
        headers: &Value,
        body: &Value,
        is_watch: bool,
    ) -> Result<Value> {
        let text = match body {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        let bearer = who
            .strip_prefix("token:")
            .map(|token| format!("Bearer {token}"));
        let headers = all_headers(headers, text.is_some(), bearer.as_deref());
        let request = Request {
            method,
            path,
            headers,
            body: text.as_deref().map(str::as_bytes),
        };
        let who = if who == "admin" {
            Who::Admin
        } else {
            Who::Anonymous
        };
        let kept = self.connections.remove(&who).filter(|_| !is_watch);
        let again = kept.map(|mut kept| kept.send(&request).map(|answer| (kept, answer)));
        let (connection, answer) = match again {
            Some(Ok(answered)) => answered,
            _ => {
                let mut new = self.target.connect(who)?;
                let answer = new.send(&request)?;
                (new, answer)
            }
        };
        if !answer.closes && !is_watch {
            self.connections.insert(who, connection);
        }
        recorded_form(&answer, method, is_watch)
    }
}

/// The headers of a request: those of the recording, and the usual ones it does not name.
fn all_headers<'h>(
    headers: &'h Value,
    has_body: bool,
    bearer: Option<&'h str>,
) -> Vec<(&'h str, &'h str)> {
    let given = headers.as_object();
    let is_given = |name: &str| {
        given.is_some_and(|given| given.keys().any(|known| known.eq_ignore_ascii_case(name)))
    };
    let usual = [
        ("Accept", Some("application/json")),
        ("User-Agent", Some("tollgate-replay")),
        ("Content-Type", has_body.then_some("application/json")),
    ];
    let usual = usual.into_iter().filter(|(name, _)| !is_given(name));
    let mut all: Vec<(&str, &str)> = usual
        .filter_map(|(name, value)| Some((name, value?)))
        .collect();
    for (name, value) in given.into_iter().flatten() {
        match value {
            Value::String(value) => all.push((name, value)),
            Value::Array(values) => {
                let values = values.iter().filter_map(Value::as_str);
                all.extend(values.map(|value| (name.as_str(), value)));
            }
            _ => {}
        }
    }
    all.extend(bearer.map(|bearer| ("Authorization", bearer)));
    all
}

fn recorded_form(answer: &Answer, method: &str, is_watch: bool) -> Result<Value> {
    let mut headers = Map::new();
    for name in COMPARED {
        let values: Vec<&str> = answer.header(name).collect();
        match values.as_slice() {
            [] => {}
            values if name == "Warning" => {
                headers.insert(name.to_owned(), json!(values));
            }
            values => {
                headers.insert(name.to_owned(), json!(values.join(", ")));
            }
        }
    }
    let mut body = answer.body.clone();
    if answer
        .header("Content-Encoding")
        .any(|value| value == "gzip")
        && !body.is_empty()
    {
        body.clear();
        GzDecoder::new(answer.body.as_slice()).read_to_end(&mut body)?;
    }
    let text = String::from_utf8_lossy(&body);
    let mut out = json!({"status": answer.status, "headers": headers});
    if is_watch && answer.status == 200 {
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        let events: Result<Vec<Value>, _> = lines.map(serde_json::from_str).collect();
        out["events"] = Value::Array(events?);
    } else if method != "HEAD" {
        let is_json = answer
            .header("Content-Type")
            .any(|value| value.contains("json"));
        let parsed = (is_json || body.starts_with(b"{")).then(|| serde_json::from_str(&text).ok());
        out["body"] = parsed.flatten().unwrap_or_else(|| json!(text));
    }
    Ok(out)
}
