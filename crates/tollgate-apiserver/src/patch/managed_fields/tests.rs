//! Sequences of writes against upstream's answers: `data/apply.jsonl.gz`.
//!
//! The first line holds the structural schema of `Kit`, each further line a sequence: its kind, its writes, and after
//! each write either `code` and `message`, or the object and its managed fields (`time` only says whether there is one).

use super::*;
use crate::patch::typed::Schema;
use crate::patch::typed::node::{Node, tree};
use crate::patch::upstream::lines;
use crate::patch::{CustomSchema, merge};
use tollgate_api::json::to_string;
use tollgate_api::{GroupVersionKind, Timestamp, Value};
use tollgate_objects::schema::{decode, type_of};

/// A server that holds one object.
struct Model<'m> {
    kind: GroupVersionKind,
    schema: Schema<'m>,
    live: Option<Value>,
}

impl Model<'_> {
    fn write(&mut self, step: &Value) -> Result<(), ApplyError> {
        let subresource = step.str_or_empty("sub");
        let is_custom = !matches!(self.schema, Schema::BuiltIn(_));
        let request = Request {
            kind: &self.kind,
            schema: self.schema,
            manager: step.str_or_empty("manager"),
            subresource,
            resets: if is_custom {
                Resets::of_custom(subresource, true)
            } else {
                // The recorded answers come from the bare rule.
                Resets::of(&GroupVersionKind::new("v1", "Any"), subresource, true)
            },
            now: Timestamp::from_unix_seconds(1_000_000),
            versions: &NoOtherVersions,
        };
        let sent = step.get("object").unwrap();
        let mut object = match (step.str_or_empty("op"), &self.live) {
            ("apply", live) => apply(
                live.as_ref(),
                sent,
                step.bool("force") == Some(true),
                &request,
            )?,
            (op, live) => {
                let mut new = match live {
                    Some(live) if op == "patch" => {
                        let mut new = live.clone();
                        merge::apply(&mut new, sent).unwrap();
                        new
                    }
                    _ => sent.clone(),
                };
                if !is_custom {
                    decode(&self.kind, &mut new);
                }
                updated(live.as_ref(), &mut new, &request);
                new
            }
        };
        if !is_custom {
            decode(&self.kind, &mut object);
        }
        object.child_mut("metadata").set("uid", "u");
        self.live = Some(object);
        Ok(())
    }

    /// How the outcome of a write differs from upstream's answer.
    fn difference(&mut self, step: &Value, answer: &Value) -> Option<String> {
        let outcome = self.write(step);
        let found = match (&outcome, answer.int("code")) {
            (Err(error), Some(code)) => {
                let texts = answer.str("message").is_none_or(|message| {
                    // Where several things are wrong, upstream names them in random order.
                    sorted_lines(message) == sorted_lines(&error.to_string())
                });
                (i64::from(error.status().code) != code || !texts).then(|| error.to_string())
            }
            (Ok(()), None) => {
                let (object, managed) = self.seen();
                let wanted = self.held(answer.get("object").unwrap());
                let managed = comparable(&managed);
                let differs =
                    object != wanted || managed != comparable(answer.get("managed").unwrap());
                differs.then(|| format!("{}\n  {}", to_string(&object), managed.join("\n  ")))
            }
            _ => Some(format!("{outcome:?}")),
        };
        Some(format!(
            "step {}\nwanted {}\nfound {}",
            to_string(step),
            to_string(answer),
            found?
        ))
    }

    /// The object as upstream holds it, and its managed fields.
    fn seen(&self) -> (Value, Value) {
        let mut object = self.live.clone().unwrap();
        let metadata = object.get_mut("metadata").unwrap();
        let managed = metadata.remove("managedFields").unwrap_or_default();
        (self.held(&object), managed)
    }

    fn held(&self, object: &Value) -> Value {
        let mut object = object.clone();
        if matches!(self.schema, Schema::BuiltIn(_)) {
            decode(&self.kind, &mut object);
        }
        tree(Node::Value(&object), self.schema.held())
    }
}

/// Managed fields in an order that does not depend on time.
fn comparable(managed: &Value) -> Vec<String> {
    let mut entries: Vec<String> = managed
        .as_array()
        .unwrap_or_default()
        .iter()
        .map(|entry| {
            let text = |key: &str| entry.str_or_empty(key).to_owned();
            let (manager, operation, version) =
                (text("manager"), text("operation"), text("apiVersion"));
            let (sub, timed) = (text("subresource"), entry.get("time").is_some());
            let fields = to_string(entry.get("fieldsV1").unwrap());
            format!("{manager} {operation} {version} {sub} {timed} {fields}")
        })
        .collect();
    entries.sort();
    entries
}

fn sorted_lines(message: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = message.lines().collect();
    lines.sort_unstable();
    lines
}

#[test]
fn sequences_of_writes_end_as_upstream_ends_them() {
    let mut lines = lines(include_bytes!("../../../data/apply.jsonl.gz")).into_iter();
    let head = lines.next().unwrap();
    let kit = CustomSchema::new(head.get("schema").unwrap(), false);
    let (mut wrong, mut steps) = (Vec::new(), 0);
    for sequence in lines {
        let kind: Vec<&str> = sequence
            .items("kind")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let kind = GroupVersionKind {
            group: kind[0].into(),
            version: kind[1].into(),
            kind: kind[2].into(),
        };
        let mut model = Model {
            schema: match kind.kind.as_str() {
                "Kit" => Schema::Custom(&kit),
                "Free" => Schema::Deduced,
                _ => Schema::BuiltIn(type_of(&kind).unwrap()),
            },
            kind,
            live: None,
        };
        for (step, answer) in sequence.items("ops").iter().zip(sequence.items("results")) {
            steps += 1;
            if let Some(found) = model.difference(step, answer) {
                wrong.push(found);
                break;
            }
        }
    }
    let shown: Vec<&String> = wrong.iter().take(11).collect();
    assert!(
        wrong.is_empty(),
        "{} wrong after {steps} steps:\n{}",
        wrong.len(),
        shown
            .iter()
            .map(|text| text.as_str())
            .collect::<Vec<_>>()
            .join("\n\n")
    );
    assert!(steps > 1_000, "{steps}");
}
