//! A pod that was admitted: takes its containers through the stages.

use super::behaviour::{A_MOMENT, Life};
use super::container::{Role, Standing};
use super::entering::back_off;
use super::events::PodEvent;
use super::member::{Member, members};
use super::outcome::{Memory, Step};
use super::stages::{Delay, STAGES, Stage, State, When};
use super::{Surroundings, phase, probes, resize, sources, status, termination};
use crate::node::moment::{self, SECOND};
use tollgate_api::{Timestamp, Value};

/// How long a pod that waits for something waits before it is looked at again anyway.
pub(crate) const WAITING_LOOK: i64 = 122 * SECOND;
/// The next step of a pod that was admitted and has not ended.
pub(crate) fn step(
    pod: &Value,
    around: &Surroundings<'_>,
    memory: &mut Memory,
    step: &mut Step,
    now: Timestamp,
) {
    let started = pod
        .get("status")
        .and_then(|status| moment::read(status, "startTime"));
    let mut run = Run {
        pod,
        around,
        turn_begins: started.unwrap_or(now),
        members: members(pod),
        now,
    };
    if termination::past_deadline(&mut run, step) {
        return;
    }
    if !run.is_ready_for_containers(memory, step) {
        return;
    }
    run.advance(step);
    run.tell_unready(memory, step);
    run.stop_sidecars();
    let resize = resize::step(pod, around, &mut run.members, step, now);
    run.finish(&resize, step);
}

/// The pod during one step.
#[derive(Debug)]
pub(crate) struct Run<'r, 'p> {
    pub(crate) pod: &'p Value,
    pub(crate) around: &'r Surroundings<'r>,
    /// When the turn of the first container came.
    turn_begins: Timestamp,
    pub(crate) members: Vec<Member<'p>>,
    pub(crate) now: Timestamp,
}

impl Run<'_, '_> {
    /// Writes the status, if it changed.
    pub(crate) fn finish(&self, resize: &resize::Conditions, step: &mut Step) {
        let phase = phase::phase_of(self.pod, &self.members);
        let new = status::build(
            self.pod,
            self.around,
            &self.members,
            phase,
            resize,
            self.now,
        );
        if self.pod.get("status") != Some(&new) {
            step.status = Some(new);
        }
    }

    /// Whether the sandbox stands or can be made: volumes are there, and an address.
    fn is_ready_for_containers(&self, memory: &mut Memory, step: &mut Step) -> bool {
        if self
            .members
            .iter()
            .any(|member| member.status.state() != State::Waiting)
        {
            return true;
        }
        let missing = sources::missing_volumes(self.pod, self.around.sources);
        let no_address = self.around.pod_ip.is_none();
        if missing.is_empty() && !no_address {
            return true;
        }
        step.waits = true;
        step.look_again(moment::after(self.now, WAITING_LOOK));
        for (volume, problem) in missing {
            let message = format!("MountVolume.SetUp failed for volume \"{volume}\" : {problem}");
            if memory.is_news(message.clone()) {
                step.events.push(PodEvent::warning("FailedMount", message));
            }
        }
        if no_address && memory.is_news("no address".to_owned()) {
            let message = "Failed to create pod sandbox: the node has no address left for the pod";
            step.events
                .push(PodEvent::warning("FailedCreatePodSandBox", message));
        }
        false
    }

    /// Takes every container as far as it comes by now.
    fn advance(&mut self, step: &mut Step) {
        // Every round takes some container a stage further; more stages than this do not come due at one moment.
        let rounds_max = self.members.len().saturating_mul(8);
        let mut next: Option<Timestamp> = None;
        for _ in 0..rounds_max {
            let mut has_moved = false;
            next = None;
            for place in 0..self.members.len() {
                let Some((stage, due)) = self.next_stage(place) else {
                    continue;
                };
                if due <= self.now {
                    self.enter(place, stage, step);
                    has_moved = true;
                } else {
                    next = Some(next.map_or(due, |next| next.min(due)));
                }
            }
            if !has_moved {
                break;
            }
        }
        if let Some(next) = next {
            step.look_again(next);
        }
        for place in 0..self.members.len() {
            let waits = self
                .members
                .get(place)
                .is_some_and(|member| member.status.state() == State::ConfigError);
            if waits {
                step.waits = true;
                step.look_again(moment::after(self.now, WAITING_LOOK));
            }
        }
    }

    /// The stage that follows, and when.
    fn next_stage(&self, place: usize) -> Option<(&'static Stage, Timestamp)> {
        let member = self.members.get(place)?;
        let state = member.status.state();
        STAGES
            .iter()
            .filter(|stage| stage.from.contains(&state) && self.holds(stage.when, member))
            .filter_map(|stage| Some((stage, self.due(stage.after, place)?)))
            .min_by_key(|(_, due)| *due)
    }

