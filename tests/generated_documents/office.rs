//! Documents that went through other programs: an office suite and a browser, where these are installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Made, Medium, make as made};

/// Documents handed to each program.
const DOCUMENTS: u64 = 60;

/// The first of these programs that is there.
fn program(names: &[&str]) -> Option<PathBuf> {
    let folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH")?).collect();
    names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).find(|path| path.is_file())
}

fn run(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The documents, converted; none where no program is there, which is said. In a folder that is kept, those that were
/// converted before are not again.
pub fn make(seed: u64, kept: Option<&Path>) -> Vec<Made> {
    let temporary = tempfile::tempdir().unwrap();
    let folder = kept.unwrap_or(temporary.path());
    let sources = |name: &str, medium| {
        let folder = folder.join(name);
        fs::create_dir_all(&folder).unwrap();
        sources(&folder, seed, medium)
    };
    let mut results = Vec::new();
    match program(&["chromium", "chromium-browser", "google-chrome"]) {
        Some(browser) => {
            let sources = sources("browser", Medium::PrintedByBrowser);
            results.extend(by_browser(&browser, folder, &sources));
        }
        None => println!("no browser is installed: its documents are left out"),
    }
    match program(&["soffice", "libreoffice"]) {
        Some(office) => {
            let sources = sources("office", Medium::PrintedByOffice);
            for ending in ["pdf", "docx", "xlsx", "rtf", "doc", "xls"] {
                results.extend(by_office(&office, folder, &sources, ending));
            }
        }
        None => println!("no office suite is installed: its documents are left out"),
    }
    results
}

/// The documents that these programs can open.
fn sources(folder: &Path, seed: u64, medium: Medium) -> Vec<(PathBuf, Made)> {
    (0..DOCUMENTS * 4)
        .map(|number| made(seed ^ 0x0ff1ce, number, medium))
        .filter(|made| made.name.ends_with("html") || made.name.ends_with("docx") || made.name.ends_with("xlsx"))
        .enumerate()
        .map(|(at, made)| {
            let ending = made.name.rsplit('.').next().unwrap_or_default();
            let path = folder.join(format!("{at}.{ending}"));
            fs::write(&path, &made.bytes).unwrap();
            (path, made)
        })
        .collect()
}

fn converted(made: &Made, path: &Path, by: &str) -> Option<Made> {
    let bytes = fs::read(path).ok()?;
    let ending = path.extension()?.to_str()?;
    Some(Made {
        name: format!("report.{ending}"),
        from: Some(path.to_owned()),
        kind: format!("by {by}, of {}", made.name.rsplit('.').next().unwrap_or_default()),
        bytes,
        expected: made.expected.clone(),
        is_whole: false,
    })
}

fn by_office(office: &Path, folder: &Path, sources: &[(PathBuf, Made)], ending: &str) -> Vec<Made> {
    let out = folder.join(format!("office-{ending}"));
    let profile = format!("-env:UserInstallation=file://{}", folder.join("profile").display());
    let fitting: Vec<_> = sources
        .iter()
        .filter(|(path, _)| {
            let own = path.extension().and_then(|own| own.to_str()).unwrap_or_default();
            // A text document stays one, a sheet stays one, also in an older format; a page becomes either.
            own == ending
                || ending == "pdf"
                || own == "html" && ending == "docx"
                || own == "docx" && matches!(ending, "rtf" | "doc")
                || own == "xlsx" && ending == "xls"
        })
        .collect();
    let result = |path: &Path| out.join(path.file_stem().unwrap_or_default()).with_extension(ending);
    let new: Vec<_> = fitting.iter().map(|(path, _)| path).filter(|path| !result(path).exists()).collect();
    let mut command = Command::new(office);
    command.arg(profile).args(["--headless", "--convert-to", ending, "--outdir"]).arg(&out);
    if !new.is_empty() && !run(command.args(new)) {
        println!("the office suite made no {ending}");
    }
    fitting.iter().filter_map(|(path, made)| converted(made, &result(path), "an office suite")).collect()
}

fn by_browser(browser: &Path, folder: &Path, sources: &[(PathBuf, Made)]) -> Vec<Made> {
    let pages = sources.iter().filter(|(path, _)| path.extension().is_some_and(|ending| ending == "html"));
    pages
        .filter_map(|(path, made)| {
            let result = path.with_extension("pdf");
            let mut command = Command::new(browser);
            command.args(["--headless", "--no-sandbox", "--disable-gpu"]);
            command.arg(format!("--user-data-dir={}", folder.join("browser").display()));
            command.arg(format!("--print-to-pdf={}", result.display())).arg(path);
            (result.exists() || run(&mut command)).then(|| converted(made, &result, "a browser")).flatten()
        })
        .collect()
}
