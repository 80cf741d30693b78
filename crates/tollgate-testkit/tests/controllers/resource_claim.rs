//! Claims of resources: made of templates, let go of when their pods have ended.

use std::sync::Arc;
use std::time::Duration;
use tollgate_api::Value;
use tollgate_api::client::{Deletion, Target};
use tollgate_controllers::resource_claim::ResourceClaims;
use tollgate_controllers::resources::{
    EVENTS, PODS, RESOURCE_CLAIM_TEMPLATES, RESOURCE_CLAIMS, SERVICE_ACCOUNTS,
};
use tollgate_testkit::cluster::Cluster;

const ALLOCATION: &str = r#"{"devices":{"results":[{"request":"r","driver":"d.example.com","pool":"p","device":"dev"}]}}"#;
const SPEC: &str = r#"{"devices":{"requests":[{"name":"r","exactly":{"deviceClassName":"gpu"}}]}}"#;

fn cluster(seed: u64) -> Cluster {
    let cluster = Cluster::new(seed, Box::new(|| vec![Arc::new(ResourceClaims) as _]));
    let account = r#"{"metadata":{"name":"default"}}"#;
    cluster
        .create(&SERVICE_ACCOUNTS, "default", account)
        .unwrap();
    cluster
}

/// A pod with one claim, which is given as JSON without braces.
fn pod(cluster: &Cluster, name: &str, claim: &str) -> String {
    let pod = format!(
        r#"{{"metadata":{{"name":"{name}"}},"spec":{{"terminationGracePeriodSeconds":0,
            "resourceClaims":[{{"name":"gpu",{claim}}}],"containers":[{{"name":"c","image":"i"}}]}}}}"#
    );
    let pod = cluster.create(&PODS, "default", &pod).unwrap();
    text(&pod, &["metadata", "uid"]).to_owned()
}

fn template(cluster: &Cluster) {
    let template = format!(
        r#"{{"metadata":{{"name":"t"}},"spec":{{"metadata":{{"labels":{{"a":"b"}},"annotations":{{"c":"d"}}}},"spec":{SPEC}}}}}"#
    );
    cluster
        .create(&RESOURCE_CLAIM_TEMPLATES, "default", &template)
        .unwrap();
}

fn text<'v>(object: &'v Value, path: &[&str]) -> &'v str {
    object.at(path).and_then(Value::as_str).unwrap_or_default()
}

fn claims(cluster: &Cluster) -> Vec<Value> {
    cluster.list(&RESOURCE_CLAIMS, "default")
}

