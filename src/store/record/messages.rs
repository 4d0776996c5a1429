//! The messages of revisions, what all messages share, and their conversion. Tags are never reused.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use jiff::Timestamp;
use prost::{Enumeration, Message};

use crate::form::{CellId, catalogue, edition};
use crate::report::{
    Answer, Cell, Figures, Finding, Hash, Level, Message as Words, Narrative, Period, ReportKey, ReportState,
    ReportYear, Revision, RuleSetRef, Severity, Term,
};

use super::cells;

#[derive(Clone, PartialEq, Message)]
pub struct StoredRevision {
    #[prost(string, tag = "1")]
    report: String,
    #[prost(uint32, tag = "2")]
    number: u32,
    #[prost(enumeration = "StoredState", tag = "3")]
    state: i32,
    #[prost(message, required, tag = "4")]
    figures: StoredFigures,
    #[prost(bytes = "vec", tag = "5")]
    content_hash: Vec<u8>,
    #[prost(string, tag = "6")]
    rule_set: String,
    #[prost(bytes = "vec", tag = "7")]
    rule_set_hash: Vec<u8>,
    #[prost(message, repeated, tag = "8")]
    findings: Vec<StoredFinding>,
    #[prost(message, repeated, tag = "9")]
    answers: Vec<StoredAnswer>,
    #[prost(string, tag = "10")]
    actor: String,
    #[prost(string, tag = "11")]
    reason: String,
    #[prost(int64, tag = "12")]
    time_microseconds: i64,
    #[prost(uint64, tag = "13")]
    sequence: u64,
    #[prost(message, optional, tag = "14")]
    narrative: Option<StoredNarrative>,
    /// A [`StoredNarrative`] that is long, compressed (RFC 1951), instead.
    #[prost(bytes = "vec", optional, tag = "15")]
    compressed: Option<Vec<u8>>,
    #[prost(uint32, optional, tag = "20")]
    accepted_before: Option<u32>,
    #[prost(bool, tag = "21")]
    late: bool,
}

/// Where a revision lies in the journal, without all else that a [`StoredRevision`] holds.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct StoredSequence {
    #[prost(uint64, tag = "13")]
    pub(super) sequence: u64,
}

/// The chapters of text.
#[derive(Clone, PartialEq, Message)]
struct StoredNarrative {
    #[prost(string, optional, tag = "1")]
    overview: Option<String>,
    #[prost(string, optional, tag = "2")]
    problems: Option<String>,
    #[prost(string, optional, tag = "3")]
    other_matters: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Enumeration)]
pub(super) enum StoredState {
    Unknown = 0,
    Accepted = 1,
    Submitted = 2,
    Returned = 3,
    Withdrawn = 4,
}

pub(super) const STATES: [(ReportState, StoredState); 4] = [
    (ReportState::Accepted, StoredState::Accepted),
    (ReportState::Submitted, StoredState::Submitted),
    (ReportState::Returned, StoredState::Returned),
    (ReportState::Withdrawn, StoredState::Withdrawn),
];

/// Cells by their stable codes; blank cells are left out.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct StoredFigures {
    #[prost(string, tag = "1")]
    edition: String,
    /// All cells, see [`cells`]; absent in a record of version 1, which has the three below instead.
    #[prost(bytes = "vec", optional, tag = "5")]
    cells: Option<Vec<u8>>,
    #[prost(uint32, repeated, tag = "2")]
    codes: Vec<u32>,
    /// One for each code.
    #[prost(sint64, repeated, tag = "3")]
    numbers: Vec<i64>,
    #[prost(uint32, repeated, tag = "4")]
    not_applicable: Vec<u32>,
}

#[derive(Clone, PartialEq, Message)]
struct StoredFinding {
    #[prost(string, tag = "1")]
    rule: String,
    #[prost(bool, tag = "2")]
    is_error: bool,
    #[prost(message, repeated, tag = "3")]
    left: Vec<StoredTerm>,
    #[prost(message, repeated, tag = "4")]
    right: Vec<StoredTerm>,
    /// Decimal, for it may be wider than 64 bits.
    #[prost(string, optional, tag = "5")]
    difference: Option<String>,
    #[prost(string, tag = "6")]
    message_zh: String,
    #[prost(string, tag = "7")]
    message_en: String,
    #[prost(string, tag = "8")]
    remedy_zh: String,
    #[prost(string, tag = "9")]
    remedy_en: String,
}

#[derive(Clone, PartialEq, Message)]
struct StoredTerm {
    #[prost(uint32, tag = "1")]
    code: u32,
    #[prost(sint64, optional, tag = "2")]
    number: Option<i64>,
    #[prost(bool, tag = "3")]
    not_applicable: bool,
    #[prost(bool, tag = "4")]
    negative: bool,
    #[prost(bool, tag = "5")]
    previous_year: bool,
    #[prost(bool, tag = "6")]
    computed: bool,
}

