use super::*;
use tollgate_api::json;

fn kind(name: &str) -> GroupVersionKind {
    let found = KINDS.iter().find(|(_, kind, _)| *kind == name).unwrap();
    GroupVersionKind {
        group: found.0.into(),
        version: "v1".into(),
        kind: name.into(),
    }
}

#[track_caller]
fn check_at(release: u16, name: &str, object: &str, expected: &[&str]) {
    let object = json::from_str(object).unwrap();
    let found = on_create(&kind(name), &object, Release::minor(release));
    assert_eq!(found, expected, "{name} in 1.{release}");
}

#[track_caller]
fn check(name: &str, object: &str, expected: &[&str]) {
    check_at(36, name, object, expected);
    check_at(29, name, object, &[]);
}

#[track_caller]
fn check_update(name: &str, old: &str, new: &str, expected: &[&str]) {
    let (old, new) = (json::from_str(old).unwrap(), json::from_str(new).unwrap());
    let found = on_update(&kind(name), &new, &old, Release::minor(36));
    assert_eq!(found, expected, "{name}");
}

const DOTS: &str = "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]";
const OLD_PROFILE: &str = r#"{"metadata":{"annotations":{"container.apparmor.security.beta.kubernetes.io/c":"unconfined"}},"spec":{"containers":[{"name":"c"}]}}"#;

fn profile(path: &str) -> String {
    format!(
        "{path}metadata.annotations[container.apparmor.security.beta.kubernetes.io/c]: deprecated since v1.30; use the \"appArmorProfile\" field instead"
    )
}

