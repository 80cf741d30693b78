//! From refusals to findings: which lines cause them, and which lines of which policy say so.

use super::chain::Refusal;
use super::load::Loaded;
use super::source::Source;
use super::world::World;
use crate::diagnostics::{Finding, Label, Level, ObjectRef};
use tollgate_api::field::{FieldPath, Segment};
use tollgate_policy::{PolicyObject, Violation};

/// How many places of one finding are looked up: a pod with 10,000 bad containers is shown by its first ones.
const PLACES_MAX: usize = 20;
/// How many fields are looked up for that: many may be at the same place.
const LOOKUPS_MAX: usize = 200;

/// The control of a violation whose field should not be there: it is the name that is wrong, not the value.
pub const UNKNOWN_FIELD: &str = "unknown-field";

/// Makes findings about one object.
#[derive(Debug)]
pub struct Explainer<'w> {
    world: &'w World,
    source: Source,
    reference: ObjectRef,
}

impl<'w> Explainer<'w> {
    /// For the object `loaded`.
    pub fn new(world: &'w World, loaded: &Loaded) -> Self {
        Self::of(world, loaded.source.clone(), loaded.reference())
    }

    /// For the object `reference` from `source`.
    pub fn of(world: &'w World, source: Source, reference: ObjectRef) -> Self {
        Self {
            world,
            source,
            reference,
        }
    }

    /// A finding. `prefix` is where the judged object stands in the written one.
    pub fn finding(
        &self,
        level: Level,
        refusal: Refusal,
        prefix: &FieldPath,
        verdict: Option<&str>,
    ) -> Finding {
        let mut labels = self.labels(&refusal.violations, prefix);
        if labels.is_empty() {
            labels.push(self.name_label());
        }
        let mut help: Vec<String> = Vec::new();
        for text in refusal
            .violations
            .iter()
            .filter_map(|violation| violation.help.as_ref())
        {
            if help.len() < PLACES_MAX && !help.contains(text) {
                help.push(text.clone());
            }
        }
        Finding {
            level,
            rule: refusal.rule,
            object: Some(self.reference.clone()),
            message: refusal.message,
            verdict: verdict.map(str::to_owned),
            labels,
            policy_labels: self.policy_labels(&refusal.violations),
            help,
        }
    }

    fn labels(&self, violations: &[Violation], prefix: &FieldPath) -> Vec<Label> {
        let mut labels: Vec<Label> = Vec::new();
        let mut lookups = 0;
        for violation in violations {
            for (index, field) in violation.fields.iter().enumerate() {
                if labels.len() == PLACES_MAX || lookups == LOOKUPS_MAX {
                    return labels;
                }
                lookups += 1;
                let field = field.below(prefix);
                let place = if violation.control == UNKNOWN_FIELD {
                    self.source.place_of_name(&field)
                } else {
                    self.source.place(&field)
                };
                let text = if index > 0 || violations.len() == 1 {
                    ""
                } else {
                    &violation.message
                };
                match labels.iter_mut().find(|label| label.place == place) {
                    Some(label) if label.text.is_empty() => text.clone_into(&mut label.text),
                    Some(label) if text.is_empty() || label.text.contains(text) => {}
                    Some(label) => label.text = format!("{}; {text}", label.text),
                    None => labels.push(Label {
                        place,
                        text: text.to_owned(),
                    }),
                }
            }
        }
        labels
    }

    /// The object's name: where there is nothing better to point at.
    fn name_label(&self) -> Label {
        let field = |name: &str| Segment::Field(name.into());
        self.source
            .label(&FieldPath(vec![field("metadata"), field("name")]), "")
    }

    fn policy_labels(&self, violations: &[Violation]) -> Vec<Label> {
        let mut labels: Vec<Label> = Vec::new();
        let mut lookups = 0;
        let mut last = None;
        let policies = violations
            .iter()
            .filter_map(|violation| violation.policy.as_ref());
        for policy in policies {
            // Of many containers, all break the same rule.
            if last.replace(policy) == Some(policy) {
                continue;
            }
            let Some(source) = self.policy_source(policy) else {
                continue;
            };
            for field in &policy.fields {
                if labels.len() == PLACES_MAX || lookups == LOOKUPS_MAX {
                    return labels;
                }
                lookups += 1;
                let label = source.label(field, said_by(policy));
                if !labels.iter().any(|other| other.place == label.place) {
                    labels.push(label);
                }
            }
        }
        labels
    }

    fn policy_source(&self, policy: &PolicyObject) -> Option<&'w Source> {
        let namespaced = matches!(policy.kind, "LimitRange" | "ResourceQuota");
        let namespace = if namespaced {
            self.reference.namespace.as_str()
        } else {
            ""
        };
        self.world.source(policy.kind, namespace, &policy.name)
    }
}

fn said_by(policy: &PolicyObject) -> &'static str {
    match policy.kind {
        "Namespace" => "the namespace asks for it here",
        "LimitRange" => "the LimitRange says so here",
        "ResourceQuota" => "the quota is set here",
        "PodSecurityPolicy" => "the policy says so here",
        _ => "required here",
    }
}
