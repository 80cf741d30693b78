//! Scopes: which objects a quota is about, beyond their resource.
//!
//! A quota's `spec.scopes` and `spec.scopeSelector` become a list of selectors that must all hold.

mod best_effort;
mod class_selector;
mod cross_namespace_pod_affinity;
mod priority_class;
pub(in crate::resource_quota) mod terminating;
mod volume_attributes_class;

use class_selector::ClassSelector;
use std::fmt;
use tollgate_api::value::CompactString;
use tollgate_api::{Value, go_format};

/// A scope of a quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Pods with `activeDeadlineSeconds`.
    Terminating,
    /// Pods without.
    NotTerminating,
    /// Pods that request and limit neither cpu nor memory.
    BestEffort,
    /// Pods that do.
    NotBestEffort,
    /// Pods by `priorityClassName`.
    PriorityClass,
    /// Pods whose affinity terms look into other namespaces.
    CrossNamespacePodAffinity,
    /// Claims for volumes by their volume attributes class.
    VolumeAttributesClass,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 7] = [
        Self::Terminating,
        Self::NotTerminating,
        Self::BestEffort,
        Self::NotBestEffort,
        Self::PriorityClass,
        Self::CrossNamespacePodAffinity,
        Self::VolumeAttributesClass,
    ];

    /// Upstream's spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Terminating => "Terminating",
            Self::NotTerminating => "NotTerminating",
            Self::BestEffort => "BestEffort",
            Self::NotBestEffort => "NotBestEffort",
            Self::PriorityClass => "PriorityClass",
            Self::CrossNamespacePodAffinity => "CrossNamespacePodAffinity",
            Self::VolumeAttributesClass => "VolumeAttributesClass",
        }
    }

    /// The scope that is spelt so.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }
}

/// One requirement on a scope, ready to be asked about many objects.
#[derive(Debug, Clone)]
pub struct ScopeSelector {
    name: CompactString,
    operator: CompactString,
    values: Vec<CompactString>,
    // None: a scope that does not exist; nothing is in it.
    scope: Option<Scope>,
    class: ClassSelector,
}

/// Why a selector cannot be used; prints upstream's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("error on matching scope {selector}: failed to parse and convert selector: {reason}")]
pub struct SelectorError {
    /// The scope, as it is spelt.
    pub scope: String,
    selector: String,
    reason: String,
}

impl ScopeSelector {
    /// The selector of a scope that is only named.
    pub(super) fn exists(scope: &str) -> Self {
        let name = CompactString::new(scope);
        Self {
            scope: Scope::parse(&name),
            name,
            operator: CompactString::const_new("Exists"),
            values: Vec::new(),
            class: ClassSelector::Exists,
        }
    }

    /// The selector that stands in `matchExpressions` or `matchScopes`.
    pub fn from_value(requirement: &Value) -> Self {
        let name = requirement.str_or_empty("scopeName");
        let operator = requirement.str_or_empty("operator");
        let values: Option<Vec<CompactString>> = requirement
            .get("values")
            .and_then(Value::as_array)
            .map(|values| values.iter().filter_map(text).collect());
        let class = ClassSelector::parse(name, operator, values.as_deref());
        Self {
            scope: Scope::parse(name),
            name: name.into(),
            operator: operator.into(),
            values: values.unwrap_or_default(),
            class,
        }
    }

    /// The scope's name, as it is spelt.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The scope; none if there is no such scope.
    pub fn scope(&self) -> Option<Scope> {
        self.scope
    }

    /// The requirement as objects write it.
    pub fn to_value(&self) -> Value {
        let mut value: Value = [
            ("scopeName", self.name.clone()),
            ("operator", self.operator.clone()),
        ]
        .into_iter()
        .collect();
        if !self.values.is_empty() {
            value.set("values", self.values.clone());
        }
        value
    }

    pub(super) fn holds_pod(&self, pod: &Value) -> Result<bool, SelectorError> {
        let holds = match self.scope {
            Some(Scope::Terminating) => terminating::is_terminating(pod),
            Some(Scope::NotTerminating) => !terminating::is_terminating(pod),
            Some(Scope::BestEffort) => best_effort::is_best_effort(pod),
            Some(Scope::NotBestEffort) => !best_effort::is_best_effort(pod),
            Some(Scope::PriorityClass) => {
                return priority_class::holds(pod, &self.class).map_err(|why| self.error(why));
            }
            Some(Scope::CrossNamespacePodAffinity) => {
                cross_namespace_pod_affinity::looks_elsewhere(pod)
            }
            Some(Scope::VolumeAttributesClass) | None => false,
        };
        Ok(holds)
    }

    pub(super) fn holds_claim(&self, claim: &Value) -> Result<bool, SelectorError> {
        match self.scope {
            Some(Scope::VolumeAttributesClass) => {
                volume_attributes_class::holds(claim, &self.class).map_err(|why| self.error(why))
            }
            _ => Ok(false),
        }
    }

    fn error(&self, reason: &str) -> SelectorError {
        SelectorError {
            scope: self.name.to_string(),
            selector: self.to_string(),
            reason: reason.to_owned(),
        }
    }
}

/// Prints as Go's `%v` prints the struct: `{PriorityClass In [a b]}`.
impl fmt::Display for ScopeSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = go_format::list(&self.values);
        write!(f, "{{{} {} {values}}}", self.name, self.operator)
    }
}

fn text(value: &Value) -> Option<CompactString> {
    value.as_str().map(CompactString::new)
}

#[cfg(test)]
mod tests;
