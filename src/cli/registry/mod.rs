//! `huizong registry`: jurisdictions and agencies.

mod files;
mod search;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::pb;
use crate::pb::registry_change::{
    Change, CorrectAgency, CorrectJurisdiction, JoinAgency, JoinJurisdiction, ReclassifyAgency, RestoreEntry, VoidEntry,
};
use crate::pb::registry_service_client::RegistryServiceClient;

use crate::cli::client::{Connection, Server, connect, refused};
use crate::cli::language::{beside, heading, told};
use crate::cli::output::{Listing, print_json, resource};
use crate::cli::pages;
use crate::cli::{Failure, Outcome, OutputFormat};

#[derive(Subcommand)]
pub(crate) enum Registry {
    /// Create what the file lists; what is there already is left as it is.
    Import {
        /// .csv (UTF-8 or GB18030), .xlsx or .json
        file: PathBuf,
        /// Check only.
        #[arg(long)]
        dry_run: bool,
        /// An entry of the file that is another than the one that it looks like, jurisdictions/{code} or agencies/{id}; `-` for
        /// all of the file.
        #[arg(long, value_name = "NAME")]
        confirm: Vec<String>,
    },
    /// Write everything to a file, to be imported elsewhere.
    Export {
        /// .csv, .xlsx or .json
        file: PathBuf,
        /// With the contacts of the agencies that you review, administer or are; the file is then for you alone.
        #[arg(long)]
        contacts: bool,
    },
    /// Entries that may be one and the same, registered twice. Ends with 1 where there are any.
    Check,
    /// Put right what is registered wrongly from a year on, up to the next change of it. Frozen forms, and answers as of an
    /// earlier moment, stay as they are.
    Correct(Correct),
    /// An agency is of another kind, size or administration from a year on.
    Reclassify(Reclassify),
    /// Strike out an entry that was registered by mistake, with no report and no members.
    Void {
        /// jurisdictions/{code} or agencies/{id}, or the code or id alone.
        entry: String,
        #[command(flatten)]
        why: Why,
    },
    /// Bring back what was voided by mistake, as it was before.
    Restore {
        /// jurisdictions/{code} or agencies/{id}, or the code or id alone.
        entry: String,
        #[command(flatten)]
        why: Why,
    },
    /// Join an agency or a jurisdiction that was registered twice to the one that stays. Two agencies may not both have a
    /// report of the same year; two jurisdictions are of one level.
    Join {
        /// agencies/{id} or jurisdictions/{code}, or the id or code alone: nothing is handed in for it, or belongs to it, any
        /// more.
        agency: String,
        /// The one that stays, of the same sort.
        #[arg(long, value_name = "ENTRY")]
        into: String,
        #[command(flatten)]
        why: Why,
    },
    /// A jurisdiction with its children and agencies; left out, the roots.
    Show {
        jurisdiction: Option<String>,
        /// Everything with this in one of its names, present or former; below the jurisdiction only, where one is given.
        #[arg(long, value_name = "TEXT")]
        query: Option<String>,
        /// As it is in this report year; left out, everything that was or is, with its newest values.
        #[arg(long, value_name = "Y")]
        year: Option<i32>,
    },
}

