//! Why a change of the registry is refused, naming the entries at fault, with what to do. Words and data only.

use crate::report::{Message, ReportYear};

use super::CollectionError;

/// Why a change cannot be applied. Entries are named by resource name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// The code is taken.
    #[error("{0} exists with other values: check them, or use another code")]
    JurisdictionExists(String),
    /// The id is taken.
    #[error("{0} exists with other values: check them, or use another id")]
    AgencyExists(String),
    /// What a change is about, or passes into.
    #[error("{0} is not registered: register it first, or correct the name")]
    EntryUnknown(String),
    /// The parent is not in the registry.
    #[error("{subject} belongs to {parent}, which does not exist: register it first, or correct the code")]
    ParentUnknown {
        /// What is to belong there.
        subject: String,
        /// Where it is to belong.
        parent: String,
    },
    /// A parent has a higher level than what belongs to it.
    #[error("{subject} cannot stand below {parent}: its level is not lower; correct the level or the parent")]
    LevelNotLower {
        /// What is to belong there.
        subject: String,
        /// Where it is to belong.
        parent: String,
    },
    /// The parent begins later.
    #[error("{subject} begins in {first_year}, before {parent} in {parent_first_year}: correct the first year")]
    BeforeParent {
        /// What is to belong there.
        subject: String,
        /// From when on it is to.
        first_year: ReportYear,
        /// Where it is to belong.
        parent: String,
        /// First report year in which that exists.
        parent_first_year: ReportYear,
    },
    /// The parent is no more.
    #[error("{subject} cannot belong to {parent}, which no longer exists from {end} on: name what follows it")]
    ParentEnded {
        /// What is to belong there.
        subject: String,
        /// Where it is to belong.
        parent: String,
        /// First report year in which that no longer exists.
        end: ReportYear,
    },
    /// The change comes before the entry, or would end it in its first year.
    #[error("{subject} begins in {begins}; a change of it in {first_year} comes too early: give a later year")]
    TooEarly {
        /// What is to change.
        subject: String,
        /// From when on.
        first_year: ReportYear,
        /// First report year in which it exists.
        begins: ReportYear,
    },
    /// The entry is no more.
    #[error(
        "{subject} no longer exists from {end} on; it cannot change in {first_year} or be ended anew: change what follows it, or register a new entry"
    )]
    HasEnded {
        /// What is to change.
        subject: String,
        /// First report year in which it no longer exists.
        end: ReportYear,
        /// From when on it is to change.
        first_year: ReportYear,
    },
    /// The entry has changed since.
    #[error(
        "{subject} changed in {latest} already; what was before is not rewritten from {first_year} on: give {latest} or a later year"
    )]
    OutOfOrder {
        /// What is to change.
        subject: String,
        /// From when on.
        first_year: ReportYear,
        /// Year of its last change: the earliest that is taken.
        latest: ReportYear,
    },
    /// A jurisdiction that ends would leave members behind.
    #[error(
        "{subject} cannot end in {first_year}: these belong to it then or later: {}; let each belong elsewhere first, from {first_year} or from when it comes, or give a year after their last",
        listed(.members).1
    )]
    MembersLeft {
        /// What is to end.
        subject: String,
        /// First report year in which it would no longer exist.
        first_year: ReportYear,
        /// What belongs to it then or later; the message names ten and counts the others.
        members: Vec<String>,
    },
    /// There would be nothing to pass into.
    #[error(
        "{successor} does not exist in {first_year}, so {subject} cannot pass into it: create it, or correct the year"
    )]
    SuccessorMissing {
        /// What is to end.
        subject: String,
        /// What does not exist in that year.
        successor: String,
        /// First report year in which the subject would no longer exist.
        first_year: ReportYear,
    },
    /// The entry that is to be split.
    #[error("{0} cannot be among its own successors: create a new entry")]
    SuccessorItself(String),
    /// It would end before it takes over another.
    #[error(
        "{subject} takes over others in {took_over} and must exist then; it cannot end in {first_year}: give a year after {took_over}"
    )]
    TakesOver {
        /// What is to end.
        subject: String,
        /// Report year from which on others passed into it.
        took_over: ReportYear,
        /// First report year in which it would no longer exist.
        first_year: ReportYear,
    },
    /// A jurisdiction and an agency are named together.
    #[error("{subject} and {other} are not of one sort: jurisdictions pass into jurisdictions, agencies into agencies")]
    MixedSorts {
        /// The one that does not fit.
        subject: String,
        /// The one that it would pass into, or follow.
        other: String,
    },
    /// The entry that is named twice.
    #[error("{0} is named twice: keep one")]
    NamedTwice(String),
    /// What nothing is merged into.
    #[error("a merger into {0} names no entry that is merged: name at least one")]
    NothingMerged(String),
    /// The entry that is to be split.
    #[error("a split of {0} names fewer than two successors: name them all, or merge it into the only one")]
    TooFewSuccessors(String),
    /// The entry of which nothing is corrected.
    #[error("a correction of {0} gives nothing that is to be put right: give a name, a parent, a kind or the like")]
    NothingCorrected(String),
    /// The jurisdiction that is to be of a kind.
    #[error(
        "{0} is a jurisdiction, which has neither kind nor size nor 垂直管理, and keeps its first year: leave these away"
    )]
    NotOfJurisdictions(String),
    /// They are of different levels.
    #[error("{subject} cannot be joined to {other}, which is of another level: two that are one are of one level")]
    JoinUnlike {
        /// What is to be joined.
        subject: String,
        /// The one that stays.
        other: String,
    },
    /// Others passed into the agency, or stand for it, in years in which it would not be there.
    #[error(
        "{subject} cannot begin in {first_year}, later than registered: others passed into it or stand for it; put these right first"
    )]
    BeginBound {
        /// What is to begin later.
        subject: String,
        /// The first report year that it would owe a report for.
        first_year: ReportYear,
    },
    /// The entry that is to change without a reason.
    #[error("the change of {0} gives no reason: say why")]
    ReasonMissing(String),
    /// What never was cannot change.
    #[error(
        "{subject} was voided, or joined to another entry; nothing of it can change: change what stands in its place"
    )]
    NoLonger {
        /// What was voided or joined.
        subject: String,
    },
    /// A parent was not there in all the years of a correction.
    #[error(
        "{subject} cannot belong to {parent} from {first_year} to {last_year}: {parent} does not exist in all of these years; give another parent or another first year"
    )]
    ParentAbsent {
        /// What is to have belonged to it.
        subject: String,
        /// The parent.
        parent: String,
        /// First report year of the correction.
        first_year: ReportYear,
        /// Last report year of the correction.
        last_year: ReportYear,
    },
    /// What something belonged to was there.
    #[error("{subject} cannot be voided, for these belonged to it or passed into it: {}; correct or void them first", listed(.members).1)]
    HasMembers {
        /// What is to be voided.
        subject: String,
        /// What belonged to it, or passed into it.
        members: Vec<String>,
    },
    /// Two would be each other.
    #[error("{subject} cannot be joined to {other}, which leads back to it: join them the other way round")]
    JoinCircle {
        /// What is to be joined.
        subject: String,
        /// The one that would stay.
        other: String,
    },
    /// Others count with it, or it counts with another.
    #[error(
        "{subject} cannot be joined to another entry, for others were joined to it, or it passed into another: join those first, or merge it"
    )]
    JoinBound {
        /// What is to be joined.
        subject: String,
    },
    /// The one that stays was not there in a year of the other's reports.
    #[error(
        "{subject} cannot be joined to {other}, which does not exist in {year}, for which {subject} has reported: join them the other way round, or merge {subject} into {other}"
    )]
    JoinAbsent {
        /// What is to be joined.
        subject: String,
        /// The one that would stay.
        other: String,
        /// The report year.
        year: ReportYear,
    },
    /// Both have reported for the same year.
    #[error("both {subject} and {other} have a report for {year}: withdraw one of them, then join the entries")]
    JoinCollides {
        /// What is to be joined.
        subject: String,
        /// The one that would stay.
        other: String,
        /// The report year.
        year: ReportYear,
    },
    /// The collection cannot be.
    #[error(transparent)]
    Collection(#[from] CollectionError),
}

