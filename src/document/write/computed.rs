//! The document of a computed form: whose sums they are, and how much of what is expected is in them.

use crate::form::{CellId, Edition};
use crate::report::{Hash, ReportYear, computed_form_hash};

use super::document::content_hash_line;
use super::{Document, Figure, Provenance};

/// What is known of a computed form besides its figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComputedForm {
    /// Resource name, `jurisdictions/{code}`.
    pub scope: String,
    /// In Chinese.
    pub name: String,
    /// Report year.
    pub year: ReportYear,
    /// The edition of that year, in which the sums are printed.
    pub edition: &'static Edition,
    /// Agencies that owe a report.
    pub expected: u64,
    /// Agencies whose report is in the sums.
    pub included: u64,
    /// Agencies that have handed in nothing.
    pub missing: u64,
    /// Agencies whose report first came in after its due time.
    pub late: u64,
    /// Year whose tree was used.
    pub hierarchy_year: ReportYear,
    /// Journal sequence that the sums are true as of.
    pub sequence: u64,
}

/// Which frozen form a document is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frozen {
    /// Resource name, `jurisdictions/{code}/frozenForms/{year}-{number}`.
    pub name: String,
    /// Of its canonical content, which names every revision in the sums.
    pub content_hash: Hash,
}

impl Document {
    /// The document of a computed form that was frozen, which it says.
    #[must_use]
    pub fn frozen_as(mut self, frozen: Frozen) -> Self {
        let Frozen { name, content_hash } = frozen;
        // Its number alone: resource names are for programs.
        let number = name.rsplit('/').next().unwrap_or(&name).to_owned();
        self.provenance.push(Provenance { label: "定稿编号", value: number });
        self.provenance.push(Provenance { label: "定稿内容校验值（SHA-256）", value: content_hash.to_hex() });
        self
    }

    /// The document of a computed form; `sum` gives none for cells that are not shown.
    pub fn of_computed_form(form: ComputedForm, sum: impl Fn(CellId) -> Option<i128>) -> Self {
        let ComputedForm { scope, name, year, edition, expected, included, missing, late, hierarchy_year, sequence } =
            form;
        let hash = computed_form_hash(&format!("{scope}/reports/{year}"), edition, &sum);
        let mut coverage = format!("应报{expected}份，计入{included}份，未报{missing}份，逾期报送{late}份");
        if hierarchy_year != year {
            coverage.push_str(&format!("（按{hierarchy_year}年度隶属关系汇总）"));
        }
        let line = |label, value| Provenance { label, value };
        let provenance = vec![
            line("数据范围", format!("{name}所辖各级行政机关报送的年度报告")),
            line("汇总情况", coverage),
            line("数据截至流水号", sequence.to_string()),
            content_hash_line(hash),
        ];
        let figure = |cell| sum(cell).map_or(Figure::Blank, Figure::Number);
        Self { provenance, ..Self::new(name, year, edition, figure) }
    }
}
