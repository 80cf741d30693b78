//! Refusals in upstream's words, and where to look.

use super::charge::Exceeded;
use super::controls::{control_of_key, control_of_scope};
use super::evaluators::{Evaluator, Missing};
use super::help;
use super::places;
use super::quota::{Entry, Quota};
use super::scopes::{ScopeSelector, SelectorError};
use super::usage::Key;
use crate::violation::{PolicyObject, Violation};
use tollgate_api::field::{FieldPath, Path};
use tollgate_api::{Attributes, Quantity, Release, Status, Value};

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// What the client sees. Some errors are no API statuses upstream: code 500, without a reason.
    pub status: Status,
    /// One violation for each key that refuses, then one for each scope through which its quota counts the object.
    /// Upstream says all keys in one text; the message of a violation is that text for its key alone.
    pub violations: Vec<Violation>,
}

/// Makes the refusals of one request.
pub(super) struct Refuse<'r> {
    request: &'r Attributes<'r>,
    evaluator: &'r Evaluator,
}

impl<'r> Refuse<'r> {
    pub(super) fn new(request: &'r Attributes<'r>, evaluator: &'r Evaluator) -> Self {
        Self { request, evaluator }
    }

    fn object(&self) -> &'r Value {
        self.request.object.unwrap_or(&Value::Null)
    }

    fn forbidden(&self, message: &str, violations: Vec<Violation>) -> Refusal {
        let status = Status::forbidden(self.request.resource, self.name(), message);
        Refusal { status, violations }
    }

    /// The name that the message shows; a name that is yet to be generated shows as far as it is known.
    fn name(&self) -> &'r str {
        let metadata = self.object().get("metadata");
        let field = |name: &str| metadata.map_or("", |metadata| metadata.str_or_empty(name));
        let names = [self.request.name, field("name"), field("generateName")];
        let named = names.into_iter().find(|name| !name.is_empty());
        named.unwrap_or("Unknown")
    }

    /// A violation under `key`, whatever refuses.
    fn under(&self, key: &str, message: String) -> Violation {
        Violation {
            control: control_of_key(key),
            message,
            fields: places::of(self.evaluator, key, self.object()),
            ..Violation::default()
        }
    }

    /// A violation of a quota's limit under `key`.
    fn of_quota(&self, quota: &Quota, key: &str, message: String) -> Violation {
        Violation {
            policy: Some(policy(quota, hard_path(key))),
            ..self.under(key, message)
        }
    }

    /// The scopes through which a quota counts the object.
    fn scopes<'q>(&'q self, quota: &'q Quota) -> impl Iterator<Item = Violation> + 'q {
        quota
            .selectors()
            .iter()
            .enumerate()
            .map(|(place, scope)| Violation {
                control: control_of_scope(scope.name()),
                message: format!(
                    "counted in scope {} of quota {}",
                    scope.name(),
                    quota.name()
                ),
                fields: places::of_scope(scope.name(), self.object()),
                policy: Some(policy(quota, quota.selector_path(place))),
                help: None,
            })
    }

    pub(super) fn exceeded(&self, quota: &Quota, exceeded: &[Exceeded<'_>]) -> Refusal {
        let violations = exceeded.iter().map(|one| Violation {
            help: Some(help::exceeded(self.evaluator, one)),
            ..self.of_quota(
                quota,
                one.key,
                exceeded_text(quota, std::slice::from_ref(one)),
            )
        });
        self.forbidden(
            &exceeded_text(quota, exceeded),
            violations.chain(self.scopes(quota)).collect(),
        )
    }

    pub(super) fn must_specify(
        &self,
        quota: &Quota,
        missing: &[Missing<'_>],
        release: Release,
    ) -> Refusal {
        let violations = missing
            .chunk_by(|a, b| a.key == b.key)
            .filter_map(|missing| {
                let key = missing.first()?.key;
                Some(Violation {
                    fields: missing.iter().map(Missing::path).collect(),
                    help: Some(help::must_specify(missing)),
                    ..self.of_quota(quota, key, must_specify_text(quota, missing, release))
                })
            });
        self.forbidden(
            &must_specify_text(quota, missing, release),
            violations.chain(self.scopes(quota)).collect(),
        )
    }

    pub(super) fn status_unknown<'q>(
        &self,
        quota: &Quota,
        claimed: impl Iterator<Item = &'q Entry>,
    ) -> Refusal {
        let claimed: Vec<&Entry> = claimed.collect();
        let text = |keys: &[&str]| {
            let keys = keys.join(",");
            format!(
                "status unknown for quota: {}, resources: {keys}",
                quota.name()
            )
        };
        let keys: Vec<&str> = claimed.iter().map(|entry| entry.key.as_str()).collect();
        let unknown = claimed.iter().filter(|entry| entry.used.is_none());
        let violations = unknown.map(|entry| Violation {
            help: Some(help::status_unknown(&entry.key)),
            ..self.of_quota(quota, &entry.key, text(&[&entry.key]))
        });
        self.forbidden(&text(&keys), violations.chain(self.scopes(quota)).collect())
    }

    pub(super) fn negative(&self, keys: &[Key]) -> Refusal {
        let text = |keys: &[Key]| {
            let keys = keys.join(",");
            format!("quota usage is negative for resource(s): {keys}")
        };
        let keys_alone = keys.chunks(1).zip(keys);
        let violations = keys_alone.map(|(alone, key)| self.under(key, text(alone)));
        self.forbidden(&text(keys), violations.collect())
    }

    pub(super) fn insufficient(&self, keys: &[Key]) -> Refusal {
        let text = |keys: &[Key]| format!("insufficient quota to consume: {}", keys.join(","));
        let keys_alone = keys.chunks(1).zip(keys);
        let violations = keys_alone.map(|(alone, key)| Violation {
            help: Some(help::insufficient(key)),
            ..self.under(key, text(alone))
        });
        self.forbidden(&text(keys), violations.collect())
    }

    pub(super) fn no_previous_object(&self) -> Refusal {
        let message = "unable to get previous usage since prior version of object was not found";
        self.forbidden(message, Vec::new())
    }

    /// Not wrapped upstream: an error of the server.
    pub(super) fn uncovered_scopes(&self, scopes: &[&ScopeSelector]) -> Refusal {
        let text = |scopes: &[&ScopeSelector]| {
            let printed: Vec<String> = scopes.iter().map(ToString::to_string).collect();
            let printed = printed.join(" ");
            format!("insufficient quota to match these scopes: [{printed}]")
        };
        let violations = scopes.iter().map(|scope| Violation {
            control: control_of_scope(scope.name()),
            message: text(&[scope]),
            fields: places::of_scope(scope.name(), self.object()),
            policy: None,
            help: Some(help::uncovered_scope(scope)),
        });
        Refusal {
            violations: violations.collect(),
            status: Status::plain(text(scopes)),
        }
    }

    /// Not wrapped upstream: an error of the server.
    pub(super) fn broken_scope(&self, quota: &Quota, error: &SelectorError) -> Refusal {
        let message = format!(
            "error matching scopes of quota {}, err: {error}",
            quota.name()
        );
        let mut selectors = quota.selectors().iter();
        let place = selectors.position(|selector| selector.name() == error.scope);
        let violation = Violation {
            control: control_of_scope(&error.scope),
            message: message.clone(),
            fields: places::of_scope(&error.scope, self.object()),
            policy: place.map(|place| policy(quota, quota.selector_path(place))),
            help: Some(help::broken_scope(&error.scope)),
        };
        Refusal {
            violations: vec![violation],
            status: Status::plain(message),
        }
    }
}

