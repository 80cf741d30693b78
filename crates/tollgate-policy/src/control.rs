//! The one explicit table of all controls: what `tollgate explain` prints and the documentation is made from.

/// Which policy a control belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Policy {
    /// Pod Security Standards
    PodSecurity,
    /// LimitRange
    LimitRange,
    /// ResourceQuota
    ResourceQuota,
    /// PodSecurityPolicy
    PodSecurityPolicy,
}

/// One rule that can refuse an object, or one key that a quota can limit.
#[derive(Debug, Clone, Copy)]
pub struct Control {
    /// The name people type: upstream's id where there is one (`hostPorts`, `requests.cpu`).
    pub id: &'static str,
    /// The policy it belongs to.
    pub policy: Policy,
    /// What it guards, in one sentence of ours.
    pub guards: &'static str,
    /// The fields it reads, `*` for any member: `spec.containers[*].ports[*].hostPort`.
    pub fields: &'static [&'static str],
    /// What is allowed.
    pub allowed: &'static str,
    /// Since which release or policy version, and what changed when.
    pub since: &'static str,
    /// The upstream source it follows.
    pub upstream: &'static str,
    /// A small YAML stream that this control refuses: the policy (if it is an object) and the object.
    pub failing: &'static str,
    /// The same, passing.
    pub passing: &'static str,
}

/// Every control, by policy and in each policy's own order.
pub fn all() -> impl Iterator<Item = &'static Control> {
    let lists: [&[Control]; 4] = [
        crate::pod_security::CONTROLS,
        crate::pod_security_policy::CONTROLS,
        crate::limit_range::CONTROLS,
        crate::resource_quota::CONTROLS,
    ];
    lists.into_iter().flatten()
}
