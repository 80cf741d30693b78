//! Bodies in protobuf.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tollgate_testkit::oracles::protobuf_bodies_settle(bytes));
