//! What others ask of a pod's containers: which run, and when a run began and ended.

use super::behaviour;
use super::container::{ContainerStatus, Standing, Terminated};
use super::member::members;
use tollgate_api::{Timestamp, Value};

/// One run of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContainerRun {
    /// When it started.
    pub started_at: Timestamp,
    /// When it ended, if it did.
    pub finished_at: Option<Timestamp>,
    /// With which code, if it ended.
    pub exit_code: Option<i64>,
}

/// The containers of a pod that run.
pub(crate) fn members_running(pod: &Value) -> Vec<&Value> {
    members(pod)
        .into_iter()
        .filter(|member| member.status.is_running())
        .map(|member| member.container)
        .collect()
}

/// What an annotation says of a container.
pub(crate) fn container_says<'p>(pod: &'p Value, container: &Value, key: &str) -> Option<&'p str> {
    let found = members(pod)
        .into_iter()
        .find(|member| std::ptr::eq(member.container, container));
    behaviour::said_of(pod, container, found?.role, key)
}

/// A container of a pod by its name, and its last run: the one that goes on or has ended, or with `previous` the one
/// before.
pub(crate) fn run_of<'p>(
    pod: &'p Value,
    name: &str,
    previous: bool,
) -> Option<(&'p Value, Option<ContainerRun>)> {
    let member = members(pod)
        .into_iter()
        .find(|member| member.name() == name)?;
    let run = if previous {
        member.status.last.as_ref().and_then(ended)
    } else {
        current(&member.status)
    };
    Some((member.container, run))
}

fn current(status: &ContainerStatus) -> Option<ContainerRun> {
    match &status.standing {
        Standing::Running { started_at } => Some(ContainerRun {
            started_at: *started_at,
            finished_at: None,
            exit_code: None,
        }),
        Standing::Terminated(terminated) => ended(terminated),
        Standing::Waiting { .. } => status.last.as_ref().and_then(ended),
    }
}

fn ended(terminated: &Terminated) -> Option<ContainerRun> {
    Some(ContainerRun {
        started_at: terminated.started_at?,
        finished_at: terminated.finished_at,
        exit_code: Some(terminated.exit_code),
    })
}
