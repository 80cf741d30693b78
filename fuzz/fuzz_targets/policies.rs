//! The decisions of all policies.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tollgate_testkit::oracles::policies_decide_without_a_panic(bytes));
