//! Splitting, reading and searching of manifests.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tollgate_testkit::oracles::manifests_are_read_without_a_panic(bytes));
