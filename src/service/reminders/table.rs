//! The list of whom to remind as a file for people: Chinese headings, one line an agency.

use crate::document::table::write_table;
use crate::document::write::Format;
use crate::registry::{Contact, Reminded};
use crate::report::{JurisdictionCode, Message, ReportYear, inert};
use crate::service::caller::Caller;
use crate::service::parts::{BEIJING, Service};
use crate::service::problem::{Problem, Reason};
use crate::service::render::RenderedFile;

use super::Reminder;
use super::wording::{cause_in_words, days_in_words};

const HEADINGS: [&str; 14] = [
    "机构代码",
    "机构名称",
    "地区代码",
    "地区名称",
    "年度",
    "状态",
    "截止时间",
    "剩余天数",
    "联系人",
    "职务",
    "电话",
    "电子邮箱",
    "上次提醒时间",
    "上次提醒结果",
];

impl Service {
    /// All agencies to be reminded as a CSV or XLSX file.
    ///
    /// # Errors
    /// JURISDICTION_NOT_FOUND; FIELD_INVALID for another format.
    pub async fn render_reminders(
        &self,
        jurisdiction: &JurisdictionCode,
        year: ReportYear,
        format: Format,
        caller: &Caller,
    ) -> Result<RenderedFile, Problem> {
        if !matches!(format, Format::Csv | Format::Xlsx) {
            let text = Message::new("须为 CSV 或 XLSX", "must be CSV or XLSX");
            return Err(Problem::field(Reason::FieldInvalid, "format", text));
        }
        let all = self.all_reminders(jurisdiction, year, caller)?;
        let heading = HEADINGS.map(ToOwned::to_owned).to_vec();
        let rows: Vec<Vec<String>> = std::iter::once(heading).chain(all.iter().map(|one| row(one, year))).collect();
        let title = format!("{year}年度催报名单");
        let sheet = title.clone();
        let content = Self::beside(move || Ok(file(&sheet, &rows, format))).await?;
        Ok(RenderedFile {
            content: content.map_err(|error| Problem::internal(&error))?,
            content_type: format.content_type(),
            name: format!("{title}.{}", if format == Format::Csv { "csv" } else { "xlsx" }),
        })
    }
}

fn file(title: &str, rows: &[Vec<String>], format: Format) -> Result<Vec<u8>, String> {
    if format == Format::Xlsx {
        return write_table(title, rows).map_err(|error| error.to_string());
    }
    let rows = inert::to_csv(rows).map_err(|error| error.to_string())?;
    Ok([inert::BYTE_ORDER_MARK.as_bytes(), &rows].concat())
}

fn row(one: &Reminder, year: ReportYear) -> Vec<String> {
    let text = |text: &str| inert::to_cell(text).into_owned();
    let of_all = |field: fn(&Contact) -> &str| {
        let all: Vec<&str> = one.people.iter().map(field).collect();
        text(all.join("；").trim_matches('；'))
    };
    let time = |at| BEIJING.to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string();
    let outcome = one.last.map_or("", |last| match last.outcome {
        Reminded::Begun => "已发起，结果不明",
        Reminded::Sent => "已发出",
        Reminded::Failed => "未发出",
    });
    vec![
        one.agency.to_string(),
        text(&one.display_name),
        one.jurisdiction.to_string(),
        text(&one.jurisdiction_name),
        year.to_string(),
        cause_in_words(one.cause).to_owned(),
        one.due.map(|(at, _)| time(at)).unwrap_or_default(),
        days_in_words(one.due.map(|(_, days)| days)),
        of_all(|person| &person.name),
        of_all(|person| &person.duty),
        of_all(|person| &person.telephone),
        of_all(|person| &person.email),
        one.last.map(|last| time(last.at)).unwrap_or_default(),
        outcome.to_owned(),
    ]
}