/// Gives a claim to pods, as the scheduler does.
fn allocate(cluster: &Cluster, name: &str, pods: &[(&str, &str)]) {
    let target = Target::object(&RESOURCE_CLAIMS, "default", name);
    let held = r#"{"metadata":{"finalizers":["resource.kubernetes.io/delete-protection"]}}"#;
    cluster.patch(target, held).unwrap();
    let consumers: Vec<String> = pods
        .iter()
        .map(|(name, uid)| format!(r#"{{"resource":"pods","name":"{name}","uid":"{uid}"}}"#))
        .collect();
    let consumers = consumers.join(",");
    let status =
        format!(r#"{{"status":{{"allocation":{ALLOCATION},"reservedFor":[{consumers}]}}}}"#);
    cluster.patch(target.sub("status"), &status).unwrap();
}

fn end(cluster: &Cluster, pod: &str) {
    let target = Target::object(&PODS, "default", pod).sub("status");
    cluster
        .patch(target, r#"{"status":{"phase":"Succeeded"}}"#)
        .unwrap();
}

#[test]
fn a_pod_gets_the_claim_of_its_template_as_soon_as_the_template_is_there() {
    let mut cluster = cluster(1);
    let uid = pod(&cluster, "web", r#""resourceClaimTemplateName":"t""#);
    cluster.settle();
    assert_eq!(claims(&cluster), []);
    let events = cluster.list(&EVENTS, "default");
    assert_eq!(text(&events[0], &["reason"]), "FailedResourceClaimCreation");
    assert_eq!(
        text(&events[0], &["message"]),
        r#"PodResourceClaim gpu: resource claim template "t": resourceclaimtemplate.resource.k8s.io "t" not found"#
    );
    template(&cluster);
    cluster.settle();
    let made = claims(&cluster);
    let name = text(&made[0], &["metadata", "name"]);
    assert!(name.starts_with("web-gpu-") && name.len() == 13, "{name}");
    assert_eq!(text(&made[0], &["metadata", "labels", "a"]), "b");
    let annotations = made[0].at(&["metadata", "annotations"]).unwrap();
    assert_eq!(annotations.str("c"), Some("d"));
    assert_eq!(
        annotations.str("resource.kubernetes.io/pod-claim-name"),
        Some("gpu")
    );
    let owners = made[0].get("metadata").unwrap().items("ownerReferences");
    assert_eq!(owners[0].str("uid"), Some(uid.as_str()));
    let web = cluster.get(&PODS, "default", "web").unwrap();
    let noted = &web.get("status").unwrap().items("resourceClaimStatuses")[0];
    assert_eq!(noted.str("name"), Some("gpu"));
    assert_eq!(noted.str("resourceClaimName"), Some(name));

    // Taken from the pod, it is made anew.
    let target = Target::object(&RESOURCE_CLAIMS, "default", name);
    cluster.delete(target, Deletion::default()).unwrap();
    cluster.settle();
    let again = claims(&cluster);
    assert_eq!(again.len(), 1);
    let web = cluster.get(&PODS, "default", "web").unwrap();
    let noted = web.get("status").unwrap().items("resourceClaimStatuses");
    assert_eq!(noted.len(), 1);
    assert_eq!(
        noted[0].str("resourceClaimName"),
        Some(text(&again[0], &["metadata", "name"]))
    );
}

#[test]
fn a_claim_that_was_made_for_a_pod_goes_when_the_pod_has_ended() {
    let mut cluster = cluster(2);
    template(&cluster);
    let uid = pod(&cluster, "web", r#""resourceClaimTemplateName":"t""#);
    cluster.settle();
    let name = text(&claims(&cluster)[0], &["metadata", "name"]).to_owned();
    allocate(&cluster, &name, &[("web", &uid)]);
    cluster.settle();
    assert_eq!(claims(&cluster).len(), 1);
    end(&cluster, "web");
    cluster.settle();
    assert_eq!(claims(&cluster), []);
    assert!(cluster.get(&PODS, "default", "web").is_some());
}

#[test]
fn a_claim_that_pods_share_is_free_when_the_last_of_them_has_ended() {
    let mut cluster = cluster(3);
    let claim = format!(r#"{{"metadata":{{"name":"shared"}},"spec":{SPEC}}}"#);
    cluster.create(&RESOURCE_CLAIMS, "default", &claim).unwrap();
    let named = r#""resourceClaimName":"shared""#;
    let (one, two) = (pod(&cluster, "one", named), pod(&cluster, "two", named));
    allocate(
        &cluster,
        "shared",
        &[("one", &one), ("two", &two), ("gone", "x")],
    );
    cluster.settle();
    let status = |cluster: &Cluster| {
        let claim = cluster.get(&RESOURCE_CLAIMS, "default", "shared").unwrap();
        let finalizers = claim.get("metadata").unwrap().items("finalizers").len();
        let status = claim.get("status").cloned().unwrap_or_default();
        let consumers: Vec<String> = status
            .items("reservedFor")
            .iter()
            .map(|consumer| consumer.str_or_empty("name").to_owned())
            .collect();
        (
            consumers.join(","),
            status.get("allocation").is_some(),
            finalizers,
        )
    };
    assert_eq!(status(&cluster), ("one,two".to_owned(), true, 1));
    end(&cluster, "one");
    cluster.settle();
    assert_eq!(status(&cluster), ("two".to_owned(), true, 1));
    let target = Target::object(&PODS, "default", "two");
    cluster.delete(target, Deletion::default()).unwrap();
    cluster.settle();
    assert_eq!(status(&cluster), (String::new(), false, 0));
}

#[test]
fn faults_delay_but_do_not_prevent_it() {
    for seed in 0..10 {
        let mut cluster = cluster(seed);
        cluster.faults.set(300, 100, 100);
        template(&cluster);
        for number in 0..5 {
            pod(
                &cluster,
                &format!("p{number}"),
                r#""resourceClaimTemplateName":"t""#,
            );
            cluster.advance(Duration::from_millis(50));
            if number == 2 {
                cluster.restart();
            }
        }
        cluster.faults.stop();
        cluster.wait(Duration::from_mins(1), |cluster| {
            let pods = cluster.list(&PODS, "default");
            let noted = pods.iter().map(|pod| {
                pod.get("status")
                    .unwrap()
                    .items("resourceClaimStatuses")
                    .len()
            });
            noted.sum::<usize>() == 5
        });
        // Where an answer was lost there may be another one, which goes with its pod as upstream.
        assert!(claims(&cluster).len() >= 5, "seed {seed}");
    }
}
