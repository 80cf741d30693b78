//! Amounts print as what reads as the same amount.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tollgate_testkit::oracles::quantities_round_trip(bytes));
