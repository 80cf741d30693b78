//! The smallest change that would pass, in our words.

use super::charge::Exceeded;
use super::evaluators::{Evaluator, Missing};
use super::scopes::ScopeSelector;
use std::cmp::Ordering;

/// How far over, and what would fit.
pub(super) fn exceeded(evaluator: &Evaluator, exceeded: &Exceeded<'_>) -> String {
    let Exceeded {
        key,
        requested,
        used,
        hard,
    } = exceeded;
    let mut wanted = used.clone().unwrap_or_default();
    wanted.add(requested);
    let raise = format!("raise `spec.hard[{key}]` to {wanted}");
    let mut over = wanted.clone();
    over.sub(hard);
    // What one object needs cannot always be made less.
    let is_amount = match evaluator {
        Evaluator::Pods => !matches!(*key, "pods" | "count/pods"),
        Evaluator::PersistentVolumeClaims => key.ends_with("requests.storage"),
        Evaluator::ResourceClaims => !key.starts_with("count/"),
        Evaluator::Services => *key == "services.nodeports",
        Evaluator::ObjectCount(_) => false,
    };
    if is_amount && over.compare(requested) == Ordering::Less {
        let mut fits = requested.clone();
        fits.sub(&over);
        return format!("lower `{key}` by {over} to {fits}, or {raise}");
    }
    let used = used.clone().unwrap_or_default();
    format!("{used} of {hard} `{key}` are used: {raise}")
}

/// What to write where.
pub(super) fn must_specify(missing: &[Missing<'_>]) -> String {
    let Some(first) = missing.first() else {
        return String::new();
    };
    let mut containers: Vec<String> = Vec::new();
    for one in missing {
        let name = format!("`{}`", one.container);
        if !containers.contains(&name) {
            containers.push(name);
        }
    }
    let plural = if containers.len() == 1 { "" } else { "s" };
    format!(
        "set `resources.{}.{}` in container{plural} {}, or let a LimitRange default it",
        first.list,
        first.resource,
        containers.join(", ")
    )
}

/// Why nothing can be decided yet.
pub(super) fn status_unknown(key: &str) -> String {
    format!("`status.used[{key}]` of the quota is not calculated yet: try again")
}

/// What the configuration asks for.
pub(super) fn insufficient(key: &str) -> String {
    format!(
        "the server allows `{key}` only under a quota: create a ResourceQuota with `spec.hard[{key}]`"
    )
}

/// What the configuration asks for.
pub(super) fn uncovered_scope(scope: &ScopeSelector) -> String {
    format!(
        "the server allows such objects only under a quota: create a ResourceQuota whose `scopeSelector` has `{}`",
        scope.name()
    )
}

/// What to repair.
pub(super) fn broken_scope(scope: &str) -> String {
    format!("repair the selector on scope `{scope}` of the quota")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::Quantity;

    fn quantity(text: &str) -> Quantity {
        Quantity::parse(text).unwrap()
    }

    #[track_caller]
    fn check(key: &str, [requested, used, hard]: [&str; 3], text: &str) {
        let one = Exceeded {
            key,
            requested: quantity(requested),
            used: Some(quantity(used)),
            hard: quantity(hard),
        };
        assert_eq!(exceeded(&Evaluator::Pods, &one), text);
    }

    #[test]
    fn says_how_much_would_fit() {
        check(
            "requests.memory",
            ["2Gi", "3Gi", "4608Mi"],
            "lower `requests.memory` by 512Mi to 1536Mi, or raise `spec.hard[requests.memory]` to 5Gi",
        );
        check(
            "cpu",
            ["1", "2", "2"],
            "2 of 2 `cpu` are used: raise `spec.hard[cpu]` to 3",
        );
        check(
            "pods",
            ["1", "4", "4"],
            "4 of 4 `pods` are used: raise `spec.hard[pods]` to 5",
        );
    }
}
