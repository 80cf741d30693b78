//! `Terminating` and `NotTerminating`: pods that will end by themselves. Has nothing to do with deletion.

use tollgate_api::Value;

pub(in crate::resource_quota) fn is_terminating(pod: &Value) -> bool {
    pod.get("spec")
        .and_then(|spec| spec.int("activeDeadlineSeconds"))
        .is_some_and(|seconds| seconds >= 0)
}
