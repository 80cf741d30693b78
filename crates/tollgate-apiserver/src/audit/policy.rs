//! The audit policy: rules in their order, of which the first that fits decides.

use tollgate_api::UserInfo;
use tollgate_policy::rbac::{Access, ResourceAccess};

/// How much is told of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Level {
    /// Nothing.
    #[default]
    None,
    /// Who, what and when.
    Metadata,
    /// And the object that was sent.
    Request,
    /// And the object that was answered.
    RequestResponse,
}

impl Level {
    /// All of them, the quietest first.
    pub const ALL: [Self; 4] = [
        Self::None,
        Self::Metadata,
        Self::Request,
        Self::RequestResponse,
    ];

    /// As policies and events spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Metadata => "Metadata",
            Self::Request => "Request",
            Self::RequestResponse => "RequestResponse",
        }
    }
}

/// How far a request is when an event is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// It came, and it is known who sent it.
    RequestReceived,
    /// The head of the answer was sent; the body follows as things happen.
    ResponseStarted,
    /// Everything was sent.
    ResponseComplete,
    /// The server failed. Policies may name it, no event has it here.
    Panic,
}

impl Stage {
    /// All of them, in upstream's order.
    pub const ALL: [Self; 4] = [
        Self::RequestReceived,
        Self::ResponseStarted,
        Self::ResponseComplete,
        Self::Panic,
    ];

    /// As policies and events spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RequestReceived => "RequestReceived",
            Self::ResponseStarted => "ResponseStarted",
            Self::ResponseComplete => "ResponseComplete",
            Self::Panic => "Panic",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::RequestReceived => 1,
            Self::ResponseStarted => 2,
            Self::ResponseComplete => 4,
            Self::Panic => 8,
        }
    }
}

/// A set of stages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stages(u8);

impl Stages {
    /// Whether the stage is in it.
    pub const fn contains(self, stage: Stage) -> bool {
        self.0 & stage.bit() != 0
    }

    pub(super) const fn with(self, stage: Stage) -> Self {
        Self(self.0 | stage.bit())
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// What is told of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Verdict {
    /// How much.
    pub level: Level,
    /// At which stages nothing is told.
    pub omitted: Stages,
    /// Whether objects are told without their managed fields.
    pub omits_managed_fields: bool,
}

/// Which requests are told of, and how much.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    pub(super) rules: Vec<Rule>,
}

/// One rule. Empty lists stand for everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Rule {
    pub(super) verdict: Verdict,
    pub(super) users: Vec<String>,
    pub(super) user_groups: Vec<String>,
    pub(super) verbs: Vec<String>,
    pub(super) resources: Vec<GroupResources>,
    pub(super) namespaces: Vec<String>,
    pub(super) non_resource_urls: Vec<String>,
}

/// Resources of one group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct GroupResources {
    pub(super) group: String,
    pub(super) resources: Vec<String>,
    pub(super) resource_names: Vec<String>,
}

impl Policy {
    /// What is told of a request; none of `user` is known if it could not be authenticated.
    pub fn judge(&self, user: Option<&UserInfo>, access: &Access<'_>) -> Verdict {
        let mut rules = self.rules.iter();
        let rule = rules.find(|rule| rule.matches(user, access));
        rule.map(|rule| rule.verdict).unwrap_or_default()
    }
}

fn contains(list: &[String], text: &str) -> bool {
    list.iter().any(|known| known == text)
}

impl Rule {
    fn matches(&self, user: Option<&UserInfo>, access: &Access<'_>) -> bool {
        let is_user = |user: &UserInfo| contains(&self.users, &user.name);
        if !self.users.is_empty() && !user.is_some_and(is_user) {
            return false;
        }
        let in_group = |user: &UserInfo| {
            let mut groups = user.groups.iter();
            groups.any(|group| contains(&self.user_groups, group))
        };
        if !self.user_groups.is_empty() && !user.is_some_and(in_group) {
            return false;
        }
        let verb = match access {
            Access::Resource(access) => access.verb,
            Access::NonResource { verb, .. } => verb,
        };
        if !self.verbs.is_empty() && !contains(&self.verbs, verb) {
            return false;
        }
        if !self.namespaces.is_empty() || !self.resources.is_empty() {
            return match access {
                Access::Resource(access) => self.matches_resource(access),
                Access::NonResource { .. } => false,
            };
        }
        if self.non_resource_urls.is_empty() {
            return true;
        }
        match access {
            Access::Resource(_) => false,
            Access::NonResource { path, .. } => {
                let mut urls = self.non_resource_urls.iter();
                urls.any(|url| is_under(url, path))
            }
        }
    }

    fn matches_resource(&self, access: &ResourceAccess<'_>) -> bool {
        if !self.namespaces.is_empty() && !contains(&self.namespaces, access.namespace) {
            return false;
        }
        let mut resources = self.resources.iter();
        self.resources.is_empty() || resources.any(|resources| resources.matches(access))
    }
}

impl GroupResources {
    fn matches(&self, access: &ResourceAccess<'_>) -> bool {
        if self.group != access.group {
            return false;
        }
        if self.resources.is_empty() {
            return true;
        }
        if !self.resource_names.is_empty() && !contains(&self.resource_names, access.name) {
            return false;
        }
        let mut patterns = self.resources.iter();
        patterns.any(|pattern| is_named(pattern, access.resource, access.subresource))
    }
}

/// Whether `pods`, `pods/log`, `pods/*`, `*/log` or `*` means the resource. Of a subresource only what speaks of
/// subresources does, but `pods/*` means pods, too.
fn is_named(pattern: &str, resource: &str, subresource: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    let Some((first, second)) = pattern.split_once('/') else {
        return subresource.is_empty() && pattern == resource;
    };
    (first == resource && (second == "*" || (!subresource.is_empty() && second == subresource)))
        || (first == "*" && !subresource.is_empty() && second == subresource)
}

/// Whether a path is the one of the rule, or below it if that ends in a star.
fn is_under(url: &str, path: &str) -> bool {
    url == "*" || url == path || (url.ends_with('*') && path.starts_with(url.trim_end_matches('*')))
}
