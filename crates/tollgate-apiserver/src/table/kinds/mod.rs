//! The cells of every built-in kind, in the order of its columns.

mod admission;
mod api_services;
mod autoscaling;
mod batch;
mod certificates;
mod devices;
mod endpoints;
mod events;
mod flow_control;
mod hpa_metrics;
mod networking;
mod nodes;
mod plain;
mod pods;
mod policy;
mod rbac;
mod resource_quotas;
mod services;
mod storage;
mod volumes;
mod workloads;

pub(super) use pods::conditions as pod_conditions;

use super::column::printed_as;
use tollgate_api::{Timestamp, Value};

/// Makes the cells of an object.
pub(super) type Cells = fn(&Value, Timestamp) -> Vec<Value>;

/// What makes the cells of a resource or subresource, if upstream has a printer for it.
pub(super) fn cells_of(group: &str, resource: &str) -> Option<Cells> {
    let printed = printed_as(group, resource);
    let (_, cells) = PRINTERS.iter().find(|(of, _)| *of == printed)?;
    Some(*cells)
}

/// Groups and resources. What is not here shows a name and when it was made.
const PRINTERS: &[((&str, &str), Cells)] = &[
    (("", "componentstatuses"), plain::component_status),
    (("", "configmaps"), plain::config_map),
    (("", "endpoints"), endpoints::endpoints),
    (("", "events"), events::event),
    (("", "namespaces"), plain::namespace),
    (("", "nodes"), nodes::node),
    (
        ("", "persistentvolumeclaims"),
        volumes::persistent_volume_claim,
    ),
    (("", "persistentvolumes"), volumes::persistent_volume),
    (("", "pods"), pods::pod),
    (("", "podtemplates"), workloads::pod_template),
    (
        ("", "replicationcontrollers"),
        workloads::replication_controller,
    ),
    (("", "resourcequotas"), resource_quotas::resource_quota),
    (("", "secrets"), plain::secret),
    (("", "serviceaccounts"), plain::named),
    (("", "services"), services::service),
    (
        ("admissionregistration.k8s.io", "mutatingadmissionpolicies"),
        admission::mutating_policy,
    ),
    (
        (
            "admissionregistration.k8s.io",
            "mutatingadmissionpolicybindings",
        ),
        admission::binding,
    ),
    (
        (
            "admissionregistration.k8s.io",
            "mutatingwebhookconfigurations",
        ),
        admission::webhooks,
    ),
    (
        (
            "admissionregistration.k8s.io",
            "validatingadmissionpolicies",
        ),
        admission::validating_policy,
    ),
    (
        (
            "admissionregistration.k8s.io",
            "validatingadmissionpolicybindings",
        ),
        admission::binding,
    ),
    (
        (
            "admissionregistration.k8s.io",
            "validatingwebhookconfigurations",
        ),
        admission::webhooks,
    ),
    (
        ("apiregistration.k8s.io", "apiservices"),
        api_services::api_service,
    ),
    (
        ("apps", "controllerrevisions"),
        workloads::controller_revision,
    ),
    (("apps", "daemonsets"), workloads::daemon_set),
    (("apps", "deployments"), workloads::deployment),
    (("apps", "replicasets"), workloads::replica_set),
    (("apps", "statefulsets"), workloads::stateful_set),
    (
        ("autoscaling", "horizontalpodautoscalers"),
        autoscaling::horizontal_pod_autoscaler,
    ),
    (("autoscaling", "scale"), autoscaling::scale),
    (("batch", "cronjobs"), batch::cron_job),
    (("batch", "jobs"), batch::job),
    (
        ("certificates.k8s.io", "certificatesigningrequests"),
        certificates::signing_request,
    ),
    (("coordination.k8s.io", "leases"), plain::lease),
    (
        ("discovery.k8s.io", "endpointslices"),
        endpoints::endpoint_slice,
    ),
    (
        ("flowcontrol.apiserver.k8s.io", "flowschemas"),
        flow_control::flow_schema,
    ),
    (
        (
            "flowcontrol.apiserver.k8s.io",
            "prioritylevelconfigurations",
        ),
        flow_control::priority_level,
    ),
    (
        ("networking.k8s.io", "ingressclasses"),
        networking::ingress_class,
    ),
    (("networking.k8s.io", "ingresses"), networking::ingress),
    (("networking.k8s.io", "ipaddresses"), networking::ip_address),
    (
        ("networking.k8s.io", "networkpolicies"),
        networking::network_policy,
    ),
    (
        ("networking.k8s.io", "servicecidrs"),
        networking::service_cidr,
    ),
    (("node.k8s.io", "runtimeclasses"), plain::runtime_class),
    (
        ("policy", "poddisruptionbudgets"),
        policy::pod_disruption_budget,
    ),
    (
        ("policy", "podsecuritypolicies"),
        policy::pod_security_policy,
    ),
    (
        ("rbac.authorization.k8s.io", "clusterrolebindings"),
        rbac::binding,
    ),
    (("rbac.authorization.k8s.io", "rolebindings"), rbac::binding),
    (("resource.k8s.io", "deviceclasses"), plain::named),
    (
        ("resource.k8s.io", "resourceclaims"),
        devices::resource_claim,
    ),
    (("resource.k8s.io", "resourceclaimtemplates"), plain::named),
    (
        ("resource.k8s.io", "resourceslices"),
        devices::resource_slice,
    ),
    (
        ("scheduling.k8s.io", "priorityclasses"),
        plain::priority_class,
    ),
    (("storage.k8s.io", "csidrivers"), storage::csi_driver),
    (("storage.k8s.io", "csinodes"), storage::csi_node),
    (("storage.k8s.io", "storageclasses"), storage::storage_class),
    (
        ("storage.k8s.io", "volumeattachments"),
        storage::volume_attachment,
    ),
    (
        ("storage.k8s.io", "volumeattributesclasses"),
        storage::volume_attributes_class,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::columns;
    use proptest::prelude::*;
    use tollgate_api::json::from_str;

    #[test]
    fn every_printer_fills_the_columns_of_its_resource() {
        for ((group, resource), cells) in PRINTERS {
            let resource = if *resource == "scale" {
                "x/scale"
            } else {
                resource
            };
            let columns = columns(group, "v1", resource);
            let cells = cells(&Value::object(), Timestamp::default());
            // Upstream has a cell for the age of an address and no column for it.
            let surplus = usize::from(resource == "ipaddresses");
            assert_eq!(cells.len(), columns.len() + surplus, "{resource}");
        }
    }

    proptest! {
        #[test]
        fn no_object_makes_a_panic(text in r#"\{("(metadata|spec|status|subsets|name)":(null|-?[0-9]{1,19}|"[a-z/,]{0,5}"|\[\{\}\]|\{\}),?){0,6}"#) {
            let text = format!("{}}}", text.trim_end_matches(','));
            if let Ok(object) = from_str(&text) {
                for (_, cells) in PRINTERS {
                    let _ = cells(&object, Timestamp::default());
                }
            }
        }
    }
}
