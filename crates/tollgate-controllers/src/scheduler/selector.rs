//! Labels and what selects by them: label selectors, node selectors and the scope of a term of pod affinity.

use std::sync::Arc;
use tollgate_api::Value;
use tollgate_api::value::CompactString;

/// Labels, sorted by key; copies share them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Labels(Arc<[(CompactString, CompactString)]>);

impl Default for Labels {
    fn default() -> Self {
        std::iter::empty::<(&str, &str)>().collect()
    }
}

impl<'l> FromIterator<(&'l str, &'l str)> for Labels {
    fn from_iter<I: IntoIterator<Item = (&'l str, &'l str)>>(entries: I) -> Self {
        let mut labels: Vec<(CompactString, CompactString)> = entries
            .into_iter()
            .map(|(key, value)| (key.into(), value.into()))
            .collect();
        labels.sort();
        labels.dedup_by(|later, earlier| later.0 == earlier.0);
        Self(labels.into())
    }
}

impl Labels {
    /// The labels in an object's metadata.
    pub fn of(object: &Value) -> Self {
        object
            .get("metadata")
            .into_iter()
            .flat_map(|metadata| metadata.str_entries("labels"))
            .collect()
    }

    /// The value of a label.
    pub fn get(&self, key: &str) -> Option<&str> {
        let place = self
            .0
            .binary_search_by(|(name, _)| name.as_str().cmp(key))
            .ok()?;
        self.0.get(place).map(|(_, value)| value.as_str())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All labels, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = &(CompactString, CompactString)> {
        self.0.iter()
    }
}

/// How a requirement compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operator {
    /// The label has one of the values.
    In,
    /// The label is absent or has none of the values.
    NotIn,
    /// The label is there.
    Exists,
    /// The label is not there.
    DoesNotExist,
    /// The label is a number greater than the value; node selectors only.
    Gt,
    /// The label is a number less than the value; node selectors only.
    Lt,
    /// An operator that nothing satisfies.
    Unknown,
}

/// One condition on one label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Requirement {
    key: CompactString,
    operator: Operator,
    values: Vec<CompactString>,
}

impl Requirement {
    /// The label has exactly this value.
    pub fn equals(key: &str, value: &str) -> Self {
        Self {
            key: key.into(),
            operator: Operator::In,
            values: vec![value.into()],
        }
    }

    /// Reads an entry of `matchExpressions` or `matchFields`.
    pub fn read(expression: &Value) -> Self {
        let operator = match expression.str_or_empty("operator") {
            "In" => Operator::In,
            "NotIn" => Operator::NotIn,
            "Exists" => Operator::Exists,
            "DoesNotExist" => Operator::DoesNotExist,
            "Gt" => Operator::Gt,
            "Lt" => Operator::Lt,
            _ => Operator::Unknown,
        };
        let mut values: Vec<CompactString> = expression
            .items("values")
            .iter()
            .filter_map(|value| value.as_str().map(CompactString::from))
            .collect();
        values.sort();
        Self {
            key: expression.str_or_empty("key").into(),
            operator,
            values,
        }
    }

    /// The values, if this asks for one of some values of the field `name`.
    pub fn in_values_of(&self, name: &str) -> Option<&[CompactString]> {
        (self.operator == Operator::In && self.key == name).then_some(&self.values)
    }

    /// Whether labels satisfy this.
    pub fn accepts_label(&self, labels: &Labels) -> bool {
        self.accepts(labels.get(&self.key))
    }

    /// Whether the value that the key has satisfies this.
    pub fn accepts(&self, value: Option<&str>) -> bool {
        let is_listed = |value: &str| self.values.iter().any(|listed| listed == value);
        let number = |text: &str| text.parse::<i64>().ok();
        let limit = || self.values.first().and_then(|limit| number(limit));
        match self.operator {
            Operator::In => value.is_some_and(is_listed),
            Operator::NotIn => !value.is_some_and(is_listed),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::Gt => value
                .and_then(number)
                .zip(limit())
                .is_some_and(|(value, limit)| value > limit),
            Operator::Lt => value
                .and_then(number)
                .zip(limit())
                .is_some_and(|(value, limit)| value < limit),
            Operator::Unknown => false,
        }
    }
}

/// A label selector, read once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Selector {
    /// There is no selector, which selects nothing.
    Nothing,
    /// Labels that satisfy all requirements; none select everything.
    All(Vec<Requirement>),
}

impl Selector {
    /// Reads a `LabelSelector`.
    pub fn read(selector: Option<&Value>) -> Self {
        let Some(selector) = selector else {
            return Self::Nothing;
        };
        let mut requirements: Vec<Requirement> = selector
            .str_entries("matchLabels")
            .map(|(key, value)| Requirement::equals(key, value))
            .collect();
        requirements.extend(
            selector
                .items("matchExpressions")
                .iter()
                .map(Requirement::read),
        );
        requirements.sort();
        Self::All(requirements)
    }

