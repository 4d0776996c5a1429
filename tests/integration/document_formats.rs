//! What is said of the formats of documents elsewhere is what the table of formats says.

use std::fs;
use std::path::{Path, PathBuf};

use huizong::document::read::format::{FORMATS, endings, names, table};

/// With this set, what is made from the table is made anew.
const WRITE: &str = "HUIZONG_WRITE_FIXTURES";
const BEGIN: &str = "<!-- formats: from src/document/read/format.rs -->\n";
const END: &str = "<!-- end of formats -->";

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// That a file is as the table makes it.
fn holds(name: &str, made: impl Fn(&str) -> String) {
    let text = fs::read_to_string(path(name)).unwrap();
    let expected = made(&text);
    if std::env::var_os(WRITE).is_some() {
        fs::write(path(name), &expected).unwrap();
    } else {
        assert!(
            text == expected,
            "{name} is not as the table of formats: {WRITE}=1 cargo test document_formats makes it"
        );
    }
}

#[test]
fn the_dashboard_offers_the_formats_that_are_read() {
    holds("web/src/core/formats.ts", |text| {
        let (head, _) = text.split_once('\n').unwrap();
        format!("{head}\nexport const FORMAT_NAMES = {:?};\nexport const FORMAT_ENDINGS = {:?};\n", names(), endings())
    });
}

#[test]
fn the_documentation_lists_the_formats_that_are_read() {
    holds("docs/documents.md", |text| {
        let (before, rest) = text.split_once(BEGIN).unwrap();
        let (_, after) = rest.split_once(END).unwrap();
        format!("{before}{BEGIN}{}{END}{after}", table())
    });
}

#[test]
fn every_format_has_a_fuzz_target() {
    let manifest = fs::read_to_string(path("fuzz/Cargo.toml")).unwrap();
    for info in FORMATS {
        let target = format!("targets/{}.rs", info.id);
        assert!(path("fuzz").join(&target).exists() && manifest.contains(&target), "{target}");
    }
}
