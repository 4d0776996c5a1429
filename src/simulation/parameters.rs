//! What a simulated province is made from, and what can be wrong with that.

use crate::registry::JurisdictionCodeError;
use crate::report::{AgencyIdError, Message, ReportYear};

/// 黑龙江省
pub const DEFAULT_PROVINCE: &str = "230000";

/// Agencies of a province of ordinary size.
pub const DEFAULT_AGENCIES: usize = 2_000;

/// Most agencies of one province; more than reported in all of China.
pub const MAXIMUM_AGENCIES: usize = 1_000_000;

/// Everything that a simulated province follows from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters {
    /// Any number: the same gives the same province.
    pub seed: u64,
    /// Six-digit division code of a province, such as [`DEFAULT_PROVINCE`].
    pub province: String,
    /// Exact number of agencies, offices of governments included.
    pub agencies: usize,
    /// First report year; jurisdictions and most agencies exist from then on.
    pub first_year: ReportYear,
    /// Last report year; more reports are still missing in it than in the years before.
    pub last_year: ReportYear,
}

/// Why a province cannot be simulated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SimulationError {
    /// The code that was given.
    #[error("{0} is no province in GB/T 2260; give a code such as {DEFAULT_PROVINCE}")]
    UnknownProvince(String),
    /// There is no year from the first to the last.
    #[error("the first year {first} is after the last year {last}; exchange them")]
    YearsReversed {
        /// As it was given.
        first: ReportYear,
        /// As it was given.
        last: ReportYear,
    },
    /// The report year, which is before the first edition.
    #[error("no edition of the form covers {0}; choose a later year")]
    NoEdition(u16),
    /// There would be a government without its office.
    #[error("{asked} agencies are too few: this province has {minimum} government offices and the guest agency")]
    TooFewAgencies {
        /// As it was given.
        asked: usize,
        /// One for each government, and the guest agency.
        minimum: usize,
    },
    /// There would be more than a province can have.
    #[error("{asked} agencies are too many: at most {maximum} in this province")]
    TooManyAgencies {
        /// As it was given.
        asked: usize,
        /// The most, [`MAXIMUM_AGENCIES`].
        maximum: usize,
    },
    /// A credit code that was made for an agency is none.
    #[error(transparent)]
    Code(#[from] AgencyIdError),
    /// A code that was made for a division is none.
    #[error(transparent)]
    Division(#[from] JurisdictionCodeError),
}

impl SimulationError {
    /// The error in both languages, with what to do.
    pub fn message(&self) -> Message {
        let zh = match self {
            Self::UnknownProvince(code) => {
                format!("GB/T 2260 中没有省级代码 {code}；请改用如 {DEFAULT_PROVINCE} 的代码")
            }
            Self::YearsReversed { first, last } => format!("起始年度 {first} 晚于结束年度 {last}；请对调"),
            Self::NoEdition(year) => format!("{year} 年没有适用的报告格式；请选择较晚的年度"),
            Self::TooFewAgencies { asked, minimum } => {
                format!("机构数 {asked} 过少：本省各级政府办公厅（室）及预留机构共 {minimum} 个")
            }
            Self::TooManyAgencies { asked, maximum } => format!("机构数 {asked} 过多：本省最多 {maximum} 个"),
            Self::Code(error) => format!("统一社会信用代码有误：{error}"),
            Self::Division(error) => format!("行政区划代码有误：{error}"),
        };
        Message::new(zh, self.to_string())
    }
}