#[derive(Clone, PartialEq, Message)]
struct StoredAnswer {
    #[prost(string, tag = "1")]
    rule: String,
    #[prost(string, tag = "2")]
    cell: String,
    #[prost(string, tag = "3")]
    reason: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Enumeration)]
pub(super) enum StoredLevel {
    Unknown = 0,
    Province = 1,
    City = 2,
    County = 3,
    FunctionalZone = 4,
    Township = 5,
}

pub(super) const LEVELS: [(Level, StoredLevel); 5] = [
    (Level::Province, StoredLevel::Province),
    (Level::City, StoredLevel::City),
    (Level::County, StoredLevel::County),
    (Level::FunctionalZone, StoredLevel::FunctionalZone),
    (Level::Township, StoredLevel::Township),
];

/// The stored form of `value`; the tables name every value.
pub(super) fn stored_of<A: PartialEq, B: Copy + Into<i32>>(table: &[(A, B)], value: &A) -> i32 {
    table.iter().find(|(known, _)| known == value).map_or(0, |(_, stored)| (*stored).into())
}

pub(super) fn value_of<A: Copy, B: Copy + Into<i32>>(table: &[(A, B)], stored: i32, what: &str) -> Result<A, String> {
    let known = table.iter().find(|(_, known)| (*known).into() == stored);
    known.map(|(value, _)| *value).ok_or_else(|| format!("unknown {what} {stored}"))
}

pub(super) fn hash(bytes: Vec<u8>) -> Result<Hash, String> {
    bytes.try_into().map(Hash).map_err(|_| "a hash of another length".to_owned())
}

pub(super) fn timestamp(microseconds: i64) -> Result<Timestamp, String> {
    Timestamp::from_microsecond(microseconds).map_err(|error| error.to_string())
}

pub(super) fn year(year: u32) -> Result<ReportYear, String> {
    u16::try_from(year).ok().and_then(|year| ReportYear::new(year).ok()).ok_or_else(|| format!("year {year}"))
}

pub(super) fn parse<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error| format!("{text:?}: {error}"))
}

fn cell(code: u32) -> Result<CellId, String> {
    let known = u16::try_from(code).ok().and_then(|code| catalogue().cell_of_code(code));
    known.ok_or_else(|| format!("unknown cell code {code}"))
}

impl StoredRevision {
    pub fn from_revision(revision: &Revision) -> Self {
        let narrative = revision.narrative.as_ref().map(StoredNarrative::from_narrative);
        let (narrative, compressed) = narrative.map_or((None, None), StoredNarrative::or_compressed);
        Self {
            report: revision.report.to_string(),
            number: revision.number,
            state: stored_of(&STATES, &revision.state),
            accepted_before: revision.accepted_before,
            late: revision.late,
            figures: StoredFigures::from_figures(&revision.figures),
            content_hash: revision.content_hash.0.to_vec(),
            rule_set: revision.rule_set.id.clone(),
            rule_set_hash: revision.rule_set.hash.0.to_vec(),
            findings: revision.findings.iter().map(StoredFinding::from_finding).collect(),
            answers: revision.answers.iter().map(StoredAnswer::from_answer).collect(),
            actor: revision.actor.clone(),
            reason: revision.reason.clone(),
            time_microseconds: revision.time.as_microsecond(),
            sequence: revision.sequence,
            narrative,
            compressed,
        }
    }

    pub fn into_revision(self) -> Result<Revision, String> {
        let compressed = self.compressed.as_deref().map(StoredNarrative::decompressed).transpose()?;
        Ok(Revision {
            report: parse::<ReportKey>(&self.report)?,
            number: self.number,
            state: value_of(&STATES, self.state, "state")?,
            accepted_before: self.accepted_before,
            late: self.late,
            figures: self.figures.into_figures()?,
            narrative: compressed.or(self.narrative).map(StoredNarrative::into_narrative),
            content_hash: hash(self.content_hash)?,
            rule_set: RuleSetRef { id: self.rule_set, hash: hash(self.rule_set_hash)? },
            findings: self.findings.into_iter().map(StoredFinding::into_finding).collect::<Result<_, _>>()?,
            answers: self.answers.into_iter().map(StoredAnswer::into_answer).collect(),
            actor: self.actor,
            reason: self.reason,
            time: timestamp(self.time_microseconds)?,
            sequence: self.sequence,
        })
    }
}

impl StoredFigures {
    pub(super) fn from_figures(figures: &Figures) -> Self {
        let (edition, cells) = (figures.edition().id.to_owned(), Some(cells::encode(figures)));
        Self { edition, cells, codes: Vec::new(), numbers: Vec::new(), not_applicable: Vec::new() }
    }

