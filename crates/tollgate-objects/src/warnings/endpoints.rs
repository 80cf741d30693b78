//! Endpoints and slices of them. What the controllers write is right and not looked at.

use super::{Subject, addresses};
use tollgate_api::Value;
use tollgate_api::field::Path;

fn is_managed_by(subject: &Subject<'_>, label: &str, controllers: &[&str]) -> bool {
    let label = subject.object.at(&["metadata", "labels", label]);
    let controller = label.and_then(Value::as_str);
    controller.is_some_and(|controller| controllers.contains(&controller))
}

pub(super) fn endpoints(subject: &Subject<'_>, warnings: &mut Vec<String>) {
    let label = "endpoints.kubernetes.io/managed-by";
    if !subject.is_since(33) || is_managed_by(subject, label, &["endpoint-controller"]) {
        return;
    }
    let path = Path::root("subsets");
    for (index, subset) in subject.object.items("subsets").iter().enumerate() {
        let path = path.index(index);
        for list in ["addresses", "notReadyAddresses"] {
            let path = path.child(list);
            for (index, address) in subset.items(list).iter().enumerate() {
                let path = path.index(index);
                addresses::ip(address.str_or_empty("ip"), &path.child("ip"), warnings);
            }
        }
    }
}

pub(super) fn slice(subject: &Subject<'_>, warnings: &mut Vec<String>) {
    let slice = subject.object;
    if slice.str("addressType") == Some("FQDN") {
        // The field has no spec above it; upstream says so all the same.
        warnings.push("spec.addressType: FQDN endpoints are deprecated".to_owned());
    }
    let label = "endpointslice.kubernetes.io/managed-by";
    let controllers = [
        "endpointslice-controller.k8s.io",
        "endpointslicemirroring-controller.k8s.io",
    ];
    if !subject.is_since(33) || is_managed_by(subject, label, &controllers) {
        return;
    }
    let path = Path::root("endpoints");
    for (index, endpoint) in slice.items("endpoints").iter().enumerate() {
        let path = path.index(index);
        let path = path.child("addresses");
        for (index, address) in endpoint.items("addresses").iter().enumerate() {
            let text = address.as_str().unwrap_or_default();
            addresses::ip(text, &path.index(index), warnings);
        }
    }
}
