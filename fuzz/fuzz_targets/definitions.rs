//! Schemas of custom resources: a schema, and in the next line an object.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tollgate_testkit::oracles::definitions_serve_without_a_panic(bytes));
