//! What the header above a row says of it: whether it is one for it, and over which of its columns a value stands.

use std::collections::HashSet;

use crate::form::{CellId, Presence, catalogue};

use super::super::super::note::{NoteCode, ReaderNote};
use super::super::header::Order;
use super::super::prove::Placement;
use super::super::value::Printed;
use super::super::walk::{LabelledRow, Slot, listed, row_words};
use super::{Filler, cells_of};

impl Filler {
    /// Rows whose header is one for them; of the others one note for each header.
    pub fn without_foreign_headers(&mut self, rows: Vec<LabelledRow>) -> Vec<LabelledRow> {
        let edition = self.figures.edition();
        let (known, foreign): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| {
            let is_absent = |cell: &CellId| catalogue().presence(edition, *cell) == Presence::Absent;
            row.order.is_some() || cells_of(row.line).iter().all(is_absent)
        });
        let mut rest = &foreign[..];
        while let Some(first) = rest.first() {
            let (under_it, after) = rest.split_at(rest.iter().take_while(|row| row.header == first.header).count());
            rest = after;
            self.note_header(first, &under_it.iter().collect::<Vec<_>>());
        }
        known
    }

    /// Rows that stand below no header of these, in which figures stand before the first label; of the others one note for each.
    pub fn without_early_figures(&mut self, rows: Vec<LabelledRow>, headers: &HashSet<usize>) -> Vec<LabelledRow> {
        let (early, rows): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| headers.contains(&row.header));
        for below in early.chunk_by(|one, other| one.header == other.header) {
            let Some(first) = below.first() else { continue };
            self.note_above(first, &below.iter().collect::<Vec<_>>(), |zh, en, values| {
                let zh = format!(
                    "{zh}所在的表，在第一个行名之前已有数值：数值可能写在行名之前，不能确定各数值（{values}……）属于哪一行，未读取；请把数值写在行名之后，或手工填写"
                );
                let en = format!(
                    "in the table of {en} figures stand before the first label: whether they stand before their labels, or \
                     behind them ({values} ...), cannot be told; not read; put them behind their labels, or fill them in"
                );
                (zh, en)
            });
        }
        rows
    }

    fn note_header(&mut self, first: &LabelledRow, rows: &[&LabelledRow]) {
        self.note_above(first, rows, |zh, en, values| {
            let zh = format!(
                "{zh}上方的表头与格式规定的列不符，不能确定各数值（{values}……）属于哪一列，未读取；请核对列名和列序，或手工填写"
            );
            let en = format!(
                "the header above {en} is not the form's; whose values ({values} ...) are whose cannot be told; \
                 not read; check the columns, or fill them in"
            );
            (zh, en)
        });
    }

    pub fn note_other_period(&mut self, first: &LabelledRow, rows: &[&LabelledRow]) {
        let said = first.period.as_deref().unwrap_or_default();
        self.note_above(first, rows, |zh, en, values| {
            let zh = format!("{zh}上方注明“{said}”，不是本年度的数字（{values}……），未读取；请核对后填写");
            let en = format!(
                "{said:?} stands above {en}: their values ({values} ...) are of another period; not read; fill them in"
            );
            (zh, en)
        });
    }

    /// One note on rows that are not read for what stands above them, in words made of their names and the first of their values.
    fn note_above(
        &mut self,
        first: &LabelledRow,
        rows: &[&LabelledRow],
        words: impl Fn(&str, &str, &str) -> (String, String),
    ) {
        let (zh, en, values) = row_words(first);
        let (more_zh, more_en) = match rows.len() {
            1 => (String::new(), String::new()),
            count => (format!("等{count}行"), format!(" and {} more rows", count - 1)),
        };
        let (zh, en) = words(&format!("“{zh}”{more_zh}"), &format!("{en:?}{more_en}"), &values);
        rows.iter().for_each(|row| self.unread_row(row));
        let raw = format!("{} {}", first.raw, listed(&first.values));
        let cells = rows.iter().flat_map(|row| cells_of(row.line)).collect();
        self.notes.push(ReaderNote::at(NoteCode::HeaderMismatch, first.place, &raw, cells, &zh, &en));
    }
}

/// Whether no value of the placement stands beside the label of its column.
pub fn is_below_labels(order: &Order, values: &[Slot], placement: &Placement) -> bool {
    placement.iter().all(|(column, value)| {
        let labels = order.anchors.get(*column).map_or(&[][..], Vec::as_slice);
        let own = values.get(*value).filter(|slot| slot.printed != Printed::Empty).and_then(|slot| slot.columns);
        labels.is_empty() || own.is_none_or(|own| labels.iter().any(|label| label.overlaps(own)))
    })
}

/// By the columns of the page over which the labels stand, each over exactly one value; none where that is not so.
pub fn by_place(order: &Order, values: &[Slot]) -> Option<Placement> {
    let mut placement = Placement::new();
    for (column, label) in order.placed.as_ref()?.iter().enumerate() {
        let below = |slot: &Slot| slot.columns.is_some_and(|columns| columns.overlaps(*label));
        let mut found = values.iter().enumerate().filter(|(_, slot)| below(slot));
        let (Some((at, _)), None) = (found.next(), found.next()) else { return None };
        if placement.iter().any(|(_, other)| *other == at) {
            return None;
        }
        placement.push((column, at));
    }
    let is_placed = |at: usize| placement.iter().any(|(_, value)| *value == at);
    let is_other_years = |slot: &Slot| order.only_placed && slot.columns.is_some();
    // Words beside all columns are a remark.
    let is_blank = |slot: &Slot| matches!(slot.printed, Printed::Empty | Printed::Words);
    // Nor are numbers below a heading of their own any of the form's.
    let is_strangers =
        |slot: &Slot| slot.columns.is_some_and(|own| order.strangers.iter().any(|stranger| stranger.overlaps(own)));
    let mut others = values.iter().enumerate().filter(|(at, _)| !is_placed(*at));
    others.all(|(_, slot)| is_blank(slot) || is_other_years(slot) || is_strangers(slot)).then_some(placement)
}
