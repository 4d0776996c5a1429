//! A machine to try the handbook on: a folder that stands for the root of its file system, a shell that goes on from block
//! to block, and a path with nothing on it but the tools named here. So a block runs as it is written, and whatever it
//! calls besides is not found.

pub mod stand_ins;

use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;
use tempfile::TempDir;

use super::documents::root;
use stand_ins::STAND_INS;

/// Tools that do in the test what they do for an operator.
const TOOLS: [&str; 13] =
    ["cat", "chown", "cp", "curl", "env", "install", "mkdir", "mv", "openssl", "rm", "sed", "sh", "touch"];

/// Folders of the machine, which are folders below its root here.
const FOLDERS: [&str; 5] = ["/etc/huizong", "/etc/systemd/system", "/usr/local/bin", "/var/lib/huizong", "/var/tmp"];

/// What looks like an absolute path and may stand in a block as it is.
const NO_FOLDERS: [&str; 3] = ["/CN", "/dev/null", "/usr/sbin/nologin"];

pub struct Machine {
    root: TempDir,
    /// What stands in the handbook and in `deploy/`, and what stands for it here, in this order.
    substitutions: Vec<(String, String)>,
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.run("systemctl stop huizong");
    }
}

/// Two ports that are free, below those that the system gives away.
fn ports() -> [u16; 2] {
    let first = 20_000 + u16::try_from(std::process::id() % 5_000).unwrap() * 2;
    let mut free = (first..32_000).filter(|port| TcpListener::bind(("0.0.0.0", *port)).is_ok());
    [free.next().unwrap(), free.next().unwrap()]
}

fn installed(tool: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(tool)).find(|file| file.is_file());
    found.unwrap_or_else(|| panic!("{tool} is missing: install it"))
}

impl Machine {
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let at = folder.path();
        let me = std::fs::metadata(at).unwrap();
        let (user, group) = (me.uid(), me.gid());
        let [calls, admin] = ports();
        let mut substitutions: Vec<(String, String)> =
            FOLDERS.iter().map(|name| ((*name).to_owned(), format!("{}{name}", at.display()))).collect();
        substitutions.extend(
            [
                // The service's ports and its name in the network.
                ("7411", calls.to_string()),
                ("7412", admin.to_string()),
                ("huizong.example", "localhost".to_owned()),
                // The accounts of the service, for whoever runs the test.
                ("-o huizong", format!("-o {user}")),
                ("-g huizong", format!("-g {group}")),
                ("chown -R huizong:huizong", format!("chown -R {user}:{group}")),
                ("chown 65532", format!("chown {user}")),
                // What an operator copies from the list that is printed before.
                ("credentials/OLD", "credentials/$(newest-credential office)".to_owned()),
                ("proposals/WAITING", "\"$(waiting-proposal)\"".to_owned()),
            ]
            .map(|(there, here)| (there.to_owned(), here)),
        );
        let machine = Self { substitutions, root: folder };
        machine.equip();
        machine
    }

    /// Puts the tools on the path, and what is installed from beside the shell.
    fn equip(&self) {
        for folder in ["bin", "usr/local/bin", "etc/systemd/system", "var/lib", "var/tmp", "source/target/release"] {
            std::fs::create_dir_all(self.root.path().join(folder)).unwrap();
        }
        let bin = self.root.path().join("bin");
        for tool in TOOLS {
            symlink(installed(tool), bin.join(tool)).unwrap();
        }
        let stand_in = root().join("tests/integration/operator/machine/stand-in.sh");
        for name in STAND_INS.iter().map(|stand_in| stand_in.tool).chain(["newest-credential", "waiting-proposal"]) {
            symlink(&stand_in, bin.join(name)).unwrap();
        }
        symlink(env!("CARGO_BIN_EXE_huizong"), self.source().join("target/release/huizong")).unwrap();
        self.copy("deploy".as_ref());
    }

    /// Where the project lies on the machine.
    fn source(&self) -> PathBuf {
        self.root.path().join("source")
    }

    fn copy(&self, folder: &Path) {
        std::fs::create_dir_all(self.source().join(folder)).unwrap();
        for entry in std::fs::read_dir(root().join(folder)).unwrap() {
            let entry = entry.unwrap();
            let name = folder.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                self.copy(&name);
            } else {
                let text = std::fs::read_to_string(entry.path()).unwrap();
                std::fs::write(self.source().join(name), self.here(&text)).unwrap();
            }
        }
    }

    /// A text as it is to be read on this machine.
    fn here(&self, text: &str) -> String {
        self.substitutions.iter().fold(text.to_owned(), |text, (there, here)| text.replace(there, here))
    }

    /// Runs a block of the shell, which ends at the first command that fails; what it printed, or why it failed.
    pub fn run(&self, block: &str) -> Result<String, String> {
        let here = self.here(block);
        let absolute = Regex::new(r#"(?m)(?:^|[\s='"(>])(/[A-Za-z][^\s'"):]*)"#).unwrap();
        for path in absolute.captures_iter(&here).map(|found| found[1].to_owned()) {
            let allowed = Path::new(&path).starts_with(self.root.path())
                || NO_FOLDERS.iter().any(|name| path.split('=').next() == Some(*name));
            if !allowed {
                return Err(format!("{block}\n{path} is no folder of the machine"));
            }
        }
        let calls = self.root.path().join("calls");
        std::fs::write(&calls, "").unwrap();
        let script =
            format!(". \"$MACHINE/environment\"\nset -eux\n{here}\nset +x\nexport -p > \"$MACHINE/environment\"\n");
        let output = self.shell().args(["-c", &script]).output().unwrap();
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if !output.status.success() {
            let log = std::fs::read_to_string(self.root.path().join("service.log")).unwrap_or_default();
            let (printed, errors) = (said(&output.stdout), said(&output.stderr));
            return Err(format!("{block}\n{}\n{printed}\n{errors}\nThe service's log:\n{log}", output.status));
        }
        std::fs::read_to_string(&calls).unwrap().lines().try_for_each(|call| stand_ins::check(call, &self.source()))?;
        Ok(said(&output.stdout))
    }

    fn shell(&self) -> Command {
        let at = self.root.path();
        let environment = at.join("environment");
        if !environment.exists() {
            std::fs::write(environment, "").unwrap();
        }
        let mut shell = Command::new(at.join("bin/sh"));
        let path = format!("{0}/bin:{0}/usr/local/bin", at.display());
        shell.env_clear().env("PATH", path).env("HOME", at).env("MACHINE", at).current_dir(self.source());
        shell
    }
}