/// Why a change is made, and what it is made of.
#[derive(Args)]
pub(crate) struct Why {
    /// Why; it stays in the journal.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The etag of the entry as it was looked at (`registry show --format json`); refused where it has changed since.
    #[arg(long, default_value = "")]
    etag: String,
    /// Check only, and say which sums would change.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Args)]
pub(crate) struct Correct {
    /// jurisdictions/{code} or agencies/{id}, or the code or id alone.
    entry: String,
    /// The first report year in which what is registered is wrong.
    #[arg(long, value_name = "Y")]
    from: i32,
    /// The right name.
    #[arg(long, default_value = "")]
    name: String,
    /// The right parent, jurisdictions/{code} or the code alone.
    #[arg(long, value_name = "CODE")]
    parent: Option<String>,
    #[command(flatten)]
    nature: Nature,
    /// The first report year that an agency owes a report for, where another one was registered.
    #[arg(long, value_name = "Y", default_value_t = 0)]
    begins: i32,
    #[command(flatten)]
    why: Why,
}

#[derive(Args)]
pub(crate) struct Reclassify {
    /// agencies/{id}, or the id alone.
    agency: String,
    /// The first report year in which it is so.
    #[arg(long, value_name = "Y")]
    from: i32,
    #[command(flatten)]
    nature: Nature,
    /// Check only, and say which sums would change.
    #[arg(long)]
    dry_run: bool,
}

/// What an agency is; what is left out stays as it is.
#[derive(Args)]
pub(crate) struct Nature {
    /// Its kind.
    #[arg(long, value_enum)]
    kind: Option<Kind>,
    /// Whether it is so large that a year without any activity is questioned.
    #[arg(long, value_name = "true|false")]
    large: Option<bool>,
    /// Whether it is 垂直管理.
    #[arg(long, value_name = "true|false")]
    vertical: Option<bool>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    GovernmentOffice,
    Department,
    Township,
    DispatchedOffice,
}

impl Nature {
    fn kind(&self) -> i32 {
        let kind = self.kind.map_or(pb::AgencyKind::Unspecified, |kind| match kind {
            Kind::GovernmentOffice => pb::AgencyKind::GovernmentOffice,
            Kind::Department => pb::AgencyKind::Department,
            Kind::Township => pb::AgencyKind::Township,
            Kind::DispatchedOffice => pb::AgencyKind::DispatchedOffice,
        });
        kind.into()
    }
}

/// An entry by its name, or by its code or id alone: codes of jurisdictions are digits.
fn entry_name(text: &str) -> String {
    let is_code = [6, 9, 12].contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_code { resource("jurisdictions", text) } else { resource("agencies", text) }
}

type Client = RegistryServiceClient<Connection>;

impl Registry {
    /// Whether a file is written with names of people in it.
    pub(crate) fn writes_people(&self) -> bool {
        matches!(self, Self::Export { contacts: true, .. })
    }

