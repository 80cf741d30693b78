//! How pods come to run.

use super::harness::{Life, shown};
use tollgate_api::Release;

const PLAIN: &str = r#"{"restartPolicy":"Always","containers":[{"name":"c","image":"nginx","imagePullPolicy":"IfNotPresent"}]}"#;

#[test]
fn a_plain_pod_is_created_then_runs_with_two_writes() {
    let mut life = Life::of("{}", PLAIN);
    life.shows(
        1_000_000,
        &[
            (0, "0/1 ContainerCreating (Pending)"),
            (1, "1/1 Running (Running)"),
        ],
    );
    assert_eq!(
        life.told(),
        [
            "Normal Pulled spec.containers{c} Container image \"nginx\" already present on machine and can be accessed by the pod",
            "Normal Created spec.containers{c} Container created",
            "Normal Started spec.containers{c} Container started",
        ]
    );
}

#[test]
fn init_containers_run_in_order_before_the_others() {
    let spec = r#"{"restartPolicy":"Always","initContainers":[{"name":"a","image":"x"},{"name":"b","image":"x"}],
        "containers":[{"name":"c","image":"x"}]}"#;
    let mut life = Life::of("{}", spec);
    life.shows(
        100,
        &[
            (0, "0/1 Init:0/2 (Pending)"),
            (1, "0/1 Init:0/2 (Pending)"),
            (2, "0/1 Init:1/2 (Pending)"),
            (3, "0/1 PodInitializing (Pending)"),
            (4, "1/1 Running (Running)"),
        ],
    );
    assert_eq!(life.condition("Initialized"), "True  ");
}

#[test]
fn the_next_container_waits_until_a_sidecar_has_started() {
    let spec = r#"{"restartPolicy":"Always","initContainers":[
        {"name":"s","image":"x","restartPolicy":"Always","startupProbe":{"initialDelaySeconds":5,"exec":{}}}],
        "containers":[{"name":"c","image":"x"}]}"#;
    let mut life = Life::of("{}", spec);
    life.shows(
        100,
        &[
            (0, "0/1 Init:0/1 (Pending)"),
            (1, "0/1 Init:0/1 (Pending)"),
            (6, "0/1 PodInitializing (Pending)"),
            (7, "1/1 Running (Running)"),
        ],
    );
}

#[test]
fn an_init_container_that_fails_is_tried_again_with_a_back_off() {
    let spec = r#"{"restartPolicy":"Always","initContainers":[{"name":"i","image":"x","command":["false"]}],
        "containers":[{"name":"c","image":"x"}]}"#;
    let mut life = Life::of("{}", spec);
    life.shows(
        14,
        &[
            (0, "0/1 Init:0/1 (Pending)"),
            (1, "0/1 Init:Error (Pending)"),
            (2, "0/1 Init:Error (Pending) r1"),
            (3, "0/1 Init:CrashLoopBackOff (Pending) r1"),
            (12, "0/1 Init:Error (Pending) r2"),
            (13, "0/1 Init:CrashLoopBackOff (Pending) r2"),
        ],
    );
    assert_eq!(
        life.condition("Initialized"),
        "False ContainersNotInitialized containers with incomplete status: [i]"
    );
}

#[test]
fn probes_make_a_pod_ready_later() {
    let spec = r#"{"restartPolicy":"Always","containers":[{"name":"c","image":"x",
        "startupProbe":{"initialDelaySeconds":3},"readinessProbe":{"initialDelaySeconds":4}}]}"#;
    let mut life = Life::of("{}", spec);
    life.shows(
        100,
        &[
            (0, "0/1 ContainerCreating (Pending)"),
            (1, "0/1 Running (Running)"),
            (4, "0/1 Running (Running)"),
            (8, "1/1 Running (Running)"),
        ],
    );
}

