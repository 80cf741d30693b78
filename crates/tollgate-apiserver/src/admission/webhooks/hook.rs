//! Webhooks as configurations describe them.

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

/// A service behind which a webhook is.
#[derive(Debug, Clone)]
pub(super) struct Service {
    pub(super) namespace: String,
    pub(super) name: String,
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
    pub(super) timeout_seconds: u64,
    /// Whether it speaks `v1`, or `v1beta1` alone.
    pub(super) speaks_v1: bool,
    pub(super) url: String,
    pub(super) service: Option<Service>,
    /// The authorities that its certificate may come from: PEM in base64.
    pub(super) ca_bundle: String,
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
        let service = client.get("service");
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
            timeout_seconds: u64::try_from(seconds).unwrap_or(10),
            speaks_v1: speaks("v1") || !speaks("v1beta1"),
            url: match service {
                Some(service) => service_url(service),
                None => client.str_or_empty("url").to_owned(),
            },
            service: service.map(|service| Service {
                namespace: service.str_or_empty("namespace").to_owned(),
                name: service.str_or_empty("name").to_owned(),
            }),
            ca_bundle: client.str_or_empty("caBundle").to_owned(),
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

fn service_url(service: &Value) -> String {
    let name = service.str_or_empty("name");
    let namespace = service.str_or_empty("namespace");
    let port = service.int("port").unwrap_or(443);
    let path = service.str_or_empty("path").trim_start_matches('/');
    format!("https://{name}.{namespace}.svc:{port}/{path}")
}
