//! The examples of the controls: a policy, the right to use it, a pod.

/// A YAML stream: a policy `example`, the grant of `use` to the default service account, and a pod.
///
/// `spec` holds the lines of the policy beside open rules for everything else, `rules` all lines of its `spec`.
macro_rules! example {
    (
        $(annotations: [$($annotation:literal),+ $(,)?],)?
        spec: [$($line:literal),* $(,)?],
        $($pod:tt)+
    ) => {
        $crate::pod_security_policy::controls::example::example!(
            $(annotations: [$($annotation),+],)?
            rules: [
                $($line,)*
                "fsGroup:", "  rule: RunAsAny", "runAsUser:", "  rule: RunAsAny", "seLinux:",
                "  rule: RunAsAny", "supplementalGroups:", "  rule: RunAsAny", "volumes:", "- '*'"
            ],
            $($pod)+
        )
    };
    (
        $(annotations: [$($annotation:literal),+ $(,)?],)?
        rules: [$($rule:literal),+ $(,)?],
        $(pod_annotations: [$($pod_annotation:literal),+ $(,)?],)?
        pod: [$($pod:literal),+ $(,)?] $(,)?
    ) => {
        concat!(
            "apiVersion: policy/v1beta1\nkind: PodSecurityPolicy\nmetadata:\n  name: example\n",
            $("  annotations:\n", $("    ", $annotation, "\n",)+)?
            "spec:\n",
            $("  ", $rule, "\n",)+
            $crate::pod_security_policy::controls::example::example!(grant "default"),
            "---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: example\n",
            $("  annotations:\n", $("    ", $pod_annotation, "\n",)+)?
            "spec:\n",
            $("  ", $pod, "\n",)+
        )
    };
    (deployment, granted_to: $account:literal $(,)?) => {
        concat!(
            "apiVersion: policy/v1beta1\nkind: PodSecurityPolicy\nmetadata:\n  name: example\nspec:\n",
            "  fsGroup:\n    rule: RunAsAny\n  runAsUser:\n    rule: RunAsAny\n",
            "  seLinux:\n    rule: RunAsAny\n  supplementalGroups:\n    rule: RunAsAny\n",
            "  volumes:\n  - '*'\n",
            $crate::pod_security_policy::controls::example::example!(grant $account),
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: example\nspec:\n",
            "  selector:\n    matchLabels:\n      app: example\n",
            "  template:\n    metadata:\n      labels:\n        app: example\n    spec:\n",
            "      containers:\n      - name: web\n        image: nginx\n",
        )
    };
    (grant $account:literal) => {
        concat!(
            "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n",
            "  name: use-example\nrules:\n- apiGroups:\n  - policy\n  resources:\n",
            "  - podsecuritypolicies\n  resourceNames:\n  - example\n  verbs:\n  - use\n",
            "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata:\n",
            "  name: use-example\n  namespace: default\nroleRef:\n",
            "  apiGroup: rbac.authorization.k8s.io\n  kind: ClusterRole\n  name: use-example\n",
            "subjects:\n- kind: ServiceAccount\n  name: ", $account, "\n  namespace: default\n",
        )
    };
}
pub(super) use example;