    pub(crate) async fn run(&self, server: &Server, format: OutputFormat) -> Outcome {
        match self {
            Self::Import { file, dry_run, confirm } => files::import(server, file, *dry_run, confirm).await,
            Self::Check => check(server, format).await,
            Self::Correct(correct) => apply(server, format, correct.change(), correct.why.dry_run).await,
            Self::Reclassify(change) => apply(server, format, change.change(), change.dry_run).await,
            Self::Void { entry, why } => {
                let change = Change::VoidEntry(VoidEntry {
                    entry: entry_name(entry),
                    reason: why.reason.clone(),
                    etag: why.etag.clone(),
                });
                apply(server, format, change, why.dry_run).await
            }
            Self::Restore { entry, why } => {
                let change = Change::RestoreEntry(RestoreEntry {
                    entry: entry_name(entry),
                    reason: why.reason.clone(),
                    etag: why.etag.clone(),
                });
                apply(server, format, change, why.dry_run).await
            }
            Self::Join { agency, into, why } => {
                let (entry, into, reason, etag) =
                    (entry_name(agency), entry_name(into), why.reason.clone(), why.etag.clone());
                let change = if entry.starts_with("jurisdictions/") {
                    Change::JoinJurisdiction(JoinJurisdiction { jurisdiction: entry, into, reason, etag })
                } else {
                    Change::JoinAgency(JoinAgency { agency: entry, into, reason, years: Vec::new(), etag })
                };
                apply(server, format, change, why.dry_run).await
            }
            Self::Export { file, contacts } => files::export(server, file, *contacts).await,
            Self::Show { jurisdiction, query, year } => {
                let search = search::Search {
                    parent: jurisdiction.as_deref().map(|id| resource("jurisdictions", id)).unwrap_or_default(),
                    query: query.clone().unwrap_or_default(),
                    year: year.unwrap_or_default(),
                };
                search.show(server, format).await
            }
        }
    }
}

impl Correct {
    fn change(&self) -> Change {
        let entry = entry_name(&self.entry);
        let parent = self.parent.as_deref().map(|code| resource("jurisdictions", code)).unwrap_or_default();
        let (reason, etag) = (self.why.reason.clone(), self.why.etag.clone());
        if entry.starts_with("agencies/") {
            return Change::CorrectAgency(CorrectAgency {
                agency: entry,
                display_name: self.name.clone(),
                jurisdiction: parent,
                kind: self.nature.kind(),
                large: self.nature.large,
                vertical: self.nature.vertical,
                first_year: self.from,
                reason,
                etag,
                begin_year: self.begins,
            });
        }
        Change::CorrectJurisdiction(CorrectJurisdiction {
            jurisdiction: entry,
            display_name: self.name.clone(),
            parent,
            first_year: self.from,
            reason,
            etag,
        })
    }
}

impl Reclassify {
    fn change(&self) -> Change {
        Change::ReclassifyAgency(ReclassifyAgency {
            agency: resource("agencies", &self.agency),
            kind: self.nature.kind(),
            large: self.nature.large,
            vertical: self.nature.vertical,
            first_year: self.from,
        })
    }
}

/// Makes one change, and says what it does to the sums.
async fn apply(server: &Server, format: OutputFormat, change: Change, dry_run: bool) -> Outcome {
    let mut client = RegistryServiceClient::new(connect(server).await?);
    let request = pb::ApplyRegistryChangesRequest {
        changes: vec![pb::RegistryChange { change: Some(change) }],
        validate_only: dry_run,
        // Whoever corrects an entry by name has looked at it.
        confirmed: vec!["agencies/-".to_owned()],
        request_id: String::new(),
    };
    let answer = client.apply_registry_changes(request).await.map_err(|status| refused(&status))?.into_inner();
    if format == OutputFormat::Json {
        return print_json(&answer);
    }
    if format == OutputFormat::Table {
        let (zh, en) = match (answer.applied, dry_run) {
            (0, _) => ("已是如此，未作改动", "it is so already, nothing was changed"),
            (_, true) => {
                ("仅核对，未保存；将改变下列汇总", "checked only, nothing was stored; these sums would change")
            }
            (_, false) => ("已更正；下列汇总随之改变", "done; these sums have changed"),
        };
        println!("{}", beside(zh, en));
    }
    let headings = [
        "地区 jurisdiction",
        "年度 year",
        "应报 expected",
        "计入 included",
        "新收申请 received",
        "单元格 cells",
        "分类 by kind",
    ];
    let mut listing = Listing::new(&headings, &[1, 5]);
    for sum in &answer.sum_changes {
        let pair =
            |before: i64, after: i64| if before == after { after.to_string() } else { format!("{before} → {after}") };
        listing.rows.push(vec![
            sum.jurisdiction.clone(),
            sum.year.to_string(),
            pair(sum.expected_before, sum.expected_after),
            pair(sum.included_before, sum.included_after),
            pair(sum.requests_received_before, sum.requests_received_after),
            sum.changed_cells.to_string(),
            if sum.by_kind { told("是", "yes", " ") } else { String::new() },
        ]);
    }
    listing.print(format)?;
    if answer.sum_changes_omitted > 0 && format == OutputFormat::Table {
        let more = answer.sum_changes_omitted;
        println!("{}", beside(format!("另有{more}项"), format!("and {more} more")));
    }
    Ok(())
}

/// Lists what may be registered twice.
async fn check(server: &Server, format: OutputFormat) -> Outcome {
    let mut client = RegistryServiceClient::new(connect(server).await?);
    let ask = async |page_token| {
        let request = pb::ListRegistrySuspectsRequest { page_size: pages::PAGE_SIZE, page_token };
        client.list_registry_suspects(request).await
    };
    let suspects = pages::all(ask, |page| page.suspects).await?;
    let found = suspects.len();
    if format == OutputFormat::Json {
        let total_size = found.try_into().unwrap_or(i32::MAX);
        print_json(&pb::ListRegistrySuspectsResponse { suspects, next_page_token: String::new(), total_size })?;
    } else {
        let mut listing = Listing::new(&["条目 entry", "疑似重复 may be", "原因 why", "相同之处 shared"], &[]);
        for suspect in suspects {
            let why = match suspect.alike() {
                pb::Alike::Code => heading("代码 code"),
                pb::Alike::Name => heading("名称 name"),
                pb::Alike::FormerName | pb::Alike::Unspecified => heading("曾用名 former name"),
            };
            listing.rows.push(vec![suspect.entry, suspect.other, why.to_owned(), suspect.shared]);
        }
        listing.print(format)?;
    }
    if found == 0 {
        return Ok(());
    }
    Err(Failure::Failed(format!(
        "{found}处疑似重复；实为同一单位的请归并（registry join）或作废（registry void）\n  {found} to be looked at; what is one is joined (registry join) or voided (registry void)"
    )))
}
