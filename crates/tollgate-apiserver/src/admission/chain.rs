//! The chain of plugins.

use super::config::AdmissionConfig;
use super::plugins::{
    certificates, default_ingress_class, default_storage_class, default_toleration_seconds,
    limit_ranger, namespace_lifecycle, node_restriction, persistent_volume_claim_resize,
    pod_resize_validator, pod_security, pod_security_policy, priority, runtime_class,
    service_account, storage_object_in_use_protection, taint_nodes_by_condition,
    validating_admission_policy,
};
use super::review::Review;
use super::webhooks;
use std::fmt::Debug;
use tollgate_api::{Status, Value};

/// A plugin. It is asked about every request that writes, and lets pass what is not its business.
pub trait Plugin: Debug + Send + Sync {
    /// The name in `--enable-admission-plugins`.
    fn name(&self) -> &'static str;

    /// Whether it runs if no flag names it.
    fn is_default(&self) -> bool {
        true
    }

    /// Changes the object that is about to be created or to replace another.
    fn mutate(&self, _review: &Review<'_>, _object: &mut Value) -> Result<(), Status> {
        Ok(())
    }

    /// Judges the request; on a deletion there is no object.
    fn validate(&self, _review: &Review<'_>) -> Result<(), Status> {
        Ok(())
    }
}

/// All plugins in upstream's order. ResourceQuota is the last there; here it is part of the transaction (`quota`).
pub static CHAIN: [&dyn Plugin; 19] = [
    &namespace_lifecycle::NamespaceLifecycle,
    &limit_ranger::LimitRanger,
    &service_account::ServiceAccount,
    &node_restriction::NodeRestriction,
    &taint_nodes_by_condition::TaintNodesByCondition,
    &pod_security::PodSecurity,
    &pod_security_policy::PodSecurityPolicy,
    &priority::Priority,
    &default_toleration_seconds::DefaultTolerationSeconds,
    &default_storage_class::DefaultStorageClass,
    &storage_object_in_use_protection::StorageObjectInUseProtection,
    &persistent_volume_claim_resize::PersistentVolumeClaimResize,
    &runtime_class::RuntimeClass,
    &certificates::CertificateApproval,
    &certificates::CertificateSigning,
    &certificates::CertificateSubjectRestriction,
    &default_ingress_class::DefaultIngressClass,
    &pod_resize_validator::PodResizeValidator,
    &validating_admission_policy::ValidatingAdmissionPolicy,
];

/// The plugins that are on.
#[derive(Debug)]
pub struct Chain {
    plugins: Vec<&'static dyn Plugin>,
    /// Whether quotas are charged.
    pub resource_quota: bool,
    mutating_webhooks: bool,
    validating_webhooks: bool,
}

impl Chain {
    /// The chain as the configuration has it.
    pub fn new(config: &AdmissionConfig) -> Self {
        Self {
            plugins: CHAIN
                .into_iter()
                .filter(|plugin| config.is_on(plugin.name(), plugin.is_default()))
                .collect(),
            resource_quota: config.is_on("ResourceQuota", true),
            mutating_webhooks: config.is_on("MutatingAdmissionWebhook", true),
            validating_webhooks: config.is_on("ValidatingAdmissionWebhook", true),
        }
    }

    /// Lets every plugin change the object, each seeing what those before it did: those in this process, then webhooks. If
    /// a webhook changes it, all are heard once more.
    pub async fn mutate(&self, review: &Review<'_>, object: &mut Value) -> Result<(), Status> {
        self.mutate_here(review, object)?;
        if !self.mutating_webhooks {
            return Ok(());
        }
        let mut changes = webhooks::mutate(review, object, None).await?;
        if !changes.any {
            return Ok(());
        }
        let before = object.clone();
        self.mutate_here(review, object)?;
        if *object != before {
            changes.again.append(&mut changes.asked);
        }
        if !changes.again.is_empty() {
            webhooks::mutate(review, object, Some(&changes.again)).await?;
        }
        Ok(())
    }

    fn mutate_here(&self, review: &Review<'_>, object: &mut Value) -> Result<(), Status> {
        for plugin in &self.plugins {
            plugin.mutate(review, object)?;
        }
        Ok(())
    }

    /// Lets every plugin judge; the first that refuses is the answer.
    pub async fn validate(&self, review: &Review<'_>) -> Result<(), Status> {
        for plugin in &self.plugins {
            plugin.validate(review)?;
        }
        if self.validating_webhooks {
            webhooks::validate(review).await?;
        }
        Ok(())
    }
}
