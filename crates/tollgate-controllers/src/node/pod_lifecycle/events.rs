//! What kubelets tell of pods, in upstream's words.

use super::stages::Telling;
use crate::events::EventType;
use crate::node::command::written;
use tollgate_api::Value;

/// An event about a pod or one of its containers.
#[derive(Debug, Clone, PartialEq)]
pub struct PodEvent {
    /// How bad it is.
    pub event_type: EventType,
    /// In one word.
    pub reason: String,
    /// For people.
    pub message: String,
    /// The container: `spec.containers{app}`; empty for the pod.
    pub field_path: String,
}

impl PodEvent {
    pub(crate) fn normal(reason: &str, message: impl Into<String>) -> Self {
        Self {
            event_type: EventType::Normal,
            reason: reason.to_owned(),
            message: message.into(),
            field_path: String::new(),
        }
    }

    pub(crate) fn warning(reason: &str, message: impl Into<String>) -> Self {
        Self {
            event_type: EventType::Warning,
            ..Self::normal(reason, message)
        }
    }

    /// The same about a container of a list of the spec.
    pub(crate) fn about(mut self, list: &str, container: &Value) -> Self {
        self.field_path = format!("spec.{list}{{{}}}", container.str_or_empty("name"));
        self
    }
}

/// What a telling has to know.
#[derive(Debug)]
pub(crate) struct Details<'d> {
    pub(crate) pod: &'d Value,
    pub(crate) container: &'d Value,
    pub(crate) list: &'static str,
    /// How long the start took, in milliseconds.
    pub(crate) start_delay: i64,
    /// What is wrong with the image or the environment.
    pub(crate) problem: &'d str,
}

impl Details<'_> {
    /// The events of a telling.
    pub(crate) fn tell(&self, telling: Telling, events: &mut Vec<PodEvent>) {
        let name = self.container.str_or_empty("name");
        let image = self.container.str_or_empty("image");
        let problem = self.problem;
        let event = match telling {
            Telling::Pulling => PodEvent::normal("Pulling", format!("Pulling image \"{image}\"")),
            Telling::Pulled => {
                self.tell_pulled(image, events);
                return;
            }
            Telling::Created => PodEvent::normal("Created", "Container created"),
            Telling::Started => PodEvent::normal("Started", "Container started"),
            Telling::PullFailed => PodEvent::warning(
                "Failed",
                format!("Failed to pull image \"{image}\": {problem}"),
            ),
            Telling::ErrImagePull => PodEvent::warning("Failed", "Error: ErrImagePull"),
            Telling::BackOffPulling => {
                PodEvent::normal("BackOff", format!("Back-off pulling image \"{image}\""))
            }
            Telling::ImagePullBackOff => PodEvent::warning("Failed", "Error: ImagePullBackOff"),
            Telling::ConfigError => PodEvent::warning("Failed", format!("Error: {problem}")),
            Telling::LivenessFailed => {
                let output = super::probes::failure(self.container.get("livenessProbe"));
                PodEvent::warning("Unhealthy", format!("Liveness probe failed: {output}"))
            }
            Telling::KillingUnhealthy => PodEvent::normal(
                "Killing",
                format!("Container {name} failed liveness probe, will be restarted"),
            ),
            Telling::BackOffRestarting => PodEvent::warning(
                "BackOff",
                format!(
                    "Back-off restarting failed container {name} in pod {}",
                    full_name(self.pod)
                ),
            ),
        };
        events.push(event.about(self.list, self.container));
    }

    /// An image is there already, unless its policy is to ask for it each time.
    fn tell_pulled(&self, image: &str, events: &mut Vec<PodEvent>) {
        if self.container.str("imagePullPolicy") != Some("Always") {
            let message = format!(
                "Container image \"{image}\" already present on machine and can be accessed by the pod"
            );
            events.push(PodEvent::normal("Pulled", message).about(self.list, self.container));
            return;
        }
        self.tell(Telling::Pulling, events);
        let took = written(self.start_delay);
        let message = format!(
            "Successfully pulled image \"{image}\" in {took} ({took} including waiting). Image size: 0 bytes."
        );
        events.push(PodEvent::normal("Pulled", message).about(self.list, self.container));
    }
}

/// A pod as kubelets name it: `name_namespace(uid)`.
pub(crate) fn full_name(pod: &Value) -> String {
    let metadata = pod.get("metadata").unwrap_or(&Value::Null);
    format!(
        "{}_{}({})",
        metadata.str_or_empty("name"),
        metadata.str_or_empty("namespace"),
        metadata.str_or_empty("uid")
    )
}