#[test]
fn a_container_that_is_never_ready_says_so_once() {
    let spec = r#"{"restartPolicy":"Always","containers":[{"name":"c","image":"x","readinessProbe":{"httpGet":{}}}]}"#;
    let mut life = Life::of(r#"{"tollgate.dev/never-ready":"true"}"#, spec);
    life.shows(
        10_000,
        &[
            (0, "0/1 ContainerCreating (Pending)"),
            (1, "0/1 Running (Running)"),
        ],
    );
    let unhealthy = "Warning Unhealthy spec.containers{c} Readiness probe failed: HTTP probe failed with statuscode: 503";
    assert_eq!(
        life.told().iter().filter(|told| *told == unhealthy).count(),
        1
    );
    assert_eq!(
        life.condition("Ready"),
        "False ContainersNotReady containers with unready status: [c]"
    );
}

#[test]
fn an_image_that_cannot_be_pulled_ends_in_back_off() {
    let mut life = Life::of(
        r#"{"tollgate.dev/image-pull-error":"no such image"}"#,
        PLAIN,
    );
    life.shows(
        10_000,
        &[
            (0, "0/1 ContainerCreating (Pending)"),
            (1, "0/1 ErrImagePull (Pending)"),
            (2, "0/1 ImagePullBackOff (Pending)"),
        ],
    );
    assert_eq!(
        life.told(),
        [
            "Normal Pulling spec.containers{c} Pulling image \"nginx\"",
            "Warning Failed spec.containers{c} Failed to pull image \"nginx\": no such image",
            "Warning Failed spec.containers{c} Error: ErrImagePull",
            "Normal BackOff spec.containers{c} Back-off pulling image \"nginx\"",
            "Warning Failed spec.containers{c} Error: ImagePullBackOff",
        ]
    );
    // Once the annotation is gone the container starts.
    life.pod.child_mut("metadata").remove("annotations");
    life.shows(20_000, &[(10_000, "1/1 Running (Running)")]);
}

#[test]
fn a_start_takes_as_long_as_its_annotation_says() {
    let mut life = Life::of(r#"{"tollgate.dev/start-delay":"30s"}"#, PLAIN);
    life.shows(
        100,
        &[
            (0, "0/1 ContainerCreating (Pending)"),
            (30, "1/1 Running (Running)"),
        ],
    );
}

#[test]
fn a_volume_without_its_config_map_holds_the_pod_up() {
    let spec = r#"{"restartPolicy":"Always","containers":[{"name":"c","image":"x"}],"volumes":[
        {"name":"v","configMap":{"name":"settings","items":[{"key":"k"}]}},
        {"name":"o","secret":{"secretName":"absent","optional":true}},
        {"name":"kube-api-access-x","projected":{"sources":[{"configMap":{"name":"kube-root-ca.crt"}}]}}]}"#;
    let mut life = Life::of("{}", spec);
    life.shows(60, &[(0, "0/1 ContainerCreating (Pending)")]);
    assert!(life.waits);
    life.sources
        .0
        .insert("c/settings".to_owned(), vec!["other".to_owned()]);
    life.shows(90, &[]);
    life.sources
        .0
        .insert("c/settings".to_owned(), vec!["k".to_owned()]);
    life.shows(100, &[(90, "1/1 Running (Running)")]);
    let told = life.told();
    assert_eq!(
        told[..2],
        [
            "Warning FailedMount MountVolume.SetUp failed for volume \"v\" : configmap \"settings\" not found",
            "Warning FailedMount MountVolume.SetUp failed for volume \"v\" : configmap references non-existent config key: k",
        ]
    );
}

#[test]
fn an_environment_without_its_secret_is_a_config_error() {
    let spec = r#"{"restartPolicy":"Always","containers":[{"name":"c","image":"x",
        "env":[{"name":"A","valueFrom":{"secretKeyRef":{"name":"s","key":"k"}}}]}]}"#;
    let mut life = Life::of("{}", spec);
    life.shows(
        60,
        &[
            (0, "0/1 ContainerCreating (Pending)"),
            (1, "0/1 CreateContainerConfigError (Pending)"),
        ],
    );
    assert!(
        life.told().contains(
            &"Warning Failed spec.containers{c} Error: secret \"s\" not found".to_owned()
        )
    );
    life.sources.0.insert("s/s".to_owned(), vec![]);
    life.until(70);
    life.sources
        .0
        .insert("s/s".to_owned(), vec!["k".to_owned()]);
    life.shows(100, &[(70, "1/1 Running (Running)")]);
}

