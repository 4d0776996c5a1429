//! What a report is: cell values, identifiers, figures, chapters of text, canonical content, findings, suggestions, revisions, receipts.
//!
//! Values in, values out: no clock, no input or output. Nothing here judges a report (see `rules`).

mod agency_id;
mod canonical;
mod contrast;
mod diagnosis;
mod figures;
mod finding;
mod foreign;
mod hash;
pub mod inert;
mod jurisdiction_code;
mod limits;
mod name;
mod naming;
mod narrative;
mod reporter;
mod review;
mod revision;
mod source;
mod struck;
mod time;
mod typed;
mod value;
mod year;

pub use agency_id::{AGENCY_ID_MAX_BYTES, AgencyId, AgencyIdError, complete_credit_code};
pub use canonical::{canonical_content, computed_form_hash, content_hash};
pub use contrast::{CellContrast, FigureContrast, TextContrast, contrast_figures, contrast_texts};
pub use diagnosis::{Diagnosis, Slip, Suggestion, Suspect};
pub use figures::{Completed, Figures};
pub use finding::{Finding, Message, Period, Severity, Term};
pub use foreign::{because, in_chinese, system_in_chinese};
pub use hash::Hash;
pub use jurisdiction_code::{JURISDICTION_CODE_MAX_BYTES, JurisdictionCode, JurisdictionCodeError};
pub use limits::{ANSWERS_MAX, COMMENTS_MAX, REASON_MAX_CHARACTERS, SOURCE_CHARACTERS_MAX, SOURCE_YEARS_MAX};
pub use name::{NameError, Owners, ReportKey, ReportOwner, RevisionName};
pub use naming::ReporterNames;
pub use narrative::{Chapter, NARRATIVE_BYTES_MAX, Narrative};
pub use reporter::{AgencyKind, Level, Reporter};
pub use review::{CellComment, ReportState, ReportStatus, Review, ReviewAction};
pub use revision::{Answer, Receipt, Revision, RuleSetRef};
pub use source::DocumentSource;
pub use struck::{digest_of_struck, struck};
pub use time::whole_microseconds;
pub use typed::{TypedError, parse_typed};
pub use value::{Cell, MONEY_SCALE, VALUE_LIMIT, ValueError, format_number, parse_number, parse_sum};
pub use year::{ReportYear, YearError, before_range, joins_years, years_in};
