//! What a client says over SPDY.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tollgate_testkit::oracles::spdy_connections_end(bytes));
