//! Why something was refused: a stable reason, words in both languages, and what a program needs to act on it.

use std::time::Duration;

use crate::registry::{RegistryError, Suspect};
use crate::report::{AgencyId, Diagnosis, Finding, Message, ReportKey, ReportYear, Suggestion, YearError, because};
use crate::rollup::{MeasureError, QueryError};
use crate::store::StoreError;

pub use super::reason::{Code, Reason};

/// One field of a request at fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Path of the field, such as `report.name`.
    pub field: String,
    /// What is wrong with it.
    pub description: Message,
}

/// Why something was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Stable, for programs.
    pub reason: Reason,
    /// What is wrong, for people.
    pub message: Message,
    /// What to do about it.
    pub remedy: Message,
    /// Values by name, for programs.
    pub metadata: Vec<(&'static str, String)>,
    /// Fields of the request at fault; empty where it is no matter of fields.
    pub violations: Vec<Violation>,
    /// What the rules found; empty where it is no matter of rules.
    pub findings: Vec<Finding>,
    /// What may explain the sums that do not add up.
    pub diagnoses: Vec<Diagnosis>,
    /// When it is worth trying again, where that is known.
    pub retry_after: Option<Duration>,
    /// The refusal is in the journal.
    pub(super) recorded: bool,
}

impl Problem {
    /// Without values, fields and findings.
    pub fn new(reason: Reason, message: Message, remedy: Message) -> Self {
        Self {
            reason,
            message,
            remedy,
            metadata: Vec::new(),
            violations: Vec::new(),
            findings: Vec::new(),
            diagnoses: Vec::new(),
            retry_after: None,
            recorded: false,
        }
    }

