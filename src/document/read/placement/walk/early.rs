//! Figures of a text that stand before the first label below a header: each row's figures may then stand before its label, and
//! those behind a label be the next one's.

use std::collections::{HashMap, HashSet};

use super::super::super::note::Spot;
use super::{LabelledRow, Slot, is_figure};

/// Figures that stand beside no label, and the headers below which a text has them first.
#[derive(Debug, Default)]
pub struct Early {
    is_waiting: bool,
    /// With whether the line that was read last lacks figures: where each row's stand before its label, it does.
    headers: HashMap<usize, bool>,
}

impl Early {
    /// These stand beside no label.
    pub fn waits(&mut self, values: &[Slot]) {
        // In a text nothing but the order of lines tells what belongs together.
        let is_of_text = |slot: &Slot| matches!(slot.place.spot, Spot::Line(_) | Spot::Paragraph(_));
        self.is_waiting |= values.iter().any(|slot| is_figure(slot) && is_of_text(slot));
    }

    /// Whatever stood there is none of what comes.
    pub fn forget(&mut self) {
        self.is_waiting = false;
    }

    /// A label begins; `is_first` below its header.
    pub fn label_begins(&mut self, header: usize, is_first: bool) {
        let is_waiting = std::mem::take(&mut self.is_waiting);
        if is_first && is_waiting {
            self.headers.insert(header, false);
        }
    }

    /// A line has what is read of it.
    pub fn line_ends(&mut self, row: &LabelledRow, columns: usize) {
        if let Some(is_last_short) = self.headers.get_mut(&row.header) {
            *is_last_short = row.values.len() < columns;
        }
    }

    /// Headers below which it cannot be told whether figures stand before their labels, or behind them.
    pub fn doubted(&self) -> HashSet<usize> {
        self.headers.iter().filter(|(_, is_last_short)| **is_last_short).map(|(header, _)| *header).collect()
    }
}