/// Members named in a message; more are counted.
const MEMBERS_SHOWN: usize = 10;

/// The first members, and how many more, in Chinese and English.
fn listed(members: &[String]) -> (String, String) {
    let shown = &members[..members.len().min(MEMBERS_SHOWN)];
    match members.len() - shown.len() {
        0 => (shown.join("、"), shown.join(", ")),
        more => (format!("{}等{}个", shown.join("、"), members.len()), format!("{} and {more} more", shown.join(", "))),
    }
}

impl RegistryError {
    /// The error in both languages, with what to do.
    pub fn message(&self) -> Message {
        let zh = match self {
            Self::JurisdictionExists(name) | Self::AgencyExists(name) => {
                format!("{name} 已存在，且登记内容不同；请核对，或改用其他标识")
            }
            Self::EntryUnknown(name) => format!("单位名录中没有 {name}；请先列入名录，或改正名称"),
            Self::ParentUnknown { subject, parent } => {
                format!("{subject} 的上级 {parent} 不存在；请先登记上级，或改正代码")
            }
            Self::LevelNotLower { subject, parent } => {
                format!("{subject} 不能归属于 {parent}：级别不低于上级；请改正级别或上级")
            }
            Self::BeforeParent { subject, first_year, parent, parent_first_year } => {
                format!("{subject} 自{first_year}年起，早于上级 {parent} 的{parent_first_year}年；请改正起始年度")
            }
            Self::ParentEnded { subject, parent, end } => {
                format!("{subject} 不能归属于 {parent}：后者自{end}年起不再存在；请改为其承接单位")
            }
            Self::TooEarly { subject, first_year, begins } => {
                format!("{subject} 自{begins}年起存在，{first_year}年的变更过早；请改为更晚的年度")
            }
            Self::HasEnded { subject, end, first_year } => {
                format!(
                    "{subject} 自{end}年起不再存在，{first_year}年不能再变更或再次撤并；请变更其承接单位，或另行列入名录"
                )
            }
            Self::OutOfOrder { subject, first_year, latest } => {
                format!("{subject} 在{latest}年已有变更，不能从{first_year}年起改写此前的历史；请改为{latest}年或以后")
            }
            Self::MembersLeft { subject, first_year, members } => {
                let members = listed(members).0;
                format!(
                    "{subject} 不能在{first_year}年撤并：当年或以后仍有 {members} 归属于它；请先将其自{first_year}年（或转入之年）起转出，或改为它们最后一年之后的年度"
                )
            }
            Self::SuccessorMissing { subject, successor, first_year } => {
                format!("{successor} 在{first_year}年不存在，{subject} 不能并入或分立为它；请先登记，或改正年度")
            }
            Self::SuccessorItself(name) => format!("{name} 不能是自己的承接单位；请另行列入新的条目"),
            Self::TakesOver { subject, took_over, first_year } => {
                format!(
                    "{subject} 在{took_over}年承继其他条目，当年必须存在，不能在{first_year}年撤并；请改为{took_over}年以后的年度"
                )
            }
            Self::MixedSorts { subject, other } => {
                format!("{subject} 与 {other} 不是同类：地区只能并入或分立为地区，机构只能并入或分立为机构；请改正")
            }
            Self::NamedTwice(name) => format!("{name} 重复出现；请只保留一个"),
            Self::NothingMerged(into) => format!("并入 {into} 的合并没有写明被合并者；请至少写一个"),
            Self::TooFewSuccessors(name) => format!("{name} 的分设少于两个承接单位；请写全，或改为并入唯一的承接单位"),
            Self::NothingCorrected(name) => {
                format!("对 {name} 的更正没有写明更正什么；请至少给出名称、上级、类别等中的一项")
            }
            Self::NotOfJurisdictions(name) => {
                format!("{name} 是地区，没有类别、大型和垂直管理，首个年度也不能更正；请留空")
            }
            Self::JoinUnlike { subject, other } => {
                format!("{subject} 不能归并到 {other}：两者级别不同；同一地区的级别必然相同，请核对")
            }
            Self::BeginBound { subject, first_year } => {
                format!("{subject} 的首报年度不能推后到{first_year}年：其他条目曾并入或归并到它；请先更正这些条目")
            }
            Self::ReasonMissing(name) => format!("对 {name} 的变更没有写明原因；请写明原因"),
            Self::NoLonger { subject } => {
                format!("{subject} 已作废或已归并到其他条目，不能再变更；请变更代替它的条目")
            }
            Self::ParentAbsent { subject, parent, first_year, last_year } => {
                format!(
                    "{subject} 不能自{first_year}至{last_year}年归属于 {parent}：后者并非每年都存在；请改用其他上级或起始年度"
                )
            }
            Self::HasMembers { subject, members } => {
                format!("{subject} 不能作废：{} 曾归属或并入它；请先更正或作废它们", listed(members).0)
            }
            Self::JoinCircle { subject, other } => {
                format!("{subject} 不能归并到 {other}：后者又回到它；请改为相反方向归并")
            }
            Self::JoinBound { subject } => {
                format!(
                    "{subject} 不能归并到其他条目：已有条目归并到它，或它已并入其他条目；请先处理这些条目，或改用合并"
                )
            }
            Self::JoinAbsent { subject, other, year } => {
                format!(
                    "{subject} 不能归并到 {other}：前者已报送{year}年度报告，而后者当年不存在；请改为相反方向归并，或改用合并"
                )
            }
            Self::JoinCollides { subject, other, year } => {
                format!("{subject} 与 {other} 都有{year}年度报告；请先撤回其中一份，再归并")
            }
            Self::Collection(error) => return error.message(),
        };
        Message::new(zh, self.to_string())
    }
}
