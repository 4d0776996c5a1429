//! C in front of the C library (`LD_PRELOAD`): what records or refuses the calls of a program.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The variable of the dynamic linker that names such a library.
pub const VARIABLE: &str = "LD_PRELOAD";

/// Whether this machine can do that.
///
/// # Errors
/// Why it cannot.
pub fn can_preload() -> Result<(), String> {
    if !cfg!(target_os = "linux") {
        return Err("a library goes before the C library on Linux only".to_owned());
    }
    let compiler = Command::new("cc").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    compiler.map(|_| ()).map_err(|error| format!("the C compiler cc cannot be started: {error}"))
}

/// Compiles a file of `tests/faults` into `folder`; the library.
///
/// # Errors
/// Where it does not compile.
pub fn compile(source: &str, folder: &Path) -> io::Result<PathBuf> {
    let library = folder.join("preload.so");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o"]).arg(&library);
    compiler.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults").join(source)).arg("-ldl");
    if !compiler.status()?.success() {
        return Err(io::Error::other(format!("{source} does not compile")));
    }
    Ok(library)
}
