//! Recorded exchanges with kube-apiserver, sent again to another server: every answer must be the one that was recorded,
//! but for what differs from run to run.
//!
//! The recordings are data: sequences of steps, one sequence a line of a packed file. A step has a `request` and the
//! `response` to it. Besides, it may `capture` values of the answer for later requests, be repeated until the answer is
//! the expected one (`eventually`), be a `watch` whose answer is a list of events, and say what of the answer is compared
//! (`pick`, `lines`, `omit`, `ignore`, `unordered`) or that nothing is (`unchecked`).

#![expect(
    clippy::indexing_slicing,
    reason = "a member that a JSON value does not have is null"
)]

mod difference;
mod mask;
mod place;
mod send;
mod tidy_up;

use crate::client::{Connection, Target, Who};
use anyhow::{Context as _, Result};
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Read as _;
use std::thread::sleep;
use std::time::Duration;

/// How often a step is tried that may take time, and how long after one another.
const ATTEMPTS: u32 = 50;
const PAUSE: Duration = Duration::from_millis(100);

/// The recordings.
const RECORDED: &[u8] = include_bytes!("../../data/http.jsonl.gz");

/// One recorded sequence.
#[derive(Debug, Clone)]
pub struct Sequence(Value);

/// All sequences, by name.
pub fn sequences() -> Result<Vec<Sequence>> {
    let mut text = String::new();
    GzDecoder::new(RECORDED).read_to_string(&mut text)?;
    let parse = |line| anyhow::Ok(Sequence(serde_json::from_str(line)?));
    text.lines().map(parse).collect()
}

impl Sequence {
    /// Its name.
    pub fn name(&self) -> &str {
        self.0["name"].as_str().unwrap_or_default()
    }

    /// Whether its answers are those of a server without controllers.
    pub fn is_without_controllers(&self) -> bool {
        self.0["controllers"] != true || self.0["either"] == true
    }

    /// Whether its answers are those of a server with controllers alone, but neither a scheduler nor nodes.
    pub fn needs_controllers(&self) -> bool {
        self.0["controllers"] == true
    }

    /// Whether nothing may run beside it.
    pub fn is_exclusive(&self) -> bool {
        self.0["exclusive"] == true
    }

    /// Sends the sequence to a server, and says what differs.
    pub fn replay(&self, target: &Target) -> Result<Vec<String>> {
        let mut run = Run {
            target,
            has_managed_fields: self.0["managedFields"] == true,
            captured: BTreeMap::new(),
            connections: BTreeMap::new(),
        };
        let cleanup = self.0["cleanup"].as_array().cloned().unwrap_or_default();
        let paths: Vec<&str> = cleanup.iter().filter_map(Value::as_str).collect();
        for path in &paths {
            run.remove(path)?;
        }
        let steps = self.0["steps"].as_array().context("no steps")?;
        let mut differences = Vec::new();
        for (index, step) in steps.iter().enumerate() {
            let note = step["note"].as_str().unwrap_or_default();
            let place = format!("step {} ({note})", index.saturating_add(1));
            match run.step(step) {
                Ok(found) => {
                    let said = found.into_iter().map(|found| format!("{place}: {found}"));
                    differences.extend(said);
                }
                Err(error) => differences.push(format!("{place}: no answer: {error:#}")),
            }
        }
        for path in &paths {
            // The next run of the sequence removes what is left.
            let _ = run.send("admin", "DELETE", path, &Value::Null, &Value::Null, false);
        }
        Ok(differences)
    }
}

/// A sequence that is under way.
struct Run<'t> {
    target: &'t Target,
    has_managed_fields: bool,
    captured: BTreeMap<String, String>,
    connections: BTreeMap<Who, Connection>,
}

