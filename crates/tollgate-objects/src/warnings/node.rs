//! Nodes, and what chooses among them.

use super::{Subject, addresses};
use crate::validation::pod_warnings::node_labels;
use tollgate_api::Value;
use tollgate_api::field::Path;

pub(super) fn collect(subject: &Subject<'_>, warnings: &mut Vec<String>) {
    let Some(spec) = subject.object.get("spec") else {
        return;
    };
    if spec.get("configSource").is_some() {
        warnings.push("spec.configSource: the feature is removed".to_owned());
    }
    if !spec.str_or_empty("externalID").is_empty() {
        let why = "this field is deprecated, and is unused by Kubernetes";
        warnings.push(format!("spec.externalID: {why}"));
    }
    if subject.is_since(33) {
        let path = Path::root("spec.podCIDRs");
        for (index, range) in spec.items("podCIDRs").iter().enumerate() {
            let text = range.as_str().unwrap_or_default();
            addresses::range(text, &path.index(index), warnings);
        }
    }
}

pub(super) fn runtime_class(subject: &Subject<'_>, warnings: &mut Vec<String>) {
    let scheduling = subject.object.get("scheduling").unwrap_or(&Value::Null);
    for (label, _) in scheduling.entries("nodeSelector") {
        if let Some(why) = node_labels::deprecated(label) {
            warnings.push(format!("scheduling.nodeSelector: {why}"));
        }
    }
}
