#![no_main]
#[allow(dead_code)]
#[path = "../entries.rs"]
mod entries;

libfuzzer_sys::fuzz_target!(
    init: {
        // What the parquet crate panics at is caught by the reader and told as an error (`ingest/parquet/limits.rs`); libFuzzer's hook would end the
        // run at it. A panic that gets out still does.
        drop(std::panic::take_hook());
    },
    |data: &[u8]| entries::parquet(data)
);
