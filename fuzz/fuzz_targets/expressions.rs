//! CEL expressions.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tollgate_testkit::oracles::expressions_answer_without_a_panic(bytes));
