//! Addresses and ranges that are accepted though they should be written otherwise: `GetWarningsForIP` and
//! `GetWarningsForCIDR`.

use crate::validation::ip::{Address, Range};
use tollgate_api::field::Path;
use tollgate_api::go_format::quote;

/// Looks at an address; what is none is nothing to warn of.
pub(crate) fn ip(text: &str, path: &Path<'_>, warnings: &mut Vec<String>) {
    let Some(address) = Address::parse(text) else {
        return;
    };
    let canonical = address.canonical().to_string();
    let shown = quote(text);
    if address.leading_zeros || address.is_mapped() {
        warnings.push(format!(
            "{path}: non-standard IP address {shown} will be considered invalid in a future Kubernetes release: use {}",
            quote(&canonical)
        ));
    } else if address.ip.is_ipv6() && canonical != text {
        warnings.push(format!(
            "{path}: IPv6 address {shown} should be in RFC 5952 canonical format ({})",
            quote(&canonical)
        ));
    }
}

/// Looks at a range.
pub(super) fn range(text: &str, path: &Path<'_>, warnings: &mut Vec<String>) {
    let Some(range) = Range::parse(text) else {
        return;
    };
    let (shown, network) = (quote(text), range.network());
    let before = warnings.len();
    if let Some(one) = range.single_address() {
        warnings.push(format!(
            "{path}: CIDR value {shown} is ambiguous in this context (should be {} or {}?)",
            quote(&network),
            quote(&one)
        ));
    }
    if range.leading_zeros || range.address.is_mapped() {
        warnings.push(format!(
            "{path}: non-standard CIDR value {shown} will be considered invalid in a future Kubernetes release: use {}",
            quote(&network)
        ));
    }
    let canonical = format!("{}/{}", range.address.ip, range.prefix);
    if warnings.len() == before && range.address.ip.is_ipv6() && canonical != text {
        warnings.push(format!(
            "{path}: IPv6 CIDR value {shown} should be in RFC 5952 canonical format ({})",
            quote(&canonical)
        ));
    }
}
