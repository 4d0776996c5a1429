//! Values of cells, spelled one way wherever one is told.

use crate::form::{CellId, Kind, catalogue};
use crate::pb;
use crate::pb::cell_value::Value;
use crate::report::{Cell, format_number, parse_sum};

/// A sum of cells of some kind; none where it is a count beyond 64 bits.
pub(crate) fn sum_to_wire(kind: Kind, sum: i128) -> Option<pb::CellValue> {
    let value = match kind {
        Kind::Money => Value::AmountWanYuan(format_number(Kind::Money, sum)),
        Kind::Count | Kind::SignedCount => Value::Count(sum.try_into().ok()?),
    };
    Some(pb::CellValue { value: Some(value) })
}

/// A number of one report, all of which fit 64 bits, as do their sums within it.
pub(crate) fn number_to_wire(kind: Kind, number: i128) -> pb::CellValue {
    sum_to_wire(kind, number).unwrap_or_default()
}

/// What stands in a cell; none where it is blank.
pub(crate) fn cell_to_wire(cell: CellId, value: Cell) -> Option<pb::CellValue> {
    match value {
        Cell::Blank => None,
        Cell::NotApplicable => Some(pb::CellValue { value: Some(Value::NotApplicable(true)) }),
        Cell::Unread => Some(pb::CellValue { value: Some(Value::Unread(true)) }),
        Cell::Number(number) => Some(number_to_wire(catalogue().cell(cell).kind, number.into())),
    }
}

/// What a value on the wire says of a cell of some kind; none where it does not fit the kind, or says nothing.
pub(super) fn cell_from_wire(kind: Kind, value: Option<&pb::CellValue>) -> Option<Cell> {
    let Some(value) = value else { return Some(Cell::Blank) };
    match value.value.as_ref()? {
        Value::NotApplicable(true) => Some(Cell::NotApplicable),
        Value::Unread(true) => Some(Cell::Unread),
        Value::NotApplicable(false) | Value::Unread(false) => None,
        Value::Count(_) | Value::AmountWanYuan(_) => {
            Some(Cell::Number(number_from_wire(kind, value)?.try_into().ok()?))
        }
    }
}

/// The number that a value holds; none where it holds none, or not of the kind.
pub(super) fn number_from_wire(kind: Kind, value: &pb::CellValue) -> Option<i128> {
    match (kind, value.value.as_ref()?) {
        (Kind::Count | Kind::SignedCount, Value::Count(count)) => Some((*count).into()),
        (Kind::Money, Value::AmountWanYuan(text)) => parse_sum(Kind::Money, text).ok(),
        _ => None,
    }
}

/// A value as it is written in tables: a number, `n/a` for 不适用, `unread`, and nothing for blank.
pub fn value_in_words(value: Option<&pb::CellValue>) -> String {
    match value.and_then(|value| value.value.as_ref()) {
        None => String::new(),
        Some(Value::Count(count)) => count.to_string(),
        Some(Value::AmountWanYuan(amount)) => amount.clone(),
        Some(Value::NotApplicable(_)) => "n/a".to_owned(),
        Some(Value::Unread(_)) => "unread".to_owned(),
    }
}

/// Totals that were blank, with what is computed of their parts.
pub(crate) fn computed_to_wire(computed: &[(CellId, i128)]) -> Vec<pb::ComputedCell> {
    let cell = |(cell, value): &(CellId, i128)| {
        let info = catalogue().cell(*cell);
        pb::ComputedCell { cell: info.path.clone(), value: Some(number_to_wire(info.kind, *value)) }
    };
    computed.iter().map(cell).collect()
}
