//! A status to the letter.

use super::harness::Life;
use tollgate_api::json::from_str;

#[test]
fn the_status_of_a_running_pod_reads_as_a_kubelets() {
    let spec = r#"{"restartPolicy":"Always","containers":[{"name":"c","image":"nginx","resources":{"requests":{"cpu":"1"}},
        "volumeMounts":[{"name":"v","mountPath":"/v","readOnly":true}]}]}"#;
    let mut life = Life::of("{}", spec);
    life.until(10);
    let mut status = life.pod.get("status").unwrap().clone();
    let container = &mut status.items_mut("containerStatuses")[0];
    let id = container.remove("containerID").unwrap();
    assert_eq!(id.as_str().unwrap().len(), "tollgate://".len() + 64);
    assert!(
        container
            .remove("imageID")
            .unwrap()
            .as_str()
            .unwrap()
            .starts_with("tollgate://sha256:")
    );
    let condition = |kind: &str, since: &str| {
        format!(
            r#"{{"type":"{kind}","observedGeneration":1,"status":"True","lastProbeTime":null,"lastTransitionTime":"2026-01-15T{since}Z"}}"#
        )
    };
    let expected = format!(
        r#"{{"observedGeneration":1,"phase":"Running","conditions":[{},{},{},{},{}],
        "hostIP":"172.16.0.2","hostIPs":[{{"ip":"172.16.0.2"}}],"podIP":"10.128.0.2","podIPs":[{{"ip":"10.128.0.2"}}],
        "startTime":"2026-01-15T12:00:00Z","qosClass":"BestEffort","containerStatuses":[{{"name":"c",
        "state":{{"running":{{"startedAt":"2026-01-15T12:00:01Z"}}}},"lastState":{{}},"ready":true,"restartCount":0,
        "image":"nginx","started":true,"allocatedResources":{{"cpu":"1"}},"resources":{{"requests":{{"cpu":"1"}}}},
        "volumeMounts":[{{"name":"v","mountPath":"/v","readOnly":true,"recursiveReadOnly":"Disabled"}}]}}]}}"#,
        condition("PodReadyToStartContainers", "12:00:01"),
        condition("Initialized", "12:00:00"),
        condition("Ready", "12:00:01"),
        condition("ContainersReady", "12:00:01"),
        condition("PodScheduled", "11:59:59"),
    );
    assert_eq!(status, from_str(&expected).unwrap());
}

#[test]
fn the_status_of_a_pod_that_is_created_names_what_is_not_ready() {
    let spec = r#"{"initContainers":[{"name":"i","image":"x"}],"containers":[{"name":"a","image":"x"},{"name":"b","image":"x"}]}"#;
    let mut life = Life::of("{}", spec);
    life.until(0);
    assert_eq!(
        life.condition("Ready"),
        "False ContainersNotReady containers with unready status: [a b]"
    );
    assert_eq!(
        life.condition("Initialized"),
        "False ContainersNotInitialized containers with incomplete status: [i]"
    );
    assert_eq!(life.condition("PodReadyToStartContainers"), "False  ");
    assert_eq!(life.pod.at(&["status", "podIP"]), None);
}

#[test]
fn an_annotation_that_cannot_be_followed_is_told() {
    let spec = r#"{"containers":[{"name":"a","image":"x"}]}"#;
    let mut life = Life::of(r#"{"tollgate.dev/exit-code":"lots"}"#, spec);
    life.until(0);
    assert_eq!(
        life.told(),
        [
            "Warning IgnoredAnnotation annotation tollgate.dev/exit-code is ignored: `lots` is not a number from 0 to 255"
        ]
    );
}
