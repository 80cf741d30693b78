//! The chain of plugins.

use super::config::AdmissionConfig;
use super::plugins::{
    certificates, default_ingress_class, default_storage_class, default_toleration_seconds,
    limit_ranger, namespace_lifecycle, persistent_volume_claim_resize, pod_resize_validator,
    pod_security, pod_security_policy, priority, runtime_class, service_account,
    storage_object_in_use_protection, taint_nodes_by_condition, validating_admission_policy,
};
use super::policy;
use super::review::Review;
use super::webhooks::{self, Changes};
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
pub static CHAIN: [&dyn Plugin; 18] = [
    &namespace_lifecycle::NamespaceLifecycle,
    &limit_ranger::LimitRanger,
    &service_account::ServiceAccount,
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
#[expect(
    clippy::struct_excessive_bools,
    reason = "flags say yes or no to each apart from the others"
)]
pub struct Chain {
    plugins: Vec<&'static dyn Plugin>,
    /// Whether quotas are charged.
    pub resource_quota: bool,
    mutating_policies: bool,
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
            mutating_policies: config.is_on("MutatingAdmissionPolicy", true),
            mutating_webhooks: config.is_on("MutatingAdmissionWebhook", true),
            validating_webhooks: config.is_on("ValidatingAdmissionWebhook", true),
        }
    }

    /// Lets every plugin change the object, each seeing what those before it did: those in this process, then policies,
    /// then webhooks. If a policy or a webhook changes it, all are heard once more.
    pub async fn mutate(&self, review: &Review<'_>, object: &mut Value) -> Result<(), Status> {
        self.mutate_here(review, object)?;
        let mut by_policies = self.mutate_by_policies(review, object, None)?;
        let mut by_webhooks = self.mutate_by_webhooks(review, object, None).await?;
        if !by_policies.any && !by_webhooks.any {
            return Ok(());
        }
        let before = object.clone();
        self.mutate_here(review, object)?;
        if by_webhooks.any || *object != before {
            by_policies.again.append(&mut by_policies.asked);
        }
        if !by_policies.again.is_empty() {
            self.mutate_by_policies(review, object, Some(&by_policies.again))?;
        }
        if *object != before {
            by_webhooks.again.append(&mut by_webhooks.asked);
        }
        if !by_webhooks.again.is_empty() {
            let again = Some(by_webhooks.again.as_slice());
            self.mutate_by_webhooks(review, object, again).await?;
        }
        Ok(())
    }

    fn mutate_by_policies(
        &self,
        review: &Review<'_>,
        object: &mut Value,
        only: Option<&[String]>,
    ) -> Result<Changes, Status> {
        if !self.mutating_policies || policy::is_exempt(review) {
            return Ok(Changes::default());
        }
        let policies = review.prepared.mutating_policies(review.snapshot);
        policy::mutate(&policies, review, object, only)
    }

    async fn mutate_by_webhooks(
        &self,
        review: &Review<'_>,
        object: &mut Value,
        only: Option<&[String]>,
    ) -> Result<Changes, Status> {
        if !self.mutating_webhooks {
            return Ok(Changes::default());
        }
        webhooks::mutate(review, object, only).await
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
