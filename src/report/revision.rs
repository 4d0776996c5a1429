//! A stored revision of a report, and the receipt for it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Figures, Finding, Hash, Narrative, ReportKey, ReportState, ReportStatus, RevisionName, content_hash};

/// The rule set that judged a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSetRef {
    /// Edition and number, such as `format_2021/3`.
    pub id: String,
    /// SHA-256 of the rules' canonical text.
    pub hash: Hash,
}

/// An agency's reason for a warning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Rule id.
    pub rule: String,
    /// Path of a cell or line; empty for all findings of the rule.
    pub cell: String,
    /// In the agency's words.
    pub reason: String,
}

/// One revision, immutable once stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// The report that it is of.
    pub report: ReportKey,
    /// From 1, without gaps.
    pub number: u32,
    /// Where it stood when it was stored: accepted, or submitted where the collection asks for a review.
    pub state: ReportState,
    /// The accepted revision that it found; it stays in the sums until this one is accepted.
    pub accepted_before: Option<u32>,
    /// The report first came in after its due time.
    pub late: bool,
    /// As handed in: blank totals stay blank.
    pub figures: Figures,
    /// The chapters of text; none where they were not handed in.
    pub narrative: Option<Narrative>,
    /// SHA-256 of the canonical content: figures, text, and whose of which year.
    pub content_hash: Hash,
    /// The rules that judged it.
    pub rule_set: RuleSetRef,
    /// The warnings raised when it was submitted.
    pub findings: Vec<Finding>,
    /// Reasons for the warnings, each of which has one.
    pub answers: Vec<Answer>,
    /// Who submitted it.
    pub actor: String,
    /// Why it replaces the revision before; may be empty.
    pub reason: String,
    /// When the store took it.
    pub time: Timestamp,
    /// Place in the journal; set by the store.
    pub sequence: u64,
}

impl Revision {
    /// Its resource name.
    pub fn name(&self) -> RevisionName {
        RevisionName { report: self.report.clone(), number: self.number }
    }

    /// Whether its content is what its hash says.
    pub fn has_its_hash(&self) -> bool {
        content_hash(&self.report, &self.figures, self.narrative.as_ref()) == self.content_hash
    }

    /// Where its report stood when it was stored.
    pub fn status(&self) -> ReportStatus {
        ReportStatus {
            newest: self.number,
            review: 0,
            state: self.state,
            accepted: if self.state == ReportState::Accepted { Some(self.number) } else { self.accepted_before },
            late: self.late,
            sequence: self.sequence,
        }
    }

    /// Names the revision and how it stands after the review with this journal sequence, 0 for none: to be given back by
    /// whoever replaces or reviews it, so that nothing is changed but what was looked at.
    pub fn etag(&self, review: u64) -> String {
        format!("{}-{review}-{}", self.number, &self.content_hash.to_hex()[..16])
    }
}

/// What a submitter gets to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// What was stored.
    pub revision: RevisionName,
    /// As [`Revision::etag`], to be given back with the next change.
    pub etag: String,
    /// SHA-256 of the canonical content, as anybody can work it out.
    pub content_hash: Hash,
    /// Place in the journal.
    pub sequence: u64,
    /// Hash of the journal up to and including this entry.
    pub chain_hash: Hash,
    /// When the store took it.
    pub time: Timestamp,
    /// Public key by which the service signs how far its journal has come, 64 hexadecimal digits; empty where it has none.
    pub signing_key: String,
}
