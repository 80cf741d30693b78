//! The chain of plugins.

use super::config::AdmissionConfig;
use super::plugins::{
    certificates, default_ingress_class, default_storage_class, default_toleration_seconds,
    limit_ranger, namespace_lifecycle, node_restriction, persistent_volume_claim_resize,
    pod_resize_validator, pod_security, pod_security_policy, priority, runtime_class,
    service_account, storage_object_in_use_protection, taint_nodes_by_condition,
    validating_admission_policy,
};
use super::policy;
use super::review::Review;
use super::timings::{Step, Timings};
use super::webhooks::{self, Changes};
use crate::metrics::Page;
use std::fmt::Debug;
use std::time::Duration;
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

/// A plugin, or all policies or webhooks of a sort, and how long it took.
#[derive(Debug)]
struct Timed<P> {
    plugin: P,
    timings: Timings,
}

/// The plugins that are on.
#[derive(Debug)]
pub struct Chain {
    plugins: Vec<Timed<&'static dyn Plugin>>,
    /// Whether quotas are charged.
    pub resource_quota: bool,
    mutating_policies: Option<Timed<&'static str>>,
    mutating_webhooks: Option<Timed<&'static str>>,
    validating_webhooks: Option<Timed<&'static str>>,
    /// The steps as a whole.
    steps: Timings,
}

impl<P> Timed<P> {
    fn new(plugin: P) -> Self {
        Self {
            plugin,
            timings: Timings::default(),
        }
    }
}

/// Tells how long one after another takes.
struct Clock<'r, 'a> {
    review: &'r Review<'a>,
    step: Step,
    began: Duration,
    last: Duration,
}

impl<'r, 'a> Clock<'r, 'a> {
    fn start(review: &'r Review<'a>, step: Step) -> Self {
        let began = review.environment.elapsed();
        Self {
            review,
            step,
            began,
            last: began,
        }
    }

    /// What began when the last ended has ended.
    fn lap<T>(&mut self, timings: &Timings, result: &Result<T, Status>) {
        let now = self.review.environment.elapsed();
        let took = now.saturating_sub(self.last);
        self.last = now;
        let operation = self.review.attributes.operation;
        timings.observe(operation, self.step, result.is_err(), took);
    }

    /// All has ended.
    fn stop<T>(&self, timings: &Timings, result: &Result<T, Status>) {
        let took = self.review.environment.elapsed().saturating_sub(self.began);
        let operation = self.review.attributes.operation;
        timings.observe(operation, self.step, result.is_err(), took);
    }
}

impl Chain {
    /// The chain as the configuration has it.
    pub fn new(config: &AdmissionConfig) -> Self {
        let plugins = CHAIN.into_iter();
        let plugins = plugins.filter(|plugin| config.is_on(plugin.name(), plugin.is_default()));
        let part = |name| config.is_on(name, true).then(|| Timed::new(name));
        Self {
            plugins: plugins.map(Timed::new).collect(),
            resource_quota: config.is_on("ResourceQuota", true),
            mutating_policies: part("MutatingAdmissionPolicy"),
            mutating_webhooks: part("MutatingAdmissionWebhook"),
            validating_webhooks: part("ValidatingAdmissionWebhook"),
            steps: Timings::default(),
        }
    }

    /// Lets every plugin change the object, each seeing what those before it did: those in this process, then policies,
    /// then webhooks. If a policy or a webhook changes it, all are heard once more.
    pub async fn mutate(&self, review: &Review<'_>, object: &mut Value) -> Result<(), Status> {
        let mut clock = Clock::start(review, Step::Admit);
        let result = self.mutate_by_all(&mut clock, object).await;
        clock.stop(&self.steps, &result);
        result
    }

    async fn mutate_by_all(
        &self,
        clock: &mut Clock<'_, '_>,
        object: &mut Value,
    ) -> Result<(), Status> {
        self.mutate_here(clock, object)?;
        let mut by_policies = self.mutate_by_policies(clock, object, None)?;
        let mut by_webhooks = self.mutate_by_webhooks(clock, object, None).await?;
        if !by_policies.any && !by_webhooks.any {
            return Ok(());
        }
        let before = object.clone();
        self.mutate_here(clock, object)?;
        if by_webhooks.any || *object != before {
            by_policies.again.append(&mut by_policies.asked);
        }
        if !by_policies.again.is_empty() {
            self.mutate_by_policies(clock, object, Some(&by_policies.again))?;
        }
        if *object != before {
            by_webhooks.again.append(&mut by_webhooks.asked);
        }
        if !by_webhooks.again.is_empty() {
            let again = Some(by_webhooks.again.as_slice());
            self.mutate_by_webhooks(clock, object, again).await?;
        }
        Ok(())
    }

    fn mutate_by_policies(
        &self,
        clock: &mut Clock<'_, '_>,
        object: &mut Value,
        only: Option<&[String]>,
    ) -> Result<Changes, Status> {
        let review = clock.review;
        let Some(part) = &self.mutating_policies else {
            return Ok(Changes::default());
        };
        if policy::is_exempt(review) {
            return Ok(Changes::default());
        }
        let policies = review.prepared.mutating_policies(review.snapshot);
        let changes = policy::mutate(&policies, review, object, only);
        clock.lap(&part.timings, &changes);
        changes
    }

    async fn mutate_by_webhooks(
        &self,
        clock: &mut Clock<'_, '_>,
        object: &mut Value,
        only: Option<&[String]>,
    ) -> Result<Changes, Status> {
        let Some(part) = &self.mutating_webhooks else {
            return Ok(Changes::default());
        };
        let changes = webhooks::mutate(clock.review, object, only).await;
        clock.lap(&part.timings, &changes);
        changes
    }

    fn mutate_here(&self, clock: &mut Clock<'_, '_>, object: &mut Value) -> Result<(), Status> {
        for timed in &self.plugins {
            let result = timed.plugin.mutate(clock.review, object);
            clock.lap(&timed.timings, &result);
            result?;
        }
        Ok(())
    }

    /// Lets every plugin judge; the first that refuses is the answer.
    pub async fn validate(&self, review: &Review<'_>) -> Result<(), Status> {
        let mut clock = Clock::start(review, Step::Validate);
        let result = self.validate_by_all(&mut clock).await;
        clock.stop(&self.steps, &result);
        result
    }

    async fn validate_by_all(&self, clock: &mut Clock<'_, '_>) -> Result<(), Status> {
        for timed in &self.plugins {
            let result = timed.plugin.validate(clock.review);
            clock.lap(&timed.timings, &result);
            result?;
        }
        if let Some(hooks) = &self.validating_webhooks {
            let result = webhooks::validate(clock.review).await;
            clock.lap(&hooks.timings, &result);
            result?;
        }
        Ok(())
    }

    /// Writes down how long plugins took.
    pub(crate) fn write(&self, page: &mut Page) {
        let name = "apiserver_admission_controller_admission_duration_seconds";
        page.begin(name, "histogram", "How long a plugin took.");
        for timed in &self.plugins {
            timed.timings.write(name, Some(timed.plugin.name()), page);
        }
        let others = [
            &self.mutating_policies,
            &self.mutating_webhooks,
            &self.validating_webhooks,
        ];
        for timed in others.into_iter().flatten() {
            timed.timings.write(name, Some(timed.plugin), page);
        }
        let name = "apiserver_admission_step_admission_duration_seconds";
        page.begin(name, "histogram", "How long all plugins took.");
        self.steps.write(name, None, page);
    }
}
