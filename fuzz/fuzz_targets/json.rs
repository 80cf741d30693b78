//! The JSON reader against serde_json.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tollgate_testkit::oracles::json_reads_as_serde_json(bytes));