    /// Labels that have all these values: the selector of a Service or a ReplicationController.
    pub fn exactly<'l>(labels: impl Iterator<Item = (&'l str, &'l str)>) -> Self {
        let mut requirements: Vec<Requirement> = labels
            .map(|(key, value)| Requirement::equals(key, value))
            .collect();
        requirements.sort();
        Self::All(requirements)
    }

    /// The same selector with further requirements.
    #[must_use]
    pub fn and(mut self, more: impl IntoIterator<Item = Requirement>) -> Self {
        if let Self::All(requirements) = &mut self {
            requirements.extend(more);
            requirements.sort();
            requirements.dedup();
        }
        self
    }

    /// The requirements; none if nothing is selected.
    pub fn requirements(&self) -> &[Requirement] {
        match self {
            Self::Nothing => &[],
            Self::All(requirements) => requirements,
        }
    }

    /// Whether this selects everything.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::All(requirements) if requirements.is_empty())
    }

    /// Whether labels are selected.
    pub fn matches(&self, labels: &Labels) -> bool {
        match self {
            Self::Nothing => false,
            Self::All(requirements) => requirements
                .iter()
                .all(|requirement| requirement.accepts_label(labels)),
        }
    }

    /// A label that everything selected has: what an index of selectors goes by.
    pub fn fixed_label(&self) -> Option<(&str, &str)> {
        self.requirements()
            .iter()
            .find_map(|requirement| match requirement.values.as_slice() {
                [value] if requirement.operator == Operator::In => {
                    Some((requirement.key.as_str(), value.as_str()))
                }
                _ => None,
            })
    }
}

/// One alternative of a node selector.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeTerm {
    /// Conditions on labels.
    pub expressions: Vec<Requirement>,
    /// Conditions on fields, of which there is one: `metadata.name`.
    pub fields: Vec<Requirement>,
}

impl NodeTerm {
    /// Reads a `NodeSelectorTerm`.
    pub fn read(term: &Value) -> Self {
        let read = |key| term.items(key).iter().map(Requirement::read).collect();
        Self {
            expressions: read("matchExpressions"),
            fields: read("matchFields"),
        }
    }

    /// Reads the alternatives of a `NodeSelector`.
    pub fn read_all(selector: &Value) -> Vec<Self> {
        let terms = selector.items("nodeSelectorTerms");
        terms.iter().map(Self::read).collect()
    }

    /// Whether a node is meant; a term without conditions means none.
    pub fn matches(&self, name: &str, labels: &Labels) -> bool {
        let is_empty = self.expressions.is_empty() && self.fields.is_empty();
        !is_empty
            && self
                .expressions
                .iter()
                .all(|requirement| requirement.accepts_label(labels))
            && self.fields.iter().all(|requirement| {
                requirement.accepts((requirement.key == "metadata.name").then_some(name))
            })
    }
}

/// Which pods a term of pod affinity is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scope {
    /// Namespaces by name, sorted.
    pub namespaces: Vec<CompactString>,
    /// Namespaces by their labels, in addition.
    pub namespace_selector: Selector,
    /// The pods in them.
    pub selector: Selector,
}

impl Scope {
    /// The pods of one namespace.
    pub fn within(namespace: &str, selector: Selector) -> Self {
        Self {
            namespaces: vec![namespace.into()],
            namespace_selector: Selector::Nothing,
            selector,
        }
    }

    /// Whether a pod is meant; `namespace_labels` are those of its namespace.
    pub fn matches(&self, namespace: &str, namespace_labels: &Labels, labels: &Labels) -> bool {
        let is_named = self.namespaces.iter().any(|name| name == namespace);
        (is_named || self.namespace_selector.matches(namespace_labels))
            && self.selector.matches(labels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    #[track_caller]
    fn check(selector: &str, labels: &[(&str, &str)], expected: bool) {
        let selector = json::from_str(selector).unwrap();
        let labels = labels.iter().copied().collect();
        assert_eq!(Selector::read(Some(&selector)).matches(&labels), expected);
    }

    #[test]
    fn label_selectors_match_as_upstream_does() {
        check("{}", &[], true);
        check(
            r#"{"matchLabels":{"a":"1"}}"#,
            &[("a", "1"), ("b", "2")],
            true,
        );
        check(r#"{"matchLabels":{"a":"1"}}"#, &[("a", "2")], false);
        let not_in = r#"{"matchExpressions":[{"key":"a","operator":"NotIn","values":["1"]}]}"#;
        check(not_in, &[], true);
        check(not_in, &[("a", "1")], false);
        let absent = r#"{"matchExpressions":[{"key":"a","operator":"DoesNotExist"}]}"#;
        check(absent, &[("b", "1")], true);
        check(
            r#"{"matchExpressions":[{"key":"a","operator":"Near"}]}"#,
            &[("a", "1")],
            false,
        );
        assert!(!Selector::read(None).matches(&Labels::default()));
    }

    #[test]
    fn node_terms_compare_numbers_and_names() {
        let labels: Labels = [("cores", "8")].into_iter().collect();
        let term = |text: &str| NodeTerm::read(&json::from_str(text).unwrap());
        let more = r#"{"matchExpressions":[{"key":"cores","operator":"Gt","values":["4"]}]}"#;
        assert!(term(more).matches("n", &labels));
        let less = r#"{"matchExpressions":[{"key":"cores","operator":"Lt","values":["8"]}]}"#;
        assert!(!term(less).matches("n", &labels));
        let named = r#"{"matchFields":[{"key":"metadata.name","operator":"In","values":["n"]}]}"#;
        assert!(term(named).matches("n", &labels) && !term(named).matches("m", &labels));
        assert!(!term("{}").matches("n", &labels));
    }

    #[test]
    fn a_selector_of_several_labels_has_a_fixed_one() {
        let selector = json::from_str(r#"{"matchLabels":{"b":"2","a":"1"}}"#).unwrap();
        let selector = Selector::read(Some(&selector));
        assert_eq!(selector.fixed_label(), Some(("a", "1")));
        let loose = json::from_str(r#"{"matchExpressions":[{"key":"a","operator":"Exists"}]}"#);
        assert_eq!(Selector::read(Some(&loose.unwrap())).fixed_label(), None);
    }
}
