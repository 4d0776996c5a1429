//! The message inside the record of a frozen form, and its conversion. Tags are never reused.

use std::collections::HashMap;

use prost::Message;

use crate::form::{CellId, catalogue};
use crate::report::{Cell, Figures};
use crate::rollup::{Counts, Coverage, FrozenForm, FrozenFormName, ShownSums};

use super::messages::{StoredFigures, hash, parse, timestamp, year};

#[derive(Clone, PartialEq, Message)]
pub struct StoredFrozenForm {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    display_name: String,
    #[prost(uint32, tag = "3")]
    hierarchy_year: u32,
    #[prost(bool, tag = "4")]
    include_vertical: bool,
    #[prost(message, required, tag = "5")]
    figures: StoredFigures,
    #[prost(uint64, tag = "6")]
    expected: u64,
    #[prost(uint64, tag = "7")]
    vertical_excluded: u64,
    /// In the order of `rollup::Mark`.
    #[prost(uint64, repeated, tag = "8")]
    counts: Vec<u64>,
    #[prost(uint64, tag = "9")]
    as_of: u64,
    #[prost(bytes = "vec", tag = "10")]
    content_hash: Vec<u8>,
    #[prost(string, tag = "11")]
    note: String,
    #[prost(string, tag = "12")]
    actor: String,
    #[prost(int64, tag = "13")]
    time_microseconds: i64,
    #[prost(uint64, tag = "14")]
    sequence: u64,
    /// Sums that do not fit 64 bits, which are not among the figures.
    #[prost(message, repeated, tag = "15")]
    wide: Vec<StoredWideSum>,
}

#[derive(Clone, PartialEq, Message)]
struct StoredWideSum {
    #[prost(uint32, tag = "1")]
    code: u32,
    /// Decimal.
    #[prost(string, tag = "2")]
    sum: String,
}

/// The sums that fit 64 bits as figures, and the others.
fn split(sums: &ShownSums) -> (Figures, Vec<StoredWideSum>) {
    let mut figures = Figures::blank(sums.edition());
    let mut wide = Vec::new();
    for cell in &catalogue().cells {
        let Some(sum) = sums.get(cell.id) else { continue };
        match i64::try_from(sum) {
            Ok(number) => _ = figures.set(cell.id, Cell::Number(number)),
            Err(_) => wide.push(StoredWideSum { code: cell.code.into(), sum: sum.to_string() }),
        }
    }
    (figures, wide)
}

fn join(figures: &Figures, wide: Vec<StoredWideSum>) -> Result<ShownSums, String> {
    let mut sums: HashMap<u32, i128> = HashMap::new();
    for one in wide {
        sums.insert(one.code, one.sum.parse().map_err(|_| "a sum that is no number".to_owned())?);
    }
    let of = |cell: CellId| {
        let wide = sums.get(&catalogue().cell(cell).code.into()).copied();
        wide.or_else(|| figures.get(cell).number().map(i128::from))
    };
    Ok(ShownSums::of(figures.edition(), of))
}

impl StoredFrozenForm {
    pub fn from_form(form: &FrozenForm) -> Self {
        let (figures, wide) = split(&form.sums);
        Self {
            name: form.name.to_string(),
            display_name: form.display_name.clone(),
            hierarchy_year: form.hierarchy_year.get().into(),
            include_vertical: form.include_vertical,
            figures: StoredFigures::from_figures(&figures),
            wide,
            expected: form.coverage.expected,
            vertical_excluded: form.coverage.vertical_excluded,
            counts: form.coverage.counts.to_array().to_vec(),
            as_of: form.as_of,
            content_hash: form.content_hash.0.to_vec(),
            note: form.note.clone(),
            actor: form.actor.clone(),
            time_microseconds: form.time.as_microsecond(),
            sequence: form.sequence,
        }
    }

    pub fn into_form(self) -> Result<FrozenForm, String> {
        let name = parse::<FrozenFormName>(&self.name)?;
        let counts = self.counts.try_into().map_err(|_| "another number of counts".to_owned())?;
        Ok(FrozenForm {
            coverage: Coverage {
                year: name.year,
                expected: self.expected,
                vertical_excluded: self.vertical_excluded,
                counts: Counts::from_array(counts),
            },
            name,
            display_name: self.display_name,
            hierarchy_year: year(self.hierarchy_year)?,
            include_vertical: self.include_vertical,
            sums: join(&self.figures.into_figures()?, self.wide)?,
            as_of: self.as_of,
            content_hash: hash(self.content_hash)?,
            note: self.note,
            actor: self.actor,
            time: timestamp(self.time_microseconds)?,
            sequence: self.sequence,
        })
    }
}
