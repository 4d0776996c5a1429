//! What a report is: cell values, identifiers, figures, canonical content, findings, revisions, receipts.
//!
//! Values in, values out: no clock, no input or output. Nothing here judges a report (see `rules`).

mod agency_id;
mod canonical;
mod figures;
mod finding;
mod hash;
mod name;
mod narrative;
mod reporter;
mod revision;
mod value;
mod year;

pub use agency_id::{AGENCY_ID_MAX_BYTES, AgencyId, AgencyIdError, complete_credit_code};
pub use canonical::{canonical_content, content_hash};
pub use figures::{Completed, Figures};
pub use finding::{Finding, Message, Period, Severity, Term};
pub use hash::Hash;
pub use name::{NameError, ReportKey, RevisionName};
pub use narrative::Narrative;
pub use reporter::{AgencyKind, Level, Reporter};
pub use revision::{Answer, Receipt, ReportState, Revision, RuleSetRef};
pub use value::{Cell, MONEY_SCALE, VALUE_LIMIT, ValueError, format_number, parse_number};
pub use year::{ReportYear, YearError};
