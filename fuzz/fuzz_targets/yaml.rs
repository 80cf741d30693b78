//! The fast YAML reader against the full one.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tollgate_testkit::oracles::yaml_readers_agree(bytes));
