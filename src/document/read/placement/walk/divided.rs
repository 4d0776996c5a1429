//! Rows that are divided: by a box around their figures, or by the end of a page. Figures beside no label may then be those
//! of the row before, or of the one behind, and what seems blank there is not.

use crate::form::LineId;

use super::super::super::note::Place;
use super::{Slot, Walk, is_figure, listed};

/// A line of which it is open what it holds, with the figures beside it.
#[derive(Debug, Clone)]
pub struct Doubt {
    pub line: LineId,
    pub raw: String,
    pub place: Place,
    /// A number of it may go on overleaf: none of its cells is certain, rather than those that seem blank.
    pub is_torn: bool,
}

/// Rows that may be parts of one.
#[derive(Debug, Default)]
pub struct Divided {
    /// The line whose row was read last, and its page.
    last: Option<(LineId, Option<usize>)>,
    /// Figures beside no label that were read since, and their page.
    strayed: Option<(String, Place, Option<usize>)>,
}

impl Divided {
    /// Another label begins.
    pub fn begin_line(&mut self) {
        self.last = None;
    }

    pub fn end_table(&mut self) {
        *self = Self::default();
    }
}

impl Walk<'_> {
    /// The row of a line was read, with values or blank cells.
    pub fn row_read(&mut self, line: LineId) {
        let page = self.context.header.page;
        if let Some((raw, place, before)) = self.divided.strayed.take()
            && before != page
        {
            self.found.doubted.push(Doubt { line, raw, place, is_torn: true });
        }
        self.divided.last = Some((line, page));
    }

    /// Figures stand beside no label.
    pub fn figures_alone(&mut self, values: &[Slot]) {
        self.figures_behind(values, false);
    }

    /// Figures stand beside the rest of a label whose beginning had figures, too.
    pub fn figures_continued(&mut self, values: &[Slot]) {
        self.figures_behind(values, true);
    }

    fn figures_behind(&mut self, values: &[Slot], is_same_row: bool) {
        let last = self.divided.last;
        self.figures_astray(values);
        if let (Some((line, before)), Some((raw, place, page))) = (last, &self.divided.strayed) {
            let is_torn = is_same_row || before != *page;
            self.found.doubted.push(Doubt { line, raw: raw.clone(), place: *place, is_torn });
        }
    }

    /// Figures stand beside no label of the form: perhaps beside the beginning of one.
    pub fn figures_astray(&mut self, values: &[Slot]) {
        let first = values.first().filter(|_| values.iter().any(is_figure));
        self.divided.strayed = first.map(|first| (listed(values), first.place, self.context.header.page));
    }
}
