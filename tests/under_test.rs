//! luheng itself, as a binary of the test crate: cargo then builds it with the tests and tells them where it lies.

use std::process::ExitCode;

fn main() -> ExitCode {
    luheng::cli::main()
}
