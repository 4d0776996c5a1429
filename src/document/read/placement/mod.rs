//! From printed cells to the cells of the form, the same for every format.
//!
//! A format's reader hands over [`PrintedRow`]s. The [`walk`] over them recognises labels in their context and
//! collects what stands beside each; [`fill`] puts values into cells; [`prove`] places values whose column the
//! document lost, where the form's equations leave one possibility. What is not understood becomes a note.

mod blocks;
mod context;
mod edition;
mod fill;
mod header;
mod nearness;
mod period;
mod printed;
mod prove;
mod unit;
mod value;
mod vocabulary;
mod walk;
mod wording;

pub use edition::EditionEvidence;
pub use nearness::{edits_within, tolerated_edits};
pub use period::Period;
pub use printed::{Columns, Extent, PrintedCell, PrintedRow};
pub use value::{Taken, is_value, printed, take};
pub use wording::wording;

use super::note::ReaderNote;
use super::{ReadCell, title::Titled};
use crate::form::Edition;
use crate::report::{Figures, ReportYear};
use vocabulary::Vocabulary;

/// What placement makes of a document.
pub struct Placed {
    pub edition: &'static Edition,
    pub evidence: EditionEvidence,
    pub figures: Figures,
    pub cells: Vec<ReadCell>,
    pub notes: Vec<ReaderNote>,
}

/// Finds the cells of the form among the printed ones.
pub fn place(rows: &[PrintedRow], titled: &Titled) -> Placed {
    let (edition, evidence, mut notes) = edition::decide(rows, titled.year);
    let vocabulary = Vocabulary::of(edition);
    let walked = walk::walk(rows, vocabulary, titled.year.map(ReportYear::get), titled.part.clone());
    notes.extend(walked.notes.iter().cloned());
    let filled = fill::fill(vocabulary, walked);
    notes.extend(filled.notes);
    notes.sort_by_key(|note| note.place);
    Placed { edition, evidence, figures: filled.figures, cells: filled.cells, notes }
}
