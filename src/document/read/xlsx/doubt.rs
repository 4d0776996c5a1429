//! Which figures of a sheet are perhaps not those that are shown: hidden, conditional, uncomputed, or without room.

use super::super::error::ReadError;
use super::super::inscription::{Aside, Look, Settled, is_figure};
use super::super::placement::is_value;
use super::conditional::{Conditional, Difference};
use super::sheet::{MAX_MERGED, Sheet};
use super::style::Fit;
use super::{At, damaged};

/// Width of a column that states none, in characters.
const USUAL_WIDTH: f32 = 8.43;
/// Size of the characters by which widths are counted, in tenths of a point: the larger of the two that are usual.
const USUAL_SIZE: u16 = 120;
/// How much more than the width of its column, in characters, a figure may take: which font it is told by is not known.
const MARGIN: f32 = 0.6;

impl Sheet {
    /// Marks the cells that a conditional format may hide or strike out.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] where there are too many.
    pub fn doubt(
        &mut self,
        conditional: &Conditional,
        difference_of: &dyn Fn(usize) -> Option<Difference>,
    ) -> Result<(), ReadError> {
        if conditional.is_too_much(self.kept.len()) {
            return Err(damaged("too many conditional formats"));
        }
        for (at, style, value) in self.kept.iter().filter(|_| !conditional.is_empty()) {
            let Some(settled) = self.cells.get_mut(at).filter(|settled| is_figure(&settled.text)) else { continue };
            if conditional.may_hide(*at, *style, &settled.text, value.as_deref(), difference_of) {
                settled.asides.push(Aside { look: Look::Conditional, text: settled.text.clone() });
                settled.is_doubtful = true;
            }
        }
        Ok(())
    }

    /// Marks the cells of whose formula 0 is kept as not computed.
    pub fn doubt_noughts_of_formulas(&mut self) {
        for at in std::mem::take(&mut self.noughts) {
            self.doubt_formula(at);
        }
    }

    /// A formula is shown in the place of what it comes to.
    pub fn show_formula(&mut self, at: At) {
        if let Some(settled) = self.cells.get_mut(&at) {
            settled.asides.push(Aside { look: Look::Kept, text: settled.text.clone() });
            settled.is_doubtful = true;
        }
    }

    /// A formula of which it is not known what it comes to.
    pub fn doubt_formula(&mut self, at: At) {
        let aside = Aside { look: Look::Formula, text: "=".to_owned() };
        self.cells.insert(at, Settled { asides: vec![aside], is_doubtful: true, ..Settled::default() });
    }

    /// Marks the figures that have no room in their columns: of them a part is seen, or marks.
    pub fn doubt_narrow(&mut self) {
        for (at, style, number) in &self.kept {
            let has_room = match style.fit {
                Fit::Cut => false,
                Fit::Wrapped => number.is_none(),
                Fit::Shrunk | Fit::Repeated => true,
            };
            let Some(settled) = self.cells.get_mut(at).filter(|settled| !has_room && is_figure(&settled.text)) else {
                continue;
            };
            let last = self.merged.get(at).map_or(at.1, |last| last.1);
            let width_of = |column: usize| {
                let own = self.widths.iter().rfind(|(columns, _)| columns.contains(&column)).map(|(_, width)| *width);
                own.or(self.usual_width).unwrap_or(USUAL_WIDTH)
            };
            let width: f32 = (at.1..=last).take(MAX_MERGED).map(width_of).sum();
            let characters: u8 = settled
                .text
                .chars()
                .take(u8::MAX.into())
                .map(|c| if c.is_ascii() { 1 } else { 2 })
                .fold(0, u8::saturating_add);
            let scale = f32::from(style.font.size().max(USUAL_SIZE)) / f32::from(USUAL_SIZE);
            if f32::from(characters) * scale > width + MARGIN {
                settled.asides.push(Aside { look: Look::Kept, text: settled.text.clone() });
                settled.is_doubtful = true;
            }
        }
    }

    /// Removes the cells that are not shown, and gives the place of the first that holds a figure.
    pub fn take_hidden(&mut self) -> Option<At> {
        self.hidden_rows.sort_unstable();
        let (rows, columns, merged) = (&self.hidden_rows, &self.hidden_columns, &self.merged);
        let is_hidden = |at: &At| {
            let last = merged.get(at).copied().unwrap_or(*at);
            let row_hidden = |row: &usize| rows.binary_search(row).is_ok();
            let column_hidden = |column: &usize| columns.iter().any(|range| range.contains(column));
            // A merged cell is seen as long as any of its rows and columns is; few reach far.
            row_hidden(&at.0) && row_hidden(&last.0) || column_hidden(&at.1) && column_hidden(&last.1)
        };
        let has_digit = |settled: &Settled| settled.text.chars().any(|c| c.is_ascii_digit());
        let first = self.cells.iter().find(|(at, settled)| is_hidden(at) && has_digit(settled)).map(|(at, _)| *at);
        let hidden: Vec<At> = self.cells.keys().filter(|at| is_hidden(at)).copied().collect();
        for at in hidden {
            let Some(settled) = self.cells.remove(&at) else { continue };
            // A row that is hidden is not there; of a column that is, the row is.
            let is_of_row = self.hidden_rows.binary_search(&at.0).is_ok();
            if !is_of_row && is_value(&settled.text) {
                let aside = Aside { look: Look::Hidden, text: settled.text };
                self.cells.insert(at, Settled { asides: vec![aside], is_doubtful: true, ..Settled::default() });
            }
        }
        first
    }
}
