//! ValidatingWebhookConfiguration and MutatingWebhookConfiguration.

use super::set::{if_absent, pointer, structure, structures};
use tollgate_api::Value;

/// Sets the defaults of validating webhooks.
pub fn set_defaults(configuration: &mut Value) {
    for webhook in structures(configuration, "webhooks") {
        set_webhook_defaults(webhook);
    }
}

/// Sets the defaults of mutating webhooks.
pub fn set_mutating_defaults(configuration: &mut Value) {
    for webhook in structures(configuration, "webhooks") {
        set_webhook_defaults(webhook);
        if_absent(webhook, "reinvocationPolicy", "Never");
    }
}

fn set_webhook_defaults(webhook: &mut Value) {
    if_absent(webhook, "failurePolicy", "Fail");
    if_absent(webhook, "matchPolicy", "Equivalent");
    if_absent(webhook, "namespaceSelector", Value::object());
    if_absent(webhook, "objectSelector", Value::object());
    if_absent(webhook, "timeoutSeconds", 10);
    if let Some(config) = structure(webhook, "clientConfig") {
        set_port(config);
    }
    for rule in structures(webhook, "rules") {
        set_rule_defaults(rule);
    }
}

/// A rule without a scope is about cluster-scoped and namespaced resources.
pub(super) fn set_rule_defaults(rule: &mut Value) {
    if_absent(rule, "scope", "*");
}

/// A service is called at the port of HTTPS.
pub(super) fn set_port(config: &mut Value) {
    if let Some(service) = pointer(config, "service") {
        if_absent(service, "port", 443);
    }
}
