//! How pods end, by themselves and by others.

use super::harness::{Life, START};

fn one(policy: &str, more: &str) -> String {
    format!(r#"{{"restartPolicy":"{policy}","containers":[{{"name":"c","image":"x"{more}}}]}}"#)
}

#[test]
fn a_pod_that_is_to_end_completes_by_itself() {
    let mut life = Life::of("{}", &one("Never", ""));
    life.shows(
        1_000,
        &[
            (0, "0/1 ContainerCreating (Pending)"),
            (1, "1/1 Running (Running)"),
            (2, "0/1 Completed (Succeeded)"),
        ],
    );
    assert_eq!(life.condition("Ready"), "False PodCompleted ");
    assert_eq!(life.condition("Initialized"), "True PodCompleted ");
    assert_eq!(life.condition("PodReadyToStartContainers"), "False  ");
}

#[test]
fn a_command_says_how_long_and_how() {
    let mut life = Life::of(
        "{}",
        &one("Never", r#","command":["sh","-c","sleep 20; exit 3"]"#),
    );
    life.shows(
        1_000,
        &[
            (0, "0/1 ContainerCreating (Pending)"),
            (1, "1/1 Running (Running)"),
            (21, "0/1 Error (Failed)"),
        ],
    );
    let ended = life.pod.get("status").unwrap().items("containerStatuses")[0]
        .at(&["state", "terminated"])
        .unwrap();
    assert_eq!(ended.int("exitCode"), Some(3));
    assert_eq!(
        ended.str("finishedAt"),
        Some(START.saturating_add_seconds(21).to_string().as_str())
    );
}

#[test]
fn a_container_that_fails_under_always_loops_with_upstreams_back_off() {
    let mut life = Life::of(r#"{"tollgate.dev/exit-code":"1"}"#, &one("Always", ""));
    life.shows(
        36,
        &[
            (0, "0/1 ContainerCreating (Pending)"),
            (1, "1/1 Running (Running)"),
            (2, "0/1 Error (Running)"),
            (3, "1/1 Running (Running) r1"),
            (4, "0/1 Error (Running) r1"),
            (5, "0/1 CrashLoopBackOff (Running) r1"),
            (14, "1/1 Running (Running) r2"),
            (15, "0/1 Error (Running) r2"),
            (16, "0/1 CrashLoopBackOff (Running) r2"),
            (35, "1/1 Running (Running) r3"),
            (36, "0/1 Error (Running) r3"),
        ],
    );
    assert!(life.told().contains(
        &"Warning BackOff spec.containers{c} Back-off restarting failed container c in pod p_ns(u1)".to_owned()
    ));
    life.until(100_000);
    life.now = START.saturating_add_seconds(100_000);
    let status = &life.pod.get("status").unwrap().items("containerStatuses")[0];
    assert_eq!(
        status
            .at(&["state", "waiting", "message"])
            .unwrap()
            .as_str(),
        Some("back-off 5m0s restarting failed container=c pod=p_ns(u1)")
    );
}

#[test]
fn on_failure_restarts_what_failed_and_ends_with_success() {
    let mut life = Life::of(r#"{"tollgate.dev/exit-code":"1"}"#, &one("OnFailure", ""));
    life.until(4);
    life.pod.child_mut("metadata").remove("annotations");
    let last = life.until(1_000).pop().unwrap();
    assert_eq!(last.1, "0/1 Completed (Succeeded) r2");
}

#[test]
fn rules_of_a_container_count_before_its_policy() {
    let more = r#","command":["sh","-c","exit 42"],"restartPolicy":"Never",
        "restartPolicyRules":[{"action":"Restart","exitCodes":{"operator":"In","values":[42]}}]"#;
    let mut life = Life::of("{}", &one("Never", more));
    let seen = life.until(10);
    assert!(
        seen.last()
            .unwrap()
            .1
            .contains("CrashLoopBackOff (Running) r1"),
        "{seen:?}"
    );
}

#[test]
fn sidecars_end_with_the_work() {
    let spec = r#"{"restartPolicy":"Never","initContainers":[{"name":"s","image":"x","restartPolicy":"Always"}],
        "containers":[{"name":"c","image":"x"}]}"#;
    let mut life = Life::of("{}", spec);
    let last = life.until(1_000).pop().unwrap();
    assert_eq!(last, (3, "0/1 Completed (Succeeded)".to_owned()));
    let sidecar = &life
        .pod
        .get("status")
        .unwrap()
        .items("initContainerStatuses")[0];
    assert!(sidecar.at(&["state", "terminated"]).is_some());
}

#[test]
fn an_init_container_that_fails_for_good_fails_the_pod() {
    let spec = r#"{"restartPolicy":"Never","initContainers":[{"name":"i","image":"x","command":["false"]}],
        "containers":[{"name":"c","image":"x"}]}"#;
    let mut life = Life::of("{}", spec);
    life.shows(
        100,
        &[
            (0, "0/1 Init:0/1 (Pending)"),
            (1, "0/1 Init:Error (Failed)"),
        ],
    );
}

#[test]
fn a_liveness_probe_that_fails_restarts_the_container() {
    let more = r#","livenessProbe":{"periodSeconds":2,"failureThreshold":2,"tcpSocket":{}}"#;
    let mut life = Life::of(
        r#"{"tollgate.dev/liveness-fails-after":"6s"}"#,
        &one("Always", more),
    );
    life.shows(
        13,
        &[
            (0, "0/1 ContainerCreating (Pending)"),
            (1, "1/1 Running (Running)"),
            (11, "0/1 Error (Running)"),
            (12, "1/1 Running (Running) r1"),
        ],
    );
    let told = life.told();
    assert!(told.contains(&"Warning Unhealthy spec.containers{c} Liveness probe failed: dial tcp: connect: connection refused".to_owned()));
    assert!(told.contains(&"Normal Killing spec.containers{c} Container c failed liveness probe, will be restarted".to_owned()));
}

#[test]
fn a_pod_that_is_active_for_too_long_fails() {
    let spec = r#"{"restartPolicy":"Always","activeDeadlineSeconds":30,"containers":[{"name":"c","image":"x"}]}"#;
    let mut life = Life::of("{}", spec);
    let last = life.until(100).pop().unwrap();
    assert_eq!(last, (30, "0/1 DeadlineExceeded (Failed)".to_owned()));
    assert_eq!(
        life.pod.at(&["status", "message"]).unwrap().as_str(),
        Some("Pod was active on the node longer than the specified deadline")
    );
}

#[test]
fn a_deleted_pod_stops_then_goes() {
    let mut life = Life::of("{}", &one("Always", ""));
    life.until(10);
    life.events.clear();
    life.delete(30);
    life.shows(100, &[(11, "0/1 Completed (Succeeded)")]);
    assert!(life.deleted);
    assert_eq!(
        life.told(),
        ["Normal Killing spec.containers{c} Stopping container c"]
    );
}

#[test]
fn a_container_that_does_not_stop_is_killed_at_the_end_of_the_grace() {
    let mut life = Life::of(r#"{"tollgate.dev/stop-after":"never"}"#, &one("Always", ""));
    life.until(10);
    life.delete(30);
    life.shows(100, &[(40, "0/1 Error (Failed)")]);
    assert!(life.deleted);
}

#[test]
fn a_hook_before_the_stop_takes_its_time() {
    let more = r#","lifecycle":{"preStop":{"sleep":{"seconds":5}}}"#;
    let mut life = Life::of("{}", &one("Always", more));
    life.until(10);
    life.delete(30);
    life.shows(100, &[(16, "0/1 Completed (Succeeded)")]);
}

#[test]
fn a_pod_that_ended_or_never_came_goes_at_once() {
    let mut life = Life::of("{}", &one("Never", ""));
    life.until(10);
    life.delete(30);
    life.shows(100, &[]);
    assert!(life.deleted);
    let mut life = Life::of("{}", &one("Always", ""));
    life.delete(30);
    life.shows(100, &[]);
    assert!(life.deleted);
}

#[test]
fn a_reason_can_be_given() {
    let annotations = r#"{"tollgate.dev/exit-after":"5s","tollgate.dev/exit-code":"137","tollgate.dev/exit-reason":"OOMKilled"}"#;
    let mut life = Life::of(annotations, &one("Never", ""));
    assert_eq!(
        life.until(100).pop().unwrap(),
        (6, "0/1 OOMKilled (Failed)".to_owned())
    );
}
