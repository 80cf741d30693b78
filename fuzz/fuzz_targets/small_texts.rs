//! Field paths, times and names.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tollgate_testkit::oracles::small_texts_are_read_without_a_panic(bytes));