    /// Adds a value for programs; names are promised in `proto/huizong/v1/problem.proto`.
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.metadata.push((name, value.to_string()));
        self
    }

    /// Too much at once: worth trying again after a while.
    pub fn overload(reason: Reason, message: Message, retry_after: Duration) -> Self {
        let remedy = match retry_after.as_secs_f32().ceil() {
            seconds if seconds <= 120.0 => {
                Message::new(format!("请在{seconds}秒后重试"), format!("try again after {seconds} s"))
            }
            seconds => {
                let minutes = (seconds / 60.0).ceil();
                Message::new(format!("请在{minutes}分钟后重试"), format!("try again after {minutes} min"))
            }
        };
        Self { retry_after: Some(retry_after), ..Self::new(reason, message, remedy) }
    }

    /// Adds what the rules found.
    pub(crate) fn with_findings(mut self, findings: Vec<Finding>) -> Self {
        self.findings = findings;
        self
    }

    /// Adds what may explain the findings, and leads with the likeliest of it.
    pub fn with_diagnoses(mut self, diagnoses: Vec<Diagnosis>) -> Self {
        if let Some(Suggestion { message, .. }) = diagnoses.iter().find_map(|diagnosis| diagnosis.suggestions.first()) {
            self.message.zh = format!("{}。疑似填错：{}", self.message.zh, message.zh);
            self.message.en = format!("{}; likely mistake: {}", self.message.en, message.en);
        }
        self.diagnoses = diagnoses;
        self
    }

    /// Adds fields at fault.
    pub(crate) fn with_violations(mut self, violations: Vec<Violation>) -> Self {
        self.violations = violations;
        self
    }

    /// One field at fault.
    pub fn field(reason: Reason, field: impl Into<String>, description: Message) -> Self {
        let field = field.into();
        let message = Message::new(format!("{field}：{}", description.zh), format!("{field}: {}", description.en));
        let remedy = Message::new("请改正该字段后重试", "correct the field and try again");
        Self::new(reason, message, remedy).with_violations(vec![Violation { field, description }])
    }

    /// A required field is missing.
    pub fn required(field: &str) -> Self {
        Self::field(Reason::FieldRequired, field, Message::new("必填", "is required"))
    }

    /// A defect of ours; the details are for the log.
    pub fn internal(details: &str) -> Self {
        tracing::error!(details, "internal error");
        Self::new(
            Reason::Internal,
            Message::new("系统内部错误", "internal error of the service"),
            Message::new(
                "请稍后重试；再次出现的，请将请求编号告知运维人员",
                "try again later; if it comes again, give the operator the call's number",
            ),
        )
    }

    /// A resource name is none.
    pub(crate) fn bad_name(field: &str, description: Message) -> Self {
        Self::field(Reason::NameInvalid, field, description)
    }

    /// A report year is none.
    pub(crate) fn bad_year(field: &str, error: YearError) -> Self {
        Self::field(Reason::YearInvalid, field, error.message())
    }

    /// A page is asked for that there cannot be.
    pub(crate) fn bad_page(field: &str, description: Message) -> Self {
        Self::field(Reason::PageInvalid, field, description)
    }

    /// A token that was not given out for this question.
    pub fn bad_page_token() -> Self {
        Self::bad_page(
            "page_token",
            Message::new(
                "分页标记无效，或不属于此查询；请以同一查询从第一页重新开始",
                "is not valid, or is of another question; begin with the first page of this one",
            ),
        )
    }

    /// Others changed the same thing again and again.
    pub fn contended() -> Self {
        Self::new(
            Reason::Contended,
            Message::new("该报告正被他人反复修改", "others keep changing this report"),
            Message::new("请稍后重试", "try again later"),
        )
    }

    /// The revision that was looked at is not the newest one; `present` is its etag, none where there is no revision.
    pub fn etag_mismatch(name: &str, present: Option<&str>) -> Self {
        let (zh, en) = match present {
            Some(etag) => (
                format!("{name} 已有更新的版本或状态已变（当前 etag 为 {etag}）"),
                format!("the present revision of {name} has the etag {etag}"),
            ),
            None => (format!("{name} 尚无版本（不应给出 etag）"), format!("{name} has no revision yet, so no etag")),
        };
        let remedy = Message::new(
            "请重新打开，核对当前版本后再办理（以其 etag 提交）",
            "read the present revision, then try again with its etag",
        );
        Self::new(Reason::EtagMismatch, Message::new(zh, en), remedy)
            .with("etag", present.unwrap_or_default())
            .with("name", name)
    }

    /// The owner of a report does not exist in the report's year.
    pub fn not_due(name: &str, year: ReportYear, first: ReportYear, end: Option<ReportYear>) -> Self {
        let (zh, en) = match end {
            Some(end) if end <= year => {
                (format!("{name} 自{end}年度起已撤并"), format!("{name} no longer exists from {end} on"))
            }
            _ => (format!("{name} 自{first}年度起报送"), format!("{name} reports from {first} on")),
        };
        Self::new(
            Reason::AgencyNotDue,
            Message::new(format!("{zh}，{year}年度无须报送"), format!("{en} and owes no report for {year}")),
            Message::new(
                "请核对年度；名录有误的，请联系本级政务公开主管部门更正",
                "check the year, or have the registry corrected",
            ),
        )
        .with("first_year", first)
    }

    /// The totals in memory do not follow the store.
    pub fn untrusted(fault: &str) -> Self {
        Self::new(
            Reason::StoreDamaged,
            Message::new(format!("汇总数据不可信：{fault}"), format!("the totals cannot be trusted: {fault}")),
            Message::new(
                "请联系运维人员重启服务并核验数据",
                "have the operator restart the service and verify the store",
            ),
        )
    }

    /// No agency has this resource name.
    pub(crate) fn no_agency(name: &str) -> Self {
        Self::new(
            Reason::AgencyNotFound,
            Message::new(format!("单位名录中没有 {name}"), format!("{name} is not registered")),
            no_agency_remedy(name),
        )
        .with("name", name)
    }

    /// No jurisdiction has this resource name.
    pub(crate) fn no_jurisdiction(name: &str) -> Self {
        Self::new(
            Reason::JurisdictionNotFound,
            Message::new(format!("单位名录中没有 {name}"), format!("{name} is not registered")),
            Message::new("请核对区划代码", "check the division code"),
        )
        .with("name", name)
    }

    /// No report or revision has this resource name.
    pub(crate) fn no_report(name: &str) -> Self {
        Self::new(
            Reason::ReportNotFound,
            Message::new(format!("没有 {name}"), format!("there is no {name}")),
            Message::new("请核对单位与年度，或先报送", "check the agency and the year, or submit the report first"),
        )
        .with("name", name)
    }

    /// A change of the registry that cannot be applied; `position` counts from 0.
    pub fn registry(position: usize, error: &RegistryError) -> Self {
        let reason = match error {
            RegistryError::JurisdictionExists(_) => Reason::JurisdictionExists,
            RegistryError::AgencyExists(_) => Reason::AgencyExists,
            _ => Reason::RegistryInvalid,
        };
        Self::field(reason, format!("changes[{position}]"), error.message()).with("position", position)
    }

    /// As [`Problem::registry`], of a list whose position nobody has.
    pub fn registry_as_a_whole(error: &RegistryError) -> Self {
        Self::new(
            Reason::RegistryInvalid,
            error.message(),
            Message::new("请按说明处理后重试", "do as is said, then try again"),
        )
    }

    /// What has reported was not registered by mistake.
    pub fn report_of_what_is_voided(subject: &str, report: &ReportKey) -> Self {
        Self::new(
            Reason::RegistryInvalid,
            Message::new(
                format!("{subject} 不能作废或归并：已有报告 {report}"),
                format!("{subject} cannot be voided or joined, for there is {report}"),
            ),
            Message::new(
                "请先撤回该报告；实为另一条目的，请归并；不再存在的，请撤销",
                "withdraw the report first; join the entry where it is another one, and abolish it where it has ended",
            ),
        )
        .with("report", report)
    }

    /// An agency has reported for a year in which it would not have begun.
    pub fn report_before_it_begins(subject: &str, begins: ReportYear, report: &ReportKey) -> Self {
        Self::new(
            Reason::RegistryInvalid,
            Message::new(
                format!("{subject} 的首报年度不能更正为{begins}：已有报告 {report}"),
                format!("{subject} cannot begin in {begins}, for there is {report}"),
            ),
            Message::new("请先撤回该报告，或改用更早的年度", "withdraw the report first, or choose an earlier year"),
        )
        .with("report", report)
    }

    /// A joining leaves out a year for which there is a report.
    pub fn report_not_named(subject: &str, report: &ReportKey) -> Self {
        Self::new(
            Reason::RegistryInvalid,
            Message::new(
                format!("{subject} 已有报告 {report}，归并所列的年度中没有这一年"),
                format!("{subject} has {report}, and the years of the joining leave this one out"),
            ),
            Message::new("请列入该年度，或不列年度", "name the year too, or no years at all"),
        )
        .with("report", report)
    }

    /// Entries that look like others, with the positions of their changes.
    pub fn registry_suspects(suspects: &[(usize, Suspect)]) -> Self {
        let violations = suspects.iter().take(SUSPECTS_SHOWN).map(|(position, suspect)| Violation {
            field: format!("changes[{position}]"),
            description: suspect.message(),
        });
        let violations: Vec<Violation> = violations.collect();
        let first = violations.first().map(|first| first.description.clone());
        let first = first.unwrap_or_else(|| Message::new("", ""));
        let more = suspects.len().saturating_sub(1);
        let message = match more {
            0 => first,
            more => Message::new(format!("{}；另有{more}处", first.zh), format!("{}; and {more} more", first.en)),
        };
        let entries = suspects.iter().take(SUSPECTS_NAMED).map(|(_, suspect)| suspect.entry.to_string());
        let entries: Vec<String> = entries.collect();
        Self::new(
            Reason::RegistrySuspect,
            message,
            Message::new(
                "请核对；确是不同单位的，请确认后再登记（confirmed，命令行为 --confirm）；实为同一单位的，不要再次登记",
                "look at both; where they are different, confirm it (confirmed, on the command line --confirm); where they are one, do not register it again",
            ),
        )
        .with("entries", entries.join(","))
        .with_violations(violations)
    }

    /// An agency cannot end in a year for which it has reported.
    pub fn report_in_the_way(subject: &str, first_year: ReportYear, report: &ReportKey) -> Self {
        Self::new(
            Reason::RegistryInvalid,
            Message::new(
                format!("{subject}：不能自{first_year}年起撤并，已有报告 {report}"),
                format!("{subject}: the agency cannot end from {first_year} on, for there is {report}"),
            ),
            Message::new("请先撤回该报告，或改用以后的年度", "withdraw the report first, or choose a later year"),
        )
        .with("report", report)
    }

    /// A measure is none; `position` is its place in the request, from 0.
    pub(crate) fn measure(position: usize, error: &MeasureError) -> Self {
        Self::field(Reason::MeasureUnknown, format!("measures[{position}]"), error.message())
    }

    /// Dimensions do not go together, or not with a measure.
    pub(crate) fn grouping(error: &QueryError) -> Self {
        Self::field(Reason::GroupingInvalid, "group_by", error.message())
    }
}

