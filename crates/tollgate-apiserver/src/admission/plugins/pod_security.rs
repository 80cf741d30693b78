//! PodSecurity: the Pod Security Standards, as the labels of the namespace demand them.

use crate::admission::{Plugin, Review};
use crate::storage::Key;
use crate::verbs::record;
use tollgate_api::{Operation, Status, Value};
use tollgate_policy::pod_security::{self, ExistingPods};

/// The plugin.
#[derive(Debug)]
pub(in crate::admission) struct PodSecurity;

impl Plugin for PodSecurity {
    fn name(&self) -> &'static str {
        "PodSecurity"
    }

    fn validate(&self, review: &Review<'_>) -> Result<(), Status> {
        let attributes = &review.attributes;
        let resource = attributes.resource;
        if attributes.operation == Operation::Delete || !pod_security::handles(resource) {
            return Ok(());
        }
        let prepared = review.prepared;
        let namespace = prepared.namespace(review.snapshot, attributes.namespace);
        let missing = format!("namespaces \"{}\" not found", attributes.namespace);
        let policy = match &namespace {
            Some(namespace) => Ok(&namespace.pod_security),
            None => Err(missing.as_str()),
        };
        let mut question = pod_security::Review::new(attributes, policy);
        question.explain = false;
        let pods = Pods::new(review);
        let decision = prepared.pod_security.admit(&question, &pods);
        let notes = decision.audit_annotations.iter();
        for (key, text) in notes.filter(|_| review.trail.is_on()) {
            let key = format!("{}{key}", pod_security::AUDIT_ANNOTATION_PREFIX);
            review.trail.annotate(&key, || text.to_string());
        }
        prepared
            .pod_security_counts
            .count(review, &decision.metrics);
        for warning in decision.warnings {
            review.warnings.add(warning);
        }
        decision.status.map_or(Ok(()), Err)
    }
}

/// The pods of the namespace that a request changes; read only when its policy gets stricter.
struct Pods {
    read: std::sync::OnceLock<Vec<Value>>,
    snapshot: crate::storage::Snapshot,
    prefix: String,
}

impl Pods {
    fn new(review: &Review<'_>) -> Self {
        Self {
            read: std::sync::OnceLock::new(),
            snapshot: review.snapshot.clone(),
            prefix: Key::prefix("", "pods", Some(review.attributes.name)),
        }
    }
}

impl ExistingPods for Pods {
    fn list(&self) -> Result<Vec<&Value>, String> {
        let pods = self.read.get_or_init(|| {
            let records = self.snapshot.range(&self.prefix);
            records
                .filter_map(|(_, record)| record::parse(&record.value, record.revision).ok())
                .collect()
        });
        Ok(pods.iter().collect())
    }
}
