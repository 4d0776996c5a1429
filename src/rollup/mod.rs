//! What it adds up to: running totals by year, jurisdiction and kind of agency, and the answers made from them.
//!
//! Values in, values out. Totals change in the step that makes a report durable, so that no answer is behind.

mod coverage;
mod measure;
mod query;
mod sums;
mod totals;

pub use coverage::{ChildCoverage, Coverage};
pub use measure::{Measure, MeasureError};
pub use query::{Bucket, Dimension, Key, Query, QueryError, Row, Rows};
pub use sums::Sums;
pub use totals::{KindFilter, Scope, Totals, TotalsDifference};
