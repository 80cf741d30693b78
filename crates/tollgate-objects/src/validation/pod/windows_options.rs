//! Windows' own security options: `validateWindowsSecurityContextOptions`, `validateWindowsHostProcessPod`.

use super::{Scope, visit_containers};
use crate::validation::go_values::{nullable, object};
use crate::validation::object_meta::invalid_each;
use tollgate_api::field::{Error, Errors, Path};
use tollgate_api::{Value, names};

const CREDENTIAL_SPEC_KIB_MAX: usize = 64;
const DOMAIN_BYTES_LIMIT: usize = 256;
const USER_BYTES_MAX: usize = 104;
/// The longest `NetBIOS` name, in characters.
const NET_BIOS_CHARACTERS_MAX: usize = 15;

/// Validates `windowsOptions` of a security context, if they are set.
pub(super) fn validate(context: &Value, path: &Path<'_>, errors: &mut Errors) {
    let Some(options) = context.get("windowsOptions") else {
        return;
    };
    if let Some(name) = options.str("gmsaCredentialSpecName") {
        let path = path.child("gmsaCredentialSpecName");
        invalid_each(names::dns1123_subdomain(name), name, &path, errors);
    }
    if let Some(spec) = options.str("gmsaCredentialSpec") {
        let path = path.child("gmsaCredentialSpec");
        if spec.is_empty() {
            errors.push(Error::invalid(
                &path,
                spec,
                "gmsaCredentialSpec cannot be an empty string",
            ));
        } else if spec.len() > CREDENTIAL_SPEC_KIB_MAX * 1024 {
            errors.push(Error::invalid(
                &path,
                spec,
                format!("gmsaCredentialSpec size must be under {CREDENTIAL_SPEC_KIB_MAX} KiB"),
            ));
        }
    }
    if let Some(name) = options.str("runAsUserName") {
        invalid_each(user_name(name), name, &path.child("runAsUserName"), errors);
    }
}

/// What is wrong with `USER` or `DOMAIN\USER`.
fn user_name(name: &str) -> Vec<String> {
    let single = |why: &str| vec![why.to_owned()];
    if name.is_empty() {
        return single("runAsUserName cannot be an empty string");
    }
    if name.bytes().any(|byte| byte.is_ascii_control()) {
        return single("runAsUserName cannot contain control characters");
    }
    let (domain, user) = match name.split_once('\\') {
        Some((_, rest)) if rest.contains('\\') => {
            return single("runAsUserName cannot contain more than one backslash");
        }
        Some((domain, user)) => (Some(domain), user),
        None => (None, name),
    };
    let mut messages = Vec::new();
    if let Some(domain) = domain {
        if domain.len() >= DOMAIN_BYTES_LIMIT {
            messages.push(format!(
                "runAsUserName's Domain length must be under {DOMAIN_BYTES_LIMIT} characters"
            ));
        }
        if !is_net_bios(domain) && !is_dns(domain) {
            messages.push(
                "runAsUserName's Domain doesn't match the NetBios nor the DNS format".to_owned(),
            );
        }
    }
    if user.is_empty() {
        messages.push("runAsUserName's User cannot be empty".to_owned());
    } else if user.len() > USER_BYTES_MAX {
        messages.push(format!(
            "runAsUserName's User length must not be longer than {USER_BYTES_MAX} characters"
        ));
    }
    if !user.is_empty() && user.bytes().all(|byte| matches!(byte, b'.' | b' ')) {
        messages.push("runAsUserName's User cannot contain only periods or spaces".to_owned());
    }
    if user.contains(|character| "\"/\\:;|=,+*?<>@[]".contains(character)) {
        messages.push(
            "runAsUserName's User cannot contain the following characters: \"/\\:;|=,+*?<>@[]"
                .to_owned(),
        );
    }
    messages
}

fn is_net_bios(domain: &str) -> bool {
    !domain.is_empty()
        && !domain.starts_with('.')
        && domain.chars().count() <= NET_BIOS_CHARACTERS_MAX
        && !domain.contains(|character| "\\/:*?\"<>|".contains(character))
}

fn is_dns(domain: &str) -> bool {
    domain.split('.').all(|label| {
        let bytes = label.as_bytes();
        bytes.len() <= names::LABEL_BYTES_MAX
            && bytes.first().is_some_and(u8::is_ascii_alphanumeric)
            && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
            && bytes
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
    })
}

/// The options as Go's internal type prints.
pub(super) fn printed(options: &Value) -> Value {
    object([
        (
            "GMSACredentialSpecName",
            nullable(options, "gmsaCredentialSpecName"),
        ),
        (
            "GMSACredentialSpec",
            nullable(options, "gmsaCredentialSpec"),
        ),
        ("RunAsUserName", nullable(options, "runAsUserName")),
        ("HostProcess", nullable(options, "hostProcess")),
    ])
}

fn is_host_process(holder: &Value) -> Option<bool> {
    holder
        .at(&["securityContext", "windowsOptions"])?
        .bool("hostProcess")
}

/// Either all containers are processes of the node or none: `validateWindowsHostProcessPod`.
pub(super) fn host_process(scope: Scope<'_>, path: &Path<'_>, errors: &mut Errors) {
    let of_pod = is_host_process(scope.spec);
    let mut containers = 0_usize;
    let mut host_processes = 0_usize;
    visit_containers(scope.spec, path, |container, path| {
        containers = containers.saturating_add(1);
        let own = is_host_process(container);
        if let (Some(of_pod), Some(own)) = (of_pod, own)
            && of_pod != own
        {
            errors.push(Error::invalid(
                &path.child("securityContext.windowsOptions.hostProcess"),
                own,
                format!(
                    "pod hostProcess value must be identical if both are specified, was {of_pod}"
                ),
            ));
        }
        if own.or(of_pod) == Some(true) {
            host_processes = host_processes.saturating_add(1);
        }
    });
    if host_processes == 0 {
        return;
    }
    if host_processes != containers {
        errors.push(Error::invalid(path, "", "If pod contains any hostProcess containers then all containers must be HostProcess containers"));
    }
    if !scope.host_network() {
        errors.push(Error::invalid(
            &path.child("hostNetwork"),
            false,
            "hostNetwork must be true if pod contains any hostProcess containers",
        ));
    }
    if !scope.options.allow_privileged {
        errors.push(Error::forbidden(
            path,
            "hostProcess containers are disallowed by cluster policy",
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_names_may_have_a_domain() {
        for name in ["user", "DOMAIN\\user", "a.example\\some user", "a b\\user"] {
            assert_eq!(user_name(name), Vec::<String>::new(), "{name}");
        }
        for (name, wrong) in [
            ("", 1),
            ("a\u{7}", 1),
            ("a\\b\\c", 1),
            ("\\user", 1),
            (".domain\\", 2),
            ("...", 1),
            ("a/b", 1),
        ] {
            assert_eq!(user_name(name).len(), wrong, "{name}");
        }
    }
}
