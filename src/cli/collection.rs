//! `huizong collection`: the yearly campaign, its times and its exceptions.

use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;

use crate::pb;
use crate::pb::registry_service_client::RegistryServiceClient;

use super::client::{Connection, Server, connect, refused};
use super::language::{beside, heading, term, told};
use super::output::{Listing, print_json, resource, time_text};
use super::pages;
use super::times::{Typed, Zone};
use super::{Failure, Outcome, OutputFormat};

#[derive(Subcommand)]
pub(crate) enum Collection {
    /// Open the collection of a year.
    Open(Open),
    /// The collection of a year with its exceptions, and until when those have time that you hand in reports for; left out,
    /// all collections.
    Show {
        year: Option<i32>,
        /// Whose deadlines to show: agencies/{id}, or the id alone; jurisdictions/{code} for a consolidated report.
        #[arg(long, value_name = "ID", requires = "year")]
        owner: Option<String>,
    },
    /// Set the time from which on reports are refused; left out, now.
    Lock {
        year: i32,
        /// A time such as "2026-03-31 18:00", or a day: until its end; in the zone of --time-zone.
        #[arg(long, value_name = "TIME")]
        at: Option<Typed>,
    },
    /// Give one agency more time.
    Grant(Grant),
    /// Take back the time that an agency was given.
    Revoke {
        year: i32,
        /// agencies/{id}, or the id alone.
        agency: String,
        /// Check only.
        #[arg(long)]
        dry_run: bool,
    },
}

