//! Audit policies.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tollgate_testkit::oracles::audit_policies_judge_without_a_panic(bytes));
