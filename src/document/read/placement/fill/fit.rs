//! How the values of a row fit the columns of its line.

use super::super::prove::{Placement, placements};
use super::super::value::Printed;
use super::super::walk::Slot;

/// How the values of a row fit the columns of its line.
pub enum Fit {
    Placed(Placement),
    Several(Vec<Placement>),
    TooMany,
}

/// How values fit into so many columns.
pub fn fit(columns: usize, values: &[Slot], keeps_blanks: bool) -> Fit {
    let is_blank = |slot: &Slot| slot.printed == Printed::Empty;
    if keeps_blanks && values.len() >= columns {
        return fit_among_blanks(columns, values);
    }
    let filled: Vec<_> = values.iter().enumerate().filter(|(_, slot)| !is_blank(slot)).map(|(at, _)| at).collect();
    if filled.len() > columns {
        Fit::TooMany
    } else if filled.len() == columns {
        Fit::Placed(filled.into_iter().enumerate().collect())
    } else {
        let at = |value: usize| filled.get(value).copied().unwrap_or(value);
        let several = placements(columns, filled.len()).into_iter();
        Fit::Several(several.map(|p| p.into_iter().map(|(column, value)| (column, at(value))).collect()).collect())
    }
}

/// More cells than columns: the surplus must be blank padding, and where it is must be plain.
fn fit_among_blanks(columns: usize, values: &[Slot]) -> Fit {
    let filled = |slot: &Slot| slot.printed != Printed::Empty;
    let Some(first) = values.iter().position(filled) else { return Fit::Placed(Placement::new()) };
    let last = values.iter().rposition(filled).unwrap_or(first);
    if last - first >= columns {
        return Fit::TooMany;
    }
    let starts = (last + 1).saturating_sub(columns)..=first.min(values.len() - columns);
    let mut several: Vec<Placement> =
        starts.map(|start| (0..columns).map(|column| (column, start + column)).collect()).collect();
    match several.len() {
        1 => Fit::Placed(several.remove(0)),
        _ => Fit::Several(several),
    }
}
