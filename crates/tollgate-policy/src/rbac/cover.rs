//! Whether the rules somebody holds cover the rules somebody asks for.
//!
//! Rules are taken apart into atoms of one verb on one resource (or path): an atom is covered by one rule or not at all.

use super::rule::Rule;
use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use tollgate_api::go_format::quote;

/// How many atoms are looked at. A rule of a megabyte has more atoms than anybody could count; what is not looked at
/// counts as not covered.
pub const ATOMS_MAX: usize = 20_000;

/// The atoms of `wanted` that no rule of `held` covers; none if all are covered.
pub fn uncovered(held: &[&Rule], wanted: &[Rule]) -> Vec<Rule> {
    let mut missing = Vec::new();
    let mut left = ATOMS_MAX;
    for rule in wanted {
        // What is covered as a whole need not be taken apart.
        if held.iter().any(|held| held.covers(rule)) {
            continue;
        }
        for atom in atoms(rule) {
            if left == 0 {
                missing.push(rule.clone());
                return missing;
            }
            left = left.saturating_sub(1);
            if !held.iter().any(|held| held.covers(&atom)) {
                missing.push(atom);
            }
        }
    }
    missing
}

/// What is missing as upstream lists it: the verbs on one resource together, each rule once, sorted as text.
pub fn describe_missing(missing: &[Rule]) -> String {
    let mut simple: BTreeMap<(&str, &str), Rule> = BTreeMap::new();
    let mut lines: BTreeSet<String> = BTreeSet::new();
    for rule in missing {
        match simple_resource(rule) {
            Some(resource) => {
                let gathered = simple.entry(resource).or_insert_with(|| Rule {
                    verbs: Vec::new(),
                    ..rule.clone()
                });
                gathered.verbs.extend(rule.verbs.iter().cloned());
            }
            None => {
                lines.insert(rule.to_string());
            }
        }
    }
    lines.extend(simple.values().map(Rule::to_string));
    lines.into_iter().collect::<Vec<_>>().join("\n")
}

/// The group and the resource of a rule that has one of each and nothing but verbs beside.
fn simple_resource(rule: &Rule) -> Option<(&str, &str)> {
    match (rule.api_groups.as_slice(), rule.resources.as_slice()) {
        ([group], [resource])
            if rule.resource_names.is_empty() && rule.non_resource_urls.is_empty() =>
        {
            Some((group, resource))
        }
        _ => None,
    }
}

/// The rule in rules of one verb and one resource, name or path.
fn atoms(rule: &Rule) -> impl Iterator<Item = Rule> {
    let one = |text: &CompactString| vec![text.clone()];
    let resources = rule.api_groups.iter().flat_map(move |group| {
        let of_group = move |resource| (group, resource);
        rule.resources.iter().map(of_group)
    });
    let of_resources = resources.flat_map(move |(group, resource)| {
        rule.verbs.iter().flat_map(move |verb| {
            let atom = Rule {
                verbs: one(verb),
                api_groups: one(group),
                resources: one(resource),
                ..Rule::default()
            };
            let whole = rule.resource_names.is_empty().then(|| atom.clone());
            let named = rule.resource_names.iter().map(move |name| Rule {
                resource_names: one(name),
                ..atom.clone()
            });
            whole.into_iter().chain(named)
        })
    });
    let of_paths = rule.non_resource_urls.iter().flat_map(move |path| {
        rule.verbs.iter().map(move |verb| Rule {
            verbs: one(verb),
            non_resource_urls: one(path),
            ..Rule::default()
        })
    });
    of_resources.chain(of_paths)
}

impl Rule {
    /// Whether this rule alone allows all that `other` allows.
    fn covers(&self, other: &Self) -> bool {
        let names_cover = self.resource_names.is_empty()
            || !other.resource_names.is_empty()
                && all_in(&other.resource_names, |name| {
                    self.resource_names.contains(name)
                });
        names_cover
            && all_in(&other.verbs, |verb| is_listed(&self.verbs, verb))
            && all_in(&other.api_groups, |group| {
                is_listed(&self.api_groups, group)
            })
            && all_in(&other.resources, |resource| self.covers_resource(resource))
            && all_in(&other.non_resource_urls, |path| self.covers_path(path))
    }

    fn covers_resource(&self, resource: &str) -> bool {
        let of_any = |subresource| format!("*/{subresource}");
        is_listed(&self.resources, resource)
            || resource.split_once('/').is_some_and(|(_, subresource)| {
                let wanted = of_any(subresource);
                self.resources.iter().any(|listed| *listed == wanted)
            })
    }

    fn covers_path(&self, path: &str) -> bool {
        self.non_resource_urls.iter().any(|listed| {
            listed == path
                || listed.ends_with('*') && path.starts_with(listed.trim_end_matches('*'))
        })
    }
}

