//! Schedules of CronJobs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tollgate_testkit::oracles::schedules_run_forward(bytes));
