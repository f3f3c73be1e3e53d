//! The binary: a thin face of the library. See `lifeboat::cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    lifeboat::cli::main()
}
