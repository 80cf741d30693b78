//! Selectors and continue tokens.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tollgate_testkit::oracles::selections_are_read_without_a_panic(bytes));
