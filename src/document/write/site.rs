//! Pages of published forms that any web server can serve: an index with a search, each form as documents, and all figures as
//! open data with a dictionary. The same forms give the same bytes: no clock, and no order but that of codes.

use maud::html;

use crate::form::{Kind, catalogue};
use crate::report::{Hash, Level, ReportYear};

use super::html::page;
use super::{CELL_HEADINGS, Format, WriteError};

/// The formats of each form, in the order in which they are offered.
pub const SITE_FORMATS: [Format; 4] = [Format::Html, Format::Docx, Format::Xlsx, Format::Csv];

/// What a published form is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Published {
    /// A computed form that was frozen.
    Frozen,
    /// A government's own report that was accepted.
    Report,
}

impl Published {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Frozen => ("汇总表（定稿）", "roll-up form, published version"),
            Self::Report => ("本级政府年度报告", "government's annual report"),
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Frozen => "frozen",
            Self::Report => "report",
        }
    }
}

/// A form that is published.
pub struct PublishedForm {
    /// What it is.
    pub what: Published,
    /// Of the jurisdiction.
    pub code: String,
    /// Of the jurisdiction, in Chinese.
    pub name: String,
    /// Of the jurisdiction.
    pub level: Level,
    /// Resource name of the frozen form or of the revision.
    pub source: String,
    /// SHA-256 of what was frozen or accepted, in hexadecimal digits.
    pub content_sha256: String,
    /// Journal sequence that it is true as of.
    pub as_of: u64,
    /// Its files, one for each of [`SITE_FORMATS`].
    pub documents: Vec<(Format, Vec<u8>)>,
}

/// A file of the site, by its path within it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteFile {
    /// With `/` between folders.
    pub path: String,
    /// Its bytes.
    pub content: Vec<u8>,
}

fn level_words(level: Level) -> &'static str {
    match level {
        Level::Province => "省",
        Level::City => "市",
        Level::County => "县（市、区）",
        Level::FunctionalZone => "功能区",
        Level::Township => "乡镇（街道）",
    }
}

/// A form with its files.
struct Shown<'a> {
    form: &'a PublishedForm,
    files: Vec<SiteFile>,
}

/// All files of a site of some forms of one year.
///
/// # Errors
/// Where a document cannot be written in its format.
pub fn site(title: &str, year: ReportYear, mut forms: Vec<PublishedForm>) -> Result<Vec<SiteFile>, WriteError> {
    forms.iter_mut().for_each(|form| {
        form.documents.sort_by_key(|(format, _)| SITE_FORMATS.iter().position(|known| known == format))
    });
    forms.sort_by(|one, other| (&one.code, one.what, &one.source).cmp(&(&other.code, other.what, &other.source)));
    let shown: Vec<Shown<'_>> = forms.iter().map(|form| shown(form, year)).collect();
    let mut files = vec![
        SiteFile { path: "index.html".to_owned(), content: index(title, year, &shown).into_bytes() },
        SiteFile { path: "site.css".to_owned(), content: include_bytes!("site.css").to_vec() },
        SiteFile { path: "site.js".to_owned(), content: include_bytes!("site.js").to_vec() },
        SiteFile { path: "data.csv".to_owned(), content: data(year, &forms)? },
        SiteFile { path: "dictionary.csv".to_owned(), content: dictionary()? },
    ];
    files.extend(shown.into_iter().flat_map(|shown| shown.files));
    files.sort_by(|one, other| one.path.cmp(&other.path));
    let sums: String =
        files.iter().map(|file| format!("{}  {}\n", Hash::of(&file.content).to_hex(), file.path)).collect();
    files.push(SiteFile { path: "SHA256SUMS".to_owned(), content: sums.into_bytes() });
    Ok(files)
}

fn shown(form: &PublishedForm, year: ReportYear) -> Shown<'_> {
    let files = form.documents.iter().map(|(format, content)| {
        let path = format!("forms/{}-{year}-{}.{}", form.code, form.what.word(), format.ending());
        SiteFile { path, content: content.clone() }
    });
    Shown { form, files: files.collect() }
}