    fn holds(&self, when: When, member: &Member<'_>) -> bool {
        match when {
            When::Always => true,
            When::CanStart => {
                member.behaviour.image_pull_error.is_none() && self.config_problem(member).is_none()
            }
            When::ConfigMissing => self.config_problem(member).is_some(),
            When::ImageFails => member.behaviour.image_pull_error.is_some(),
            When::Ends => matches!(member.behaviour.life, Life::Ends { .. }),
            When::LivenessFails => {
                member.behaviour.liveness_fails_after.is_some()
                    && member.container.get("livenessProbe").is_some()
            }
            When::BecomesReady => {
                !member.behaviour.never_ready
                    && matches!(member.role, Role::Regular | Role::Sidecar)
            }
            When::RestartsFirst => self.is_restarted(member) && back_off(&member.status) == 0,
            When::Restarts => self.is_restarted(member) && back_off(&member.status) > 0,
        }
    }

    pub(super) fn config_problem(&self, member: &Member<'_>) -> Option<String> {
        sources::missing_environment(self.pod, member.container, self.around.sources)
    }

    fn is_restarted(&self, member: &Member<'_>) -> bool {
        let Some(ended) = member.status.ended() else {
            return false;
        };
        let has_work = member.role != Role::Sidecar || !self.work_is_over();
        has_work && phase::restarts(self.pod, member.container, member.role, ended.exit_code)
    }

    fn due(&self, delay: Delay, place: usize) -> Option<Timestamp> {
        let member = self.members.get(place)?;
        let startup = probes::success_after(member.container.get("startupProbe"));
        let from_start = |millis: i64| Some(moment::after(member.status.started_at()?, millis));
        match delay {
            Delay::Start => Some(moment::after(
                self.turn(place)?,
                member.behaviour.start_delay,
            )),
            Delay::StartAndMoment => {
                let delay = member.behaviour.start_delay.saturating_add(A_MOMENT);
                Some(moment::after(self.turn(place)?, delay))
            }
            Delay::Moment => Some(moment::after(member.status.ended()?.finished_at?, A_MOMENT)),
            Delay::BackOff => Some(moment::after(
                member.status.ended()?.finished_at?,
                back_off(&member.status),
            )),
            Delay::Life => match member.behaviour.life {
                Life::Ends { after, .. } => from_start(after),
                Life::Forever => None,
            },
            Delay::StartupProbe => from_start(startup),
            Delay::ReadinessProbe => {
                let ready = probes::success_after(member.container.get("readinessProbe"));
                from_start(startup.saturating_add(ready))
            }
            Delay::LivenessProbe => {
                let fails = probes::failure_takes(member.container.get("livenessProbe")?);
                from_start(member.behaviour.liveness_fails_after?.saturating_add(fails))
            }
        }
    }

    /// When the turn of a container came, if it did.
    fn turn(&self, place: usize) -> Option<Timestamp> {
        let role = self.members.get(place)?.role;
        if role == Role::Ephemeral {
            let runs =
                |member: &Member<'_>| member.role == Role::Regular && member.status.is_running();
            return self.members.iter().any(runs).then_some(self.turn_begins);
        }
        let mut turn = self.turn_begins;
        let before = self.members.iter().take(place);
        for earlier in before.filter(|member| member.role != Role::Regular) {
            let done_at = match (&earlier.role, &earlier.status.standing) {
                (Role::Init { .. }, Standing::Terminated(ended)) if ended.exit_code == 0 => {
                    ended.finished_at?
                }
                (Role::Sidecar, Standing::Running { started_at }) if earlier.status.started => {
                    let startup = probes::success_after(earlier.container.get("startupProbe"));
                    moment::after(*started_at, startup)
                }
                _ => return None,
            };
            turn = turn.max(done_at);
        }
        Some(turn)
    }

    /// Tells once that the readiness probe of a container fails that is never to be ready.
    fn tell_unready(&self, memory: &mut Memory, step: &mut Step) {
        for (place, member) in self.members.iter().enumerate() {
            let probe = member.container.get("readinessProbe");
            if member.status.state() != State::Started
                || !member.behaviour.never_ready
                || probe.is_none()
            {
                continue;
            }
            let Some(due) = self.due(Delay::ReadinessProbe, place) else {
                continue;
            };
            if due > self.now {
                step.look_again(due);
            } else if memory.is_news(format!(
                "unready {} {}",
                member.name(),
                member.status.restart_count
            )) {
                let message = format!("Readiness probe failed: {}", probes::failure(probe));
                step.events.push(
                    PodEvent::warning("Unhealthy", message).about(member.list, member.container),
                );
            }
        }
    }

    /// Whether all that the pod is for has ended for good.
    pub(crate) fn work_is_over(&self) -> bool {
        let over = |member: &Member<'_>| {
            phase::is_over(self.pod, member.container, member.role, &member.status)
        };
        let mut regular = self
            .members
            .iter()
            .filter(|member| member.role == Role::Regular);
        let init_failed = |member: &Member<'_>| {
            let failed = member
                .status
                .ended()
                .is_some_and(|ended| ended.exit_code != 0);
            matches!(member.role, Role::Init { .. }) && failed && over(member)
        };
        regular.all(over) || self.members.iter().any(init_failed)
    }

    /// Sidecars and ephemeral containers end with the work that they are there for.
    fn stop_sidecars(&mut self) {
        if !self.work_is_over() {
            return;
        }
        let now = Timestamp::from_unix_seconds(self.now.unix_seconds());
        for member in &mut self.members {
            if member.status.is_running() {
                let (code, reason) = termination::end_of_stopped(&member.behaviour, i64::MAX);
                member.status.end(code, reason, now);
            }
        }
    }
}
