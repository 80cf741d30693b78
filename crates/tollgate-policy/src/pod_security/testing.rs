//! What the tests of checks have in common: a pod as JSON, one check, what it says.

use super::view::PodView;
use super::{Evaluation, Evaluator, LevelVersion, Places};
use tollgate_api::field::FieldPath;
use tollgate_api::{Release, Value, json};

/// Judges a pod with the newest known release and compares what `control` says with `text`.
#[track_caller]
pub(super) fn check(control: &str, policy: &str, pod: &str, text: Option<&str>) {
    check_in(Release::NEWEST, control, policy, pod, text);
}

/// The same, in the words of `release`.
#[track_caller]
pub(super) fn check_in(
    release: Release,
    control: &str,
    policy: &str,
    pod: &str,
    text: Option<&str>,
) {
    let pod = json::from_str(pod).unwrap();
    let evaluator = Evaluator::new(release);
    let mut evaluation =
        evaluator.evaluate(&PodView::new(&pod), LevelVersion::parse(policy).unwrap());
    evaluation.forbidden.retain(|one| one.control == control);
    let said = (!evaluation.is_allowed()).then(|| evaluation.detail());
    assert_eq!(said.as_deref(), text, "{policy} in {release}");
}

/// What to change, as `control` says it with the newest known release.
#[track_caller]
pub(super) fn help(control: &str, policy: &str, pod: &str) -> String {
    let pod: Value = json::from_str(pod).unwrap();
    let policy = LevelVersion::parse(policy).unwrap();
    let evaluator = Evaluator::new(Release::NEWEST);
    let view = PodView::new(&pod);
    let evaluation: Evaluation = evaluator.evaluate(&view, policy);
    let violations = evaluator.explain(
        &view,
        policy,
        &evaluation,
        &Places {
            judged: &FieldPath::default(),
            written: &FieldPath::default(),
        },
    );
    let violation = violations
        .into_iter()
        .find(|violation| violation.control == control)
        .unwrap();
    assert!(!violation.fields.is_empty());
    violation.help.unwrap()
}
