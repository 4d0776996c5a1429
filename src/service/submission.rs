//! A report on its way in.

use uuid::Uuid;

use crate::report::{Answer, DocumentSource, Figures, Hash, Narrative, ReportKey};

/// A report on its way in.
#[derive(Debug, Clone)]
pub struct Submission {
    /// Whose report of which year.
    pub report: ReportKey,
    /// As filled in.
    pub figures: Figures,
    /// The chapters of text, where they are handed in.
    pub narrative: Option<Narrative>,
    /// Reasons for warnings; empty where none are expected.
    pub answers: Vec<Answer>,
    /// Why it replaces an earlier revision.
    pub reason: String,
    /// Etag of the revision that it replaces; none for the first.
    pub etag: Option<String>,
    /// Makes it safe to hand in again; none where it is not handed in again.
    pub request_id: Option<Uuid>,
    /// What the document says of itself that it was read from, where it was.
    pub source: Option<DocumentSource>,
    /// SHA-256 of the canonical content as the caller computed it, where they did.
    pub expected_content: Option<Hash>,
    /// Store a revision that repeats the one that stands.
    pub allow_unchanged: bool,
    /// Check only.
    pub validate_only: bool,
}

impl Submission {
    /// A report's first revision, to be stored, without answers and without a request id.
    pub fn first(report: ReportKey, figures: Figures) -> Self {
        Self {
            report,
            figures,
            narrative: None,
            answers: Vec::new(),
            reason: String::new(),
            etag: None,
            request_id: None,
            source: None,
            expected_content: None,
            allow_unchanged: false,
            validate_only: false,
        }
    }

    /// Digest of everything that is asked for, so that a request id stands for one content.
    pub(super) fn fingerprint(&self, content: Hash) -> Hash {
        let mut text = format!("{content}\netag={}\nreason={}\n", self.etag.as_deref().unwrap_or(""), self.reason);
        for answer in &self.answers {
            // Lengths keep texts apart that contain the separators.
            text.push_str(&format!("{}:{}:{}:{}\n", answer.rule, answer.cell, answer.reason.len(), answer.reason));
        }
        if let Some(source) = &self.source {
            text.push_str(&format!("source={source:?}\n"));
        }
        Hash::of(text.as_bytes())
    }
}
