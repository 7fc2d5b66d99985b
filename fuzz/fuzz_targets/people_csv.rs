#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| copilot_activity_report::fuzzing::people_csv(bytes));
