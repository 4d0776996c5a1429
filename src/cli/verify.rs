//! `huizong verify`: the whole store, offline in its folder or online in a running service.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use indicatif::ProgressBar;
use tempfile::TempDir;

use crate::pb;
use crate::pb::operations_service_client::OperationsServiceClient;
use crate::report::Message;
use crate::server::open_unserved;
use crate::service::check_store;
use crate::store::{Store, StoreError, copy_closed};
use crate::wire;

use super::client::{Server, connect, refused};
use super::language::{heading, told};
use super::output::{Listing, facts, print_json, print_line};
use super::{Failure, Outcome, OutputFormat, both};

#[derive(Args)]
pub(crate) struct Verify {
    /// Folder of a store that no service has open; left out, the running service is asked.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(flatten)]
    scratch: Scratch,
}

/// Where a copy of the store is made: sled rewrites the end of a damaged log when it opens it, so that only a copy may
/// be opened.
#[derive(Args)]
pub(crate) struct Scratch {
    /// Folder for a copy of the store, as large as the store, while the command runs; the system's own if left out.
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
}

impl Scratch {
    /// A copy of a closed store; it is gone when dropped.
    pub(crate) fn copy(&self, data: &Path) -> Result<TempDir, StoreError> {
        let mut builder = tempfile::Builder::new();
        let builder = builder.prefix("huizong-copy-");
        let folder = match &self.scratch {
            Some(scratch) => builder.tempdir_in(scratch),
            None => builder.tempdir(),
        };
        let folder = folder.map_err(|error| StoreError::Open(error.to_string()))?;
        copy_closed(data, folder.path())?;
        Ok(folder)
    }
}

/// Verifies a store that is not in service.
pub(crate) async fn check(store: Arc<dyn Store>) -> Result<pb::StoreVerification, Failure> {
    let bar = ProgressBar::new_spinner().with_message(heading("校验 verifying"));
    let told = bar.clone();
    let checked =
        tokio::task::spawn_blocking(move || check_store(&*store, None, &mut |records| told.set_position(records)));
    let found = checked.await.map_err(|error| Failure::of(&error))?;
    bar.finish_and_clear();
    Ok(wire::verification_to_wire(&found))
}

/// For programs each language has a column.
fn faults_listing(format: OutputFormat) -> Listing {
    match format {
        OutputFormat::Csv => Listing::new(&["place", "zh", "en"], &[]),
        _ => Listing::new(&["place", "meaning"], &[]),
    }
}

/// Prints what was found; faults end the command with 1.
pub(crate) fn print(found: &pb::StoreVerification, format: OutputFormat) -> Outcome {
    if format == OutputFormat::Json {
        print_json(found)?;
    } else {
        if found.faults_total > 0 {
            let mut listing = faults_listing(format);
            for fault in &found.faults {
                let text = fault.message.clone().unwrap_or_default();
                listing.rows.push(if format == OutputFormat::Csv {
                    vec![fault.place.clone(), text.zh, text.en]
                } else {
                    vec![fault.place.clone(), told(&text.zh, &text.en, "\n")]
                });
            }
            listing.print(format)?;
        }
        if format == OutputFormat::Table {
            let state = if found.faults_total == 0 {
                told("数据完好", "The store is whole", " ")
            } else {
                let total = found.faults_total;
                told(&format!("有{total}处问题"), &format!("{total} fault(s)"), " ")
            };
            let held = facts(
                &[
                    ("流水号 sequence", found.as_of.to_string()),
                    ("日志校验值 chain", found.chain_sha256.clone()),
                    ("记录 records", found.records.to_string()),
                    ("版本 revisions", found.revisions.to_string()),
                ],
                "  ",
            );
            print_line(&format!("{state}\n{held}"))?;
        }
    }
    if found.faults_total == 0 { Ok(()) } else { Err(Failure::Refused) }
}

impl Verify {
    pub(crate) async fn run(&self, server: &Server, format: OutputFormat) -> Outcome {
        let found = match &self.data {
            None => online(server).await?,
            Some(data) => {
                let copy = self.scratch.copy(data).and_then(|copy| Ok((open_unserved(copy.path())?, copy)));
                let (store, _copy) = copy.map_err(|error| {
                    let Message { zh, en } = error.message();
                    let text = Message::new(
                        format!("{zh}。请运行 huizong doctor --data {}", data.display()),
                        format!("it cannot be opened: {en}. Run huizong doctor --data {}", data.display()),
                    );
                    Failure::Failed(both(&text))
                })?;
                check(store).await?
            }
        };
        print(&found, format)
    }
}

async fn online(server: &Server) -> Result<pb::StoreVerification, Failure> {
    let mut client = OperationsServiceClient::new(connect(server).await?);
    let answers = client.verify_store(pb::VerifyStoreRequest {}).await.map_err(|status| refused(&status))?;
    let mut answers = answers.into_inner();
    let bar = ProgressBar::new_spinner().with_message(heading("校验 verifying"));
    while let Some(answer) = answers.message().await.map_err(|status| refused(&status))? {
        bar.set_position(u64::try_from(answer.records).unwrap_or_default());
        if let Some(result) = answer.result {
            bar.finish_and_clear();
            return Ok(result);
        }
    }
    let text = Message::new("服务未给出结果便结束", "the service ended without a result");
    Err(Failure::Failed(both(&text)))
}
