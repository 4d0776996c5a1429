//! What may explain the equations that fail together: cells, the numbers they would need, and the slips behind them.
//!
//! Suggestions only. Nothing changes a figure because of them.

use crate::form::CellId;

use super::{Cell, Message};

/// How a number comes to stand where another is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slip {
    /// Two neighbouring digits are exchanged.
    DigitsTransposed,
    /// One digit is another.
    DigitWrong,
    /// A digit is lost.
    DigitMissing,
    /// A digit was typed twice, or one too many.
    DigitTooMany,
    /// A minus sign too many.
    Sign,
    /// The cell was left blank or at zero.
    LeftOut,
    /// A number stands where zero belongs.
    Misplaced,
    /// The number of a neighbouring cell was entered again.
    Repeated,
    /// A sum was added up wrongly, or not brought up to date.
    SumWrong,
    /// The numbers of two cells are exchanged.
    Exchanged,
    /// Items are counted in one cell instead of another.
    CountedElsewhere,
    /// The line was entered one column off.
    LineShifted,
    /// No usual slip leads from one number to the other.
    Other,
}

/// One cell that may hold a wrong number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Suspect {
    /// Where the wrong number may stand.
    pub cell: CellId,
    /// The number that the equations need there, in the unit of the cell.
    pub needed: i64,
    /// How the needed number may have become the one that stands there.
    pub slip: Slip,
}

/// One way to satisfy all equations of a [`Diagnosis`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// In the order of the form.
    pub suspects: Vec<Suspect>,
    /// As filled in, one for each suspect.
    pub present: Vec<Cell>,
    /// In words, with the cells and both numbers.
    pub message: Message,
}

/// Equations that fail together, and what may explain them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// The rules whose equations fail, in the order of their application, each once.
    pub rules: Vec<String>,
    /// Likeliest first. Empty where no change of up to three cells, and no line shifted by a column, explains all.
    pub suggestions: Vec<Suggestion>,
    /// The likeliest suggestion in words, or that there is no simple explanation.
    pub message: Message,
}
