//! `huizong remind`: agencies whose report is missing or was returned.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::pb;
use crate::pb::reminder_service_client::ReminderServiceClient;

use super::client::{Connection, Server, connect, refused};
use super::language::{heading, semicolon};
use super::output::{Listing, print_json, read_text, resource, time_text};
use super::pages;
use super::{Failure, Outcome, OutputFormat, language};

#[derive(Subcommand)]
pub(crate) enum Remind {
    /// Whom to remind, with whom to ask there, and when they were reminded last.
    List {
        #[command(flatten)]
        of: Of,
        /// Write the list to a file for people, with Chinese headings: .csv or .xlsx.
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
    /// Remind them: each once a day at most, whoever asks.
    Send {
        #[command(flatten)]
        of: Of,
        /// Only this agency, agencies/{id} or the id alone; may be given several times.
        #[arg(long, value_name = "AGENCY")]
        agency: Vec<String>,
        /// What the message is about; left out, what the service is set to.
        #[arg(long, default_value = "", value_name = "TEXT")]
        subject: String,
        /// File with the message; left out, what the service is set to. {单位}, {地区}, {年度}, {状态}, {截止时间} and
        /// {剩余天数} stand for each agency's own.
        #[arg(long, value_name = "FILE")]
        text: Option<PathBuf>,
        /// Print what would be sent, and send nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

#[derive(Args)]
pub(crate) struct Of {
    /// Agencies in and below it: jurisdictions/{code}, or the code alone.
    jurisdiction: String,
    #[arg(long, value_name = "Y")]
    year: i32,
}

type Client = ReminderServiceClient<Connection>;

impl Remind {
    /// Whether a file is written with names of people in it.
    pub(crate) fn writes_people(&self) -> bool {
        matches!(self, Self::List { to: Some(_), .. })
    }

    pub(crate) async fn run(&self, server: &Server, format: OutputFormat) -> Outcome {
        let mut client = ReminderServiceClient::new(connect(server).await?);
        match self {
            Self::List { of, to: Some(file) } => of.write(&mut client, file).await,
            Self::List { of, to: None } => of.list(&mut client, format).await,
            Self::Send { of, agency, subject, text, dry_run } => {
                let text = text.as_deref().map(read_text).transpose().map_err(Failure::Failed)?.unwrap_or_default();
                let request = pb::SendRemindersRequest {
                    jurisdiction: resource("jurisdictions", &of.jurisdiction),
                    year: of.year,
                    agencies: agency.iter().map(|id| resource("agencies", id)).collect(),
                    subject: subject.clone(),
                    text,
                    validate_only: *dry_run,
                };
                send(&mut client, request, format).await
            }
        }
    }
}

impl Of {
    async fn list(&self, client: &mut Client, format: OutputFormat) -> Outcome {
        let request = pb::ListRemindersRequest {
            jurisdiction: resource("jurisdictions", &self.jurisdiction),
            year: self.year,
            page_size: pages::PAGE_SIZE,
            page_token: String::new(),
        };
        let ask =
            async |page_token| client.list_reminders(pb::ListRemindersRequest { page_token, ..request.clone() }).await;
        let reminders = pages::all(ask, |page| page.reminders).await?;
        if format == OutputFormat::Json {
            let total_size = reminders.len().try_into().unwrap_or(i32::MAX);
            return print_json(&pb::ListRemindersResponse { reminders, next_page_token: String::new(), total_size });
        }
        let headings = [
            "机构 agency",
            "名称 name",
            "地区 jurisdiction",
            "状态 state",
            "截止 due",
            "剩余天数 days left",
            "联系人 contacts",
            "上次提醒 last",
            "结果 outcome",
        ];
        let mut listing = Listing::new(&headings, &[5]);
        for one in reminders {
            let cause = match one.cause() {
                pb::ReminderCause::Returned => heading("已退回 returned"),
                pb::ReminderCause::Missing | pb::ReminderCause::Unspecified => heading("未报送 missing"),
            };
            let people = one.people.iter().map(|person| {
                [&person.name, &person.telephone, &person.email].map(String::as_str).join(" ").trim().to_owned()
            });
            let people = people.collect::<Vec<_>>().join(semicolon());
            let outcome = outcome_text(one.last_outcome());
            listing.rows.push(vec![
                one.agency,
                one.display_name,
                one.jurisdiction_display_name,
                cause.to_owned(),
                time_text(one.due_time),
                one.days_left.map(|days| days.to_string()).unwrap_or_default(),
                people,
                time_text(one.last_time),
                outcome.to_owned(),
            ]);
        }
        listing.print(format)
    }

    async fn write(&self, client: &mut Client, file: &std::path::Path) -> Outcome {
        let ending = file.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
        let format = match ending.as_deref() {
            Some("csv") => pb::DocumentFormat::Csv,
            Some("xlsx") => pb::DocumentFormat::Xlsx,
            _ => {
                let text = "--to：须为 .csv 或 .xlsx\n  --to must end in .csv or .xlsx";
                return Err(Failure::Usage(text.to_owned()));
            }
        };
        let request = pb::RenderRemindersRequest {
            jurisdiction: resource("jurisdictions", &self.jurisdiction),
            year: self.year,
            format: format.into(),
        };
        let answer = client.render_reminders(request).await.map_err(|status| refused(&status))?.into_inner();
        std::fs::write(file, answer.content)?;
        println!("{} {}", heading("已写入 written to"), file.display());
        Ok(())
    }
}

fn outcome_text(outcome: pb::ReminderOutcome) -> &'static str {
    heading(match outcome {
        pb::ReminderOutcome::Unspecified => "",
        pb::ReminderOutcome::Begun => "已发起，结果不明 begun",
        pb::ReminderOutcome::Sent => "已发出 sent",
        pb::ReminderOutcome::Failed => "未发出 failed",
        pb::ReminderOutcome::Already => "今日已提醒 reminded today",
        pb::ReminderOutcome::Unreachable => "无联系方式 unreachable",
        pb::ReminderOutcome::Planned => "将发送 to be sent",
    })
}

/// Sends until nobody remains; on trial once.
async fn send(client: &mut Client, request: pb::SendRemindersRequest, format: OutputFormat) -> Outcome {
    let mut whole = pb::SendRemindersResponse::default();
    loop {
        let answer = client.send_reminders(request.clone()).await.map_err(|status| refused(&status))?.into_inner();
        let is_last = answer.remaining == 0 || request.validate_only || answer.sent + answer.failed == 0;
        // Those that a call before was for come again, as reminded today.
        let known = whole.reminders.len();
        let is_new = |one: &pb::SentReminder| {
            known == 0 || !matches!(one.outcome(), pb::ReminderOutcome::Already | pb::ReminderOutcome::Unreachable)
        };
        whole.sent += answer.sent;
        whole.failed += answer.failed;
        whole.reminders.extend(answer.reminders.into_iter().filter(is_new));
        (whole.remaining, whole.subject, whole.text) = (answer.remaining, answer.subject, answer.text);
        if is_last {
            break;
        }
    }
    let left_out = whole
        .reminders
        .iter()
        .filter(|one| matches!(one.outcome(), pb::ReminderOutcome::Already | pb::ReminderOutcome::Unreachable));
    whole.left_out = left_out.count().try_into().unwrap_or(i32::MAX);
    if format == OutputFormat::Json {
        return print_json(&whole);
    }
    let headings = ["机构 agency", "名称 name", "结果 outcome", "人数 people", "原因 why"];
    let mut listing = Listing::new(&headings, &[3]);
    for one in &whole.reminders {
        let why = one.reason.as_ref().map(|text| language::told(&text.zh, &text.en, " ")).unwrap_or_default();
        listing.rows.push(vec![
            one.agency.clone(),
            one.display_name.clone(),
            outcome_text(one.outcome()).to_owned(),
            one.recipients.to_string(),
            why,
        ]);
    }
    listing.print(format)?;
    if format == OutputFormat::Table {
        if let Some(first) = whole.reminders.iter().find(|one| !one.text.is_empty()) {
            println!("\n{}\n\n{}\n", first.subject, first.text);
        }
        let (sent, failed, left_out) = (whole.sent, whole.failed, whole.left_out);
        let told = match request.validate_only {
            true => language::beside(
                format!("将发送{sent}条，略过{left_out}条；未发送"),
                format!("{sent} to be sent, {left_out} left out; nothing was sent"),
            ),
            false => language::beside(
                format!("发出{sent}条，未发出{failed}条，略过{left_out}条"),
                format!("{sent} sent, {failed} failed, {left_out} left out"),
            ),
        };
        println!("{told}");
    }
    if whole.failed > 0 { Err(Failure::Refused) } else { Ok(()) }
}
