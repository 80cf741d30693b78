//! `pss.jsonl`: pods at every level and version of the Pod Security Standards.

use super::{Outcome, compare};
use tollgate_api::{Release, Value};
use tollgate_objects::{defaults, strategy};
use tollgate_policy::pod_security::{Evaluator, Level, LevelVersion, PodView, Version};

/// The release whose library answered.
const ANSWERED_BY: Release = Release::minor(36);

/// Replays one case.
pub(super) fn run(case: &Value) -> Outcome {
    let null = Value::Null;
    let pod = case.get("pod").unwrap_or(&null);
    compare_results(&Evaluator::new(ANSWERED_BY), pod, case.items("results"))?;
    // What a server evaluates: the pod behind defaulting and the create strategy. Recorded where it differs.
    let mut served = pod.clone();
    defaults::pod::set_defaults(&mut served);
    strategy::pod::prepare_for_create(&mut served, ANSWERED_BY);
    let results = match case.get("servedResults") {
        Some(_) => case.items("servedResults"),
        None => case.items("results"),
    };
    compare_results(&Evaluator::new(ANSWERED_BY), &served, results)?;
    for emulated in case.items("emulated") {
        let emulation = emulated.str_or_empty("emulationVersion").parse();
        let evaluator = Evaluator::emulating(ANSWERED_BY, emulation.unwrap_or(ANSWERED_BY));
        compare_results(&evaluator, pod, emulated.items("results"))?;
    }
    Ok(())
}

/// Compares what an evaluator says about a pod with the recorded results.
pub(super) fn compare_results(evaluator: &Evaluator, pod: &Value, results: &[Value]) -> Outcome {
    for result in results {
        let view = PodView::new(pod);
        for version in result.items("versions").iter().filter_map(Value::as_str) {
            compare_result(evaluator, &view, result, version)?;
        }
    }
    Ok(())
}

fn compare_result(
    evaluator: &Evaluator,
    pod: &PodView<'_>,
    result: &Value,
    version: &str,
) -> Outcome {
    let level = Level::parse(result.str_or_empty("level"));
    let (Ok(level), Ok(version)) = (level, Version::parse(version)) else {
        return compare(
            &"a level and a version".to_owned(),
            &format!("{result} {version}"),
        );
    };
    let policy = LevelVersion::new(level, version);
    let evaluation = evaluator.evaluate(pod, policy);
    // An answer may be recorded in part; what is recorded is compared.
    let joined = |key: &str| {
        let texts: Vec<&str> = result.items(key).iter().filter_map(Value::as_str).collect();
        texts.join("\n")
    };
    let ours = |text: fn(&tollgate_policy::pod_security::Forbidden) -> &str| {
        let texts: Vec<&str> = evaluation.forbidden.iter().map(text).collect();
        texts.join("\n")
    };
    let allowed = result.bool("allowed").unwrap_or_default();
    let print = |allowed: bool, text: &str| format!("{policy} allowed={allowed} {text}");
    compare(
        &print(allowed, result.str_or_empty("detail")),
        &print(evaluation.is_allowed(), &evaluation.detail()),
    )?;
    if let Some(reason) = result.str("reason") {
        compare(
            &print(allowed, reason),
            &print(allowed, &evaluation.reason()),
        )?;
    }
    if result.get("reasons").is_some() {
        compare(&joined("reasons"), &ours(|one| one.reason))?;
        compare(&joined("details"), &ours(|one| &one.detail))?;
    }
    Ok(())
}
