//! The decisions themselves.

use crate::generate::Choices;
use std::hint::black_box;
use std::sync::Arc;
use tollgate::manifest::{Source, duplicate_keys, split};
use tollgate_api::{
    Attributes, GroupResource, GroupVersionKind, Operation, Release, Timestamp, UserInfo, Value,
};
use tollgate_objects::{defaults, schema};
use tollgate_policy::admission_configuration::{ConfigFile, Section, section};
use tollgate_policy::limit_range::{self, LimitRange};
use tollgate_policy::pod_security::{self, PodSecurity, Review};
use tollgate_policy::pod_security_policy::{Context as PspContext, PodSecurityPolicies, Wording};
use tollgate_policy::priority::PriorityClasses;
use tollgate_policy::rbac::{Access, Rbac, ResourceAccess};
use tollgate_policy::resource_quota::{self, Context, Listing, Quota, Quotas};

const RBAC: &str = "rbac.authorization.k8s.io/v1";

/// What is judged: a resource and its kind.
const JUDGED: &[(&str, &str, &str, &str)] = &[
    ("v1", "Pod", "", "pods"),
    ("v1", "Pod", "", "pods"),
    ("v1", "PersistentVolumeClaim", "", "persistentvolumeclaims"),
    ("v1", "Service", "", "services"),
    ("apps/v1", "Deployment", "apps", "deployments"),
    (
        "resource.k8s.io/v1",
        "ResourceClaim",
        "resource.k8s.io",
        "resourceclaims",
    ),
    ("v1", "Namespace", "", "namespaces"),
];

/// The policies of a cluster, made of bytes; half of them went through decoding and defaulting as on a server.
struct Cluster {
    ranges: Vec<LimitRange>,
    quota: Value,
    pod_security: PodSecurity,
    namespace: Value,
    security_policies: PodSecurityPolicies,
    priorities: PriorityClasses,
    rbac: Rbac,
}

impl Cluster {
    fn new(choices: &mut Choices<'_>) -> Self {
        let namespace = object(choices, "v1", "Namespace");
        let policies = [(); 2].map(|()| object(choices, "policy/v1beta1", "PodSecurityPolicy"));
        let roles = ["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"];
        let roles = roles.map(|kind| object(choices, RBAC, kind));
        let classes = [(); 2].map(|()| object(choices, "scheduling.k8s.io/v1", "PriorityClass"));
        Self {
            ranges: vec![LimitRange::new(&object(choices, "v1", "LimitRange"))],
            quota: object(choices, "v1", "ResourceQuota"),
            pod_security: PodSecurity::new(pod_security::Config::default(), Release::NEWEST),
            namespace,
            security_policies: PodSecurityPolicies::from_objects(&policies),
            priorities: PriorityClasses::new(&classes).with_system_classes(),
            rbac: Rbac::from_objects(&roles),
        }
    }
}

fn object(choices: &mut Choices<'_>, api_version: &str, kind: &str) -> Value {
    let kind = GroupVersionKind::new(api_version, kind);
    let mut object = choices.object_of(&kind);
    if choices.byte() & 1 == 0 {
        schema::decode(&kind, &mut object);
        defaults::set_defaults(&kind, &mut object);
    }
    object
}

