//! Priority admission: from the name of a class to the number that the scheduler and quotas look at.
//!
//! Follows `plugin/pkg/admission/priority`, 1.36. [`PriorityClasses`] is made once from all classes of a cluster;
//! [`PriorityClasses::admit`] changes a pod that is created or updated, [`PriorityClasses::validate`] judges a class.
//!
//! ```
//! use tollgate_policy::priority::PriorityClasses;
//!
//! let high = tollgate_api::json::from_str(r#"{"metadata":{"name":"high"},"value":1000}"#).unwrap();
//! let classes = PriorityClasses::new([&high]).with_system_classes();
//! let mut pod = tollgate_api::json::from_str(r#"{"spec":{"priorityClassName":"high"}}"#).unwrap();
//! classes.admit(&mut pod).unwrap();
//! assert_eq!(pod.at(&["spec", "priority"]).unwrap().as_i64(), Some(1000));
//! ```

use crate::Violation;
use compact_str::CompactString;
use std::collections::BTreeMap;
use tollgate_api::field::Path;
use tollgate_api::priority_class::SYSTEM_CLASSES;
use tollgate_api::{Attributes, Operation, Status, Value};

/// The name of the plugin.
pub const PLUGIN: &str = "Priority";

const SPEC: Path<'static> = Path::root("spec");
const PREEMPTS: &str = "PreemptLowerPriority";

/// The priority classes of a cluster.
#[derive(Debug, Clone, Default)]
pub struct PriorityClasses {
    classes: BTreeMap<CompactString, Class>,
    /// The name of the class of pods that name none.
    default: Option<CompactString>,
}

/// What a pod gets from its class.
#[derive(Debug, Clone)]
struct Class {
    value: i64,
    policy: Option<CompactString>,
    is_default: bool,
}

impl PriorityClasses {
    /// Reads the classes of a cluster, as stored.
    pub fn new<'v>(classes: impl IntoIterator<Item = &'v Value>) -> Self {
        let mut known = Self::default();
        for class in classes {
            known.insert(class);
        }
        known
    }

    /// Adds the two classes that a cluster creates for itself, unless they are there.
    #[must_use]
    pub fn with_system_classes(mut self) -> Self {
        for system in SYSTEM_CLASSES {
            self.classes
                .entry(CompactString::const_new(system.name))
                .or_insert(Class {
                    value: system.value,
                    policy: Some(CompactString::const_new(PREEMPTS)),
                    is_default: false,
                });
        }
        self
    }

    /// Adds a class, or takes it in its new form.
    pub fn insert(&mut self, class: &Value) {
        let Some(name) = class.at(&["metadata", "name"]).and_then(Value::as_str) else {
            return;
        };
        self.classes.insert(
            name.into(),
            Class {
                value: class.int("value").unwrap_or_default(),
                policy: class.str("preemptionPolicy").map(Into::into),
                is_default: class.bool("globalDefault") == Some(true),
            },
        );
        self.find_default();
    }

    /// Removes a class.
    pub fn remove(&mut self, name: &str) {
        self.classes.remove(name);
        self.find_default();
    }

    /// Of several defaults, which only a race can bring about, the lowest counts; of equal ones the first by name.
    fn find_default(&mut self) {
        self.default = self
            .classes
            .iter()
            .filter(|(_, class)| class.is_default)
            .min_by_key(|(_, class)| class.value)
            .map(|(name, _)| name.clone());
    }

    /// Gives a pod that is created the priority of its class, or of the default class.
    pub fn admit(&self, pod: &mut Value) -> Result<(), Box<Violation>> {
        let spec = pod.child_mut("spec");
        let (value, policy) = match spec.str_or_empty("priorityClassName") {
            "" => match self.default_class() {
                Some((name, class)) => {
                    let name = name.clone();
                    spec.set("priorityClassName", name);
                    (class.value, class.policy.as_deref())
                }
                None => (0, Some(PREEMPTS)),
            },
            name => {
                let Some(class) = self.classes.get(name) else {
                    let why = format!("no PriorityClass with name {name} was found");
                    return Err(violation(&SPEC.child("priorityClassName"), why));
                };
                (class.value, class.policy.as_deref())
            }
        };
        if let Some(given) = spec.int("priority").filter(|given| *given != value) {
            let why = format!(
                "the integer value of priority ({given}) must not be provided in pod spec; priority admission controller computed {value} from the given PriorityClass name"
            );
            return Err(violation(&SPEC.child("priority"), why));
        }
        spec.set("priority", value);
        let Some(policy) = policy else {
            return Ok(());
        };
        if let Some(given) = spec
            .str("preemptionPolicy")
            .filter(|given| *given != policy)
        {
            let why = format!(
                "the string value of PreemptionPolicy ({given}) must not be provided in pod spec; priority admission controller computed {policy} from the given PriorityClass name"
            );
            return Err(violation(&SPEC.child("preemptionPolicy"), why));
        }
        spec.set("preemptionPolicy", policy);
        Ok(())
    }

    /// Judges a class that is created or updated: there is one default at most.
    pub fn validate(&self, operation: Operation, class: &Value) -> Result<(), Box<Violation>> {
        if class.bool("globalDefault") != Some(true) {
            return Ok(());
        }
        let Some((default, _)) = self.default_class() else {
            return Ok(());
        };
        let name = class.at(&["metadata", "name"]).and_then(Value::as_str);
        if operation == Operation::Update && name == Some(default) {
            return Ok(());
        }
        let why = format!(
            "PriorityClass {default} is already marked as default. Only one default can exist"
        );
        Err(violation(&Path::root("globalDefault"), why))
    }

    fn default_class(&self) -> Option<(&CompactString, &Class)> {
        self.classes.get_key_value(self.default.as_ref()?)
    }
}

/// Keeps the priority of a pod that is updated by somebody who does not know the fields.
pub fn preserve(pod: &mut Value, old: &Value) {
    let Some(old) = old.get("spec") else { return };
    let spec = pod.child_mut("spec");
    for key in ["priority", "preemptionPolicy"] {
        if let Some(value) = old.get(key) {
            spec.set_default(key, || value.clone());
        }
    }
}

/// The answer to a client whose request is refused.
pub fn status(attributes: &Attributes<'_>, violation: &Violation) -> Status {
    Status::forbidden(
        attributes.resource,
        attributes.printed_name(),
        &violation.message,
    )
}

fn violation(field: &Path<'_>, message: String) -> Box<Violation> {
    Box::new(Violation {
        control: PLUGIN,
        message,
        fields: vec![field.to_owned()],
        ..Violation::default()
    })
}

#[cfg(test)]
mod tests;
