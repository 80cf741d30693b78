//! podFailurePolicy and successPolicy: what the failure of a pod means, and when a Job has succeeded early.

use super::intervals::Intervals;
use tollgate_api::Value;

/// What a failure means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Whether it counts towards the limits.
    pub(super) counts: bool,
    /// Whether its index has failed for good.
    pub(super) fails_index: bool,
    /// Why the whole Job has failed, if it has.
    pub(super) fails_job: Option<String>,
}

impl Default for Verdict {
    fn default() -> Self {
        Self {
            counts: true,
            fails_index: false,
            fails_job: None,
        }
    }
}

/// What a policy says of a pod that has failed; the first rule that matches counts.
pub(super) fn judge_failure(policy: Option<&Value>, pod: &Value) -> Verdict {
    let rules = policy
        .map(|policy| policy.items("rules"))
        .unwrap_or_default();
    for (index, rule) in rules.iter().enumerate() {
        let Some(what) = matches(rule, pod) else {
            continue;
        };
        let action = rule.str_or_empty("action");
        let mut verdict = Verdict::default();
        match action {
            "Ignore" => verdict.counts = false,
            "FailIndex" => verdict.fails_index = true,
            "FailJob" => {
                verdict.fails_job = Some(format!("{what} matching {action} rule at index {index}"));
            }
            "Count" => {}
            // An action of a later release: as if the rule were not there.
            _ => continue,
        }
        return verdict;
    }
    Verdict::default()
}

/// What of a pod matches a rule, in upstream's words.
fn matches(rule: &Value, pod: &Value) -> Option<String> {
    let status = pod.get("status").unwrap_or(&Value::Null);
    let metadata = pod.get("metadata").unwrap_or(&Value::Null);
    let (namespace, name) = (
        metadata.str_or_empty("namespace"),
        metadata.str_or_empty("name"),
    );
    if let Some(codes) = rule.get("onExitCodes") {
        let (container, code) = ["containerStatuses", "initContainerStatuses"]
            .iter()
            .find_map(|list| exit_code(status.items(list), codes))?;
        return Some(format!(
            "Container {container} for pod {namespace}/{name} failed with exit code {code}"
        ));
    }
    let patterns = rule.items("onPodConditions");
    let condition = status.items("conditions").iter().find(|condition| {
        patterns.iter().any(|pattern| {
            condition.str("type") == pattern.str("type")
                && condition.str("status") == pattern.str("status")
        })
    })?;
    let kind = condition.str_or_empty("type");
    Some(format!("Pod {namespace}/{name} has condition {kind}"))
}

/// The first container with an exit code that is asked for.
fn exit_code<'s>(statuses: &'s [Value], codes: &Value) -> Option<(&'s str, i64)> {
    statuses.iter().find_map(|status| {
        let name = status.str_or_empty("name");
        let code = status.at(&["state", "terminated"])?.int("exitCode")?;
        let is_meant = codes.str("containerName").is_none_or(|meant| meant == name);
        let is_listed = codes
            .items("values")
            .iter()
            .any(|one| one.as_i64() == Some(code));
        let matches = match codes.str_or_empty("operator") {
            "In" => is_listed,
            "NotIn" => !is_listed,
            _ => false,
        };
        (is_meant && code != 0 && matches).then_some((name, code))
    })
}

/// Which rule of a success policy is met, in upstream's words.
pub(super) fn met(
    policy: Option<&Value>,
    completions: i64,
    succeeded: &Intervals,
) -> Option<String> {
    if succeeded.is_empty() {
        return None;
    }
    let rules = policy?.items("rules").iter();
    let place = rules.enumerate().find(|(_, rule)| {
        let enough = rule.int("succeededCount");
        let Some(wanted) = rule.str("succeededIndexes") else {
            return enough.is_some_and(|enough| succeeded.total() >= enough);
        };
        let wanted = Intervals::parse(wanted, completions);
        let common = wanted.common(succeeded);
        !wanted.is_empty()
            && (common == wanted.total() || enough.is_some_and(|enough| common >= enough))
    });
    place.map(|(place, _)| format!("Matched rules at index {place}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    fn value(text: &str) -> Value {
        json::from_str(text).unwrap()
    }

    const POD: &str = r#"{"metadata":{"namespace":"n","name":"p"},"status":{
        "conditions":[{"type":"DisruptionTarget","status":"True"}],
        "containerStatuses":[{"name":"main","state":{"terminated":{"exitCode":42}}},{"name":"side","state":{"running":{}}}],
        "initContainerStatuses":[{"name":"init","state":{"terminated":{"exitCode":3}}}]}}"#;

    #[track_caller]
    fn check(rules: &str, counts: bool, fails_index: bool, fails_job: Option<&str>) {
        let policy = value(&format!(r#"{{"rules":[{rules}]}}"#));
        let expected = Verdict {
            counts,
            fails_index,
            fails_job: fails_job.map(str::to_owned),
        };
        assert_eq!(
            judge_failure(Some(&policy), &value(POD)),
            expected,
            "{rules}"
        );
    }

    #[test]
    fn the_first_rule_that_matches_a_failure_counts() {
        let codes = |action: &str, rest: &str| {
            format!(r#"{{"action":"{action}","onExitCodes":{{{rest}}}}}"#)
        };
        let answer = r#""operator":"In","values":[40,42]"#;
        check("", true, false, None);
        check(&codes("Ignore", answer), false, false, None);
        check(&codes("Count", answer), true, false, None);
        check(&codes("FailIndex", answer), true, true, None);
        check(
            &codes("FailJob", answer),
            true,
            false,
            Some(
                "Container main for pod n/p failed with exit code 42 matching FailJob rule at index 0",
            ),
        );
        check(
            &codes("Ignore", r#""operator":"In","values":[1]"#),
            true,
            false,
            None,
        );
        check(
            &codes("Ignore", r#""operator":"NotIn","values":[1]"#),
            false,
            false,
            None,
        );
        check(
            &codes("Ignore", r#""operator":"In","values":[3]"#),
            false,
            false,
            None,
        );
        let other = r#""containerName":"init","operator":"In","values":[42]"#;
        check(&codes("Ignore", other), true, false, None);
        let disrupted = r#"{"action":"FailJob","onPodConditions":[{"type":"DisruptionTarget","status":"True"}]}"#;
        check(
            &format!("{},{disrupted}", codes("Ignore", other)),
            true,
            false,
            Some("Pod n/p has condition DisruptionTarget matching FailJob rule at index 1"),
        );
    }

    #[test]
    fn a_success_policy_is_met_by_indexes_or_their_number() {
        let judge = |rule: &str, succeeded: &str| {
            let policy = value(&format!(
                r#"{{"rules":[{{"succeededIndexes":"9"}},{rule}]}}"#
            ));
            met(Some(&policy), 10, &Intervals::parse(succeeded, 10))
        };
        let matched = Some("Matched rules at index 1".to_owned());
        assert_eq!(judge(r#"{"succeededCount":2}"#, "0,3"), matched);
        assert_eq!(judge(r#"{"succeededCount":3}"#, "0,3"), None);
        assert_eq!(judge(r#"{"succeededIndexes":"0-2"}"#, "0-3"), matched);
        assert_eq!(judge(r#"{"succeededIndexes":"0-2"}"#, "0-1"), None);
        let some = r#"{"succeededIndexes":"0-2","succeededCount":1}"#;
        assert_eq!(judge(some, "1,5"), matched);
        assert_eq!(judge(some, "5"), None);
        assert_eq!(judge(some, ""), None);
    }
}
