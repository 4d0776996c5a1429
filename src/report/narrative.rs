//! The chapters of text of a report.

use serde::{Deserialize, Serialize};

/// Most bytes of text that a report may carry in all: about 16,000 Chinese characters, several times the longest
/// chapters that are published. A stored revision keeps half of its room for figures, findings and answers.
pub const NARRATIVE_BYTES_MAX: usize = 48 << 10;

/// The chapters of text, each as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Narrative {
    /// 一、总体情况
    pub overview: Option<String>,
    /// 五、存在的主要问题及改进情况
    pub problems: Option<String>,
    /// 六、其他需要报告的事项
    pub other_matters: Option<String>,
}

/// One chapter of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chapter<'a> {
    /// Its number in the report, from 1.
    pub number: u8,
    /// As in paths and on the wire.
    pub field: &'static str,
    /// As it was handed in; none where the chapter is not known.
    pub text: Option<&'a str>,
}

impl Narrative {
    /// Every chapter of text, in the order of the report.
    pub fn chapters(&self) -> [Chapter<'_>; 3] {
        [
            Chapter { number: 1, field: "overview", text: self.overview.as_deref() },
            Chapter { number: 5, field: "problems", text: self.problems.as_deref() },
            Chapter { number: 6, field: "other_matters", text: self.other_matters.as_deref() },
        ]
    }

    /// The chapter of this field, to be filled in.
    pub fn chapter_mut(&mut self, field: &str) -> Option<&mut Option<String>> {
        match field {
            "overview" => Some(&mut self.overview),
            "problems" => Some(&mut self.problems),
            "other_matters" => Some(&mut self.other_matters),
            _ => None,
        }
    }

    /// Whether no chapter is given.
    pub fn is_empty(&self) -> bool {
        self.chapters().iter().all(|chapter| chapter.text.is_none())
    }

    /// All text, in bytes.
    pub fn bytes(&self) -> usize {
        self.chapters().iter().filter_map(|chapter| chapter.text).map(str::len).sum()
    }
}
