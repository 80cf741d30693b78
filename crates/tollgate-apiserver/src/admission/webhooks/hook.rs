//! Webhooks as configurations describe them.

use crate::outside::Target;
use tollgate_api::Value;

/// What a webhook may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::admission) enum Sort {
    /// Change objects.
    Mutating,
    /// Refuse requests.
    Validating,
}

impl Sort {
    /// The plural of its configurations.
    pub(in crate::admission) const fn plural(self) -> &'static str {
        match self {
            Self::Mutating => "mutatingwebhookconfigurations",
            Self::Validating => "validatingwebhookconfigurations",
        }
    }
}

/// A webhook.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a configuration says yes or no to each apart from the others"
)]
pub(in crate::admission) struct Hook {
    /// What tells it from all others.
    pub(in crate::admission) id: String,
    pub(super) name: String,
    pub(super) rules: Vec<Value>,
    pub(super) equivalent: bool,
    /// The selectors of namespaces and objects.
    pub(super) selectors: Value,
    pub(super) conditions: Vec<String>,
    pub(super) ignores_failure: bool,
    pub(super) reinvokes: bool,
    /// Whether it may be asked about what is not written.
    pub(super) bears_dry_run: bool,
    /// Where it is.
    pub(super) target: Target,
    /// Whether it speaks `v1`, or `v1beta1` alone.
    pub(super) speaks_v1: bool,
}

impl Hook {
    /// The webhooks of a configuration.
    pub(in crate::admission) fn of(configuration: &Value) -> Vec<Self> {
        let name = configuration
            .get("metadata")
            .map_or("", |metadata| metadata.str_or_empty("name"));
        let hooks = configuration.items("webhooks").iter();
        hooks.map(|webhook| Self::new(name, webhook)).collect()
    }

    fn new(configuration: &str, webhook: &Value) -> Self {
        let client = webhook.get("clientConfig").unwrap_or(&Value::Null);
        let name = webhook.str_or_empty("name").to_owned();
        let mut selectors = Value::object();
        for key in ["namespaceSelector", "objectSelector"] {
            selectors.set(key, webhook.get(key).cloned());
        }
        let speaks = |version: &str| {
            let mut versions = webhook.items("admissionReviewVersions").iter();
            versions.any(|known| known.as_str() == Some(version))
        };
        let conditions = webhook.items("matchConditions").iter();
        let seconds = webhook.int("timeoutSeconds").unwrap_or(10).clamp(1, 30);
        Self {
            id: format!("{configuration}/{name}"),
            rules: webhook.items("rules").to_vec(),
            equivalent: webhook.str("matchPolicy") != Some("Exact"),
            selectors,
            conditions: conditions
                .map(|condition| condition.str_or_empty("expression").to_owned())
                .collect(),
            ignores_failure: webhook.str("failurePolicy") == Some("Ignore"),
            reinvokes: webhook.str("reinvocationPolicy") == Some("IfNeeded"),
            bears_dry_run: matches!(webhook.str("sideEffects"), Some("None" | "NoneOnDryRun")),
            target: Target::read(client, u64::try_from(seconds).unwrap_or(10)),
            speaks_v1: speaks("v1") || !speaks("v1beta1"),
            name,
        }
    }

    /// The version in which it is asked.
    pub(super) fn api_version(&self) -> &'static str {
        if self.speaks_v1 {
            "admission.k8s.io/v1"
        } else {
            "admission.k8s.io/v1beta1"
        }
    }
}