#[test]
fn a_node_that_is_full_rejects_a_pod() {
    let spec = r#"{"containers":[{"name":"c","image":"x","resources":{"requests":{"cpu":"2","nvidia.com/gpu":"1"}}}]}"#;
    let mut life = Life::of("{}", spec);
    life.used = crate::node::resources::Resources::from_list(Some(
        &tollgate_api::json::from_str(r#"{"cpu":"3"}"#).unwrap(),
    ));
    life.shows(100, &[(0, "0/1 OutOfcpu (Failed)")]);
    assert_eq!(
        life.pod.at(&["status", "message"]).unwrap().as_str(),
        Some(
            "Pod was rejected: Node didn't have enough resource: cpu, requested: 2000, used: 3000, capacity: 4000"
        )
    );
    let mut life = Life::of("{}", spec);
    life.allocatable = crate::node::resources::Resources::from_list(Some(
        &tollgate_api::json::from_str(r#"{"cpu":"4","pods":"110","nvidia.com/gpu":"0"}"#).unwrap(),
    ));
    life.shows(100, &[(0, "0/1 OutOfnvidia.com/gpu (Failed)")]);
    let mut life = Life::of("{}", PLAIN);
    life.pods = 110;
    life.shows(100, &[(0, "0/1 OutOfpods (Failed)")]);
    assert_eq!(
        life.told(),
        [
            "Warning OutOfpods Node didn't have enough resource: pods, requested: 1, used: 110, capacity: 110"
        ]
    );
}

#[test]
fn a_pod_for_another_system_is_rejected() {
    let spec = r#"{"os":{"name":"windows"},"containers":[{"name":"c","image":"x"}]}"#;
    let mut life = Life::of("{}", spec);
    life.shows(100, &[(0, "0/1 PodOSNotSupported (Failed)")]);
    let status = life.pod.get("status").unwrap();
    assert_eq!(status.int("observedGeneration"), Some(1));
    let mut life = Life::of("{}", PLAIN);
    let labels = life.pod.child_mut("metadata").child_mut("labels");
    labels.set("kubernetes.io/os", "windows");
    life.shows(
        100,
        &[(0, "0/1 PodOSSelectorNodeLabelDoesNotMatch (Failed)")],
    );
}

#[test]
fn a_port_of_a_node_goes_to_one_pod() {
    let spec =
        r#"{"containers":[{"name":"c","image":"x","ports":[{"containerPort":1,"hostPort":80}]}]}"#;
    let taken = r#"{"containers":[{"ports":[{"hostPort":80,"hostIP":"10.0.0.1"}]}]}"#;
    let mut life = Life::of("{}", spec);
    life.host_ports =
        crate::scheduler::pod::host_ports(&tollgate_api::json::from_str(taken).unwrap());
    life.shows(100, &[(0, "0/1 NodePorts (Failed)")]);
    let mut life = Life::of("{}", spec);
    life.host_ports = crate::scheduler::pod::host_ports(
        &tollgate_api::json::from_str(&taken.replace("80", "81")).unwrap(),
    );
    life.until(100);
    assert_eq!(shown(&life.pod), "1/1 Running (Running)");
}

#[test]
fn a_node_that_is_not_meant_rejects_a_pod() {
    let mut life = Life::of(
        "{}",
        r#"{"nodeSelector":{"disk":"hdd"},"containers":[{"name":"c","image":"x"}]}"#,
    );
    life.shows(100, &[(0, "0/1 NodeAffinity (Failed)")]);
    assert_eq!(
        life.pod.at(&["status", "message"]).unwrap().as_str(),
        Some(
            "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"
        )
    );
    let affine = r#"{"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[
        {"matchFields":[{"key":"metadata.name","operator":"In","values":["node-0"]}],
         "matchExpressions":[{"key":"disk","operator":"NotIn","values":["hdd"]}]}]}}},"containers":[{"name":"c","image":"x"}]}"#;
    assert_eq!(Life::of("{}", affine).until(100).len(), 2);
}

#[test]
fn a_pod_on_the_host_has_its_address_and_older_releases_say_less() {
    let spec =
        r#"{"restartPolicy":"Always","hostNetwork":true,"containers":[{"name":"c","image":"x"}]}"#;
    let mut life = Life::of("{}", spec);
    life.release = Release::minor(24);
    life.until(100);
    let status = life.pod.get("status").unwrap();
    assert_eq!(status.str("podIP"), Some("172.16.0.2"));
    for newer in ["hostIPs", "observedGeneration"] {
        assert_eq!(status.get(newer), None, "{newer}");
    }
    assert_eq!(status.items("containerStatuses")[0].get("resources"), None);
    assert_eq!(life.condition("PodReadyToStartContainers"), "none");
}

#[test]
fn readiness_gates_hold_ready_back() {
    let spec = r#"{"restartPolicy":"Always","readinessGates":[{"conditionType":"example.com/up"}],"containers":[{"name":"c","image":"x"}]}"#;
    let mut life = Life::of("{}", spec);
    life.until(10);
    assert_eq!(life.condition("ContainersReady"), "True  ");
    assert_eq!(
        life.condition("Ready"),
        "False ReadinessGatesNotReady corresponding condition of pod readiness gate \"example.com/up\" does not exist."
    );
    let up = tollgate_api::json::from_str(r#"{"type":"example.com/up","status":"True"}"#).unwrap();
    let status = life.pod.child_mut("status");
    status
        .get_mut("conditions")
        .unwrap()
        .as_array_mut()
        .unwrap()
        .push(up);
    life.until(20);
    assert_eq!(life.condition("Ready"), "True  ");
}

#[test]
fn an_ephemeral_container_starts_in_a_pod_that_runs() {
    let mut life = Life::of("{}", PLAIN);
    life.until(10);
    let debugger = tollgate_api::json::from_str(r#"[{"name":"d","image":"busybox"}]"#).unwrap();
    life.pod
        .child_mut("spec")
        .set("ephemeralContainers", debugger);
    life.until(20);
    let status = &life
        .pod
        .get("status")
        .unwrap()
        .items("ephemeralContainerStatuses")[0];
    assert!(status.at(&["state", "running"]).is_some());
    assert_eq!(life.condition("Ready"), "True  ");
}
