//! The addresses of a Service: its own, and those from outside that lead to it.

use super::Spec;
use crate::validation::ip::{self, Address};
use std::collections::BTreeSet;
use std::net::IpAddr;
use tollgate_api::Value;
use tollgate_api::field::{Error, Errors, Path};

const POLICIES: [&str; 3] = ["PreferDualStack", "RequireDualStack", "SingleStack"];
const FAMILIES: [&str; 2] = ["IPv4", "IPv6"];

/// `clusterIPs`, `ipFamilies` and `ipFamilyPolicy`: `ValidateServiceClusterIPsRelatedFields`.
pub(super) fn cluster_ips(
    spec: Spec<'_>,
    old: Option<Spec<'_>>,
    path: &Path<'_>,
    errors: &mut Errors,
) {
    if spec.kind() == "ExternalName" {
        return;
    }
    families(spec, path, errors);
    let addresses = spec.cluster_ips();
    let path = path.child("clusterIPs");
    let shown = || Value::Array(addresses.to_vec());
    let first = addresses
        .first()
        .and_then(Value::as_str)
        .unwrap_or_default();
    let single = spec.0.str_or_empty("clusterIP");
    if !addresses.is_empty() && single.is_empty() {
        let why = "must be empty when `clusterIP` is not specified";
        errors.push(Error::invalid(&path, shown(), why));
    }
    if !single.is_empty() {
        if addresses.is_empty() {
            errors.push(Error::required(&path, ""));
        } else if first != single {
            let why = "first value must match `clusterIP`";
            errors.push(Error::invalid(&path, shown(), why));
        }
    }
    for (place, address) in addresses.iter().filter_map(Value::as_str).enumerate() {
        let path = path.index(place);
        if address == "None" {
            if place > 0 {
                errors.push(Error::invalid(
                    &path,
                    address,
                    "must be empty or a valid IP address",
                ));
            }
            continue;
        }
        let unchanged = old.is_some_and(|old| {
            let before = old.cluster_ips().get(place).and_then(Value::as_str);
            before == Some(address)
        });
        if !unchanged {
            ip::validate(address, &path, errors);
        }
    }
    one_of_each_family(spec, &path, errors);
}

fn one_of_each_family(spec: Spec<'_>, path: &Path<'_>, errors: &mut Errors) {
    let addresses = spec.cluster_ips();
    if addresses.len() > FAMILIES.len() {
        let shown = Value::Array(addresses.to_vec());
        let why = "may only hold up to 2 values";
        errors.push(Error::invalid(path, shown, why));
        return;
    }
    let parsed: Vec<bool> = addresses
        .iter()
        .filter_map(|address| Address::parse(address.as_str()?))
        .map(|address| address.canonical().is_ipv4())
        .collect();
    if let [first, second] = parsed.as_slice()
        && first == second
    {
        let shown = Value::Array(addresses.to_vec());
        let why = "may specify no more than one IP for each IP family";
        errors.push(Error::invalid(path, shown, why));
    }
}

fn families(spec: Spec<'_>, path: &Path<'_>, errors: &mut Errors) {
    if let Some(policy) = spec.0.str("ipFamilyPolicy")
        && !POLICIES.contains(&policy)
    {
        let path = path.child("ipFamilyPolicy");
        errors.push(Error::not_supported(&path, policy, &POLICIES));
    }
    let path = path.child("ipFamilies");
    let mut seen = BTreeSet::new();
    for (place, family) in spec.0.items("ipFamilies").iter().enumerate() {
        let family = family.as_str().unwrap_or_default();
        let path = path.index(place);
        if !FAMILIES.contains(&family) {
            errors.push(Error::not_supported(&path, family, &FAMILIES));
        }
        if !seen.insert(family) {
            errors.push(Error::duplicate(&path, family));
        }
    }
}

pub(super) fn external_ips(spec: Spec<'_>, path: &Path<'_>, errors: &mut Errors) {
    let path = path.child("externalIPs");
    for (place, address) in spec.0.items("externalIPs").iter().enumerate() {
        let text = address.as_str().unwrap_or_default();
        let path = path.index(place);
        let before = errors.len();
        ip::validate(text, &path, errors);
        if errors.len() == before {
            not_special(text, &path, errors);
        }
    }
}

/// `ValidateNonSpecialIP`: addresses that lead nowhere else.
pub(in crate::validation) fn not_special(text: &str, path: &Path<'_>, errors: &mut Errors) {
    let Some(address) = Address::parse(text) else {
        errors.push(Error::invalid(path, text, "must be a valid IP address"));
        return;
    };
    let address = address.canonical();
    let why = if address.is_unspecified() {
        format!("may not be unspecified ({text})")
    } else if address.is_loopback() {
        "may not be in the loopback range (127.0.0.0/8, ::1/128)".to_owned()
    } else if is_link_local(address) {
        "may not be in the link-local range (169.254.0.0/16, fe80::/10)".to_owned()
    } else if is_link_local_multicast(address) {
        "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)".to_owned()
    } else {
        return;
    };
    errors.push(Error::invalid(path, text, why));
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

fn is_link_local_multicast(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => matches!(address.octets(), [224, 0, 0, _]),
        IpAddr::V6(address) => address
            .segments()
            .first()
            .is_some_and(|first| *first == 0xff02),
    }
}
