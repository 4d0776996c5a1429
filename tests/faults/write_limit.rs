//! A write that fails: the kernel refuses to let the data file grow.

use std::process::Command;

use crate::power_cut::verify;

/// In units of the shell's `ulimit -f`, of 512 or 1024 bytes.
const FILE_BLOCKS_MAX: u32 = 20_000;

pub fn test() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let program = std::env::current_exe().expect("this program has a path");
    // With the signal ignored, a write beyond the limit fails as on a full disk.
    let script = format!("trap '' XFSZ; ulimit -f {FILE_BLOCKS_MAX}; exec \"$0\" fill \"$1\"");
    let output = Command::new("sh").arg("-c").arg(script).arg(program).arg(folder.path()).output();
    let output = output.expect("a shell can be started");
    let (printed, complaints) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{printed}{complaints}");
    let acknowledged = printed.trim().strip_prefix("acknowledged=").and_then(|number| number.parse().ok());
    let acknowledged: i64 = acknowledged.unwrap_or_else(|| panic!("{printed}{complaints}"));
    assert!(acknowledged > 0);
    let found = verify::verify(folder.path(), acknowledged);
    println!("acknowledged={acknowledged} {found}");
    assert!(found.is_whole(), "{found}");
}
