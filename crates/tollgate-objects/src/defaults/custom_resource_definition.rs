//! CustomResourceDefinition.

use super::set::{if_absent, if_empty, pointer, structure};
use super::webhook_configuration::set_port;
use tollgate_api::Value;

/// Sets the defaults of a definition.
pub fn set_defaults(definition: &mut Value) {
    let Some(spec) = structure(definition, "spec") else {
        return;
    };
    if let Some(names) = structure(spec, "names") {
        set_names_defaults(names);
    }
    if let Some(conversion) = structure(spec, "conversion") {
        if_empty(conversion, "strategy", "None");
        if let Some(client) =
            pointer(conversion, "webhook").and_then(|webhook| pointer(webhook, "clientConfig"))
        {
            set_port(client);
        }
    }
}

fn set_names_defaults(names: &mut Value) {
    let kind = names.str_or_empty("kind").to_owned();
    for (key, name) in [
        ("singular", kind.to_lowercase()),
        ("listKind", format!("{kind}List")),
    ] {
        if !kind.is_empty() && names.str_or_empty(key).is_empty() {
            names.remove(key);
            if_absent(names, key, name);
        }
    }
}