fn index(title: &str, year: ReportYear, forms: &[Shown<'_>]) -> String {
    let body = html! {
        main {
            h1 { (title) }
            p {
                "共 " (forms.len()) " 项。每项均可下载；校验值见各行和 "
                a href="SHA256SUMS" { "SHA256SUMS" } "。 "
                span lang="en" { (forms.len()) " forms of " (year) ", each with its hash." }
            }
            p hidden {
                label for="search" { "查找地区 " span lang="en" { "Search" } } " "
                input id="search" type="search" autocomplete="off";
                " " span id="found" role="status" {}
            }
            div.scroll tabindex="0" role="region" aria-label="公布的表" {
                table {
                    caption { (year) "年度公布的汇总表和报告" }
                    thead {
                        tr {
                            th scope="col" { "区划代码" }
                            th scope="col" { "地区" }
                            th scope="col" { "级别" }
                            th scope="col" { "内容" }
                            th scope="col" { "下载" }
                            th scope="col" { "出处与校验值" }
                        }
                    }
                    tbody { @for shown in forms { (row(shown)) } }
                }
            }
            h2 { "开放数据 " span lang="en" { "Open data" } }
            ul {
                li { a href="data.csv" { "data.csv" } "：全部单元格，每行一个 " span lang="en" { "every cell, one a row" } }
                li { a href="dictionary.csv" { "dictionary.csv" } "：单元格的含义和单位 " span lang="en" { "what each cell is" } }
            }
        }
        footer {
            p {
                "只含已定稿的汇总表和已通过的政府年度报告。 "
                span lang="en" { "Only what was finalised or accepted is published here." }
            }
        }
        script src="site.js" {}
    };
    page(title, &html! { link rel="stylesheet" href="site.css"; }, &body)
}

fn row(shown: &Shown<'_>) -> maud::Markup {
    let form = shown.form;
    let (zh, en) = form.what.words();
    html! {
        tr {
            td { (form.code) }
            th scope="row" { (form.name) }
            td { (level_words(form.level)) }
            td { (zh) " " span lang="en" { (en) } }
            td {
                ul {
                    @for ((format, _), file) in form.documents.iter().zip(&shown.files) {
                        li {
                            a href=(file.path) { (form.name) (zh) " " (format.ending().to_uppercase()) }
                            "（" (file.content.len()) " 字节）"
                        }
                    }
                }
            }
            td {
                (form.source) "，数据截至流水号 " (form.as_of) br;
                "内容 SHA-256 " code { (form.content_sha256) }
            }
        }
    }
}

/// Every printed cell of every form.
fn data(year: ReportYear, forms: &[PublishedForm]) -> Result<Vec<u8>, WriteError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let headings = ["division_code", "name", "year", "kind", "source", "cell", "value"];
    writer.write_record(headings).map_err(WriteError::new)?;
    for form in forms {
        let table = form.documents.iter().find(|(format, _)| *format == Format::Csv);
        let mut rows = csv::Reader::from_reader(table.map_or(&[][..], |(_, content)| content.as_slice()));
        for row in rows.records() {
            let (row, year) = (row.map_err(WriteError::new)?, year.to_string());
            let (cell, value) = (row.get(0).unwrap_or_default(), row.get(CELL_HEADINGS.len() - 1).unwrap_or_default());
            let record = [&*form.code, &*form.name, &*year, form.what.word(), &*form.source, cell, value];
            writer.write_record(record).map_err(WriteError::new)?;
        }
    }
    writer.into_inner().map_err(WriteError::new)
}

fn dictionary() -> Result<Vec<u8>, WriteError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["cell", "label_zh", "label_en", "unit"]).map_err(WriteError::new)?;
    for info in &catalogue().cells {
        let unit = match info.kind {
            Kind::Count | Kind::SignedCount => "件 items",
            Kind::Money => "万元 10,000 yuan",
        };
        let record = [&*info.path, &*info.label_zh, &*info.label_en, unit];
        writer.write_record(record).map_err(WriteError::new)?;
    }
    writer.into_inner().map_err(WriteError::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::write::{ComputedForm, Document, Frozen, write_document};
    use crate::form::edition_for_year;

    fn form(code: &str, name: &str) -> PublishedForm {
        let year = ReportYear::new(2024).unwrap();
        let computed = ComputedForm {
            scope: format!("jurisdictions/{code}"),
            name: name.to_owned(),
            year,
            edition: edition_for_year(2024).unwrap(),
            expected: 2,
            included: 2,
            missing: 0,
            late: 0,
            hierarchy_year: year,
            sequence: 7,
        };
        let source = format!("jurisdictions/{code}/frozenForms/2024-1");
        let frozen = Frozen { name: source.clone(), content_hash: Hash::of(code.as_bytes()) };
        let document = Document::of_computed_form(computed, |cell| Some(cell.index() as i128)).frozen_as(frozen);
        let written = SITE_FORMATS.map(|format| (format, write_document(&document, format).unwrap()));
        PublishedForm {
            what: Published::Frozen,
            code: code.to_owned(),
            name: name.to_owned(),
            level: Level::County,
            source,
            content_sha256: Hash::of(code.as_bytes()).to_hex(),
            as_of: 7,
            documents: written.to_vec(),
        }
    }

    #[test]
    fn a_site_is_the_same_bytes_in_whatever_order_its_forms_come_and_names_every_file() {
        let year = ReportYear::new(2024).unwrap();
        let one = site("公开年报", year, vec![form("230102", "甲区"), form("230103", "<乙>区")]).unwrap();
        let other = site("公开年报", year, vec![form("230103", "<乙>区"), form("230102", "甲区")]).unwrap();
        assert_eq!(one, other);
        let sums = String::from_utf8(one.last().unwrap().content.clone()).unwrap();
        assert_eq!(sums.lines().count(), one.len() - 1);
        for file in &one[..one.len() - 1] {
            assert!(sums.contains(&format!("{}  {}\n", Hash::of(&file.content).to_hex(), file.path)), "{}", file.path);
        }
        let index = one.iter().find(|file| file.path == "index.html").unwrap();
        let index = String::from_utf8(index.content.clone()).unwrap();
        assert!(index.contains("&lt;乙&gt;区") && !index.contains("<乙>"));
        // Every link leads to a file that is there.
        for link in index.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(one.iter().any(|file| file.path == link), "{link}");
        }
    }
}
