//! The end of a pod that somebody ends: it is deleted, or it has been active for too long.

use super::behaviour::Behaviour;
use super::container::{Role, Terminated};
use super::events::PodEvent;
use super::member::{Member, members};
use super::outcome::{Memory, Step};
use super::run::Run;
use super::{Surroundings, phase, resize, status};
use crate::node::command;
use crate::node::moment::{self, SECOND};
use tollgate_api::{Timestamp, Value};

/// The code of a container that had to be killed.
const KILLED: i64 = 137;

/// The next step of a pod that is being deleted.
pub(crate) fn step(
    pod: &Value,
    around: &Surroundings<'_>,
    deleted_at: Timestamp,
    memory: &mut Memory,
    step: &mut Step,
    now: Timestamp,
) {
    let mut members = members(pod);
    if phase::is_terminal(pod) || !status::is_admitted(pod) {
        step.delete = true;
        return;
    }
    let grace = grace_of(pod);
    if memory.is_news("killing".to_owned()) {
        tell_killing(&members, step);
    }
    let running = members.iter().filter(|member| member.status.is_running());
    let stopped_at = running
        .map(|member| moment::after(deleted_at, stop_takes(member, grace)))
        .max();
    if let Some(stopped_at) = stopped_at.filter(|stopped_at| *stopped_at > now) {
        step.look_again(stopped_at);
        return;
    }
    let finished = Timestamp::from_unix_seconds(now.unix_seconds());
    for member in &mut members {
        if member.status.is_running() {
            let (code, reason) = end_of_stopped(&member.behaviour, grace);
            member.status.end(code, reason, finished);
        }
    }
    let phase = final_phase(&members);
    let untouched = resize::Conditions::default();
    step.status = Some(status::build(pod, around, &members, phase, &untouched, now));
    step.delete = true;
}

fn grace_of(pod: &Value) -> i64 {
    let grace = pod
        .get("metadata")
        .and_then(|metadata| metadata.int("deletionGracePeriodSeconds"));
    grace.unwrap_or_default().max(0).saturating_mul(SECOND)
}

fn tell_killing(members: &[Member<'_>], step: &mut Step) {
    for member in members.iter().filter(|member| member.status.is_running()) {
        let event = PodEvent::normal("Killing", format!("Stopping container {}", member.name()));
        step.events.push(event.about(member.list, member.container));
    }
}

/// How long it takes until a container has stopped, in milliseconds: its hook and its own time, at most the grace.
fn stop_takes(member: &Member<'_>, grace: i64) -> i64 {
    let hook = member.container.at(&["lifecycle", "preStop"]);
    let hook = hook.map_or(0, |hook| {
        let sleeps = hook.get("sleep").and_then(|sleep| sleep.int("seconds"));
        let words = hook
            .get("exec")
            .map_or(&[][..], |exec| exec.items("command"));
        let script = command::read(words.iter().filter_map(Value::as_str));
        match (sleeps, script) {
            (Some(seconds), _) => seconds.max(0).saturating_mul(SECOND),
            (None, Some(script)) => script.takes.unwrap_or(i64::MAX),
            (None, None) => 0,
        }
    });
    let own = member.behaviour.stop_after.unwrap_or(i64::MAX);
    hook.saturating_add(own).min(grace)
}

/// With which code and reason a container ends that is told to stop: well, unless it takes longer than it may.
pub(crate) fn end_of_stopped(behaviour: &Behaviour, grace: i64) -> (i64, &'static str) {
    let code = match behaviour.stop_after {
        Some(takes) if takes <= grace => 0,
        _ => KILLED,
    };
    (code, Terminated::reason_of(code))
}

/// The phase of a pod that was ended: it succeeded if every container of it ended well.
fn final_phase(members: &[Member<'_>]) -> &'static str {
    let mut working = members
        .iter()
        .filter(|member| member.role != Role::Ephemeral);
    let ended_well = |member: &Member<'_>| {
        member
            .status
            .ended()
            .is_some_and(|ended| ended.exit_code == 0)
    };
    if working.all(ended_well) {
        "Succeeded"
    } else {
        "Failed"
    }
}

/// Ends a pod that has been active for longer than it may. False if it may go on.
pub(crate) fn past_deadline(run: &mut Run<'_, '_>, step: &mut Step) -> bool {
    const MESSAGE: &str = "Pod was active on the node longer than the specified deadline";
    let Some(seconds) = run
        .pod
        .get("spec")
        .and_then(|spec| spec.int("activeDeadlineSeconds"))
    else {
        return false;
    };
    let status = run.pod.get("status").unwrap_or(&Value::Null);
    let started = moment::read(status, "startTime").unwrap_or(run.now);
    let deadline = started.saturating_add_seconds(seconds);
    if deadline > run.now {
        step.look_again(deadline);
        return false;
    }
    step.events
        .push(PodEvent::normal("DeadlineExceeded", MESSAGE));
    tell_killing(&run.members, step);
    let finished = Timestamp::from_unix_seconds(run.now.unix_seconds());
    for member in &mut run.members {
        if member.status.is_running() {
            let (code, reason) = end_of_stopped(&member.behaviour, i64::MAX);
            member.status.end(code, reason, finished);
        }
    }
    let untouched = resize::Conditions::default();
    let mut new = status::build(
        run.pod,
        run.around,
        &run.members,
        "Failed",
        &untouched,
        run.now,
    );
    new.set("reason", "DeadlineExceeded");
    new.set("message", MESSAGE);
    step.status = Some(new);
    true
}
