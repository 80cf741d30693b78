//! Patches of all kinds: a patch, and in the next line what it changes.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tollgate_testkit::oracles::patches_apply_without_a_panic(bytes));