    pub(super) fn into_figures(self) -> Result<Figures, String> {
        let edition = edition(&self.edition).ok_or_else(|| format!("unknown edition {:?}", self.edition))?;
        if let Some(row) = &self.cells {
            return cells::decode(row, edition);
        }
        if self.codes.len() != self.numbers.len() {
            return Err("codes and numbers differ in length".to_owned());
        }
        let mut figures = Figures::blank(edition);
        let numbers = self.codes.into_iter().zip(self.numbers.into_iter().map(Cell::Number));
        let others = self.not_applicable.into_iter().map(|code| (code, Cell::NotApplicable));
        for (code, value) in numbers.chain(others) {
            if !figures.set(cell(code)?, value) {
                return Err(format!("cell {code} is not of edition {}", self.edition));
            }
        }
        Ok(figures)
    }
}

/// Chapters of text, in bytes, from which on they are compressed.
const LONG_BYTES: usize = 1024;

/// Longest chapters that are decompressed, in bytes: more than any message that they came in.
const CHAPTERS_BYTES_MAX: u64 = 8 << 20;

impl StoredNarrative {
    fn from_narrative(narrative: &Narrative) -> Self {
        let Narrative { overview, problems, other_matters } = narrative.clone();
        Self { overview, problems, other_matters }
    }

    /// As they are, or where they are long compressed.
    fn or_compressed(self) -> (Option<Self>, Option<Vec<u8>>) {
        if self.encoded_len() < LONG_BYTES {
            return (Some(self), None);
        }
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        // Writing to a Vec cannot fail.
        match encoder.write_all(&self.encode_to_vec()).and_then(|()| encoder.finish()) {
            Ok(compressed) => (None, Some(compressed)),
            Err(_) => (Some(self), None),
        }
    }

    fn decompressed(compressed: &[u8]) -> Result<Self, String> {
        let mut bytes = Vec::new();
        let read = DeflateDecoder::new(compressed).take(CHAPTERS_BYTES_MAX).read_to_end(&mut bytes);
        read.map_err(|error| error.to_string())?;
        Self::decode(bytes.as_slice()).map_err(|error| error.to_string())
    }

    fn into_narrative(self) -> Narrative {
        let Self { overview, problems, other_matters } = self;
        Narrative { overview, problems, other_matters }
    }
}

impl StoredFinding {
    fn from_finding(finding: &Finding) -> Self {
        Self {
            rule: finding.rule.clone(),
            is_error: finding.severity == Severity::Error,
            left: finding.left.iter().map(StoredTerm::from_term).collect(),
            right: finding.right.iter().map(StoredTerm::from_term).collect(),
            difference: finding.difference.map(|difference| difference.to_string()),
            message_zh: finding.message.zh.clone(),
            message_en: finding.message.en.clone(),
            remedy_zh: finding.remedy.zh.clone(),
            remedy_en: finding.remedy.en.clone(),
        }
    }

    fn into_finding(self) -> Result<Finding, String> {
        let terms = |terms: Vec<StoredTerm>| terms.into_iter().map(StoredTerm::into_term).collect::<Result<_, _>>();
        Ok(Finding {
            rule: self.rule,
            severity: if self.is_error { Severity::Error } else { Severity::Warning },
            left: terms(self.left)?,
            right: terms(self.right)?,
            difference: self.difference.as_deref().map(parse).transpose()?,
            message: Words::new(self.message_zh, self.message_en),
            remedy: Words::new(self.remedy_zh, self.remedy_en),
        })
    }
}

impl StoredTerm {
    fn from_term(term: &Term) -> Self {
        Self {
            code: catalogue().cell(term.cell).code.into(),
            number: term.value.number(),
            not_applicable: term.value == Cell::NotApplicable,
            negative: term.negative,
            previous_year: term.period == Period::Previous,
            computed: term.computed,
        }
    }

    fn into_term(self) -> Result<Term, String> {
        Ok(Term {
            negative: self.negative,
            period: if self.previous_year { Period::Previous } else { Period::Current },
            cell: cell(self.code)?,
            value: match self.number {
                Some(number) => Cell::Number(number),
                None if self.not_applicable => Cell::NotApplicable,
                None => Cell::Blank,
            },
            computed: self.computed,
        })
    }
}

impl StoredAnswer {
    fn from_answer(answer: &Answer) -> Self {
        Self { rule: answer.rule.clone(), cell: answer.cell.clone(), reason: answer.reason.clone() }
    }

    fn into_answer(self) -> Answer {
        Answer { rule: self.rule, cell: self.cell, reason: self.reason }
    }
}
