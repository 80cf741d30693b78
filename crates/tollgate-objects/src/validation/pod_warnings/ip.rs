//! Addresses that are good but not in their canonical form: `GetWarningsForIP`.

use crate::warnings::addresses;
use tollgate_api::Value;
use tollgate_api::field::Path;

pub(super) fn collect(spec: &Value, path: &Path<'_>, warnings: &mut Vec<String>) {
    if let Some(config) = spec.get("dnsConfig") {
        let path = path.child("dnsConfig.nameservers");
        for (index, server) in config.items("nameservers").iter().enumerate() {
            addresses::ip(
                server.as_str().unwrap_or_default(),
                &path.index(index),
                warnings,
            );
        }
    }
    let path = path.child("hostAliases");
    for (index, alias) in spec.items("hostAliases").iter().enumerate() {
        addresses::ip(
            alias.str_or_empty("ip"),
            &path.index(index).child("ip"),
            warnings,
        );
    }
}
