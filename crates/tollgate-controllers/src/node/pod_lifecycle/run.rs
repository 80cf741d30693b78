//! A pod that was admitted: takes its containers through the stages.

use super::behaviour::{A_MOMENT, Behaviour, Life};
use super::container::{ContainerStatus, Role, Standing, Terminated};
use super::events::{Details, PodEvent, full_name};
use super::outcome::{Memory, Step};
use super::stages::{Delay, STAGES, Stage, State, When};
use super::{Surroundings, phase, probes, resize, sources, status, termination};
use crate::node::moment::{self, SECOND};
use crate::node::{identity, node_object};
use tollgate_api::{Timestamp, Value};

/// How long a pod that waits for something waits before it is looked at again anyway.
pub(crate) const WAITING_LOOK: i64 = 122 * SECOND;
/// A container that ran so long is not held back when it is started again.
const BACK_OFF_FORGOTTEN: i64 = 600 * SECOND;
const BACK_OFF_FIRST: i64 = 10 * SECOND;
const BACK_OFF_MAX: i64 = 300 * SECOND;

/// A container of a pod, with all that is known of it.
#[derive(Debug)]
pub(crate) struct Member<'p> {
    pub(crate) container: &'p Value,
    pub(crate) list: &'static str,
    pub(crate) role: Role,
    pub(crate) behaviour: Behaviour,
    pub(crate) status: ContainerStatus,
}

impl Member<'_> {
    pub(crate) fn name(&self) -> &str {
        self.container.str_or_empty("name")
    }
}

/// The containers of a pod, init containers first, ephemeral ones last.
pub(crate) fn members(pod: &Value) -> Vec<Member<'_>> {
    const LISTS: &[(&str, &str)] = &[
        ("initContainers", "initContainerStatuses"),
        ("containers", "containerStatuses"),
        ("ephemeralContainers", "ephemeralContainerStatuses"),
    ];
    let spec = pod.get("spec").unwrap_or(&Value::Null);
    let stored = pod.get("status").unwrap_or(&Value::Null);
    let not_yet = match spec.items("initContainers") {
        [] => "ContainerCreating",
        _ => "PodInitializing",
    };
    let mut members = Vec::new();
    for (list, statuses) in LISTS {
        for (place, container) in spec.items(list).iter().enumerate() {
            let role = match *list {
                "initContainers" if container.str("restartPolicy") == Some("Always") => {
                    Role::Sidecar
                }
                "initContainers" => Role::Init { first: place == 0 },
                "containers" => Role::Regular,
                _ => Role::Ephemeral,
            };
            let known = stored
                .items(statuses)
                .iter()
                .find(|known| known.get("name") == container.get("name"));
            members.push(Member {
                container,
                list,
                role,
                behaviour: Behaviour::of(pod, container, role),
                status: known.map_or_else(|| ContainerStatus::new(not_yet), ContainerStatus::read),
            });
        }
    }
    members
}

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
    run.finish(resize, step);
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
    pub(crate) fn finish(&self, resize: resize::Conditions, step: &mut Step) {
        let phase = phase::phase_of(self.pod, &self.members);
        let new = status::build(
            self.pod,
            self.around,
            &self.members,
            phase,
            &resize,
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

    fn config_problem(&self, member: &Member<'_>) -> Option<String> {
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

    fn enter(&mut self, place: usize, stage: &Stage, step: &mut Step) {
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
                member.status.standing = Standing::waiting("ErrImagePull", problem.as_str())
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
fn back_off(status: &ContainerStatus) -> i64 {
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
