//! Arguments in, exit code out.

use std::process::ExitCode;

use clap::Parser as _;
use huizong::cli::{Arguments, run};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    run(Arguments::parse())
}
