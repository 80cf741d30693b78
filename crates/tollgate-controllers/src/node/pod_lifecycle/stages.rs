//! The life of a container as data: from which state, on which condition, after what delay, to which state, and what
//! people are told then.
//!
//! What the conditions and delays mean for one container in its pod is read in [`super::run`]; the order of things is here
//! alone. Of the stages that can follow a state, the one whose time comes first is taken; of two at the same time the one
//! that stands first.

/// Where a container stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// It has not been made: `ContainerCreating`, `PodInitializing`.
    Waiting,
    /// Its image could not be pulled: `ErrImagePull`.
    PullFailed,
    /// The next pull waits: `ImagePullBackOff`.
    PullBackOff,
    /// Something that its environment names is not there: `CreateContainerConfigError`.
    ConfigError,
    /// It runs; its startup probe has not succeeded.
    Running,
    /// It has started; it is not ready.
    Started,
    /// It is ready.
    Ready,
    /// It has ended.
    Exited,
    /// It has ended and is started again later: `CrashLoopBackOff`.
    CrashLoopBackOff,
}

/// What must hold for a stage to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    Always,
    /// Neither its image nor its environment stands in the way.
    CanStart,
    /// Its environment names a ConfigMap, a Secret or a key that is not there.
    ConfigMissing,
    /// Its image is said not to be pullable.
    ImageFails,
    /// It ends by itself.
    Ends,
    /// Its liveness probe is said to fail.
    LivenessFails,
    /// It becomes ready at all.
    BecomesReady,
    /// It is started again, and has not ended before.
    RestartsFirst,
    /// It is started again.
    Restarts,
}

/// How long a stage takes from the moment at which the state was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delay {
    /// As long as it takes to notice.
    Moment,
    /// From the container's turn to its start.
    Start,
    /// From the container's turn to the second look at what failed.
    StartAndMoment,
    /// From its start to its own end.
    Life,
    /// From its start to the probe's success.
    StartupProbe,
    /// From the first probe to the last that is needed.
    ReadinessProbe,
    /// From its start to the probe that fails once too often.
    LivenessProbe,
    /// From its end to the next start.
    BackOff,
}

/// What people are told: an event of the kubelet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Telling {
    Pulling,
    PullFailed,
    ErrImagePull,
    BackOffPulling,
    ImagePullBackOff,
    ConfigError,
    Pulled,
    Created,
    Started,
    LivenessFailed,
    KillingUnhealthy,
    BackOffRestarting,
}

/// One stage.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) from: &'static [State],
    pub(crate) when: When,
    pub(crate) after: Delay,
    pub(crate) to: State,
    pub(crate) tells: &'static [Telling],
}

const NOT_MADE: &[State] = &[
    State::Waiting,
    State::PullFailed,
    State::PullBackOff,
    State::ConfigError,
];
const ALIVE: &[State] = &[State::Running, State::Started, State::Ready];
const STARTS: &[Telling] = &[Telling::Pulled, Telling::Created, Telling::Started];

/// All stages.
pub(crate) const STAGES: &[Stage] = &[
    // Image cannot be pulled.
    Stage {
        from: &[State::Waiting, State::ConfigError],
        when: When::ImageFails,
        after: Delay::Start,
        to: State::PullFailed,
        tells: &[Telling::Pulling, Telling::PullFailed, Telling::ErrImagePull],
    },
    // Next pull waits.
    Stage {
        from: &[State::PullFailed],
        when: When::ImageFails,
        after: Delay::StartAndMoment,
        to: State::PullBackOff,
        tells: &[Telling::BackOffPulling, Telling::ImagePullBackOff],
    },
    // Environment is incomplete.
    Stage {
        from: &[State::Waiting, State::PullFailed, State::PullBackOff],
        when: When::ConfigMissing,
        after: Delay::Start,
        to: State::ConfigError,
        tells: &[Telling::Pulled, Telling::ConfigError],
    },
    // Start.
    Stage {
        from: NOT_MADE,
        when: When::CanStart,
        after: Delay::Start,
        to: State::Running,
        tells: STARTS,
    },
    // Liveness probe fails.
    Stage {
        from: &[State::Started, State::Ready],
        when: When::LivenessFails,
        after: Delay::LivenessProbe,
        to: State::Exited,
        tells: &[Telling::LivenessFailed, Telling::KillingUnhealthy],
    },
    // End.
    Stage {
        from: ALIVE,
        when: When::Ends,
        after: Delay::Life,
        to: State::Exited,
        tells: &[],
    },
    // Startup probe succeeds.
    Stage {
        from: &[State::Running],
        when: When::Always,
        after: Delay::StartupProbe,
        to: State::Started,
        tells: &[],
    },
    // Readiness probe succeeds.
    Stage {
        from: &[State::Started],
        when: When::BecomesReady,
        after: Delay::ReadinessProbe,
        to: State::Ready,
        tells: &[],
    },
    // First restart.
    Stage {
        from: &[State::Exited],
        when: When::RestartsFirst,
        after: Delay::Moment,
        to: State::Running,
        tells: STARTS,
    },
    // Next start waits.
    Stage {
        from: &[State::Exited],
        when: When::Restarts,
        after: Delay::Moment,
        to: State::CrashLoopBackOff,
        tells: &[Telling::BackOffRestarting],
    },
    // Restart.
    Stage {
        from: &[State::CrashLoopBackOff],
        when: When::Restarts,
        after: Delay::BackOff,
        to: State::Running,
        tells: STARTS,
    },
];
