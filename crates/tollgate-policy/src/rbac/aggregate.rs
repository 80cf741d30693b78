//! Aggregated ClusterRoles: their rules are those of the roles that their selectors match.
//!
//! Upstream has a controller that writes the rules down some time later; where manifests are judged without a server
//! they count at once.

use super::rule::Rule;
use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet};
use tollgate_api::{Value, label_selector};

/// The ClusterRoles by name, as they are stored.
pub(super) type ClusterRoles = BTreeMap<CompactString, Value>;

/// The rules of every ClusterRole, those of aggregated ones gathered.
pub(super) fn rules_of(roles: &ClusterRoles) -> BTreeMap<CompactString, Vec<Rule>> {
    let own: BTreeMap<&str, Vec<Rule>> = roles
        .iter()
        .filter(|(_, role)| selectors(role).is_none())
        .map(|(name, role)| (name.as_str(), read_rules(role)))
        .collect();
    let sources: BTreeMap<&str, Vec<&str>> = roles
        .iter()
        .filter_map(|(name, role)| Some((name.as_str(), matching(roles, name, selectors(role)?))))
        .collect();
    roles
        .keys()
        .map(|name| {
            let rules = match own.get(name.as_str()) {
                Some(rules) => rules.clone(),
                None => gather(name, &own, &sources),
            };
            (name.clone(), rules)
        })
        .collect()
}

/// The rules that upstream's controller writes into an aggregated ClusterRole: of each selector in turn the rules that
/// the selected roles have now, those in order of their names and each rule once. None for a role that is not
/// aggregated.
///
/// `roles` are all ClusterRoles, sorted by name. An aggregated role may select others that are aggregated, so whoever
/// writes the rules down asks again until nothing changes.
pub fn aggregated_rules(role: &Value, roles: &[Value]) -> Option<Vec<Value>> {
    let name = name_of(role);
    let mut known: Vec<Rule> = Vec::new();
    let mut rules: Vec<Value> = Vec::new();
    for selector in selectors(role)? {
        for other in roles {
            let labels = other.at(&["metadata", "labels"]).unwrap_or(&Value::Null);
            if name_of(other) == name || !label_selector::matches(selector, labels) {
                continue;
            }
            for rule in other.items("rules") {
                let read = Rule::read(rule);
                if !known.contains(&read) {
                    known.push(read);
                    rules.push(rule.clone());
                }
            }
        }
    }
    Some(rules)
}

fn name_of(role: &Value) -> &str {
    let metadata = role.get("metadata").unwrap_or(&Value::Null);
    metadata.str_or_empty("name")
}

/// The rules of a role as they are written.
pub(super) fn read_rules(role: &Value) -> Vec<Rule> {
    role.items("rules").iter().map(Rule::read).collect()
}

fn selectors(role: &Value) -> Option<&[Value]> {
    let rule = role.get("aggregationRule")?;
    rule.as_object().map(|_| rule.items("clusterRoleSelectors"))
}

/// The roles whose labels one of `selectors` matches, by name, without the role itself.
fn matching<'r>(roles: &'r ClusterRoles, name: &str, selectors: &[Value]) -> Vec<&'r str> {
    let is_matched = |role: &Value| {
        let labels = role.at(&["metadata", "labels"]).unwrap_or(&Value::Null);
        selectors
            .iter()
            .any(|selector| label_selector::matches(selector, labels))
    };
    roles
        .iter()
        .filter(|(other, role)| *other != name && is_matched(role))
        .map(|(other, _)| other.as_str())
        .collect()
}

/// Follows aggregated roles to the roles that have rules of their own; each role and each rule counts once.
fn gather<'r>(
    name: &'r str,
    own: &BTreeMap<&'r str, Vec<Rule>>,
    sources: &BTreeMap<&'r str, Vec<&'r str>>,
) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    let mut seen: BTreeSet<&str> = BTreeSet::from([name]);
    let mut open: Vec<&str> = vec![name];
    while let Some(name) = open.pop() {
        for rule in own.get(name).into_iter().flatten() {
            if !rules.contains(rule) {
                rules.push(rule.clone());
            }
        }
        // Backwards, because the last one is taken first.
        for source in sources.get(name).into_iter().flatten().rev() {
            if seen.insert(source) {
                open.push(source);
            }
        }
    }
    rules
}
