//! `BestEffort` and `NotBestEffort`: pods by their quality of service class.

use tollgate_api::{QosClass, Value, qos};

pub(super) fn is_best_effort(pod: &Value) -> bool {
    qos::class_of(pod) == Some(QosClass::BestEffort)
}
