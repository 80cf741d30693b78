//! iSCSI volumes: `validateISCSIVolumeSource`.

use super::{required, required_in_secret_ref};
use crate::validation::numbers::in_range;
use tollgate_api::Value;
use tollgate_api::field::{Error, Errors, Path};

const NOT_QUALIFIED: &str = "must be valid format";
const LUN_MAX: i64 = 255;
const TOTAL_BYTES_MAX: usize = 64;
const EUI_CHARACTERS: usize = 16;
const NAA_CHARACTERS: usize = 32;

pub(super) fn validate(iscsi: &Value, path: &Path<'_>, errors: &mut Errors) {
    check(iscsi, true, path, errors);
}

/// The same of a PersistentVolume, whose secret must have a name and whose qualified names must not say how they begin.
pub(super) fn validate_persistent(iscsi: &Value, path: &Path<'_>, errors: &mut Errors) {
    check(iscsi, false, path, errors);
    required_in_secret_ref(iscsi, path, errors);
}

fn check(iscsi: &Value, of_pod: bool, path: &Path<'_>, errors: &mut Errors) {
    let qualified_name_error = |name: &str| {
        let why = qualified_name_error(name);
        why.map(|why| if of_pod { why } else { NOT_QUALIFIED })
    };
    required(iscsi, "targetPortal", path, errors);
    let iqn = iscsi.str_or_empty("iqn");
    let iqn_path = path.child("iqn");
    if iqn.is_empty() {
        errors.push(Error::required(&iqn_path, ""));
    } else if let Some(why) = qualified_name_error(iqn) {
        errors.push(Error::invalid(&iqn_path, iqn, why));
    }
    let lun = iscsi.int("lun").unwrap_or_default();
    in_range(lun, 0, LUN_MAX, &path.child("lun"), errors);
    let chap = ["chapAuthDiscovery", "chapAuthSession"]
        .into_iter()
        .any(|field| iscsi.bool(field) == Some(true));
    if chap && iscsi.get("secretRef").is_none() {
        errors.push(Error::required(&path.child("secretRef"), ""));
    }
    if let Some(initiator) = iscsi.str("initiatorName")
        && let Some(why) = qualified_name_error(initiator)
    {
        errors.push(Error::invalid(&path.child("initiatorname"), initiator, why));
    }
}

/// The kernel joins the name of the volume and the portal into one name.
pub(super) fn total_length(iscsi: &Value, volume: &str, path: &Path<'_>, errors: &mut Errors) {
    let portal = iscsi.str_or_empty("targetPortal");
    let bytes = volume.len().saturating_add(portal.len()).saturating_add(1);
    if iscsi.str("initiatorName").is_some() && bytes > TOTAL_BYTES_MAX {
        errors.push(Error::invalid(path, volume, "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified."));
    }
}

fn qualified_name_error(name: &str) -> Option<&'static str> {
    let good = if name.starts_with("iqn") {
        // Upstream's expression is not anchored at the beginning.
        name.match_indices("iqn.")
            .any(|(place, _)| name.get(place..).is_some_and(is_iqn))
    } else if name.starts_with("eui") {
        is_fixed(name, EUI_CHARACTERS)
    } else if name.starts_with("naa") {
        is_fixed(name, NAA_CHARACTERS)
    } else {
        return Some("must be valid format starting with iqn, eui, or naa");
    };
    (!good).then_some(NOT_QUALIFIED)
}

/// `iqn.<year>-<month>.<authority>:<name>`
fn is_iqn(name: &str) -> bool {
    let Some(rest) = name.strip_prefix("iqn.") else {
        return false;
    };
    let date = rest.as_bytes();
    let digits = |from: usize, to: usize| {
        date.get(from..to)
            .is_some_and(|part| part.iter().all(u8::is_ascii_digit))
    };
    if !(digits(0, 4) && digits(5, 7)) || date.get(4) != Some(&b'-') || date.get(7) != Some(&b'.') {
        return false;
    }
    let Some((authority, own)) = rest.get(8..).and_then(|rest| rest.split_once(':')) else {
        return false;
    };
    let in_authority = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    let in_name = |character| {
        !matches!(
            character,
            ',' | ';' | '*' | '&' | '$' | '|' | '\t' | '\n' | '\u{c}' | '\r' | ' '
        )
    };
    !authority.is_empty()
        && authority.bytes().all(in_authority)
        && !own.is_empty()
        && own.chars().all(in_name)
}

/// A prefix of three letters, any character, and so many letters or digits.
fn is_fixed(name: &str, length: usize) -> bool {
    let mut rest = name.chars().skip(3);
    rest.next().is_some_and(|any| any != '\n')
        && rest.clone().count() == length
        && rest.all(|character| character.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_three_sorts_are_good() {
        for name in [
            "iqn.2001-04.com.example:storage.kube.sys1.xyz",
            "eui.0123456789abcdef",
            "naa.0123456789abcdef0123456789abcdef",
        ] {
            assert_eq!(qualified_name_error(name), None, "{name}");
        }
        for name in [
            "iqn.2001-04.com.example",
            "iqn.2001.com.example:x",
            "iqn.2001-04.com.example:a b",
            "eui.0123",
            "naa.0123",
        ] {
            assert_eq!(qualified_name_error(name), Some("must be valid format"));
        }
        assert!(qualified_name_error("x").is_some_and(|why| why.contains("starting")));
    }
}
