//! A container enters the next stage: what its status says then, and what people are told.

use super::behaviour::Life;
use super::container::{ContainerStatus, Role, Standing, Terminated};
use super::events::{Details, full_name};
use super::member::Member;
use super::outcome::Step;
use super::resize;
use super::run::Run;
use super::stages::{Stage, State, When};
use crate::node::moment::{self, SECOND};
use crate::node::{identity, node_object};
use tollgate_api::{Timestamp, Value};

/// A container that ran so long is not held back when it is started again.
const BACK_OFF_FORGOTTEN: i64 = 600 * SECOND;
const BACK_OFF_FIRST: i64 = 10 * SECOND;
const BACK_OFF_MAX: i64 = 300 * SECOND;

impl Run<'_, '_> {
    /// Takes a container into a stage.
    pub(super) fn enter(&mut self, place: usize, stage: &Stage, step: &mut Step) {
        let pod = self.pod;
        let problem = self.members.get(place).and_then(|member| match stage.to {
            State::ConfigError => self.config_problem(member),
            _ => member.behaviour.image_pull_error.clone(),
        });
        let problem = problem.unwrap_or_default();
        let now = Timestamp::from_unix_seconds(self.now.unix_seconds());
        let Some(member) = self.members.get_mut(place) else {
            return;
        };
        let image = member.container.str_or_empty("image");
        match stage.to {
            State::PullFailed => {
                member.status.standing = Standing::waiting("ErrImagePull", problem.as_str());
            }
            State::PullBackOff => {
                let message =
                    format!("Back-off pulling image \"{image}\": ErrImagePull: {problem}");
                member.status.standing = Standing::waiting("ImagePullBackOff", message);
            }
            State::ConfigError => {
                member.status.standing =
                    Standing::waiting("CreateContainerConfigError", problem.as_str());
            }
            State::Running => start(pod, member, now),
            State::Started => member.status.started = true,
            State::Ready => member.status.ready = true,
            State::Exited => end(member, stage, now),
            State::CrashLoopBackOff => {
                let message = format!(
                    "back-off {} restarting failed container={} pod={}",
                    go_seconds(back_off(&member.status)),
                    member.name(),
                    full_name(pod)
                );
                member.status.last = member.status.ended().cloned();
                member.status.standing = Standing::waiting("CrashLoopBackOff", message);
            }
            State::Waiting => {}
        }
        let details = Details {
            pod,
            container: member.container,
            list: member.list,
            start_delay: member.behaviour.start_delay,
            problem: &problem,
        };
        for telling in stage.tells {
            details.tell(*telling, &mut step.events);
        }
    }
}

fn start(pod: &Value, member: &mut Member<'_>, now: Timestamp) {
    let status = &mut member.status;
    if let Some(ended) = status.ended().cloned() {
        status.last = Some(ended);
        status.restart_count = status.restart_count.saturating_add(1);
    }
    let uid = pod
        .at(&["metadata", "uid"])
        .and_then(Value::as_str)
        .unwrap_or_default();
    let count = status.restart_count.to_string();
    let name = member.container.str_or_empty("name");
    let image = member.container.str_or_empty("image");
    let scheme = node_object::RUNTIME_SCHEME;
    status.container_id = format!("{scheme}{}", identity::hex(&[uid, name, &count], 64));
    status.image_id = format!("{scheme}sha256:{}", identity::hex(&[image], 64));
    status.standing = Standing::Running { started_at: now };
    status.ready = false;
    status.started = false;
    if status.resources.is_none() {
        resize::allot(member);
    }
}

fn end(member: &mut Member<'_>, stage: &Stage, now: Timestamp) {
    if stage.when == When::LivenessFails {
        member.status.end(137, "Error", now);
        return;
    }
    let exit_code = match member.behaviour.life {
        Life::Ends { exit_code, .. } => exit_code,
        Life::Forever => 0,
    };
    let told = member.behaviour.exit_reason.as_deref();
    let reason = told
        .unwrap_or_else(|| Terminated::reason_of(exit_code))
        .to_owned();
    member.status.end(exit_code, &reason, now);
    // An init container that did its work counts as ready from then on.
    member.status.ready = matches!(member.role, Role::Init { .. }) && exit_code == 0;
}

/// How long a container that ended is held back from its next start, in milliseconds: not at all after its first end or
/// a long run, then ten seconds, twice as long each time.
pub(super) fn back_off(status: &ContainerStatus) -> i64 {
    let ran = status.ended().and_then(|ended| {
        Some(moment::millis_between(
            ended.started_at?,
            ended.finished_at?,
        ))
    });
    if status.restart_count == 0 || ran.unwrap_or_default() >= BACK_OFF_FORGOTTEN {
        return 0;
    }
    let doublings = u32::try_from(status.restart_count.saturating_sub(1)).unwrap_or(u32::MAX);
    let factor = 1_i64.checked_shl(doublings).filter(|factor| *factor > 0);
    let wait = factor.and_then(|factor| BACK_OFF_FIRST.checked_mul(factor));
    wait.map_or(BACK_OFF_MAX, |wait| wait.min(BACK_OFF_MAX))
}

/// Whole seconds as Go prints them: `10s`, `1m20s`, `5m0s`.
fn go_seconds(millis: i64) -> String {
    let seconds = millis.div_euclid(SECOND);
    match seconds.div_euclid(60) {
        0 => format!("{seconds}s"),
        minutes => format!("{minutes}m{}s", seconds.rem_euclid(60)),
    }
}