fn all_in(texts: &[CompactString], is_covered: impl Fn(&CompactString) -> bool) -> bool {
    texts.iter().all(is_covered)
}

fn is_listed(list: &[CompactString], wanted: &str) -> bool {
    list.iter().any(|listed| listed == "*" || listed == wanted)
}

/// Prints as upstream prints a rule in a refusal: `{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}`.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            ("APIGroups", &self.api_groups),
            ("Resources", &self.resources),
            ("NonResourceURLs", &self.non_resource_urls),
            ("ResourceNames", &self.resource_names),
            ("Verbs", &self.verbs),
        ];
        let parts: Vec<String> = parts
            .into_iter()
            .filter(|(_, texts)| !texts.is_empty())
            .map(|(name, texts)| {
                let texts: Vec<String> = texts.iter().map(|text| quote(text)).collect();
                format!("{name}:[{}]", texts.join(" "))
            })
            .collect();
        write!(f, "{{{}}}", parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_api::json;

    fn rules(text: &str) -> Vec<Rule> {
        let rules = json::from_str(text).unwrap();
        rules.as_array().unwrap().iter().map(Rule::read).collect()
    }

    #[track_caller]
    fn check(held: &str, wanted: &str, missing: &str) {
        let held = rules(held);
        let held: Vec<&Rule> = held.iter().collect();
        let missing_rules = uncovered(&held, &rules(wanted));
        assert_eq!(describe_missing(&missing_rules), missing);
    }

    #[test]
    fn what_is_held_is_not_missing_and_verbs_of_one_resource_stand_together() {
        check(
            r#"[{"apiGroups":[""],"resources":["configmaps"],"verbs":["get"]}]"#,
            r#"[{"apiGroups":[""],"resources":["configmaps","pods"],"verbs":["get","list"]},
                {"apiGroups":["apps"],"resources":["*"],"verbs":["*"]}]"#,
            "{APIGroups:[\"\"], Resources:[\"configmaps\"], Verbs:[\"list\"]}\n\
             {APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"get\" \"list\"]}\n\
             {APIGroups:[\"apps\"], Resources:[\"*\"], Verbs:[\"*\"]}",
        );
    }

    #[test]
    fn names_and_paths_are_listed_one_by_one() {
        check(
            r#"[{"apiGroups":[""],"resources":["secrets"],"verbs":["get"],"resourceNames":["a"]},
                {"nonResourceURLs":["/healthz*"],"verbs":["get"]}]"#,
            r#"[{"apiGroups":[""],"resources":["secrets"],"verbs":["get"],"resourceNames":["a","b"]},
                {"nonResourceURLs":["/healthz/x","/x"],"verbs":["get"]}]"#,
            "{APIGroups:[\"\"], Resources:[\"secrets\"], ResourceNames:[\"b\"], Verbs:[\"get\"]}\n\
             {NonResourceURLs:[\"/x\"], Verbs:[\"get\"]}",
        );
    }

    #[test]
    fn a_rule_for_some_names_does_not_cover_all_of_them() {
        check(
            r#"[{"apiGroups":["*"],"resources":["*"],"verbs":["*"],"resourceNames":["a"]}]"#,
            r#"[{"apiGroups":[""],"resources":["pods"],"verbs":["get"]}]"#,
            r#"{APIGroups:[""], Resources:["pods"], Verbs:["get"]}"#,
        );
    }

    #[test]
    fn stars_cover_and_a_resource_does_not_cover_its_subresources() {
        check(
            r#"[{"apiGroups":["*"],"resources":["*/scale","pods"],"verbs":["*"]}]"#,
            r#"[{"apiGroups":["apps"],"resources":["deployments/scale","pods","pods/log"],"verbs":["get"]}]"#,
            r#"{APIGroups:["apps"], Resources:["pods/log"], Verbs:["get"]}"#,
        );
    }

    #[test]
    fn a_rule_with_more_atoms_than_can_be_counted_is_refused_at_once() {
        let many: Vec<CompactString> = (0..300)
            .map(|number| CompactString::from(format!("a{number}")))
            .collect();
        let wanted = Rule {
            verbs: many.clone(),
            api_groups: many.clone(),
            resources: many.clone(),
            ..Rule::default()
        };
        let held = Rule {
            resources: vec!["*".into()],
            api_groups: vec!["*".into()],
            verbs: many[1..].to_vec(),
            ..Rule::default()
        };
        assert!(!uncovered(&[&held], std::slice::from_ref(&wanted)).is_empty());
        let all = Rule {
            verbs: vec!["*".into()],
            ..held
        };
        assert!(uncovered(&[&all], &[wanted]).is_empty());
    }
}
