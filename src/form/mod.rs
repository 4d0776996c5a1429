//! What may be filled in: the editions of the annual report form, as data.
//!
//! Everything that depends on the layout of the form (validation, reading and writing documents, wire
//! mapping, roll-ups, headers on screen) is derived from here. A new edition adds tables in
//! [`tables`] and an entry in [`editions`]; nothing in this module computes with figures.
//!
//! Source of the layout: 国办公开办函〔2019〕60号 (trial format) and 国办公开办函〔2021〕30号 (format in force).

mod catalogue;
mod editions;
mod english;
mod model;
mod tables;

pub use catalogue::Catalogue;
pub use catalogue::{CellInfo, GroupInfo, LineInfo, TableInfo, catalogue};
pub use editions::{EDITIONS, edition, edition_by_id, edition_for_year};
pub use english::heading_in_english;
pub use model::{
    CellId, Chapter, Column, ColumnGroup, Edition, Group, Headings, Kind, Layout, Line, LineId, Merged, Part, Presence,
    Sheet, Table, Text,
};
pub use tables::NARRATIVE_CHAPTERS;