#[derive(Args)]
pub(crate) struct Open {
    year: i32,
    /// Due time of a level (province, city, county, functional-zone, township): a time such as
    /// "2026-01-31 18:00", or a day: until its end; in the zone of --time-zone.
    #[arg(long, value_name = "LEVEL=TIME", value_parser = parse_due)]
    due: Vec<(pb::Level, Typed)>,
    /// From then on reports are refused.
    #[arg(long, value_name = "TIME")]
    lock: Option<Typed>,
    /// Who accepts the reports.
    #[arg(long, value_enum, default_value_t = Review::None)]
    review: Review,
    /// Check only.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Args)]
pub(crate) struct Grant {
    year: i32,
    /// agencies/{id}, or the id alone.
    agency: String,
    /// Why.
    #[arg(long)]
    reason: String,
    /// A later due time.
    #[arg(long, value_name = "TIME", required_unless_present = "lock")]
    due: Option<Typed>,
    /// A later lock time.
    #[arg(long, value_name = "TIME")]
    lock: Option<Typed>,
    /// The exception is in force before then; left out, for ever.
    #[arg(long, value_name = "TIME")]
    until: Option<Typed>,
    /// Whose decision it was; left out, the caller's.
    #[arg(long, value_name = "WHO")]
    by: Option<String>,
    /// Check only.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Review {
    /// A valid report is accepted at once.
    None,
    /// The office of the agency's jurisdiction.
    JurisdictionOffice,
}

fn parse_due(text: &str) -> Result<(pb::Level, Typed), String> {
    let (level, time) = text
        .split_once('=')
        .ok_or_else(|| told(&format!("“{text}”不是 级别=时间"), &format!("{text:?} is no LEVEL=TIME"), "\n  "))?;
    let name = format!("LEVEL_{}", level.to_ascii_uppercase().replace('-', "_"));
    let known = pb::Level::from_str_name(&name).filter(|level| *level != pb::Level::Unspecified);
    let known = known.ok_or_else(|| {
        told(
            &format!("没有级别“{level}”；可用 province、city、county、functional-zone、township"),
            &format!("{level:?} is none of province, city, county, functional-zone, township"),
            "\n  ",
        )
    })?;
    Ok((known, time.parse()?))
}

/// A time that was typed, or none, on the wire.
fn wire_time(typed: Option<Typed>, zone: &Zone) -> Result<Option<prost_types::Timestamp>, Failure> {
    let time = typed.map(|typed| typed.until(zone)).transpose().map_err(Failure::Usage)?;
    Ok(time.map(crate::wire::timestamp_to_wire))
}

impl Collection {
    pub(crate) async fn run(&self, server: &Server, format: OutputFormat, zone: &Zone) -> Outcome {
        let mut client = RegistryServiceClient::new(connect(server).await?);
        let failed = |status: tonic::Status| refused(&status);
        match self {
            Self::Open(open) => {
                let due = |(level, time): &(pb::Level, Typed)| {
                    Ok(pb::DueTime { level: (*level).into(), due_time: wire_time(Some(*time), zone)? })
                };
                let due_times = open.due.iter().map(due).collect::<Result<_, Failure>>()?;
                let review = match open.review {
                    Review::None => pb::ReviewPolicy::None,
                    Review::JurisdictionOffice => pb::ReviewPolicy::JurisdictionOffice,
                };
                let collection = pb::Collection {
                    name: name_of(open.year),
                    due_times,
                    lock_time: wire_time(open.lock, zone)?,
                    review_policy: review.into(),
                    ..Default::default()
                };
                let request = pb::CreateCollectionRequest { collection: Some(collection), validate_only: open.dry_run };
                let answer = client.create_collection(request).await.map_err(failed)?.into_inner();
                print(answer.collection.unwrap_or_default(), format)
            }
            Self::Show { year: Some(year), owner } => {
                let owner = owner.as_deref().map(|id| resource("agencies", id)).unwrap_or_default();
                let request = pb::GetCollectionRequest { name: name_of(*year), owner };
                let answer = client.get_collection(request).await.map_err(failed)?.into_inner();
                show(answer, format)
            }
            Self::Show { year: None, .. } => list(&mut client, format).await,
            Self::Lock { year, at } => {
                let request = pb::GetCollectionRequest { name: name_of(*year), ..Default::default() };
                let present = client.get_collection(request).await.map_err(failed)?.into_inner().collection;
                // The etag of what was read goes with it, so nobody else's change is lost.
                let collection = pb::Collection {
                    lock_time: wire_time(Some(at.unwrap_or_else(|| Typed::Moment(Timestamp::now()))), zone)?,
                    ..present.unwrap_or_default()
                };
                let update_mask = Some(prost_types::FieldMask { paths: vec!["lock_time".to_owned()] });
                let request =
                    pb::UpdateCollectionRequest { collection: Some(collection), validate_only: false, update_mask };
                let answer = client.update_collection(request).await.map_err(failed)?.into_inner();
                print(answer.collection.unwrap_or_default(), format)
            }
            Self::Grant(grant) => {
                let exception = pb::CollectionException {
                    agency: resource("agencies", &grant.agency),
                    due_time: wire_time(grant.due, zone)?,
                    lock_time: wire_time(grant.lock, zone)?,
                    decided_by: grant.by.clone().unwrap_or_default(),
                    reason: grant.reason.clone(),
                    expire_time: wire_time(grant.until, zone)?,
                };
                let request = pb::GrantCollectionExceptionRequest {
                    name: name_of(grant.year),
                    exception: Some(exception),
                    validate_only: grant.dry_run,
                };
                let answer = client.grant_collection_exception(request).await.map_err(failed)?.into_inner();
                print(answer.collection.unwrap_or_default(), format)
            }
            Self::Revoke { year, agency, dry_run } => {
                let request = pb::RevokeCollectionExceptionRequest {
                    name: name_of(*year),
                    agency: resource("agencies", agency),
                    validate_only: *dry_run,
                };
                let answer = client.revoke_collection_exception(request).await.map_err(failed)?.into_inner();
                print(answer.collection.unwrap_or_default(), format)
            }
        }
    }
}

fn name_of(year: i32) -> String {
    format!("collections/{year}")
}

fn review_text(collection: &pb::Collection) -> String {
    term(&collection.review_policy().as_str_name().trim_start_matches("REVIEW_POLICY_").to_lowercase())
}

fn due_text(collection: &pb::Collection) -> String {
    let due = collection.due_times.iter().map(|due| {
        let level = term(&due.level().as_str_name().trim_start_matches("LEVEL_").to_lowercase());
        format!("{level}={}", time_text(due.due_time))
    });
    due.collect::<Vec<_>>().join(" ")
}

async fn list(client: &mut RegistryServiceClient<Connection>, format: OutputFormat) -> Outcome {
    let ask = async |page_token| {
        client.list_collections(pb::ListCollectionsRequest { page_size: pages::PAGE_SIZE, page_token }).await
    };
    let collections = pages::all(ask, |page| page.collections).await?;
    let all = pb::ListCollectionsResponse { collections, ..Default::default() };
    if format == OutputFormat::Json {
        return print_json(&all);
    }
    let mut listing =
        Listing::new(&["collection", "截止 due", "停止接收 lock", "审核 review", "延期 exceptions", "etag"], &[4]);
    for collection in all.collections {
        listing.rows.push(vec![
            collection.name.clone(),
            due_text(&collection),
            time_text(collection.lock_time),
            review_text(&collection),
            collection.exceptions.len().to_string(),
            collection.etag,
        ]);
    }
    listing.print(format)
}

/// A collection, and until when somebody has time.
fn show(answer: pb::GetCollectionResponse, format: OutputFormat) -> Outcome {
    if format == OutputFormat::Json {
        return print_json(&answer);
    }
    print(answer.collection.unwrap_or_default(), format)?;
    if format == OutputFormat::Table {
        for deadline in &answer.deadlines {
            println!("\n{}", deadline_text(deadline));
        }
    }
    Ok(())
}

fn deadline_text(deadline: &pb::Deadline) -> String {
    let time = |words: Option<&pb::LocalizedText>, is_granted: bool| {
        let granted = if is_granted { told("（已准予延期）", " (granted)", "") } else { String::new() };
        let words = words.map_or_else(|| told("无", "none", " "), |words| beside(&words.zh, &words.en));
        format!("{words}{granted}")
    };
    let left = deadline.days_left.map(|days| match days {
        0 => beside("今天是最后一天", "today is the last day"),
        days if days < 0 => beside(format!("已逾期{}天", -days), format!("{} days late", -days)),
        days => beside(format!("{days}天"), format!("{days} days")),
    });
    let left = left.map(|left| format!("\n{}  {left}", heading("剩余 left"))).unwrap_or_default();
    format!(
        "{}\n{}  {}{left}\n{}  {}",
        deadline.owner,
        heading("截止 due"),
        time(deadline.due_in_words.as_ref(), deadline.due_time_granted),
        heading("停止接收 lock"),
        time(deadline.lock_in_words.as_ref(), deadline.lock_time_granted)
    )
}

/// One collection: its times, then its exceptions; as CSV, the exceptions.
fn print(collection: pb::Collection, format: OutputFormat) -> Outcome {
    if format == OutputFormat::Json {
        return print_json(&pb::GetCollectionResponse { collection: Some(collection), ..Default::default() });
    }
    let headings = ["agency", "截止 due", "停止接收 lock", "批准 granted by", "理由 reason", "有效至 until"];
    let mut listing = Listing::new(&headings, &[]);
    for exception in &collection.exceptions {
        listing.rows.push(vec![
            exception.agency.clone(),
            time_text(exception.due_time),
            time_text(exception.lock_time),
            exception.decided_by.clone(),
            exception.reason.clone(),
            time_text(exception.expire_time),
        ]);
    }
    if format == OutputFormat::Table {
        println!("{}  {}", collection.name, term(&collection.edition().as_str_name().to_lowercase()));
        println!("{}  {}", heading("截止 due"), due_text(&collection));
        println!("{}  {}", heading("停止接收 lock"), time_text(collection.lock_time));
        println!("{}  {}", heading("审核 review"), review_text(&collection));
        println!("{}  {}", heading("etag"), collection.etag);
        if collection.exceptions.is_empty() {
            return Ok(());
        }
        println!();
    }
    listing.print(format)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn due_times_name_a_level() {
        let (level, time) = parse_due("functional-zone=2026-01-31").unwrap();
        assert_eq!((level, time), (pb::Level::FunctionalZone, "2026-01-31".parse().unwrap()));
        for bad in ["city", "town=2026-01-31", "unspecified=2026-01-31", "city=soon"] {
            assert!(parse_due(bad).is_err(), "{bad}");
        }
    }
}
