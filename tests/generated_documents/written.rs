//! Documents of our own writers, as they are and with marks, strikes and hidden text put beside their figures.

use std::io::{Cursor, Read as _, Write as _};

use huizong::document::write::{Format, write_document};
use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use regex::{Captures, Regex};

use super::Made;
use super::form::printed;
use super::print::Medium;

pub fn make(random: &mut ChaCha8Rng, medium: Medium) -> Made {
    let report = printed(random);
    let format = *[Format::Docx, Format::Html, Format::Xlsx, Format::Text].choose(random).unwrap();
    let mut bytes = write_document(&report.document, format).unwrap();
    let share = *[0u32, 3, 10].choose(random).unwrap();
    if share > 0 {
        bytes = match format {
            Format::Html => html(bytes, random, share, medium),
            Format::Text => text(bytes, random, share),
            Format::Docx => docx(bytes, random, share),
            _ => xlsx(bytes, random, share),
        };
    }
    let kind = if share > 0 { "our own, with asides" } else { "our own" };
    Made {
        name: format!("report.{}", format.ending()),
        from: None,
        kind: kind.to_owned(),
        bytes,
        expected: report.expected(),
        is_whole: true,
    }
}

/// Replaces one in `share` of the matches.
fn replaced(
    text: &str,
    pattern: &str,
    random: &mut ChaCha8Rng,
    share: u32,
    with: impl Fn(&Captures<'_>, usize) -> String,
) -> String {
    let pattern = Regex::new(pattern).unwrap();
    let replace = |captures: &Captures<'_>| match random.random_ratio(1, share) {
        true => with(captures, random.random_range(0..usize::MAX)),
        false => captures[0].to_owned(),
    };
    let mut replace = replace;
    pattern.replace_all(text, |captures: &Captures<'_>| replace(captures)).into_owned()
}

fn html(bytes: Vec<u8>, random: &mut ChaCha8Rng, share: u32, medium: Medium) -> Vec<u8> {
    let page = String::from_utf8(bytes).unwrap();
    let everywhere = ["N<sup>1</sup>", "<s>39</s>N", "N①", "<strike>7</strike>N<sub>2</sub>"];
    let by_style = ["N<span hidden>5</span>", "<del>7</del>N<sub>2</sub>", "N<i style='visibility:hidden'>4</i>"];
    let is_by_style = medium != Medium::PrintedByOffice;
    let ways: Vec<&str> = everywhere.into_iter().chain(by_style.into_iter().filter(|_| is_by_style)).collect();
    let with = |captures: &Captures<'_>, at: usize| {
        format!("{}{}<", &captures[1], ways[at % ways.len()].replace('N', &captures[2]))
    };
    replaced(&page, r#"(data-cell="[^"]*"[^>]*>)(\d[\d.]*)<"#, random, share, with).into_bytes()
}

fn text(bytes: Vec<u8>, random: &mut ChaCha8Rng, share: u32) -> Vec<u8> {
    let text = String::from_utf8(bytes).unwrap();
    let ways = ["N①", "N¹", "N₂", "N*", "※N", "N（其中1件续办）"];
    let with = |captures: &Captures<'_>, at: usize| format!("| {}", ways[at % ways.len()].replace('N', &captures[1]));
    replaced(&text, r"\| (\d[\d.]*)", random, share, with).into_bytes()
}

/// The archive with `change` made in the parts whose names begin with `part`.
fn changed(bytes: &[u8], part: &str, mut change: impl FnMut(String) -> String) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).unwrap();
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        let name = file.name().unwrap().into_owned();
        if name.starts_with(part) {
            content = change(String::from_utf8(content).unwrap()).into_bytes();
        }
        writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(&content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn docx(bytes: Vec<u8>, random: &mut ChaCha8Rng, share: u32) -> Vec<u8> {
    let run = |properties: &str, text: &str| format!("<w:r><w:rPr>{properties}</w:rPr><w:t>{text}</w:t></w:r>");
    changed(&bytes, "word/document.xml", |xml| {
        let with = |captures: &Captures<'_>, at: usize| {
            let number = &captures[0];
            match at % 4 {
                0 => number.to_owned() + &run("<w:vertAlign w:val=\"superscript\"/>", "1"),
                1 => number.to_owned() + &run("<w:strike/>", "39"),
                2 => number.to_owned() + &run("<w:vanish/>", "5"),
                _ => number.to_owned() + "<w:del><w:r><w:delText>8</w:delText></w:r></w:del>",
            }
        };
        let (before, tables) = xml.split_once("<w:tbl>").unwrap();
        let tables = replaced(tables, r"<w:t[^>]*>\d[\d.]*</w:t></w:r>", random, share, with);
        format!("{before}<w:tbl>{tables}")
    })
}

fn xlsx(bytes: Vec<u8>, random: &mut ChaCha8Rng, share: u32) -> Vec<u8> {
    changed(&bytes, "xl/worksheets/sheet", |xml| {
        let with = |captures: &Captures<'_>, at: usize| {
            let properties = ["<vertAlign val=\"superscript\"/>", "<strike/>", "<color rgb=\"FFFFFFFF\"/>"][at % 3];
            format!(
                "<c {} t=\"inlineStr\"><is><r><t>{}</t></r><r><rPr>{properties}</rPr><t>4</t></r></is></c>",
                &captures[1], &captures[2]
            )
        };
        replaced(&xml, r#"<c (r="[A-Z]+\d+" s="\d+")><v>(\d[\d.]*)</v></c>"#, random, share, with)
    })
}
