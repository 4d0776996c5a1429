//! `huizong backup` and `huizong restore`.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use crate::pb;
use crate::pb::operations_service_client::OperationsServiceClient;
use crate::report::Message;
use crate::service::Live;
use crate::store::transfer::{self, Summary};
use crate::store::{SledOptions, SledStore, Store};

use super::client::{Server, connect, refused};
use super::output::print_line;
use super::verify::{check, print};
use super::{Failure, Format, Outcome, both};

#[derive(Args)]
pub struct Backup {
    /// File to be written; it must not exist yet.
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

#[derive(Args)]
pub struct Restore {
    /// File that `huizong backup` wrote.
    file: PathBuf,
    /// Folder of the new store; it must be empty, or not exist yet.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

/// A bar over bytes, or without a known length.
pub fn bar(what: &str, bytes: Option<u64>) -> ProgressBar {
    let template = match bytes {
        Some(_) => "{msg} {wide_bar} {bytes}/{total_bytes} {eta}",
        None => "{spinner} {msg} {bytes} {bytes_per_sec} {elapsed}",
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bytes.map_or_else(ProgressBar::no_length, ProgressBar::new).with_style(style).with_message(what.to_owned())
}

fn failed(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Failed(format!("{}: {error}", path.display()))
}

/// Checks a backup wholly.
fn verify_file(file: &Path) -> Result<Summary, Failure> {
    let bytes = file.metadata().map_err(|error| failed(file, &error))?.len();
    let bar = bar("校验备份 checking the backup", Some(bytes));
    let summary = transfer::verify(file, |read| bar.set_position(read)).map_err(|error| {
        let remedy = Message::new(
            "此文件不可用于恢复；请使用另一份备份",
            "this file cannot be restored from; take another backup",
        );
        Failure::Failed(format!("{}: {}\n{}", file.display(), both(&error.message()), both(&remedy)))
    })?;
    bar.finish_and_clear();
    Ok(summary)
}

impl Backup {
    pub async fn run(&self, server: &Server, format: Format) -> Outcome {
        if self.output.exists() {
            let text = Message::new("文件已存在，请另取文件名", "the file exists; choose another name");
            return Err(Failure::Usage(format!("{}: {}", self.output.display(), both(&text))));
        }
        let mut client = OperationsServiceClient::new(connect(server).await?);
        let parts = client.create_backup(pb::CreateBackupRequest {}).await.map_err(|status| refused(&status))?;
        let mut parts = parts.into_inner();
        let mut partial = self.output.clone().into_os_string();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        let mut file = File::create(&partial).map_err(|error| failed(&partial, &error))?;
        let bar = bar("备份 backing up", None);
        while let Some(part) = parts.message().await.map_err(|status| refused(&status))? {
            file.write_all(&part.content).map_err(|error| failed(&partial, &error))?;
            bar.set_message(format!("备份 backing up: {}", part.records));
            bar.inc(part.content.len() as u64);
        }
        bar.finish_and_clear();
        file.sync_all().map_err(|error| failed(&partial, &error))?;
        // What is on disk is checked, not what was sent.
        let summary = verify_file(&partial)?;
        std::fs::rename(&partial, &self.output)?;
        let folder = self.output.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        print_summary(&summary, format)
    }
}

fn print_summary(summary: &Summary, format: Format) -> Outcome {
    if format == Format::Json {
        return print_line(
            &serde_json::json!({
                "sequence": summary.position.sequence,
                "chainSha256": summary.position.chain.to_hex(),
                "records": summary.records,
                "bytes": summary.bytes,
                "sha256": summary.sha256.to_hex(),
            })
            .to_string(),
        );
    }
    print_line(&format!(
        "已备份并校验 Backed up and checked\n  日志序号 sequence  {}\n  链上哈希 chain     {}\n  记录 records       {}\n  \
         字节 bytes         {}\n  SHA-256            {}",
        summary.position.sequence, summary.position.chain, summary.records, summary.bytes, summary.sha256
    ))
}

impl Restore {
    pub async fn run(&self, format: Format) -> Outcome {
        let occupied = std::fs::read_dir(&self.data).is_ok_and(|mut entries| entries.next().is_some());
        if occupied {
            let text = Message::new("文件夹不为空，未作改动", "the folder is not empty; nothing was changed");
            return Err(Failure::Failed(format!("{}: {}", self.data.display(), both(&text))));
        }
        let summary = verify_file(&self.file)?;
        let store = SledStore::open(&SledOptions::new(&self.data), Arc::<Live>::default());
        let store = Arc::new(store.map_err(|error| Failure::Failed(error.to_string()))?);
        let bar = bar("恢复 restoring", Some(summary.bytes));
        let told = bar.clone();
        let restored = transfer::restore(&self.file, &*store, move |bytes| told.set_position(bytes)).await;
        bar.finish_and_clear();
        restored.map_err(|error| {
            let text = Message::new(
                format!("未能恢复：{error}；请清空 {} 后重试", self.data.display()),
                format!("it was not restored: {error}; empty {} and try again", self.data.display()),
            );
            Failure::Failed(both(&text))
        })?;
        let found = check(store.clone() as Arc<dyn Store>).await?;
        print(&found, format)
    }
}
