//! Which aggregated ClusterRoles have to be written, so that all have the rules of the roles they select.

use super::aggregate::aggregated_rules;
use super::rule::Rule;
use tollgate_api::Value;

/// An aggregated role whose stored rules are not those of the roles it selects.
#[derive(Debug, Clone, PartialEq)]
pub struct Outdated {
    /// The role's name.
    pub name: String,
    /// The rules it must have.
    pub rules: Vec<Value>,
}

/// What has to be written so that every aggregated role has the rules of the roles it selects, those of roles that
/// are aggregated themselves included. `roles` are all ClusterRoles.
///
/// Roles that select one another in a circle keep what they have, as upstream.
pub fn outdated(mut roles: Vec<Value>) -> Vec<Outdated> {
    roles.sort_by(|a, b| name_of(a).cmp(name_of(b)));
    let mut changed: Vec<bool> = vec![false; roles.len()];
    // In a round every role looks at those before and after it; a chain of n roles is done after n rounds.
    for _ in 0..=roles.len() {
        let mut is_settled = true;
        for place in 0..roles.len() {
            let Some(rules) = roles.get(place).and_then(|role| rules_wanted(role, &roles)) else {
                continue;
            };
            is_settled = false;
            if let (Some(role), Some(changed)) = (roles.get_mut(place), changed.get_mut(place)) {
                role.set("rules", Value::Array(rules));
                *changed = true;
            }
        }
        if is_settled {
            break;
        }
    }
    let all = roles.iter().zip(changed);
    all.filter(|(_, changed)| *changed)
        .map(|(role, _)| Outdated {
            name: name_of(role).to_owned(),
            rules: role.items("rules").to_vec(),
        })
        .collect()
}

/// The rules `role` should have; none if it is not aggregated or has them.
fn rules_wanted(role: &Value, roles: &[Value]) -> Option<Vec<Value>> {
    let wanted = aggregated_rules(role, roles)?;
    let read = |rules: &[Value]| -> Vec<Rule> { rules.iter().map(Rule::read).collect() };
    (read(&wanted) != read(role.items("rules"))).then_some(wanted)
}

fn name_of(role: &Value) -> &str {
    let metadata = role.get("metadata").unwrap_or(&Value::Null);
    metadata.str_or_empty("name")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    fn role(text: &str) -> Value {
        json::from_str(text).unwrap()
    }

    const SUM: &str = r#"{"metadata":{"name":"agg-sum"},"rules":[{"verbs":["by-hand"]}],
        "aggregationRule":{"clusterRoleSelectors":[{"matchLabels":{"to":"sum"}}]}}"#;

    #[test]
    fn rules_by_hand_are_overwritten_and_a_part_that_goes_takes_its_rules() {
        let part =
            r#"{"metadata":{"name":"part","labels":{"to":"sum"}},"rules":[{"verbs":["get"]}]}"#;
        let with_part = outdated(vec![role(SUM), role(part)]);
        assert_eq!(with_part.len(), 1);
        assert_eq!(with_part[0].rules, role(part).items("rules"));
        let alone = outdated(vec![role(SUM)]);
        assert!(alone[0].rules.is_empty());
        let mut settled = role(SUM);
        settled.set("rules", Value::Array(with_part[0].rules.clone()));
        assert!(outdated(vec![settled, role(part)]).is_empty());
    }

    #[test]
    fn a_circle_of_aggregated_roles_comes_to_an_end() {
        let circle = |name, to, from| {
            role(&format!(
                r#"{{"metadata":{{"name":"{name}","labels":{{"to":"{to}"}}}},"rules":[{{"verbs":["{name}"]}}],
                "aggregationRule":{{"clusterRoleSelectors":[{{"matchLabels":{{"to":"{from}"}}}}]}}}}"#
            ))
        };
        let outdated = outdated(vec![circle("a", "x", "y"), circle("b", "y", "x")]);
        let verbs = |role: &Outdated| role.rules[0].items("verbs")[0].as_str().map(str::to_owned);
        let outdated: Vec<_> = outdated
            .iter()
            .map(|role| (role.name.as_str(), verbs(role)))
            .collect();
        assert_eq!(outdated, [("a", Some("b".to_owned()))]);
    }
}
