//! Conversion between versions.

use super::one_of;
use tollgate_api::Value;
use tollgate_api::field::{Error, Errors, Path};

pub(super) fn validate(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let Some(conversion) = spec.get("conversion") else {
        return;
    };
    let path = path.child("conversion");
    one_of(conversion, "strategy", &["None", "Webhook"], &path, errors);
    let webhook = conversion.get("webhook").unwrap_or(&Value::Null);
    let client = webhook.get("clientConfig");
    let versions = webhook.items("conversionReviewVersions");
    let client_path = path.child("webhookClientConfig");
    let versions_path = path.child("conversionReviewVersions");
    if conversion.str("strategy") == Some("Webhook") {
        match client {
            None => {
                let why = "required when strategy is set to Webhook";
                errors.push(Error::required(&client_path, why));
            }
            Some(client) => validate_client(client, &client_path, errors),
        }
        if versions.is_empty() {
            errors.push(Error::required(&versions_path, ""));
        } else if !versions
            .iter()
            .any(|version| matches!(version.as_str(), Some("v1" | "v1beta1")))
        {
            let why = "must include at least one of v1, v1beta1";
            errors.push(Error::invalid(
                &versions_path,
                Value::Array(versions.to_vec()),
                why,
            ));
        }
        return;
    }
    let why = "should not be set when strategy is not set to Webhook";
    if client.is_some() {
        errors.push(Error::forbidden(&client_path, why));
    }
    if !versions.is_empty() {
        errors.push(Error::forbidden(&versions_path, why));
    }
}

fn validate_client(client: &Value, path: &Path<'_>, errors: &mut Errors) {
    let (url, service) = (client.get("url"), client.get("service"));
    if url.is_some() == service.is_some() {
        let why = "exactly one of url or service is required";
        errors.push(Error::required(path, why));
    } else if let Some(service) = service {
        let path = path.child("service");
        for (key, what) in [("name", "service name"), ("namespace", "service namespace")] {
            if service.str_or_empty(key).is_empty() {
                errors.push(Error::required(
                    &path.child(key),
                    format!("{what} is required"),
                ));
            }
        }
    } else if let Some(url) = url.and_then(Value::as_str)
        && !url.starts_with("https://")
    {
        let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
        let why = "'https' is the only allowed URL scheme; desired format: https://host[/path]";
        errors.push(Error::invalid(&path.child("url"), scheme, why));
    }
}
