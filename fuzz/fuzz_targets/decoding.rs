//! Strict decoding, defaults, validation and planning of objects of every kind.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tollgate_testkit::oracles::decoding_settles_an_object(bytes));
