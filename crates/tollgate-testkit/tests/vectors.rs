//! The conformance vectors of the repository, one test per file.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test")]

use std::path::Path;
use tollgate_testkit::vectors::{SUITES, run_file};

fn replay(name: &str) {
    let suite = SUITES.iter().find(|suite| suite.name == name).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors");
    let score = run_file(suite, &folder.join(format!("{name}.jsonl.gz"))).unwrap();
    println!(
        "{name}: {} cases, {} passed",
        score.passed + score.failures.len(),
        score.passed
    );
    assert!(
        score.failures.is_empty(),
        "{name}: {} differ, the first: {:#?}",
        score.failures.len(),
        score.failures.first()
    );
}

macro_rules! suites {
    ($($test:ident: $name:literal),* $(,)?) => {
        $(#[test] fn $test() { replay($name); })*

        #[test]
        fn every_suite_has_its_test() {
            let tested = [$($name),*];
            let missing: Vec<_> = SUITES.iter().map(|suite| suite.name).filter(|name| !tested.contains(name)).collect();
            assert!(missing.is_empty(), "suites without a test: {missing:?}");
        }
    };
}

suites! {
    limitrange_defaulting: "limitrange-defaulting",
    limitrange_validation: "limitrange-validation",
    limitranger: "limitranger",
    pod_defaulting: "pod-defaulting",
    pod_validation: "pod-validation",
    priority: "priority",
    protobuf: "protobuf",
    psa_admission: "psa-admission",
    psp_admission: "psp-admission",
    psp_defaulting: "psp-defaulting",
    psp_provider: "psp-provider",
    psp_validation: "psp-validation",
    pss: "pss",
    pss_1_24: "pss-1.24",
    quantity: "quantity",
    quota_admission: "quota-admission",
    quota_config: "quota-config",
    quota_matching: "quota-matching",
    quota_recalc: "quota-recalc",
    quota_usage: "quota-usage",
    quota_validation: "quota-validation",
}