fn hard_path(key: &str) -> FieldPath {
    Path::root("spec").child("hard").key(key).to_owned()
}

fn policy(quota: &Quota, field: FieldPath) -> PolicyObject {
    PolicyObject {
        kind: "ResourceQuota",
        name: quota.name().to_owned(),
        fields: vec![field],
    }
}

fn exceeded_text(quota: &Quota, exceeded: &[Exceeded<'_>]) -> String {
    let list = |amount: &dyn Fn(&Exceeded<'_>) -> Option<String>| {
        let parts: Vec<String> = exceeded
            .iter()
            .filter_map(|one| Some(format!("{}={}", one.key, amount(one)?)))
            .collect();
        parts.join(",")
    };
    format!(
        "exceeded quota: {}, requested: {}, used: {}, limited: {}",
        quota.name(),
        list(&|one| Some(one.requested.to_string())),
        list(&|one| one.used.as_ref().map(Quantity::to_string)),
        list(&|one| Some(one.hard.to_string())),
    )
}

fn must_specify_text(quota: &Quota, missing: &[Missing<'_>], release: Release) -> String {
    let by_key = missing.chunk_by(|a, b| a.key == b.key);
    let list = if release >= Release::minor(24) {
        by_key.map(with_containers).collect::<Vec<_>>().join("; ")
    } else {
        let keys = by_key.filter_map(|missing| missing.first().map(|one| one.key));
        keys.collect::<Vec<_>>().join(",")
    };
    format!("failed quota: {}: must specify {list}", quota.name())
}

/// `cpu for: a,b`: containers sorted, each once.
fn with_containers(missing: &[Missing<'_>]) -> String {
    let mut containers: Vec<&str> = missing.iter().map(|one| one.container).collect();
    containers.sort_unstable();
    containers.dedup();
    let key = missing.first().map_or("", |one| one.key);
    format!("{key} for: {}", containers.join(","))
}
