//! Ingresses and network policies.

use super::{Subject, addresses};
use tollgate_api::Value;
use tollgate_api::field::Path;

/// An Ingress that names its class as was done before there was a field.
pub(super) fn ingress(subject: &Subject<'_>, warnings: &mut Vec<String>) {
    const KEY: &str = "kubernetes.io/ingress.class";
    let has_field = subject.object.at(&["spec", "ingressClassName"]).is_some();
    if subject.old.is_none() && subject.annotation(KEY).is_some() && !has_field {
        warnings.push(format!(
            "annotation \"{KEY}\" is deprecated, please use 'spec.ingressClassName' instead"
        ));
    }
}

/// The ranges of a NetworkPolicy.
pub(super) fn policy(subject: &Subject<'_>, warnings: &mut Vec<String>) {
    let Some(spec) = subject.object.get("spec").filter(|_| subject.is_since(33)) else {
        return;
    };
    let root = Path::root("spec");
    for (rules, peers) in [("ingress", "from"), ("egress", "to")] {
        let path = root.child(rules);
        for (index, rule) in spec.items(rules).iter().enumerate() {
            let path = path.index(index);
            let path = path.child(peers);
            for (index, peer) in rule.items(peers).iter().enumerate() {
                if let Some(block) = peer.get("ipBlock") {
                    let path = path.index(index);
                    ip_block(block, &path.child("ipBlock"), warnings);
                }
            }
        }
    }
}

fn ip_block(block: &Value, path: &Path<'_>, warnings: &mut Vec<String>) {
    addresses::range(block.str_or_empty("cidr"), &path.child("cidr"), warnings);
    let path = path.child("except");
    for (index, except) in block.items("except").iter().enumerate() {
        let text = except.as_str().unwrap_or_default();
        addresses::range(text, &path.index(index), warnings);
    }
}
