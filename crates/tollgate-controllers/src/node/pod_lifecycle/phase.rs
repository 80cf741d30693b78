//! The phase of a pod, and whether an ended container is started again.

use super::container::{ContainerStatus, Role, Standing};
use super::member::Member;
use tollgate_api::Value;

/// Whether a pod has come to its end.
pub(crate) fn is_terminal(pod: &Value) -> bool {
    let phase = pod
        .get("status")
        .map_or("", |status| status.str_or_empty("phase"));
    matches!(phase, "Succeeded" | "Failed")
}

/// Whether a container that ended with this code is started again.
pub(crate) fn restarts(pod: &Value, container: &Value, role: Role, exit_code: i64) -> bool {
    if role == Role::Ephemeral {
        return false;
    }
    if rule_restarts(container, exit_code) {
        return true;
    }
    let of_pod = pod.get("spec").and_then(|spec| spec.str("restartPolicy"));
    let policy = container
        .str("restartPolicy")
        .or(of_pod)
        .unwrap_or("Always");
    match (policy, role) {
        ("Never", _) => false,
        // An init container that did its work is not asked to do it again.
        ("Always", Role::Init { .. }) | ("OnFailure", _) => exit_code != 0,
        _ => true,
    }
}

/// Whether one of `restartPolicyRules` says so.
fn rule_restarts(container: &Value, exit_code: i64) -> bool {
    container.items("restartPolicyRules").iter().any(|rule| {
        let codes = rule.get("exitCodes").unwrap_or(&Value::Null);
        let is_listed = codes
            .items("values")
            .iter()
            .any(|code| code.as_i64() == Some(exit_code));
        let matches = match codes.str_or_empty("operator") {
            "In" => is_listed,
            "NotIn" => !is_listed,
            _ => false,
        };
        matches && rule.str("action") == Some("Restart")
    })
}

/// Whether a container has ended for good.
pub(crate) fn is_over(
    pod: &Value,
    container: &Value,
    role: Role,
    status: &ContainerStatus,
) -> bool {
    match &status.standing {
        Standing::Terminated(ended) => !restarts(pod, container, role, ended.exit_code),
        _ => false,
    }
}

/// The phase that follows from the containers (`getPhase`).
pub(crate) fn phase_of(pod: &Value, members: &[Member<'_>]) -> &'static str {
    let over = |member: &Member<'_>| is_over(pod, member.container, member.role, &member.status);
    let failed = |member: &Member<'_>| {
        member
            .status
            .ended()
            .is_some_and(|ended| ended.exit_code != 0)
    };
    let inits = members
        .iter()
        .filter(|member| matches!(member.role, Role::Init { .. }));
    let sidecars = || members.iter().filter(|member| member.role == Role::Sidecar);
    for init in inits {
        match (over(init), failed(init)) {
            (true, true) => {
                return if sidecars().any(|sidecar| sidecar.status.is_running()) {
                    "Pending"
                } else {
                    "Failed"
                };
            }
            (false, _) => return "Pending",
            (true, false) => {}
        }
    }
    let regular = || members.iter().filter(|member| member.role == Role::Regular);
    let is_unborn = |member: &Member<'_>| {
        matches!(member.status.standing, Standing::Waiting { .. }) && member.status.last.is_none()
    };
    if regular().any(is_unborn) {
        return "Pending";
    }
    if !regular().all(over) || sidecars().any(|sidecar| sidecar.status.is_running()) {
        return "Running";
    }
    if regular().any(failed) {
        "Failed"
    } else {
        "Succeeded"
    }
}