/// Every policy decides about every object, and decides the same when it is asked again; usage is never negative
/// zero-sum: what is charged and settled away again leaves what was there.
pub fn policies_decide_without_a_panic(bytes: &[u8]) {
    let choices = &mut Choices::new(bytes);
    let cluster = Cluster::new(choices);
    let Some((api_version, kind, group, plural)) = JUDGED.get(choices.below(JUDGED.len())) else {
        return;
    };
    let mut new = object(choices, api_version, kind);
    let old = object(choices, api_version, kind);
    let resource = GroupResource::new(*group, *plural);
    let operations = [Operation::Create, Operation::Update, Operation::Delete];
    let operation = operations
        .get(choices.below(3))
        .copied()
        .unwrap_or(Operation::Create);
    let subresource = choices.one_of(&["", "", "resize", "status", "ephemeralcontainers"]);
    let user = UserInfo::service_account("ns", "default");
    let attributes = Attributes {
        operation,
        resource: &resource,
        subresource,
        namespace: "ns",
        name: "x",
        user: Some(&user),
        object: None,
        old_object: (operation == Operation::Update).then_some(&old),
        dry_run: false,
    };

    limit_range::mutate(&cluster.ranges, &attributes, &mut new);
    black_box(cluster.priorities.admit(&mut new).is_ok());
    let may_use = |user: &UserInfo, namespace: &str, group: &str, policy: &str| {
        let access = Access::Resource(ResourceAccess {
            verb: "use",
            group,
            resource: "podsecuritypolicies",
            namespace,
            name: policy,
            ..ResourceAccess::default()
        });
        cluster.rbac.allows(user, &access)
    };
    let context = PspContext {
        authorizer: &may_use,
        wording: Wording::Documented,
    };
    black_box(
        cluster
            .security_policies
            .admit(&attributes, &mut new, &context)
            .is_ok(),
    );

    let attributes = Attributes {
        object: Some(&new),
        ..attributes
    };
    let twice = |decide: &dyn Fn() -> String| assert_eq!(decide(), decide());
    twice(&|| format!("{:?}", limit_range::validate(&cluster.ranges, &attributes)));
    twice(&|| {
        format!(
            "{:?}",
            cluster.security_policies.validate(&attributes, &context)
        )
    });
    let namespace = cluster.pod_security.namespace_policy(&cluster.namespace);
    let review = Review::new(&attributes, Ok(&namespace));
    twice(&|| {
        format!(
            "{:?}",
            cluster.pod_security.admit(&review, &[old.clone()][..])
        )
    });
    quota_decides(&cluster.quota, &attributes, &old);
}

fn quota_decides(quota: &Value, attributes: &Attributes<'_>, stored: &Value) {
    let context = Context::at(Timestamp::default());
    let listing = Listing {
        resource: attributes.resource,
        objects: Ok(vec![stored]),
    };
    let used = resource_quota::recalculate(quota, &[listing], &context).used;
    let mut quotas = Quotas::new([Quota::stored(quota), Quota::calculated(quota, &used)]);
    match resource_quota::admit(attributes, &quotas, &[], &context) {
        Ok(charges) => {
            quotas.apply(&charges);
            for quota in &quotas {
                black_box(quota.used_value());
            }
        }
        Err(refusal) => assert!(!refusal.status.message.is_empty()),
    }
}

/// A configuration file is read or refused in words; what it configures can be used.
pub fn configurations_are_read_without_a_panic(bytes: &[u8]) {
    let source = Arc::new(Source {
        name: "admission.yaml".to_owned(),
        bytes: bytes.to_vec(),
    });
    for document in split(source) {
        let Ok(tree) = document.read() else { continue };
        let text = document.text();
        let duplicate_keys = duplicate_keys(&document, &tree);
        let file = ConfigFile {
            text: &text,
            tree: &tree,
            duplicate_keys: &duplicate_keys,
        };
        for plugin in ["PodSecurity", "ResourceQuota"] {
            match section(&file, plugin) {
                Err(error) => assert!(!error.to_string().is_empty()),
                Ok(Section::Here(configuration)) => configure(configuration),
                Ok(Section::Absent | Section::File(_)) => {}
            }
        }
        configure(&tree);
    }
}

fn configure(configuration: &Value) {
    match pod_security::Config::from_value(configuration) {
        Ok(config) => {
            let plugin = PodSecurity::new(config, Release::NEWEST);
            black_box(plugin.namespace_policy(&Value::Null));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    match resource_quota::limited_resources(configuration) {
        Ok(limited) => {
            for one in limited {
                black_box(one.to_value());
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
