//! What it adds up to: running totals by year, jurisdiction and kind of agency, and the answers made from them.
//!
//! Values in, values out. Totals change in the step that makes a report durable, so that no answer is behind.

mod columns;
mod compare;
mod coverage;
mod difference;
mod frozen;
mod measure;
mod query;
mod standing;
mod sums;
mod totals;

pub use columns::Columns;
pub use compare::{CellDifference, EXPLANATIONS_MAX, Explanation, Share, compare};
pub use coverage::{ChildCoverage, Coverage};
pub use difference::TotalsDifference;
pub use frozen::{FrozenForm, FrozenFormName, FrozenFormNameError, FrozenRevision};
pub use measure::{Measure, MeasureError};
pub use query::{Dimension, Group, Key, Query, QueryError, Row};
pub use standing::{Counts, Mark, Marks};
pub use sums::Sums;
pub use totals::{AgencyFilter, Class, Contribution, Scope, Totals, Tree, Within, class_of};