impl Run<'_> {
    /// Does one step: what differs.
    fn step(&mut self, step: &Value) -> Result<Vec<String>> {
        let expected = self.comparable(&step["response"], step);
        let is_eventual = step["eventually"] == true;
        let mut attempts = if is_eventual { ATTEMPTS } else { 1 };
        loop {
            let answer = self.perform(step)?;
            let found = self.comparable(&self.shaped(answer.clone(), step), step);
            attempts = attempts.saturating_sub(1);
            let is_expected = found == expected;
            if !is_expected && attempts > 0 {
                sleep(PAUSE);
                continue;
            }
            self.capture(step, &answer);
            if is_expected || step["unchecked"] == true {
                return Ok(Vec::new());
            }
            return Ok(difference::between(&expected, &found));
        }
    }

    fn perform(&mut self, step: &Value) -> Result<Value> {
        if let Some(milliseconds) = step["delayMs"].as_u64() {
            sleep(Duration::from_millis(milliseconds));
        }
        let who = self.filled(step["as"].as_str().unwrap_or("admin"));
        let request = self.filled_in(&step["request"]);
        let text = |key: &str| request[key].as_str().unwrap_or_default();
        let (headers, body) = (&request["headers"], &request["body"]);
        let is_watch = step["watch"] == true;
        self.send(&who, text("method"), text("path"), headers, body, is_watch)
    }

    /// What of an answer is compared.
    fn shaped(&self, mut answer: Value, step: &Value) -> Value {
        if let Some(events) = answer["events"].as_array_mut() {
            events.retain(|event| {
                let annotations = &event["object"]["metadata"]["annotations"];
                event["type"] != "BOOKMARK"
                    || annotations.get("k8s.io/initial-events-end").is_some()
            });
        } else if let Some(answer) = answer.as_object_mut() {
            answer.remove("events");
        }
        if let Some(places) = step["pick"].as_array()
            && let Some(answer) = answer.as_object_mut()
        {
            let body = answer.remove("body").unwrap_or_default();
            let body = mask::mask(&body, self.has_managed_fields);
            let places = places.iter().filter_map(Value::as_str);
            let picked = places.map(|at| (at.to_owned(), place::pick(&body, at)));
            answer.insert("pick".to_owned(), Value::Object(picked.collect()));
        }
        let lines = step["lines"]
            .as_u64()
            .and_then(|lines| lines.try_into().ok());
        if let (Some(lines), Some(text)) = (lines, answer["body"].as_str()) {
            let first: Vec<&str> = text.lines().take(lines).collect();
            answer["body"] = json!(first.join("\n"));
        }
        let omitted = step["omit"].as_array().into_iter().flatten();
        for part in omitted.filter_map(Value::as_str) {
            if let Some(answer) = answer.as_object_mut() {
                answer.remove(part);
            }
        }
        answer
    }

    /// Masked, without what is ignored, and with lists sorted whose order does not matter.
    fn comparable(&self, answer: &Value, step: &Value) -> Value {
        let mut answer = mask::mask(answer, self.has_managed_fields);
        let places = |key: &str| step[key].as_array().cloned().unwrap_or_default();
        for at in places("ignore").iter().filter_map(Value::as_str) {
            place::ignore(&mut answer, at);
        }
        for at in places("unordered").iter().filter_map(Value::as_str) {
            place::sort(&mut answer, at);
        }
        answer
    }

    fn capture(&mut self, step: &Value, answer: &Value) {
        let source = match answer.get("events") {
            Some(events) => json!({"events": events}),
            None => answer["body"].clone(),
        };
        for (name, at) in step["capture"].as_object().into_iter().flatten() {
            let found = place::pick(&source, at.as_str().unwrap_or_default());
            let text = match found {
                Value::Null => continue,
                Value::String(text) => text,
                other => other.to_string(),
            };
            self.captured.insert(name.clone(), text);
        }
    }

    /// Text with what was captured in its place.
    fn filled(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            out.push_str(before);
            let Some((name, behind)) = after.split_once('}') else {
                out.push_str("${");
                rest = after;
                continue;
            };
            let repeated = name
                .strip_prefix("repeat:")
                .and_then(|repeat| repeat.rsplit_once(':'))
                .and_then(|(text, times)| Some(text.repeat(times.parse().ok()?)));
            if let Some(text) = repeated.or_else(|| self.captured.get(name).cloned()) {
                out.push_str(&text);
            } else {
                out.push_str("${");
                rest = after;
                continue;
            }
            rest = behind;
        }
        out.push_str(rest);
        out
    }

    fn filled_in(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.filled(text)),
            Value::Array(items) => items.iter().map(|item| self.filled_in(item)).collect(),
            Value::Object(entries) => {
                let entries = entries
                    .iter()
                    .map(|(key, value)| (self.filled(key), self.filled_in(value)));
                Value::Object(entries.collect())
            }
            other => other.clone(),
        }
    }
}
