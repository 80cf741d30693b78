//! Kernel parameters of a pod: `validateSysctls`.

use crate::validation::repeats::Repeats;
use tollgate_api::Value;
use tollgate_api::field::{Error, Errors, Path};

const NAME_BYTES_MAX: usize = 253;

/// Validates `sysctls` of the pod's security context.
pub(super) fn validate(context: &Value, spec: &Value, path: &Path<'_>, errors: &mut Errors) {
    let sysctls = context.items("sysctls");
    let mut repeats = Repeats::new(sysctls, |entry| entry.str_or_empty("name"));
    for (index, sysctl) in sysctls.iter().enumerate() {
        let is_repeated = repeats.next();
        let name = sysctl.str_or_empty("name");
        let path = path.index(index);
        let path = path.child("name");
        if name.is_empty() {
            errors.push(Error::required(&path, ""));
        } else if !is_name(name) {
            errors.push(Error::invalid(&path, name, format!("must have at most {NAME_BYTES_MAX} characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$")));
        } else if is_repeated {
            errors.push(Error::duplicate(&path, name));
        }
        if spec.bool("hostNetwork") == Some(true) && in_network_namespace(name) {
            errors.push(Error::invalid(
                &path,
                name,
                "may not be specified when 'hostNetwork' is true",
            ));
        } else if spec.bool("hostIPC") == Some(true) && in_ipc_namespace(name) {
            errors.push(Error::invalid(
                &path,
                name,
                "may not be specified when 'hostIPC' is true",
            ));
        }
    }
}

fn is_name(name: &str) -> bool {
    let is_segment = |segment: &str| {
        let at_end = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let bytes = segment.as_bytes();
        bytes.first().is_some_and(at_end)
            && bytes.last().is_some_and(at_end)
            && bytes
                .iter()
                .all(|byte| at_end(byte) || matches!(byte, b'-' | b'_'))
    };
    name.len() <= NAME_BYTES_MAX && name.split(['.', '/']).all(is_segment)
}

fn in_network_namespace(name: &str) -> bool {
    with_dots(name).starts_with("net.")
}

fn in_ipc_namespace(name: &str) -> bool {
    let name = with_dots(name);
    name == "kernel.sem"
        || ["kernel.shm", "kernel.msg", "fs.mqueue."]
            .into_iter()
            .any(|prefix| name.starts_with(prefix))
}

/// The name with dots between its parts; one with slashes has its dots and slashes exchanged.
fn with_dots(name: &str) -> String {
    let exchange = name
        .find(['.', '/'])
        .is_some_and(|place| name.as_bytes().get(place) == Some(&b'/'));
    if !exchange {
        return name.to_owned();
    }
    name.chars()
        .map(|character| match character {
            '.' => '/',
            '/' => '.',
            other => other,
        })
        .collect()
}
