//! The node's own object, and the certificates it asks for.

use super::{Restricted, text};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeSet;
use tollgate_api::go_format::quote;
use tollgate_api::{Operation, Status, Value};
use x509_parser::prelude::{FromDer as _, X509CertificationRequest};

/// Labels that a kubelet sets on its node.
const KUBELET_LABELS: [&str; 11] = [
    "beta.kubernetes.io/arch",
    "beta.kubernetes.io/instance-type",
    "beta.kubernetes.io/os",
    "failure-domain.beta.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone",
    "kubernetes.io/arch",
    "kubernetes.io/hostname",
    "kubernetes.io/os",
    "node.kubernetes.io/instance-type",
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
];
/// Whole namespaces of such labels.
const KUBELET_NAMESPACES: [&str; 2] = ["kubelet.kubernetes.io", "node.kubernetes.io"];
/// The namespace of labels that keep nodes apart, which no node sets on itself.
const RESTRICTED_NAMESPACE: &str = "node-restriction.kubernetes.io";
/// The signers of certificates of nodes.
const NODE_SIGNERS: [&str; 2] = [
    "kubernetes.io/kubelet-serving",
    "kubernetes.io/kube-apiserver-client-kubelet",
];

impl Restricted<'_> {
    pub(super) fn node(&self) -> Result<(), Status> {
        let node = quote(self.node);
        if self.name() != self.node {
            let other = quote(self.name());
            return self.refuse(format!("node {node} is not allowed to modify node {other}"));
        }
        let (old, new) = (self.old(), self.object);
        let source = |node: &Value| node.at(&["spec", "configSource"]).cloned();
        match self.operation() {
            Operation::Create => {
                if source(new).is_some() {
                    return self.refuse(format!(
                        "node {node} is not allowed to create pods with a non-nil configSource"
                    ));
                }
                let labels = forbidden_labels(new, &Value::Null);
                if !labels.is_empty() {
                    return self.refuse(format!(
                        "node {node} is not allowed to set the following labels: {}",
                        labels.join(", ")
                    ));
                }
            }
            Operation::Update => {
                if source(new).is_some() && source(new) != source(old) {
                    return self.refuse(format!(
                        "node {node} is not allowed to update configSource to a new non-nil configSource"
                    ));
                }
                let taints = |node: &Value| {
                    let spec = node.get("spec").unwrap_or(&Value::Null);
                    spec.items("taints").to_vec()
                };
                if taints(new) != taints(old) {
                    return self.refuse(format!("node {node} is not allowed to modify taints"));
                }
                let labels = forbidden_labels(new, old);
                if !labels.is_empty() {
                    return self.refuse(format!(
                        "is not allowed to modify labels: {}",
                        labels.join(", ")
                    ));
                }
            }
            Operation::Delete | Operation::Connect => {}
        }
        Ok(())
    }

    /// A certificate for a node is for the one that asks.
    pub(super) fn signing_request(&self) -> Result<(), Status> {
        let signer = text(self.object, &["spec", "signerName"]);
        if self.operation() != Operation::Create || !NODE_SIGNERS.contains(&signer) {
            return Ok(());
        }
        let Some(name) = common_name(text(self.object, &["spec", "request"])) else {
            return self.refuse("unable to parse csr: PEM block type must be CERTIFICATE REQUEST");
        };
        let expected = format!("system:node:{}", self.node);
        if name != expected {
            return self.refuse(format!("can only create a node CSR with CN={expected}"));
        }
        Ok(())
    }
}

/// The common name that a request for a certificate asks for.
fn common_name(request: &str) -> Option<String> {
    let pem = STANDARD.decode(request).ok()?;
    let (_, pem) = x509_parser::pem::parse_x509_pem(&pem).ok()?;
    let (_, parsed) = X509CertificationRequest::from_der(&pem.contents).ok()?;
    let subject = &parsed.certification_request_info.subject;
    let name = subject.iter_common_name().next();
    Some(
        name.and_then(|name| name.as_str().ok())
            .unwrap_or_default()
            .to_owned(),
    )
}

/// The labels that a node changes on itself and must not, sorted.
fn forbidden_labels(new: &Value, old: &Value) -> Vec<String> {
    let labels = |node: &Value| {
        let metadata = node.get("metadata").cloned().unwrap_or_default();
        let labels = metadata.str_entries("labels");
        labels
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect::<BTreeSet<_>>()
    };
    let (new, old) = (labels(new), labels(old));
    let changed: BTreeSet<&String> = new.symmetric_difference(&old).map(|(key, _)| key).collect();
    let changed = changed.into_iter().filter(|key| is_forbidden(key));
    changed.cloned().collect()
}

fn is_forbidden(key: &str) -> bool {
    let namespace = key.split_once('/').map_or("", |(namespace, _)| namespace);
    let is_in = |suffix: &str| {
        let rest = namespace.strip_suffix(suffix);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    if is_in(RESTRICTED_NAMESPACE) {
        return true;
    }
    let is_kubelets =
        KUBELET_LABELS.contains(&key) || KUBELET_NAMESPACES.iter().any(|known| is_in(known));
    (is_in("kubernetes.io") || is_in("k8s.io")) && !is_kubelets
}
