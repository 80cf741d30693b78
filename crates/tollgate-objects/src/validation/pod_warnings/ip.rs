//! Addresses that are good but not in their canonical form: `GetWarningsForIP`.

use crate::validation::ip::Address;
use tollgate_api::Value;
use tollgate_api::field::Path;
use tollgate_api::go_format::quote;

pub(super) fn collect(spec: &Value, path: &Path<'_>, warnings: &mut Vec<String>) {
    if let Some(config) = spec.get("dnsConfig") {
        let path = path.child("dnsConfig.nameservers");
        for (index, server) in config.items("nameservers").iter().enumerate() {
            warn(
                server.as_str().unwrap_or_default(),
                &path.index(index),
                warnings,
            );
        }
    }
    let path = path.child("hostAliases");
    for (index, alias) in spec.items("hostAliases").iter().enumerate() {
        warn(
            alias.str_or_empty("ip"),
            &path.index(index).child("ip"),
            warnings,
        );
    }
}

fn warn(text: &str, path: &Path<'_>, warnings: &mut Vec<String>) {
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
