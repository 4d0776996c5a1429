//! Which edition of the form a document fills in: what its table headers say, whatever notice or year it names.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::form::{EDITIONS, Edition, Presence, catalogue, edition_for_year};
use crate::report::{Message, ReportYear};

use super::super::note::{NoteCode, ReaderNote};
use super::printed::PrintedRow;
use super::vocabulary::{columns_of, line_labels};
use super::wording::wording;

/// What decided the edition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum EditionEvidence {
    /// Column headers that only this edition prints, as printed.
    Headers(Vec<String>),
    /// No such header, but rows that only this edition has.
    Rows(Vec<String>),
    /// Neither; the edition of the year in the title is assumed.
    Year(ReportYear),
    /// Nothing; the edition in force is assumed.
    Assumed,
}

impl EditionEvidence {
    /// Words for people.
    pub fn message(&self) -> Message {
        match self {
            Self::Headers(labels) => {
                Message::new(format!("表头：{}", labels.join("、")), format!("table headers: {}", labels.join(", ")))
            }
            Self::Rows(labels) => {
                Message::new(format!("表中的行：{}", labels.join("、")), format!("table rows: {}", labels.join(", ")))
            }
            Self::Year(year) => Message::new(format!("标题中的年份{year}"), format!("the year {year} in the title")),
            Self::Assumed => Message::new("没有依据，按现行格式", "nothing; the edition in force is assumed"),
        }
    }
}

/// The edition with the printed labels that no other edition has.
struct Votes {
    headers: Vec<Vec<String>>,
    rows: Vec<Vec<String>>,
}

/// Decides the edition; a note says where the headers do not settle it.
pub fn decide(rows: &[PrintedRow], year: Option<ReportYear>) -> (&'static Edition, EditionEvidence, Vec<ReaderNote>) {
    let votes = count(rows);
    if let Some((edition, labels)) = winner(&votes.headers, year) {
        let against = votes.headers.iter().filter(|labels| !labels.is_empty()).count() > 1;
        let notes = if against { vec![mixed(edition, &votes.headers)] } else { Vec::new() };
        return (edition, EditionEvidence::Headers(labels), notes);
    }
    let (edition, evidence) = match winner(&votes.rows, year) {
        Some((edition, labels)) => (edition, EditionEvidence::Rows(labels)),
        None => match year.and_then(|year| edition_for_year(year.get()).map(|edition| (edition, year))) {
            Some((edition, year)) => (edition, EditionEvidence::Year(year)),
            None => (IN_FORCE, EditionEvidence::Assumed),
        },
    };
    let note = assumed(edition, &evidence);
    (edition, evidence, vec![note])
}

/// The newest edition; that there is one is checked when the program is compiled.
static IN_FORCE: &Edition = &EDITIONS[EDITIONS.len() - 1];

fn count(rows: &[PrintedRow]) -> Votes {
    static HEADERS: LazyLock<Telling> =
        LazyLock::new(|| telling(|edition| columns_of(edition).map(|column| column.label.zh).collect()));
    static LINES: LazyLock<Telling> = LazyLock::new(|| telling(lines_of));
    let mut votes = Votes { headers: vec![Vec::new(); EDITIONS.len()], rows: vec![Vec::new(); EDITIONS.len()] };
    for cell in rows.iter().flat_map(|row| &row.cells) {
        let whole = wording(&cell.raw);
        // A header of a text line holds several labels.
        let pieces = cell.raw.split_whitespace().take(PIECES).map(|piece| wording(piece).full);
        for words in [whole.full, whole.short].into_iter().chain(pieces) {
            for (labels, known) in [(&mut votes.headers, &*HEADERS), (&mut votes.rows, &*LINES)] {
                let Some((edition, label)) = known.get(&words) else { continue };
                if let Some(found) = labels.get_mut(*edition).filter(|found| !found.iter().any(|l| l == label)) {
                    found.push((*label).to_owned());
                }
            }
        }
    }
    votes
}

/// Most labels expected on one line of a header.
const PIECES: usize = 32;

/// Edition and label by wording.
type Telling = HashMap<String, (usize, &'static str)>;

/// Labels that exactly one edition has, by wording.
fn telling(labels: impl Fn(&'static Edition) -> Vec<&'static str>) -> Telling {
    let mut editions: HashMap<String, Vec<(usize, &'static str)>> = HashMap::new();
    for (position, edition) in EDITIONS.iter().enumerate() {
        for label in labels(edition) {
            let words = wording(label);
            for key in [words.full, words.short] {
                let known = editions.entry(key).or_default();
                if !known.iter().any(|(other, _)| *other == position) {
                    known.push((position, label));
                }
            }
        }
    }
    editions
        .into_iter()
        .filter_map(|(words, known)| Some((words, *known.first().filter(|_| known.len() == 1)?)))
        .collect()
}

fn lines_of(edition: &'static Edition) -> Vec<&'static str> {
    let catalogue = catalogue();
    let is_used = |cell| catalogue.presence(edition, cell) != Presence::Absent;
    catalogue.lines.iter().filter(|line| line.cell(0).is_some_and(is_used)).flat_map(line_labels).collect()
}

/// The edition with most labels; among equals the one of the title's year, then the latest.
fn winner(votes: &[Vec<String>], year: Option<ReportYear>) -> Option<(&'static Edition, Vec<String>)> {
    let candidates = EDITIONS.iter().zip(votes).filter(|(_, labels)| !labels.is_empty());
    let best =
        candidates.max_by_key(|(edition, labels)| (labels.len(), year.is_some_and(|y| edition.covers(y.get()))))?;
    Some((best.0, best.1.clone()))
}

fn mixed(edition: &Edition, votes: &[Vec<String>]) -> ReaderNote {
    let labels = votes.concat();
    ReaderNote::about_document(
        NoteCode::EditionUncertain,
        &labels.join(" "),
        format!("表头混用了不同格式（{}），现按{}读取；请核对表格并统一表头", labels.join("、"), edition.title.zh),
        format!(
            "the table headers mix editions ({}); read as the {}; check the tables and use one edition's headers",
            labels.join(", "),
            edition.title.en
        ),
    )
}

fn assumed(edition: &Edition, evidence: &EditionEvidence) -> ReaderNote {
    let words = evidence.message();
    ReaderNote::about_document(
        NoteCode::EditionUncertain,
        "",
        format!("表头不足以判断格式版本，现按{}读取（依据：{}）；请核对", edition.title.zh, words.zh),
        format!(
            "the headers do not tell the edition; read as the {} (by {}); please check",
            edition.title.en, words.en
        ),
    )
}
