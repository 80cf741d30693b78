//! The resources that controllers watch and write, each in the version in which it is stored.

use tollgate_api::client::GroupVersionResource;

macro_rules! resources {
    ($($name:ident = $group:literal / $version:literal / $plural:literal;)*) => {
        $(
            #[doc = concat!("`", $plural, "` of the group `", $group, "`.")]
            pub static $name: GroupVersionResource = GroupVersionResource::new($group, $version, $plural);
        )*
    };
}

resources! {
    CONFIG_MAPS = "" / "v1" / "configmaps";
    ENDPOINTS = "" / "v1" / "endpoints";
    EVENTS = "" / "v1" / "events";
    LIMIT_RANGES = "" / "v1" / "limitranges";
    NAMESPACES = "" / "v1" / "namespaces";
    NODES = "" / "v1" / "nodes";
    PERSISTENT_VOLUME_CLAIMS = "" / "v1" / "persistentvolumeclaims";
    PERSISTENT_VOLUMES = "" / "v1" / "persistentvolumes";
    PODS = "" / "v1" / "pods";
    REPLICATION_CONTROLLERS = "" / "v1" / "replicationcontrollers";
    RESOURCE_QUOTAS = "" / "v1" / "resourcequotas";
    SECRETS = "" / "v1" / "secrets";
    SERVICE_ACCOUNTS = "" / "v1" / "serviceaccounts";
    SERVICES = "" / "v1" / "services";
    VALIDATING_ADMISSION_POLICIES = "admissionregistration.k8s.io" / "v1" / "validatingadmissionpolicies";
    VALIDATING_ADMISSION_POLICY_BINDINGS = "admissionregistration.k8s.io" / "v1" / "validatingadmissionpolicybindings";
    CONTROLLER_REVISIONS = "apps" / "v1" / "controllerrevisions";
    DAEMON_SETS = "apps" / "v1" / "daemonsets";
    DEPLOYMENTS = "apps" / "v1" / "deployments";
    REPLICA_SETS = "apps" / "v1" / "replicasets";
    STATEFUL_SETS = "apps" / "v1" / "statefulsets";
    HORIZONTAL_POD_AUTOSCALERS = "autoscaling" / "v2" / "horizontalpodautoscalers";
    SUBJECT_ACCESS_REVIEWS = "authorization.k8s.io" / "v1" / "subjectaccessreviews";
    CRON_JOBS = "batch" / "v1" / "cronjobs";
    JOBS = "batch" / "v1" / "jobs";
    CERTIFICATE_SIGNING_REQUESTS = "certificates.k8s.io" / "v1" / "certificatesigningrequests";
    LEASES = "coordination.k8s.io" / "v1" / "leases";
    ENDPOINT_SLICES = "discovery.k8s.io" / "v1" / "endpointslices";
    CUSTOM_RESOURCE_DEFINITIONS = "apiextensions.k8s.io" / "v1" / "customresourcedefinitions";
    RUNTIME_CLASSES = "node.k8s.io" / "v1" / "runtimeclasses";
    POD_DISRUPTION_BUDGETS = "policy" / "v1" / "poddisruptionbudgets";
    POD_SECURITY_POLICIES = "policy" / "v1beta1" / "podsecuritypolicies";
    CLUSTER_ROLE_BINDINGS = "rbac.authorization.k8s.io" / "v1" / "clusterrolebindings";
    CLUSTER_ROLES = "rbac.authorization.k8s.io" / "v1" / "clusterroles";
    ROLE_BINDINGS = "rbac.authorization.k8s.io" / "v1" / "rolebindings";
    ROLES = "rbac.authorization.k8s.io" / "v1" / "roles";
    RESOURCE_CLAIM_TEMPLATES = "resource.k8s.io" / "v1" / "resourceclaimtemplates";
    RESOURCE_CLAIMS = "resource.k8s.io" / "v1" / "resourceclaims";
    PRIORITY_CLASSES = "scheduling.k8s.io" / "v1" / "priorityclasses";
    CSI_NODES = "storage.k8s.io" / "v1" / "csinodes";
    STORAGE_CLASSES = "storage.k8s.io" / "v1" / "storageclasses";
    VOLUME_ATTACHMENTS = "storage.k8s.io" / "v1" / "volumeattachments";
    VOLUME_ATTRIBUTES_CLASSES = "storage.k8s.io" / "v1" / "volumeattributesclasses";
}
