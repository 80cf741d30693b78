use super::*;
use tollgate_api::json;

#[track_caller]
fn check(spec: &str, expected: &[&str]) {
    let pod = json::from_str(&format!(r#"{{"metadata":{{"name":"p"}},"spec":{spec}}}"#)).unwrap();
    assert_eq!(of_pod(&pod), expected);
    let template = of_template(&pod, &Path::root("spec").child("template"));
    let in_template: Vec<String> = expected
        .iter()
        .map(|warning| warning.replace("spec.", "spec.template.spec."))
        .collect();
    assert_eq!(template, in_template);
}

#[test]
fn names_with_dots_surprise_on_create() {
    let pod = json::from_str(r#"{"metadata":{"name":"a.b"}}"#).unwrap();
    assert_eq!(
        on_create(&pod),
        [
            "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]"
        ]
    );
}

#[test]
fn variables_hide_one_another() {
    check(
        r#"{"containers":[{"name":"c","env":[{"name":"A","value":"1"},{"name":"A","value":"$(A)2"},{"name":"A","value":"3"}]}]}"#,
        &[
            "spec.containers[0].env[2]: hides previous definition of \"A\", which may be dropped when using apply",
        ],
    );
}

#[test]
fn bytes_come_whole() {
    check(
        r#"{"containers":[{"name":"c","resources":{"limits":{"memory":"1500m"}}}],"overhead":{"memory":"4m"}}"#,
        &[
            "spec.overhead[memory]: fractional byte value \"4m\" is invalid, must be an integer",
            "spec.containers[0].resources.limits[memory]: fractional byte value \"1500m\" is invalid, must be an integer",
        ],
    );
}

#[test]
fn ports_and_their_names_overlap() {
    check(
        r#"{"containers":[{"name":"a","ports":[{"name":"x","containerPort":80,"protocol":"TCP"}]},
            {"name":"b","ports":[{"name":"x","containerPort":80,"hostPort":80,"protocol":"TCP"}]}]}"#,
        &[
            "spec.containers[1].ports[0]: overlapping port definition with spec.containers[0].ports[0]",
            "spec.containers[1].ports[0]: duplicate port name \"x\" with spec.containers[0].ports[0], services and probes that select ports by name will use spec.containers[0].ports[0]",
        ],
    );
}

#[test]
fn an_address_without_a_port_is_printed_as_go_prints_it() {
    check(
        r#"{"containers":[{"name":"a","ports":[{"containerPort":80,"protocol":"TCP","hostIP":"::1"}]}]}"#,
        &[
            "spec.containers[0].ports[0]: hostIP set without hostPort: {Name: HostPort:0 ContainerPort:80 Protocol:TCP HostIP:::1}",
        ],
    );
}

#[test]
fn selectors_of_nothing_and_old_labels_are_mentioned() {
    check(
        r#"{"nodeSelector":{"beta.kubernetes.io/os":"linux"},
            "topologySpreadConstraints":[{"topologyKey":"x"}],
            "affinity":{"podAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{}]}}}"#,
        &[
            "spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use \"kubernetes.io/os\" instead",
            "spec.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod",
            "spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector: a null labelSelector results in matching no pod",
        ],
    );
}

#[test]
fn addresses_should_be_canonical() {
    check(
        r#"{"dnsConfig":{"nameservers":["1.2.3.4","FE80::1"]}}"#,
        &[
            "spec.dnsConfig.nameservers[1]: IPv6 address \"FE80::1\" should be in RFC 5952 canonical format (\"fe80::1\")",
        ],
    );
}

#[test]
fn files_lie_in_one_another() {
    let pod = json::from_str(
        r#"{"spec":{"volumes":[{"name":"v","projected":{"sources":[
            {"configMap":{"name":"c","items":[{"key":"k","path":"a"}]}},
            {"secret":{"name":"s","items":[{"key":"k","path":"a/b"},{"key":"l","path":"ab"}]}},{}]}}]}}"#,
    )
    .unwrap();
    assert_eq!(
        of_pod(&pod),
        [
            "volume \"v\" (Projected): overlapping paths: \"a/b\" (Secret \"s\") with \"a\" (ConfigMap \"c\")",
            "volume \"v\" (Projected) has no sources provided",
        ]
    );
}
