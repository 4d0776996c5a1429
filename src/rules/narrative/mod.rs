//! Reads the chapters of text for the rules about them. Careful rather than complete: what a sentence does not say
//! plainly is left alone, for a reader who is wrongly corrected stops reading.
//!
//! - [`sentence`]: sentences, clauses, and how they are quoted
//! - [`figures`]: figures in the text against the tables
//! - [`years`]: other years where the report year is meant
//! - [`reuse`]: passages that stand in another report too

mod figures;
mod reuse;
mod sentence;
#[cfg(test)]
mod tests;
mod years;

use crate::form::CellId;
use crate::report::{Message, Narrative};

use super::engine::Case;
use super::model::TextCheck;

pub use reuse::passages;

/// Something found in the text.
pub(super) struct Remark {
    /// Chapter that it stands in.
    pub chapter: u8,
    /// Cells that the text is about.
    pub cells: Vec<CellId>,
    pub message: Message,
}

/// What the check finds; nothing where no text was handed in.
pub(super) fn remarks(check: &TextCheck, case: &Case<'_>) -> Vec<Remark> {
    let Some(narrative) = case.narrative else { return Vec::new() };
    match check {
        TextCheck::Figures(statements) => figures::contradictions(statements, narrative, case),
        TextCheck::Year => years::other_years(narrative, case.year),
        TextCheck::Thin { characters_min } => thin(narrative, *characters_min).into_iter().collect(),
        TextCheck::Reused { percent_max, passage, characters_min } => {
            reuse::reused(narrative, case.others, *percent_max, *passage, *characters_min)
        }
    }
}

/// Chapter five without anything to say.
fn thin(narrative: &Narrative, characters_min: usize) -> Option<Remark> {
    let text = narrative.problems.as_deref().unwrap_or_default().trim();
    let characters = text.chars().filter(|character| character.is_alphanumeric()).count();
    let message = match characters {
        0 => Message::new(
            "第五部分“存在的主要问题及改进情况”没有内容。",
            "Chapter 5, “main problems and improvements”, is empty.",
        ),
        _ => Message::new(
            format!("第五部分“存在的主要问题及改进情况”仅{characters}字：“{}”。", sentence::quoted(text)),
            format!(
                "Chapter 5, “main problems and improvements”, has only {characters} character(s): “{}”.",
                sentence::quoted(text)
            ),
        ),
    };
    (characters < characters_min).then_some(Remark { chapter: 5, cells: Vec::new(), message })
}
