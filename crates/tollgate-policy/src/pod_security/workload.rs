//! Requests for what makes pods: they are never refused, but noted and warned of.

use super::admission::{PodSecurity, Review, Subject};
use super::view::{NOTHING, PodView};
use super::{Decision, Level};
use tollgate_api::field::Path;
use tollgate_api::{GroupResource, GroupVersionKind, Value};

/// A kind that holds a pod template.
struct TemplateKind {
    group: &'static str,
    kind: &'static str,
    resource: &'static str,
    /// Where the template stands.
    path: &'static str,
    /// Whether it may do without one.
    is_optional: bool,
}

const fn template(
    group: &'static str,
    kind: &'static str,
    resource: &'static str,
    path: &'static str,
) -> TemplateKind {
    TemplateKind {
        group,
        kind,
        resource,
        path,
        is_optional: false,
    }
}

const TEMPLATE_KINDS: [TemplateKind; 8] = [
    template("apps", "Deployment", "deployments", "spec.template"),
    template("apps", "ReplicaSet", "replicasets", "spec.template"),
    template("apps", "StatefulSet", "statefulsets", "spec.template"),
    template("apps", "DaemonSet", "daemonsets", "spec.template"),
    template("batch", "Job", "jobs", "spec.template"),
    template(
        "batch",
        "CronJob",
        "cronjobs",
        "spec.jobTemplate.spec.template",
    ),
    template("", "PodTemplate", "podtemplates", "template"),
    TemplateKind {
        is_optional: true,
        ..template(
            "",
            "ReplicationController",
            "replicationcontrollers",
            "spec.template",
        )
    },
];

/// Whether Pod Security looks at requests for this resource at all: namespaces, pods, and what makes pods.
pub fn handles(resource: &GroupResource) -> bool {
    let (group, name) = (resource.group.as_str(), resource.resource.as_str());
    matches!((group, name), ("", "namespaces" | "pods")) || of_resource(group, name).is_some()
}

fn of_resource(group: &str, resource: &str) -> Option<&'static TemplateKind> {
    TEMPLATE_KINDS
        .iter()
        .find(|known| known.group == group && known.resource == resource)
}

/// Whether an object is of `kind`, which is in the core group; one that does not say its kind is what it is taken for.
pub(super) fn is_of_kind(object: &Value, kind: &str) -> bool {
    match object.str_or_empty("kind") {
        "" => true,
        said => said == kind && !object.str_or_empty("apiVersion").contains('/'),
    }
}

impl PodSecurity {
    /// Judges a request for something that makes pods. Other resources are none of the plugin's business.
    pub(super) fn admit_workload(&self, review: &Review<'_>) -> Decision {
        let request = review.request;
        let resource = request.resource;
        let Some(expected) = of_resource(&resource.group, &resource.resource) else {
            return Decision::allowed();
        };
        if !request.subresource.is_empty() {
            return Decision::allowed();
        }
        if let Some(exemption) = self.exemption(review) {
            return Decision::exempt(exemption);
        }
        let namespace = match review.namespace {
            Ok(namespace) => namespace,
            Err(why) => {
                let name = request.namespace;
                let note = format!("failed to lookup namespace \"{name}\": {why}");
                return Decision::failed_open(note);
            }
        };
        let policy = &namespace.policy;
        if namespace.errors.is_empty()
            && policy.warn.level == Level::Privileged
            && policy.audit.level == Level::Privileged
        {
            return Decision::allowed();
        }
        if let Some(why) = review.object_error {
            return Decision::failed_open(format!("failed to decode object: {why}"));
        }
        let object = request.object.unwrap_or(&NOTHING);
        let Some(kind) = kind_of(object, expected) else {
            let gvk = GroupVersionKind::of(object);
            return Decision::failed_open(format!(
                "failed to extract pod template: unexpected object type: {}/{}, Kind={}",
                gvk.group, gvk.version, gvk.kind
            ));
        };
        let template = kind
            .path
            .split('.')
            .try_fold(object, |node, step| node.get(step));
        if kind.is_optional && template.is_none() {
            return Decision::allowed();
        }
        let subject = Subject {
            pod: PodView::new(template.unwrap_or(&NOTHING)),
            prefix: Path::root(kind.path).to_owned(),
            written_at: Path::root(kind.path).to_owned(),
            is_enforced: false,
        };
        self.judge(review, namespace, &subject)
    }
}

/// The kind of an object that holds a template; one that does not say its kind is what its resource holds.
fn kind_of(object: &Value, expected: &'static TemplateKind) -> Option<&'static TemplateKind> {
    if object.str_or_empty("kind").is_empty() {
        return Some(expected);
    }
    let gvk = GroupVersionKind::of(object);
    TEMPLATE_KINDS
        .iter()
        .find(|known| known.group == gvk.group && known.kind == gvk.kind)
}