/// Entries that look like others which one refusal describes, so that every client takes it; more are counted.
const SUSPECTS_SHOWN: usize = 3;
/// And which it names.
const SUSPECTS_NAMED: usize = 10;

/// A code with small letters is the likeliest mistake.
fn no_agency_remedy(name: &str) -> Message {
    let id = name.strip_prefix("agencies/").and_then(|id| id.parse::<AgencyId>().ok());
    match id.and_then(|id| id.in_upper_case()) {
        Some(upper) => Message::new(
            format!("统一社会信用代码一律用大写字母：agencies/{upper}"),
            format!("codes are written in upper case: agencies/{upper}"),
        ),
        None => Message::new(
            "请核对统一社会信用代码；代码无误的，请联系本级政务公开主管部门将该单位列入名录",
            "check the unified social credit code, or have the agency registered",
        ),
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "store error");
        Self::of_store(error)
    }
}

impl Problem {
    /// What a store says, in words.
    pub(super) fn of_store(error: StoreError) -> Self {
        let detail = error.to_string();
        match error {
            StoreError::Stopped(_) => Self::new(
                Reason::StoreReadOnly,
                Message::new(format!("系统暂停接收报送{}", because(&detail)), detail),
                Message::new(
                    "查询不受影响；请稍后重试，并联系运维人员",
                    "reads go on; try again later, and call the operator",
                ),
            ),
            StoreError::DiskFull { free_bytes, min_free_bytes } => Self::new(
                Reason::StoreReadOnly,
                Message::new(
                    format!("存储空间不足，系统暂停接收报送（可用{} MB）", free_bytes >> 20),
                    format!(
                        "there is too little room on the disk, and nothing is taken in ({} MB are free)",
                        free_bytes >> 20
                    ),
                ),
                Message::new(
                    "查询不受影响；腾出空间后自动恢复接收，请稍后重试，并联系运维人员",
                    "reads go on, and writes do as soon as there is room; try again later, and call the operator",
                ),
            )
            .with("free_bytes", free_bytes)
            .with("min_free_bytes", min_free_bytes),
            StoreError::TooLarge { .. } => Self::new(
                Reason::TooMany,
                Message::new(format!("内容过大，未保存{}", because(&detail)), detail),
                Message::new("请缩短理由等文字，或分批提交", "shorten the texts, or send it in parts"),
            ),
            StoreError::Unavailable(_) => Self::new(
                Reason::StoreUnavailable,
                Message::new(format!("本实例暂不可用{}", because(&detail)), detail),
                Message::new(
                    "未保存任何内容；请稍后重试，或改用其他实例",
                    "nothing was stored; try again soon, or at another instance",
                ),
            ),
            StoreError::Unknown(_) => Self::new(
                Reason::OutcomeUnknown,
                Message::new(format!("报送结果未确认{}", because(&detail)), detail),
                Message::new(
                    "请先查询是否已保存；未保存的，请重试（以相同的 request_id）",
                    "try again with the same request_id, or look whether it was stored",
                ),
            ),
            StoreError::LooksStruck => Self::field(
                Reason::FieldInvalid,
                "reason",
                Message::new("不得写成已删去文字的样子", "may not look like words that were struck out"),
            ),
            StoreError::NotEmpty => Self::new(
                Reason::StoreNotEmpty,
                Message::new("数据目录已有数据，未作改动", "the store has data of its own; nothing was changed"),
                Message::new("请选择空目录", "choose an empty folder"),
            ),
            StoreError::Inexact(_)
            | StoreError::Folder(_)
            | StoreError::Read(_)
            | StoreError::Open(_)
            | StoreError::FormatVersion { .. }
            | StoreError::Damaged(_) => Self::new(
                Reason::StoreDamaged,
                Message::new(format!("数据无法读取{}", because(&detail)), detail),
                Message::new("请联系运维人员", "call the operator"),
            ),
        }
    }
}
