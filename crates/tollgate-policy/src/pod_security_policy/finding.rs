//! What one policy finds wrong with a pod.

use crate::violation::{PolicyObject, Violation};
use tollgate_api::field::{self, FieldPath};

/// One thing that one policy refuses, with upstream's field error and the real places.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The control that refuses.
    pub control: &'static str,
    /// Upstream's error; its field is upstream's, which is not always a place in the pod.
    pub error: field::Error,
    /// The places in the pod, most telling first.
    pub fields: Vec<FieldPath>,
    /// The places in the policy that say so.
    pub policy_fields: Vec<FieldPath>,
    /// The smallest change that would pass.
    pub help: String,
}

impl Finding {
    /// This finding as a violation of the policy `name`.
    pub fn violation(&self, name: &str) -> Violation {
        Violation {
            control: self.control,
            message: self.error.to_string(),
            fields: self.fields.clone(),
            policy: Some(PolicyObject {
                kind: "PodSecurityPolicy",
                name: name.to_owned(),
                fields: self.policy_fields.clone(),
            }),
            help: Some(self.help.clone()),
        }
    }
}

/// Where controls put what they find. Texts are made only if somebody wants to read them.
#[derive(Debug)]
pub(super) struct Findings {
    wanted: bool,
    found: bool,
    list: Vec<Finding>,
}

impl Findings {
    /// Notes only whether there is something.
    pub(super) const fn unread() -> Self {
        Self {
            wanted: false,
            found: false,
            list: Vec::new(),
        }
    }

    /// Keeps everything.
    pub(super) const fn read() -> Self {
        Self {
            wanted: true,
            found: false,
            list: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, make: impl FnOnce() -> Finding) {
        self.found = true;
        if self.wanted {
            self.list.push(make());
        }
    }

    /// Whether looking further can change nothing.
    pub(super) fn is_decided(&self) -> bool {
        self.found && !self.wanted
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.found
    }

    pub(super) fn into_list(self) -> Vec<Finding> {
        self.list
    }
}
