//! The rules of a version, compiled once.

use crate::cel::meter::Metered;
use crate::cel::parse::parse;
use cel::Program;
use std::collections::{BTreeMap, BTreeSet};
use tollgate_api::Value;
use tollgate_api::value::CompactString;

/// The rules of a schema and of what is below it.
#[derive(Debug)]
pub struct Rules {
    pub(super) root: Place,
}

/// A place of a schema with rules, or with places below it that have some.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) schema: Value,
    pub(super) rules: Vec<Rule>,
    /// Whether a rule here or below looks at what was there before.
    pub(super) has_transitions: bool,
    pub(super) properties: BTreeMap<CompactString, Place>,
    pub(super) additional: Option<Box<Place>>,
    pub(super) items: Option<Box<Place>>,
}

/// A rule.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) text: String,
    pub(super) program: Metered,
    pub(super) message: String,
    pub(super) message_expression: Option<Metered>,
    pub(super) reason: String,
    pub(super) field_path: String,
    /// Whether it compares with what was there before.
    pub(super) is_transition: bool,
    /// Whether it is asked, too, when nothing was there before.
    pub(super) optional_old: bool,
}

impl Rules {
    /// The rules in `openAPIV3Schema`, which has been accepted; none if there are none.
    pub fn read(schema: &Value) -> Option<Self> {
        Place::read(schema).map(|root| Self { root })
    }
}

impl Place {
    fn read(schema: &Value) -> Option<Self> {
        let rules = schema.items("x-kubernetes-validations").iter();
        let rules: Vec<Rule> = rules.filter_map(Rule::read).collect();
        let properties: BTreeMap<CompactString, Self> = schema
            .entries("properties")
            .filter_map(|(name, property)| Some((name.into(), Self::read(property)?)))
            .collect();
        let below = |key: &str| {
            let of = schema.get(key).filter(|of| of.as_object().is_some())?;
            Self::read(of).map(Box::new)
        };
        let (additional, items) = (below("additionalProperties"), below("items"));
        let has_any =
            !rules.is_empty() || !properties.is_empty() || additional.is_some() || items.is_some();
        let mut parts = properties
            .values()
            .chain(additional.as_deref())
            .chain(items.as_deref());
        let has_transitions =
            rules.iter().any(|rule| rule.is_transition) || parts.any(|part| part.has_transitions);
        has_any.then(|| Self {
            schema: schema.clone(),
            rules,
            has_transitions,
            properties,
            additional,
            items,
        })
    }
}

/// A program that is charged for; what its functions are called on is known from the schema.
fn metered(program: &Program) -> Metered {
    Metered::new(program, &BTreeSet::new())
}

impl Rule {
    fn read(rule: &Value) -> Option<Self> {
        let text = rule.str_or_empty("rule").trim().to_owned();
        let program = parse(&text).ok()?;
        let expression = rule.str_or_empty("messageExpression");
        Some(Self {
            message: rule.str_or_empty("message").trim().to_owned(),
            message_expression: (!expression.is_empty())
                .then(|| parse(expression).ok().as_ref().map(metered))
                .flatten(),
            reason: rule.str_or_empty("reason").to_owned(),
            field_path: rule.str_or_empty("fieldPath").to_owned(),
            optional_old: rule.bool("optionalOldSelf") == Some(true),
            is_transition: program.references().has_variable("oldSelf"),
            text,
            program: metered(&program),
        })
    }
}
