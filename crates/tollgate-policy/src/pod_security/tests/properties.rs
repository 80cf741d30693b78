//! What holds for every pod.

use super::generate::{pod, tree};
use crate::pod_security::checks;
use crate::pod_security::remedy::{Fix, Remedy};
use crate::pod_security::{
    Config, Evaluation, Evaluator, Level, LevelVersion, PodSecurity, PodView, Review, Version,
};
use proptest::prelude::*;
use tollgate_api::field::{FieldPath, Segment};
use tollgate_api::{Attributes, GroupResource, Object, Operation, Release, Value, json};

fn versions() -> impl Iterator<Item = Version> {
    (0..=38).map(Version::Minor).chain([Version::Latest])
}

fn evaluate(evaluator: &Evaluator, pod: &Value, level: Level, version: Version) -> Evaluation {
    evaluator.evaluate(&PodView::new(pod), LevelVersion::new(level, version))
}

proptest! {
    #[test]
    fn restricted_refuses_whatever_baseline_refuses(pod in pod()) {
        for release in [24, 29, 36, 37].map(Release::minor) {
            let evaluator = Evaluator::new(release);
            for version in versions() {
                let baseline = evaluate(&evaluator, &pod, Level::Baseline, version);
                let restricted = evaluate(&evaluator, &pod, Level::Restricted, version);
                prop_assert!(baseline.is_allowed() || !restricted.is_allowed(), "{version} {pod}");
                prop_assert!(evaluate(&evaluator, &pod, Level::Privileged, version).is_allowed());
            }
        }
    }

    #[test]
    fn a_check_refuses_only_what_shows_what_it_looks_for(pod in prop_oneof![pod(), tree()]) {
        let view = PodView::new(&pod);
        for check in checks::ALL {
            for versioned in check.versions {
                for release in [24, 37].map(Release::minor) {
                    let refused = (versioned.judge)(&view, release).is_some();
                    prop_assert!(!refused || view.shows(versioned.looks_for), "{}", check.control.id);
                }
            }
        }
    }

    #[test]
    fn the_order_of_keys_does_not_matter(pod in pod()) {
        let evaluator = Evaluator::new(Release::NEWEST);
        for level in Level::ALL {
            let there = evaluate(&evaluator, &pod, level, Version::Latest);
            let back = evaluate(&evaluator, &reversed(&pod), level, Version::Latest);
            prop_assert_eq!(there, back);
        }
    }

    #[test]
    fn help_helps(pod in pod()) {
        for version in [Version::Minor(0), Version::Minor(24), Version::Minor(34), Version::Latest] {
            for level in [Level::Baseline, Level::Restricted] {
                check_help(&pod, level, version)?;
            }
        }
    }

    #[test]
    fn no_tree_makes_anything_panic(object in tree(), old in tree()) {
        let _ = Config::from_value(&object);
        let plugin = PodSecurity::new(restricted(), Release::NEWEST);
        let namespace = plugin.namespace_policy(&object);
        for (group, resource) in
            [("", "pods"), ("", "namespaces"), ("apps", "deployments"), ("batch", "cronjobs"), ("x", "y")]
        {
            for operation in [Operation::Create, Operation::Update, Operation::Delete] {
                let request = Attributes {
                    operation,
                    resource: &GroupResource::new(group, resource),
                    subresource: "",
                    namespace: "ns",
                    name: "",
                    user: None,
                    object: Some(&object),
                    old_object: Some(&old),
                    dry_run: false,
                };
                let review = Review::new(&request, Ok(&namespace));
                let pods = [object.clone(), old.clone()];
                let decision = plugin.admit(&review, &pods[..]);
                prop_assert_eq!(decision, plugin.admit(&review, &pods[..]));
            }
        }
    }
}

fn restricted() -> Config {
    let restricted = LevelVersion::new(Level::Restricted, Version::Latest);
    let mut config = Config::default();
    config.defaults.enforce = restricted;
    config.defaults.audit = restricted;
    config.defaults.warn = restricted;
    config
}

fn reversed(value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(reversed).collect()),
        Value::Object(object) => {
            let mut out = Object::new();
            object
                .iter()
                .rev()
                .for_each(|(key, value)| out.push(key, reversed(value)));
            Value::Object(out)
        }
        other => other.clone(),
    }
}

/// Does what each check says would help, and judges again.
fn check_help(pod: &Value, level: Level, version: Version) -> Result<(), TestCaseError> {
    let evaluator = Evaluator::new(Release::NEWEST);
    for one in evaluate(&evaluator, pod, level, version).forbidden {
        let check = checks::ALL
            .iter()
            .find(|check| check.control.id == one.control)
            .unwrap();
        let minor = match version {
            Version::Minor(minor) => u16::try_from(minor).unwrap(),
            Version::Latest => Release::NEWEST.minor_number(),
        };
        let versioned = check.at(minor).unwrap();
        let remedies = (versioned.remedies)(&PodView::new(pod), Release::NEWEST);
        prop_assert!(!remedies.is_empty());
        let mut healed = pod.clone();
        // Backwards, so that removing a member of a list does not move those still to be removed.
        remedies
            .iter()
            .rev()
            .for_each(|remedy| apply(&mut healed, remedy));
        let again = evaluate(&evaluator, &healed, level, version);
        let still = again
            .forbidden
            .iter()
            .any(|other| other.control == one.control);
        prop_assert!(
            !still,
            "{} in {pod} after {remedies:?}: {healed}",
            one.control
        );
    }
    Ok(())
}

fn apply(pod: &mut Value, remedy: &Remedy) {
    let FieldPath(segments) = &remedy.field;
    let (last, parents) = segments.split_last().unwrap();
    let mut node = pod;
    for segment in parents {
        node = match segment {
            Segment::Index(index) => &mut node.as_array_mut().unwrap()[*index],
            Segment::Field(key) | Segment::Key(key) => {
                if node.get(key).is_none() {
                    node.set(key.clone(), Value::object());
                }
                node.get_mut(key).unwrap()
            }
        };
    }
    match (last, &remedy.fix) {
        (Segment::Index(index), Fix::Remove | Fix::Replace(_)) => {
            node.as_array_mut().unwrap().remove(*index);
        }
        (Segment::Field(key) | Segment::Key(key), fix) => match fix {
            Fix::Set(text) => {
                let value = json::from_str(text).unwrap_or_else(|_| Value::from(*text));
                node.set(key.clone(), value);
            }
            Fix::Add(text) => node
                .get_mut(key)
                .unwrap()
                .as_array_mut()
                .unwrap()
                .push(Value::from(*text)),
            Fix::Take(texts) => node
                .get_mut(key)
                .unwrap()
                .as_array_mut()
                .unwrap()
                .retain(|item| !texts.iter().any(|text| item.as_str() == Some(text))),
            Fix::Remove => {
                node.remove(key).unwrap();
            }
            Fix::Replace(_) => {
                node.remove(key).unwrap();
                node.set("emptyDir", Value::object());
            }
        },
        other => panic!("{other:?}"),
    }
}
