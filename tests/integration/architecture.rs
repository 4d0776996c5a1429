//! The direction of dependency between the modules of `src/`, and what only some may name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What each module may use of the others.
const ALLOWED: &[(&str, &[&str])] = &[
    ("form", &[]),
    ("config", &[]),
    ("access", &["report"]),
    ("pb", &[]),
    ("telemetry", &[]),
    ("outbound", &[]),
    ("stamp", &["report"]),
    ("report", &["form"]),
    ("rules", &["report", "form"]),
    ("registry", &["report", "form"]),
    ("rollup", &["registry", "report", "form"]),
    ("store", &["access", "rollup", "registry", "report", "form", "telemetry"]),
    ("document", &["report", "form"]),
    ("simulation", &["registry", "report", "form"]),
    ("live", &["access", "rules", "rollup", "registry", "store", "report", "form"]),
    ("service", &["access", "rules", "rollup", "registry", "store", "live", "document", "report", "form"]),
    ("ship", &["service", "store", "report", "config", "telemetry", "outbound"]),
    ("remind", &["service", "registry", "config", "outbound"]),
    ("wire", &["access", "service", "store", "rollup", "rules", "registry", "document", "report", "form", "pb"]),
    ("grpc", &["access", "wire", "service", "rollup", "registry", "report", "config", "telemetry", "pb"]),
    ("identity", &["access", "report", "outbound", "config"]),
    (
        "server",
        &[
            "access",
            "admin",
            "http",
            "grpc",
            "identity",
            "ship",
            "remind",
            "service",
            "live",
            "document",
            "store",
            "report",
            "config",
            "telemetry",
        ],
    ),
    ("http", &["access", "grpc", "identity", "wire", "service", "report", "config", "telemetry", "pb"]),
    ("admin", &["service", "telemetry"]),
    (
        "cli",
        &[
            "access",
            "admin",
            "http",
            "grpc",
            "identity",
            "outbound",
            "server",
            "stamp",
            "wire",
            "service",
            "document",
            "store",
            "rules",
            "rollup",
            "registry",
            "simulation",
            "report",
            "form",
            "config",
            "telemetry",
            "pb",
        ],
    ),
];

/// Crates that only one place may name.
const CONFINED: &[(&str, &str)] = &[
    ("sled::", "store/sled"),
    ("tonic::", "grpc http server cli pb.rs pb"),
    ("hyper_rustls::", "identity"),
    ("jsonwebtoken::", "identity"),
    ("ring::", "store/head.rs store/log/postgres grpc/door identity outbound.rs stamp.rs"),
    ("tokio_postgres::", "store/log/postgres"),
    ("tokio_postgres_rustls::", "store/log/postgres"),
    ("tokio_rustls::", "grpc/door identity outbound.rs store/log/postgres"),
    ("webpki::", "stamp.rs"),
    ("cms::", "stamp.rs"),
    ("x509_parser::", "grpc/door"),
    ("governor::", "grpc/door"),
    ("axum::", "admin http"),
    ("rust_embed::", "http"),
    ("hyper::", "cli/healthcheck.rs identity outbound.rs"),
    ("clap::", "cli"),
    ("clap_complete::", "cli/manual.rs"),
    ("clap_mangen::", "cli/manual.rs"),
    ("metrics_exporter_prometheus::", "telemetry"),
    ("opentelemetry::", "telemetry"),
    ("tracing_subscriber::", "telemetry"),
    ("calamine::", "document"),
    ("cfb::", "document"),
    ("lettre::", "remind"),
    ("email_address::", "registry/contacts.rs"),
    ("maud::", "document http"),
    ("pulldown_cmark::", "http"),
    ("rust_xlsxwriter::", "document"),
    ("scraper::", "document"),
    ("quick_xml::", "document"),
    ("zip::", "document http/contract.rs"),
    ("lopdf::", "document/read/pdf"),
    ("libc::", "document/process"),
    ("seccompiler::", "document/process"),
];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found
}

