//! What it adds up to: running totals by year, jurisdiction and kind of agency, and the answers made from them.
//!
//! Values in, values out. Totals change in the step that makes a report durable, so that no answer is behind.

mod anomaly;
mod below;
mod compare;
mod coverage;
mod difference;
mod frozen;
mod group;
mod kept;
mod measure;
mod part;
mod query;
mod relocation;
mod scope;
mod standing;
mod sums;
mod tally;
mod totals;

pub use anomaly::{Anomaly, Like, Series, anomalies};
pub use compare::{CellDifference, EXPLANATIONS_MAX, Explanation, Given, Share, compare};
pub use coverage::{ChildCoverage, Coverage};
pub use difference::TotalsDifference;
pub use frozen::{FrozenForm, FrozenFormName, FrozenFormNameError, FrozenRevision, ShownSums};
pub use group::{Group, RowKey, Slice};
pub use measure::{Measure, MeasureError};
pub use part::{Contribution, Failed, Failures, Part};
pub use query::{BlankRow, Dimension, Key, KeyValue, Query, QueryError, Row, RowOrder};
pub use relocation::{Destination, Relocation};
pub use scope::{AgencyFilter, Class, Scope, Tree, Within, class_of};
pub use standing::{Counts, Mark, Marks};
pub use sums::Sums;
pub use tally::Tally;
pub use totals::Totals;