#[test]
fn workloads_are_warned_of_their_names_and_templates() {
    for name in ["Deployment", "ReplicaSet", "ReplicationController", "Job"] {
        let object =
            format!(r#"{{"metadata":{{"name":"a.b"}},"spec":{{"template":{OLD_PROFILE}}}}}"#);
        check(name, &object, &[DOTS, &profile("spec.template.")]);
    }
    for name in ["DaemonSet", "StatefulSet"] {
        let object =
            format!(r#"{{"metadata":{{"name":"a.b"}},"spec":{{"template":{OLD_PROFILE}}}}}"#);
        check(name, &object, &[&profile("spec.template.")]);
    }
    let object = format!(
        r#"{{"metadata":{{"name":"a.b"}},"spec":{{"jobTemplate":{{"spec":{{"template":{OLD_PROFILE}}}}}}}}}"#
    );
    let expected = profile("spec.jobTemplate.spec.template.");
    check("CronJob", &object, &[DOTS, &expected]);
    let object = format!(r#"{{"metadata":{{"name":"a.b"}},"template":{OLD_PROFILE}}}"#);
    check("PodTemplate", &object, &[&profile("template.")]);
}

#[test]
fn an_update_is_looked_at_if_it_makes_another_generation() {
    let at = |generation: u8| {
        format!(
            r#"{{"metadata":{{"name":"a.b","generation":{generation}}},"spec":{{"template":{OLD_PROFILE}}}}}"#
        )
    };
    check_update("Deployment", &at(1), &at(1), &[]);
    check_update("Deployment", &at(1), &at(2), &[&profile("spec.template.")]);
}

#[test]
fn pods_are_looked_at_when_they_are_made_alone() {
    let pod =
        r#"{"metadata":{"name":"p"},"spec":{"hostAliases":[{"ip":"1.1.1.1"},{"ip":"1.1.1.1"}]}}"#;
    let warning = "spec.hostAliases[1].ip: duplicate ip \"1.1.1.1\"";
    check("Pod", pod, &[warning]);
    check_update("Pod", pod, pod, &[]);
}

#[test]
fn sets_keep_claims_and_revisions() {
    let set = r#"{"spec":{"revisionHistoryLimit":-1,"volumeClaimTemplates":[{"spec":{"resources":{"requests":{"storage":"1500m"}}}}]}}"#;
    let bytes = "fractional byte value \"1500m\" is invalid, must be an integer";
    let history = "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended";
    let path = "spec.volumeClaimTemplates[0]";
    let on_create = format!("{path}.resources.requests[storage]: {bytes}");
    check("StatefulSet", set, &[&on_create, history]);
    check_at(32, "StatefulSet", set, &[&on_create]);
    let on_update = format!("{path}.Spec.resources.requests[storage]: {bytes}");
    check_update("StatefulSet", set, set, &[&on_update, history]);
}

#[test]
fn jobs_of_many_indexes_lose_track() {
    let job = |parallelism: u32| {
        format!(
            r#"{{"metadata":{{"name":"j"}},"spec":{{"completionMode":"Indexed","completions":100001,"parallelism":{parallelism}}}}}"#
        )
    };
    check("Job", &job(10_000), &[]);
    check(
        "Job",
        &job(10_001),
        &[
            "spec: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail",
        ],
    );
    let job = r#"{"spec":{"schedule":"CRON_TZ=UTC 0 0 * * *"}}"#;
    check_update(
        "CronJob",
        job,
        job,
        &[
            "cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details",
        ],
    );
}

#[test]
fn services_are_warned_of_what_is_ignored() {
    check(
        "Service",
        r#"{"metadata":{"annotations":{"service.kubernetes.io/topology-aware-hints":"auto"}},"spec":{"type":"ClusterIP","clusterIP":"None","externalIPs":["1.1.1.1"],"loadBalancerIP":"1.1.1.1","sessionAffinity":"ClientIP","trafficDistribution":"PreferClose"}}"#,
        &[
            "annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead",
            "spec.loadBalancerIP is ignored for headless services",
            "spec.externalIPs is ignored for headless services",
            "spec.SessionAffinity is ignored for headless services",
            "spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\"",
        ],
    );
    let external =
        r#"{"spec":{"type":"ExternalName","externalName":"a.b","externalIPs":["1.1.1.1"]}}"#;
    let ignored = "spec.externalIPs is ignored when spec.type is \"ExternalName\"";
    check("Service", external, &[ignored]);
    check_at(33, "Service", external, &[]);
    let other = r#"{"spec":{"type":"NodePort","externalName":"a.b","externalIPs":["1.1.1.1"]}}"#;
    let ignored = "spec.externalName is ignored when spec.type is not \"ExternalName\"";
    let deprecated =
        "spec.externalIPs is deprecated and may no longer be implemented in some clusters";
    check("Service", other, &[deprecated, ignored]);
    check_at(35, "Service", other, &[ignored]);
}

#[test]
fn addresses_and_ranges_have_a_canonical_form() {
    let service = |more: &str| format!(r#"{{"spec":{{"type":"LoadBalancer",{more}}}}}"#);
    let future = "will be considered invalid in a future Kubernetes release";
    let ip = "spec.loadBalancerIP";
    let range = "spec.loadBalancerSourceRanges[0]";
    for (field, text, expected) in [
        (ip, "1.2.3.4", String::new()),
        (ip, "1.2.3.04", format!("non-standard IP address \"1.2.3.04\" {future}: use \"1.2.3.4\"")),
        (
            ip,
            "::ffff:1.2.3.4",
            format!("non-standard IP address \"::ffff:1.2.3.4\" {future}: use \"1.2.3.4\""),
        ),
        (
            ip,
            "2001:DB8::1",
            "IPv6 address \"2001:DB8::1\" should be in RFC 5952 canonical format (\"2001:db8::1\")".to_owned(),
        ),
        (range, "1.2.3.0/24", String::new()),
        (
            range,
            "1.2.3.4/24",
            "CIDR value \"1.2.3.4/24\" is ambiguous in this context (should be \"1.2.3.0/24\" or \"1.2.3.4/32\"?)".to_owned(),
        ),
        (
            range,
            "1.2.03.0/24",
            format!("non-standard CIDR value \"1.2.03.0/24\" {future}: use \"1.2.3.0/24\""),
        ),
        (
            range,
            "::ffff:1.2.3.0/120",
            format!("non-standard CIDR value \"::ffff:1.2.3.0/120\" {future}: use \"1.2.3.0/24\""),
        ),
        (
            range,
            "2001:DB8::/64",
            "IPv6 CIDR value \"2001:DB8::/64\" should be in RFC 5952 canonical format (\"2001:db8::/64\")".to_owned(),
        ),
    ] {
        let object = match field {
            "spec.loadBalancerIP" => service(&format!(r#""loadBalancerIP":"{text}""#)),
            _ => service(&format!(r#""loadBalancerSourceRanges":["{text}"]"#)),
        };
        let expected = format!("{field}: {expected}");
        let expected: &[&str] = if expected.ends_with(": ") { &[] } else { &[&expected] };
        check("Service", &object, expected);
        check_at(32, "Service", &object, &[]);
    }
}

#[test]
fn addresses_are_looked_at_wherever_people_write_them() {
    let ambiguous = "CIDR value \"1.1.1.1/8\" is ambiguous in this context (should be \"1.0.0.0/8\" or \"1.1.1.1/32\"?)";
    let block = r#"{"ipBlock":{"cidr":"1.1.1.1/8","except":["1.1.1.1/8"]}}"#;
    let policy =
        format!(r#"{{"spec":{{"ingress":[{{"from":[{block}]}}],"egress":[{{"to":[{block}]}}]}}}}"#);
    let expected = [
        format!("spec.ingress[0].from[0].ipBlock.cidr: {ambiguous}"),
        format!("spec.ingress[0].from[0].ipBlock.except[0]: {ambiguous}"),
        format!("spec.egress[0].to[0].ipBlock.cidr: {ambiguous}"),
        format!("spec.egress[0].to[0].ipBlock.except[0]: {ambiguous}"),
    ];
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    check("NetworkPolicy", &policy, &expected);
    let zeros = "non-standard IP address \"1.1.1.01\" will be considered invalid in a future Kubernetes release: use \"1.1.1.1\"";
    let subsets =
        r#""subsets":[{"addresses":[{"ip":"1.1.1.1"}],"notReadyAddresses":[{"ip":"1.1.1.01"}]}]"#;
    let expected = format!("subsets[0].notReadyAddresses[0].ip: {zeros}");
    check("Endpoints", &format!("{{{subsets}}}"), &[&expected]);
    let managed =
        r#""metadata":{"labels":{"endpoints.kubernetes.io/managed-by":"endpoint-controller"}}"#;
    check("Endpoints", &format!("{{{managed},{subsets}}}"), &[]);
    let expected = format!("endpoints[0].addresses[0]: {zeros}");
    let slice = r#"{"addressType":"IPv4","endpoints":[{"addresses":["1.1.1.01"]}]}"#;
    check("EndpointSlice", slice, &[&expected]);
    let slice = r#"{"addressType":"FQDN","endpoints":[{"addresses":["a.b"]}]}"#;
    let deprecated = "spec.addressType: FQDN endpoints are deprecated";
    check("EndpointSlice", slice, &[deprecated]);
}

#[test]
fn volumes_and_claims_are_warned_of_what_is_going() {
    let class = "metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use \"storageClassName\" attribute instead";
    let annotations =
        r#""metadata":{"annotations":{"volume.beta.kubernetes.io/storage-class":"c"}}"#;
    check(
        "PersistentVolume",
        &format!(
            r#"{{{annotations},"spec":{{"persistentVolumeReclaimPolicy":"Recycle","rbd":{{}},"nodeAffinity":{{"required":{{"nodeSelectorTerms":[{{"matchExpressions":[{{"key":"beta.kubernetes.io/os"}}]}}]}}}}}}}}"#
        ),
        &[
            class,
            "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.",
            "spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].key: beta.kubernetes.io/os is deprecated since v1.14; use \"kubernetes.io/os\" instead",
            "spec.rbd: deprecated in v1.28, non-functional in v1.31+",
        ],
    );
    check(
        "PersistentVolumeClaim",
        &format!(r#"{{{annotations},"spec":{{"resources":{{"requests":{{"storage":"1m"}}}}}}}}"#),
        &[
            class,
            "spec.resources.requests[storage]: fractional byte value \"1m\" is invalid, must be an integer",
        ],
    );
}

#[test]
fn labels_of_nodes_have_newer_names() {
    let region = "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead";
    let label = "failure-domain.beta.kubernetes.io/region";
    check(
        "StorageClass",
        &format!(r#"{{"allowedTopologies":[{{"matchLabelExpressions":[{{"key":"{label}"}}]}}]}}"#),
        &[&format!(
            "allowedTopologies[0].matchLabelExpressions[0].key: {region}"
        )],
    );
    check(
        "CSIStorageCapacity",
        &format!(
            r#"{{"nodeTopology":{{"matchExpressions":[{{"key":"{label}"}}],"matchLabels":{{"{label}":"x"}}}}}}"#
        ),
        &[
            &format!("nodeTopology.matchExpressions[0].key: {label} is {region}"),
            &format!("nodeTopology.matchLabels.{label}: {region}"),
        ],
    );
    check(
        "RuntimeClass",
        &format!(r#"{{"scheduling":{{"nodeSelector":{{"{label}":"x"}}}}}}"#),
        &[&format!("scheduling.nodeSelector: {region}")],
    );
    check(
        "Node",
        r#"{"spec":{"configSource":{},"externalID":"x"}}"#,
        &[
            "spec.configSource: the feature is removed",
            "spec.externalID: this field is deprecated, and is unused by Kubernetes",
        ],
    );
}

#[test]
fn annotations_that_became_fields_are_named() {
    let ingress = r#"{"metadata":{"annotations":{"kubernetes.io/ingress.class":"c"}}}"#;
    let warning = "annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead";
    check("Ingress", ingress, &[warning]);
    check_update("Ingress", ingress, ingress, &[]);
    let account =
        r#"{"metadata":{"annotations":{"kubernetes.io/enforce-mountable-secrets":"true"}}}"#;
    let warning = "metadata.annotations[kubernetes.io/enforce-mountable-secrets]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets";
    check("ServiceAccount", account, &[warning]);
    check_at(31, "ServiceAccount", account, &[]);
    check_update("ServiceAccount", account, account, &[]);
    check_update("ServiceAccount", "{}", account, &[warning]);
}
