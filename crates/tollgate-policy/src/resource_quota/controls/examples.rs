//! Pieces of the examples. They are put together when the program is built.

/// A quota with one limit, and what else stands in its spec.
macro_rules! quota {
    ($hard:expr) => {
        quota!($hard, "")
    };
    ($hard:expr, $more:expr) => {
        concat!(
            "apiVersion: v1\nkind: ResourceQuota\nmetadata:\n  name: limits\nspec:\n  hard:\n    ",
            $hard,
            "\n",
            $more
        )
    };
}

/// A pod with one container: the pod's name, lines of its spec, and lines of the container.
macro_rules! pod {
    ($name:expr, $spec:expr, $container:expr) => {
        concat!(
            "---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: ",
            $name,
            "\nspec:\n",
            $spec,
            "  containers:\n  - name: web\n    image: registry.example/web:1\n",
            $container
        )
    };
}

/// A pod whose container requests or limits one resource.
macro_rules! pod_with {
    ($list:expr, $amount:expr) => {
        pod!(
            "web",
            "",
            concat!(
                "    resources:\n      ",
                $list,
                ":\n        ",
                $amount,
                "\n"
            )
        )
    };
}

/// An object that is only a name.
macro_rules! named {
    ($kind:expr, $name:expr) => {
        concat!(
            "---\napiVersion: v1\nkind: ",
            $kind,
            "\nmetadata:\n  name: ",
            $name,
            "\n"
        )
    };
}

/// A claim: name, size, and what else stands in its spec.
macro_rules! claim {
    ($name:expr, $size:expr, $more:expr) => {
        concat!(
            "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: ",
            $name,
            "\nspec:\n",
            $more,
            "  accessModes:\n  - ReadWriteOnce\n  resources:\n    requests:\n      storage: ",
            $size,
            "\n"
        )
    };
}

/// A service: name and spec.
macro_rules! service {
    ($name:expr, $spec:expr) => {
        concat!(
            "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: ",
            $name,
            "\nspec:\n",
            $spec
        )
    };
}

pub(super) use {claim, named, pod, pod_with, quota, service};
