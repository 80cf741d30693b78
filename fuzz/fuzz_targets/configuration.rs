//! The admission configuration of kube-apiserver.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tollgate_testkit::oracles::configurations_are_read_without_a_panic(bytes));
