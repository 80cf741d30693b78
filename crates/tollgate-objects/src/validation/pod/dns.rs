//! Name resolution: `validateDNSPolicy`, `validatePodDNSConfig`.

use crate::validation::ip;
use crate::validation::object_meta::invalid_each;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

// Limits of the resolver in Linux's C library.
const NAMESERVERS_MAX: usize = 3;
const SEARCH_PATHS_MAX: usize = 32;
const SEARCH_LIST_BYTES_MAX: usize = 2048;

/// Validates `dnsPolicy`.
pub(super) fn policy(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    const POLICIES: &[&str] = &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
    match spec.str_or_empty("dnsPolicy") {
        "" => errors.push(Error::required(path, "")),
        policy if POLICIES.contains(&policy) => {}
        policy => errors.push(Error::not_supported(path, policy, POLICIES)),
    }
}

/// Validates `dnsConfig`.
pub(super) fn config(spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let config = spec.get("dnsConfig");
    let nameservers = config.map(|config| config.items("nameservers"));
    let nameservers = nameservers.unwrap_or_default();
    let nameservers_path = path.child("nameservers");
    if spec.str_or_empty("dnsPolicy") == "None" && nameservers.is_empty() {
        errors.push(if config.is_none() {
            Error::required(path, "must provide `dnsConfig` when `dnsPolicy` is None")
        } else {
            Error::required(
                &nameservers_path,
                "must provide at least one DNS nameserver when `dnsPolicy` is None",
            )
        });
        return;
    }
    let Some(config) = config else {
        return;
    };
    if nameservers.len() > NAMESERVERS_MAX {
        errors.push(Error::invalid(
            &nameservers_path,
            nameservers.to_vec(),
            format!("must not have more than {NAMESERVERS_MAX} nameservers"),
        ));
    }
    for (index, server) in nameservers.iter().enumerate() {
        let server = server.as_str().unwrap_or_default();
        ip::validate(server, &nameservers_path.index(index), errors);
    }
    searches(config.items("searches"), &path.child("searches"), errors);
    let path = path.child("options");
    for (index, option) in config.items("options").iter().enumerate() {
        if option.str_or_empty("name").is_empty() {
            errors.push(Error::required(&path.index(index), "must not be empty"));
        }
    }
}

fn searches(searches: &[Value], path: &Path<'_>, errors: &mut Errors) {
    if searches.len() > SEARCH_PATHS_MAX {
        errors.push(Error::invalid(
            path,
            searches.to_vec(),
            format!("must not have more than {SEARCH_PATHS_MAX} search paths"),
        ));
    }
    let texts = || {
        searches
            .iter()
            .map(|search| search.as_str().unwrap_or_default())
    };
    // With the spaces between them.
    let bytes = texts().fold(0_usize, |sum, text| {
        sum.saturating_add(text.len()).saturating_add(1)
    });
    if bytes.saturating_sub(1) > SEARCH_LIST_BYTES_MAX {
        errors.push(Error::invalid(
            path,
            searches.to_vec(),
            format!(
                "must not have more than {SEARCH_LIST_BYTES_MAX} characters (including spaces) in the search list"
            ),
        ));
    }
    for (index, search) in texts().enumerate() {
        if search != "." {
            let search = search.strip_suffix('.').unwrap_or(search);
            let messages = names::dns1123_subdomain_with_underscore(search);
            invalid_each(messages, search, &path.index(index), errors);
        }
    }
}
