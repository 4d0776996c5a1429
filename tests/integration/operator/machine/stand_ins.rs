//! Tools that the handbook calls and that cannot do their work in a test: why, what is done in their place
//! (`stand-in.sh`), and what is checked of each call.

use std::path::Path;

use super::super::documents::read;

pub struct StandIn {
    pub tool: &'static str,
    // Said where a call of it is refused.
    pub why: &'static str,
    /// Looks at a call, in the folder that it was made from; what is wrong with it.
    check: fn(&[&str], &Path) -> Result<(), String>,
}

pub const STAND_INS: [StandIn; 7] = [
    StandIn {
        tool: "docker",
        why: "images take long to build, and containers need rights; the program is run with the settings of the image",
        check: files_exist,
    },
    StandIn {
        tool: "journalctl",
        why: "there is no systemd; what the service logged is read",
        check: |call, _| is_in(option(call, "--unit")?, "deploy/systemd", ".service"),
    },
    StandIn {
        tool: "kubectl",
        why: "there is no cluster; what a call names is looked up in the manifests",
        check: objects_exist,
    },
    StandIn { tool: "make", why: "it builds and measures for minutes; the target is looked up", check: target_exists },
    StandIn {
        tool: "runuser",
        why: "the account is not made; whoever runs the test stands for it",
        check: |call, _| of_unit("User", option(call, "-u")?),
    },
    StandIn {
        tool: "systemctl",
        why: "there is no systemd; what the installed unit starts is started and stopped",
        check: |call, _| match call {
            [_, "daemon-reload"] => Ok(()),
            [.., unit] => is_in(unit, "deploy/systemd", ".service"),
            [] => Ok(()),
        },
    },
    StandIn {
        tool: "useradd",
        why: "it would change the accounts of this machine; they are compared with the unit's",
        check: |call, _| of_unit("User", call.last().unwrap_or(&"")),
    },
];

/// Checks one call of a stand-in, made from `folder`.
pub fn check(call: &str, folder: &Path) -> Result<(), String> {
    let words: Vec<&str> = call.split_whitespace().collect();
    let stand_in = STAND_INS.iter().find(|one| words.first() == Some(&one.tool)).ok_or("nothing stands in for it")?;
    (stand_in.check)(&words, folder).map_err(|error| format!("{call}: {error} ({})", stand_in.why))
}

/// What follows an option.
fn option<'a>(call: &[&'a str], name: &str) -> Result<&'a str, String> {
    let at = call.iter().position(|word| *word == name).ok_or_else(|| format!("no {name}"))?;
    call.get(at + 1).copied().ok_or_else(|| format!("nothing after {name}"))
}

fn is_in(name: &str, folder: &str, ending: &str) -> Result<(), String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join(format!("{name}{ending}"));
    if file.is_file() { Ok(()) } else { Err(format!("no {name}{ending} in {folder}")) }
}

fn of_unit(key: &str, value: &str) -> Result<(), String> {
    let line = format!("{key}={value}");
    let unit = read("deploy/systemd/huizong.service");
    if unit.lines().any(|one| one == line) { Ok(()) } else { Err(format!("the unit does not say {line}")) }
}

fn files_exist(call: &[&str], folder: &Path) -> Result<(), String> {
    call.windows(2)
        .filter_map(|pair| match pair[0] {
            "-f" => Some((pair[1], folder.join(pair[1]))),
            "-k" => Some((pair[1], folder.join(pair[1]).join("kustomization.yaml"))),
            _ => None,
        })
        .try_for_each(|(named, file)| if file.is_file() { Ok(()) } else { Err(format!("no file {named}")) })
}

fn target_exists(call: &[&str], _: &Path) -> Result<(), String> {
    let target = call.last().unwrap_or(&"");
    if read("Makefile").contains(&format!("\n{target}:")) { Ok(()) } else { Err(format!("no target {target}")) }
}

/// Every object that is named is one of the manifests, and every file is there.
fn objects_exist(call: &[&str], folder: &Path) -> Result<(), String> {
    files_exist(call, folder)?;
    let manifests = read("deploy/kubernetes/base/huizong.yaml")
        + &read("deploy/kubernetes/bootstrap.yaml")
        + &read("deploy/kubernetes/components/backups/backups.yaml");
    let says =
        |line: String| manifests.contains(&line).then_some(()).ok_or_else(|| format!("no manifest has {line:?}"));
    if let Ok(namespace) = option(call, "--namespace") {
        says(format!("namespace: {namespace}\n"))?;
    }
    if let ["kubectl", "create", "secret", "tls", name, ..] = call {
        says(format!("secret:\n                  name: {name}\n"))?;
        for file in ["--cert", "--key"] {
            let file = option(call, file)?;
            folder.join(file).is_file().then_some(()).ok_or_else(|| format!("no file {file}"))?;
        }
    }
    for (kind, name) in call.iter().filter_map(|word| word.split_once('/')).filter(|(kind, _)| *kind != "deploy") {
        let (kind, name) = match kind {
            "job" => ("Job", name),
            "statefulset" => ("StatefulSet", name),
            // The only one of its set.
            "pod" => ("StatefulSet", name.strip_suffix("-0").unwrap_or(name)),
            other => return Err(format!("what is a {other}?")),
        };
        says(format!("kind: {kind}\nmetadata:\n  name: {name}\n"))?;
    }
    Ok(())
}