/// The file's code: without comments, and without its tests.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests") || path.ends_with("tests.rs")
}

/// Each source file with its module and its code.
fn modules() -> Vec<(String, PathBuf, String)> {
    let source = source();
    let mut modules = Vec::new();
    for path in files(&source).into_iter().filter(|path| !is_test(path)) {
        let inside = path.strip_prefix(&source).unwrap().to_owned();
        let first = inside.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
        let module = first.trim_end_matches(".rs").to_owned();
        if module != "lib" && module != "main" {
            let code = code(&path);
            modules.push((module, inside, code));
        }
    }
    modules
}

#[test]
fn dependencies_go_one_way() {
    for (module, path, code) in modules() {
        let (_, allowed) = ALLOWED.iter().find(|(name, _)| *name == module).expect("a module without a place here");
        let used = code.split("crate::").skip(1).filter_map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
            Some(rest[..end].to_owned())
        });
        let mut used: BTreeSet<String> = used.collect();
        used.remove(&module);
        for name in used {
            assert!(allowed.contains(&name.as_str()), "{} uses {name}", path.display());
        }
    }
}

/// The files of a folder of `src/`, each with the others that it names; a folder within counts as one file.
fn arrows_within(folder: &str) -> BTreeMap<String, BTreeSet<String>> {
    let root = source().join(folder);
    let mut arrows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in files(&root).into_iter().filter(|path| !is_test(path)) {
        let inside = path.strip_prefix(&root).unwrap();
        let first = inside.components().next().unwrap().as_os_str().to_string_lossy();
        let name = first.trim_end_matches(".rs").to_owned();
        // What the folder shows to others is no use of one file by another.
        if name == "mod" {
            continue;
        }
        let (code, own) = (code(&path), arrows.entry(name.clone()).or_default());
        let mut prefixes = vec![format!("crate::{folder}::")];
        if inside.components().count() == 1 || inside.ends_with("mod.rs") {
            prefixes.push("super::".to_owned());
        }
        for rest in prefixes.iter().flat_map(|prefix| code.split(prefix.as_str()).skip(1)) {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            let used = &rest[..end];
            assert!(
                used.starts_with(|c: char| c.is_ascii_lowercase()),
                "{} names {rest:.40} without the file that it is in",
                path.display()
            );
            if used != name {
                own.insert(used.to_owned());
            }
        }
    }
    arrows
}

#[test]
fn use_cases_have_no_circle_among_their_files() {
    let mut arrows = arrows_within("service");
    // Whoever uses no other file is taken away, again and again; what is left goes in circles.
    loop {
        let free: Vec<String> =
            arrows.iter().filter(|(_, used)| used.is_empty()).map(|(name, _)| name.clone()).collect();
        if free.is_empty() {
            break;
        }
        arrows.retain(|name, _| !free.contains(name));
        arrows.values_mut().for_each(|used| used.retain(|name| !free.contains(name)));
    }
    assert!(arrows.is_empty(), "{arrows:#?}");
}

#[test]
fn confined_crates_stay_where_they_belong() {
    for (_, path, code) in modules() {
        for (name, places) in CONFINED {
            let at_home = places.split(' ').any(|place| path.starts_with(place));
            let named = code.split(|c: char| c.is_whitespace() || "(<&".contains(c)).any(|word| word.starts_with(name));
            assert!(at_home || !named, "{} names {name}", path.display());
        }
    }
}

#[test]
fn pure_modules_have_no_clock_no_async_and_no_files() {
    for (module, path, code) in modules() {
        if ["form", "report", "rules", "registry", "rollup"].contains(&module.as_str()) {
            for word in ["async ", "std::fs", "std::io", "Timestamp::now", "SystemTime", "tokio::"] {
                assert!(!code.contains(word), "{} has {word}", path.display());
            }
        }
    }
}
