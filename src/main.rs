//! Arguments in, exit code out.

use std::process::ExitCode;

use huizong::cli::{parse, run};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    run(parse())
}
