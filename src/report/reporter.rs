//! What kind of body reports: facts that rules and sums distinguish by.

use serde::{Deserialize, Serialize};

/// The level of the jurisdiction that an agency belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// 省、自治区、直辖市.
    Province,
    /// 地级市、自治州、盟.
    City,
    /// 县、县级市、市辖区、旗.
    County,
    /// 功能区: a development zone or the like, run as a unit of its own.
    FunctionalZone,
    /// 乡、镇、街道.
    Township,
}

/// What an agency is within its government.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AgencyKind {
    /// 政府办公厅/办公室: reports the requests made to the government itself.
    GovernmentOffice,
    /// 部门
    Department,
    /// 乡镇人民政府、街道办事处
    Township,
    /// 派出机构 with a report of its own.
    DispatchedOffice,
}

/// The facts about a reporting agency that rules need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reporter {
    /// Of the jurisdiction that it belongs to.
    pub level: Level,
    /// What it is there.
    pub kind: AgencyKind,
    /// A department so large that a year without any activity would be surprising.
    pub large: bool,
}

impl Reporter {
    /// Whether the agency stands below a city with districts, whatever it is attached to.
    pub fn is_below_city(self) -> bool {
        self.kind == AgencyKind::Township
            || matches!(self.level, Level::County | Level::FunctionalZone | Level::Township)
    }

    /// Whether a year without anything to report would be surprising.
    pub fn is_active_by_nature(self) -> bool {
        self.large || self.kind == AgencyKind::GovernmentOffice
    }
}
