//! The command line: one verb, one file in `cli/`.

use std::process::ExitCode;

fn main() -> ExitCode {
    luheng::cli::main()
}
