//! `huizong backup` and `huizong restore`.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;

use crate::access::MEND;
use crate::pb;
use crate::pb::operations_service_client::OperationsServiceClient;
use crate::report::Message;
use crate::server::open_unserved;
use crate::service::{NewerAccess, Restored, RestoredAccess, newer_access, settle_restored};
use crate::store::transfer::{self, Kept, KeptError, Summary};
use crate::store::{Position, PutBack, Store, StoreError, Transaction, lost_in_words, put_back};

use super::client::{Server, connect, refused};
use super::language::{heading, told};
use super::output::{facts, print_line};
use super::verify::{Scratch, check, print};
use super::{Failure, Outcome, OutputFormat, both, operator};

#[derive(Args)]
pub(crate) struct Backup {
    /// File to be written; it must not exist yet.
    #[arg(long, value_name = "FILE", required_unless_present = "directory")]
    output: Option<PathBuf>,
    /// Folder for a file named by its time, instead; of those in it the newest stay.
    #[arg(long, value_name = "DIR", conflicts_with = "output")]
    directory: Option<PathBuf>,
    /// How many stay in the folder.
    #[arg(long, value_name = "N", default_value_t = 14, requires = "directory", value_parser = clap::value_parser!(u16).range(1..))]
    keep: u16,
    /// Only what was stored since this backup, to be restored together with it.
    #[arg(long, value_name = "BACKUP", conflicts_with = "directory")]
    since: Option<PathBuf>,
    /// Only what was stored since the newest backup in the folder.
    #[arg(long, requires = "directory")]
    changes: bool,
}

#[derive(Args)]
pub(crate) struct Restore {
    /// Files that `huizong backup` wrote: a whole one, and those made since, each with `--since` the one before.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Folder of the new store; it must be empty, or not exist yet.
    #[arg(long, value_name = "DIR", required_unless_present_any = ["check", "into"])]
    data: Option<PathBuf>,
    /// Up to this journal sequence, and no further.
    #[arg(long, value_name = "SEQUENCE", conflicts_with_all = ["into", "check"])]
    to: Option<u64>,
    /// Folder of a damaged store that no service has open: only the journal entries that it has lost are put back, each proved by
    /// the journal's chain.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["data", "check", "access_from", "accept_older_access", "keep_tokens"])]
    into: Option<PathBuf>,
    /// Only check whether the file can be restored from: every record, the journal's chain, and the sums.
    #[arg(long, conflicts_with = "data")]
    check: bool,
    #[command(flatten)]
    access: Access,
}

/// Who may do what in the restored store: a backup knows nothing of what was revoked since.
#[derive(Args)]
struct Access {
    /// Folder of the store of which the backup was taken: roles and revocations since then hold again.
    #[arg(long, value_name = "OLD", conflicts_with_all = ["accept_older_access", "check"])]
    access_from: Option<PathBuf>,
    /// There is no such folder any more: roles are as they were at the backup, what was withdrawn since included.
    #[arg(long, conflicts_with = "check")]
    accept_older_access: bool,
    /// Tokens of before go on to hold, where their key is put back, too; otherwise they are void.
    #[arg(long, conflicts_with = "check")]
    keep_tokens: bool,
    #[command(flatten)]
    scratch: Scratch,
}

/// A bar over bytes, or without a known length.
pub(crate) fn bar(what: &str, bytes: Option<u64>) -> ProgressBar {
    let template = match bytes {
        Some(_) => "{msg} {wide_bar} {bytes}/{total_bytes} {eta}",
        None => "{spinner} {msg} {bytes} {bytes_per_sec} {elapsed}",
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bytes.map_or_else(ProgressBar::no_length, ProgressBar::new).with_style(style).with_message(heading(what).to_owned())
}

fn failed(path: &Path, error: &std::io::Error) -> Failure {
    Failure::at(path.display(), error)
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
    pub(crate) async fn run(&self, server: &Server, format: OutputFormat) -> Outcome {
        let summary = match (&self.output, &self.directory) {
            (Some(output), _) => to_file(output, self.since.as_deref(), server).await?,
            (None, Some(directory)) => {
                let kept = Kept::new(directory, self.keep.into());
                let failed = |error: KeptError| Failure::of(&error);
                let since = if self.changes {
                    kept.newest_position().map_err(failed)?.ok_or_else(no_backup)?
                } else {
                    Position::default()
                };
                let begun =
                    if self.changes { kept.begin_changes(Timestamp::now()) } else { kept.begin(Timestamp::now()) };
                let mut draft = begun.map_err(failed)?;
                receive(server, since, |bytes| draft.write(bytes).map_err(failed)).await?;
                let (backup, summary) = kept.finish(draft).map_err(failed)?;
                goes_on(&backup.path, &summary, since)?;
                summary
            }
            (None, None) => {
                return Err(Failure::Usage(told("--output 或 --directory", "--output or --directory", "\n  ")));
            }
        };
        print_summary(&summary, format)
    }
}

/// There is nothing to go on from.
fn no_backup() -> Failure {
    let text = Message::new(
        "文件夹中尚无备份，请先做一次完整备份",
        "there is no backup in the folder: make a whole one first",
    );
    Failure::Failed(both(&text))
}

/// That what was sent goes on where the backup of before ended: it is the same journal.
fn goes_on(file: &Path, summary: &Summary, since: Position) -> Outcome {
    if summary.since.chain == since.chain {
        return Ok(());
    }
    let sequence = since.sequence;
    let text = Message::new(
        format!("服务日志第{sequence}条与原备份不符：不是所备份的数据库，或已由备份恢复；请做一次完整备份"),
        format!(
            "entry {sequence} of the service's journal is not that of the backup: it is another store, or was restored; make \
             a whole backup"
        ),
    );
    // It goes on from nothing that is there.
    let _ = std::fs::remove_file(file);
    Err(Failure::Failed(both(&text)))
}

async fn to_file(output: &Path, since: Option<&Path>, server: &Server) -> Result<Summary, Failure> {
    if output.exists() {
        let text = Message::new("文件已存在，请另取文件名", "the file exists; choose another name");
        return Err(Failure::Usage(format!("{}: {}", output.display(), both(&text))));
    }
    let since = match since {
        None => Position::default(),
        Some(file) => transfer::ends_at(file)
            .map_err(|error| Failure::Failed(format!("{}: {}", file.display(), both(&error.message()))))?,
    };
    let mut partial = output.to_owned().into_os_string();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let mut file = File::create(&partial).map_err(|error| failed(&partial, &error))?;
    receive(server, since, |bytes| file.write_all(bytes).map_err(|error| failed(&partial, &error))).await?;
    file.sync_all().map_err(|error| failed(&partial, &error))?;
    // What is on disk is checked, not what was sent.
    let summary = verify_file(&partial)?;
    goes_on(&partial, &summary, since)?;
    std::fs::rename(&partial, output)?;
    let folder = output.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(summary)
}

/// Asks the service for a backup of what was stored since some moment, and hands on its parts.
async fn receive(server: &Server, since: Position, mut take: impl FnMut(&[u8]) -> Outcome) -> Outcome {
    let mut client = OperationsServiceClient::new(connect(server).await?);
    let parts = client
        .create_backup(pb::CreateBackupRequest { since: Some(i64::try_from(since.sequence).unwrap_or(i64::MAX)) })
        .await
        .map_err(|status| refused(&status))?;
    let mut parts = parts.into_inner();
    let bar = bar("备份 backing up", None);
    while let Some(part) = parts.message().await.map_err(|status| refused(&status))? {
        take(&part.content)?;
        bar.set_message(format!("{}: {}", heading("备份 backing up"), part.records));
        bar.inc(part.content.len() as u64);
    }
    bar.finish_and_clear();
    Ok(())
}

fn print_summary(summary: &Summary, format: OutputFormat) -> Outcome {
    if format == OutputFormat::Json {
        return print_line(
            &serde_json::json!({
                "sequence": summary.position.sequence,
                "since": summary.since.sequence,
                "chainSha256": summary.position.chain.to_hex(),
                "records": summary.records,
                "bytes": summary.bytes,
                "sha256": summary.sha256.to_hex(),
            })
            .to_string(),
        );
    }
    let held = facts(
        &[
            ("流水号 sequence", summary.position.sequence.to_string()),
            ("日志校验值 chain", summary.position.chain.to_string()),
            ("记录 records", summary.records.to_string()),
            ("字节 bytes", summary.bytes.to_string()),
            ("SHA-256", summary.sha256.to_string()),
        ],
        "  ",
    );
    print_line(&format!("{}\n{held}", told("已备份并校验", "Backed up and checked", " ")))
}

/// What is asked before access goes back to where it was.
fn older_access() -> Message {
    Message::new(
        "备份之后收回的角色、吊销的凭据，备份并不知道。原数据文件夹仍在的，请加 --access-from 文件夹；已不在的，\
         请加 --accept-older-access 明示接受备份时的角色，恢复后逐一核对",
        "a backup knows nothing of the roles withdrawn and the credentials revoked since. Where the folder of the store of \
         before is there, say --access-from FOLDER; where it is gone, say --accept-older-access to take the roles as they \
         were at the backup, and look through them afterwards",
    )
}

/// Beside what is printed: what became of access.
fn tell_access(access: RestoredAccess, restored: &Restored) {
    let RestoredAccess { carried, ended, voided } = access;
    let roles = match restored.newer {
        Some(_) => Message::new(
            format!("备份之后的{carried}项角色与凭据变更已重新生效。"),
            format!("{carried} changes of roles and credentials since the backup hold again."),
        ),
        None => Message::new(
            "角色为备份时的角色，请逐一核对（huizong credential principals）。",
            "roles are as they were at the backup: look through them (huizong credential principals).",
        ),
    };
    let tokens = if restored.keep_tokens {
        Message::new("原有令牌继续有效。", "tokens of before go on to hold.")
    } else {
        Message::new(
            format!("原有令牌{voided}个已全部作废；请以 huizong credential bootstrap --again 为安全管理员签发新令牌。"),
            format!(
                "{voided} tokens of before are void; make a new one for a security administrator with huizong credential \
                 bootstrap --again."
            ),
        )
    };
    eprintln!("{}", both(&roles));
    if ended > 0 {
        eprintln!(
            "{}",
            both(&Message::new(
                format!("备份时尚未兑换的登记码、待确认的申请共{ended}项已失效，请重新办理。"),
                format!(
                    "{ended} one-time code(s) and proposal(s) that waited in the backup have ended; make them anew."
                ),
            ))
        );
    }
    eprintln!("{}", both(&tokens));
}

impl Access {
    /// What the store of before knows since the backup; none where that is given up.
    fn newer(&self, backup: &Position) -> Result<Option<NewerAccess>, Failure> {
        let Some(folder) = &self.access_from else { return Ok(None) };
        let copy = self.scratch.copy(folder).and_then(|copy| Ok((open_unserved(copy.path())?, copy)));
        let read = copy.and_then(|(store, _copy)| newer_access(&*store, backup));
        let at = |message: &Message| Failure::Failed(format!("{}: {}", folder.display(), both(message)));
        match read {
            Ok(Ok(newer)) => Ok(Some(newer)),
            Ok(Err(message)) => Err(at(&message)),
            Err(error) => {
                let Message { zh, en } = error.message();
                Err(at(&Message::new(
                    format!("无法读取：{zh}；确已无法打开的，请加 --accept-older-access"),
                    format!("it cannot be read: {en}; if it cannot be opened at all, say --accept-older-access"),
                )))
            }
        }
    }
}

impl Restore {
    pub(crate) async fn run(&self, format: OutputFormat) -> Outcome {
        if let Some(damaged) = &self.into {
            return self.put_back(damaged, format).await;
        }
        let Some(data) = &self.data else { return self.check(format).await };
        let occupied = std::fs::read_dir(data).is_ok_and(|mut entries| entries.next().is_some());
        if occupied {
            let text = Message::new("文件夹不为空，未作改动", "the folder is not empty; nothing was changed");
            return Err(Failure::Failed(format!("{}: {}", data.display(), both(&text))));
        }
        if self.access.access_from.is_none() && !self.access.accept_older_access {
            return Err(Failure::Usage(both(&older_access())));
        }
        let summary = self.verify_files()?;
        let newer = if self.to.is_none() { self.access.newer(&summary.position)? } else { None };
        let store = open_unserved(data).map_err(|error| Failure::of(&error))?;
        self.fill(&*store, &summary).await.map_err(|error| {
            let Message { zh, en } = error.message();
            let text = Message::new(
                format!("未能恢复：{zh}；请清空 {} 后重试", data.display()),
                format!("it was not restored: {en}; empty {} and try again", data.display()),
            );
            Failure::Failed(both(&text))
        })?;
        let newer = if self.to.is_some() { self.access.newer(&store.position())? } else { newer };
        let failed = |error: StoreError| Failure::of(&error);
        let restored = Restored {
            file: self.files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(" "),
            sha256: summary.sha256,
            position: store.position(),
            newer,
            keep_tokens: self.access.keep_tokens,
        };
        let access = settle_restored(&*store, &restored, &operator("restore")).await.map_err(failed)?;
        tell_access(access, &restored);
        let found = check(store.clone()).await?;
        print(&found, format)
    }

    /// Restores into a folder that is gone afterwards: what is checked is what a restore would make.
    async fn check(&self, format: OutputFormat) -> Outcome {
        let summary = self.verify_files()?;
        let folder = tempfile::Builder::new().prefix("huizong-restore-").tempdir()?;
        let store = open_unserved(folder.path()).map_err(|error| Failure::of(&error))?;
        self.fill(&*store, &summary).await.map_err(|error| {
            let Message { zh, en } = error.message();
            let text = Message::new(format!("此文件无法恢复：{zh}"), format!("it cannot be restored from: {en}"));
            Failure::Failed(both(&text))
        })?;
        let found = check(store.clone()).await?;
        print(&found, format)
    }

    async fn fill(&self, store: &dyn Store, summary: &Summary) -> Result<(), StoreError> {
        let bar = bar("恢复 restoring", Some(summary.bytes));
        let until = self.to.unwrap_or(u64::MAX);
        let (mut before, mut restored) = (0, Ok(()));
        for file in &self.files {
            // What goes on beyond is not wanted.
            if before > 0 && store.position().sequence >= until {
                break;
            }
            let (told, begun) = (bar.clone(), before);
            restored = transfer::restore_until(file, store, until, move |bytes| told.set_position(begun + bytes)).await;
            if restored.is_err() {
                break;
            }
            before += file.metadata().map_or(0, |metadata| metadata.len());
        }
        bar.finish_and_clear();
        restored
    }

    /// Checks every file, and that each goes on where the one before ended; what all of them hold together.
    fn verify_files(&self) -> Result<Summary, Failure> {
        let mut all: Option<Summary> = None;
        for file in &self.files {
            let summary = verify_file(file)?;
            let before = all.map_or_else(Position::default, |all| all.position);
            if (summary.since.sequence, summary.since.chain) != (before.sequence, before.chain) {
                let text = Message::new(
                    format!(
                        "此文件接在日志第{}条之后，而此前的文件止于第{}条",
                        summary.since.sequence, before.sequence
                    ),
                    format!(
                        "it goes on after entry {}, and what comes before it ends at entry {}",
                        summary.since.sequence, before.sequence
                    ),
                );
                return Err(Failure::Failed(format!("{}: {}", file.display(), both(&text))));
            }
            let (records, bytes) = all.map_or((0, 0), |all| (all.records, all.bytes));
            all = Some(Summary { records: records + summary.records, bytes: bytes + summary.bytes, ..summary });
        }
        let all = all.ok_or_else(|| Failure::Usage(told("须给出备份文件", "FILE is missing", "\n  ")))?;
        match self.to {
            Some(to) if to == 0 || to > all.position.sequence => {
                let last = all.position.sequence;
                let text = Message::new(
                    format!("备份止于日志第{last}条，没有第{to}条"),
                    format!("the backup ends at journal entry {last}, and has no entry {to}"),
                );
                Err(Failure::Usage(both(&text)))
            }
            _ => Ok(all),
        }
    }

    /// Puts back the entries that a damaged store has lost.
    async fn put_back(&self, damaged: &Path, format: OutputFormat) -> Outcome {
        let failed = |error: StoreError| Failure::of(&error);
        let mut found = PutBack::default();
        for file in &self.files {
            verify_file(file)?;
            let find = |wanted: &dyn Fn(u64) -> bool| {
                transfer::records_of(file, wanted).map_err(|error| StoreError::Damaged(error.to_string()))
            };
            let PutBack { there, lost } = put_back(damaged, find).map_err(failed)?;
            found.there.extend(there);
            found.lost = lost;
        }
        let there = found.there.len();
        eprintln!(
            "{}",
            both(&Message::new(
                format!("已补回{there}条日志条目。"),
                format!("{there} journal entries were put back.")
            ))
        );
        if !found.lost.is_empty() {
            let text = Message::new(
                format!("仍缺：{}；请再用另一份备份补回", lost_in_words(&found.lost)),
                format!("still missing: {}; put them back from another backup", lost_in_words(&found.lost)),
            );
            return Err(Failure::Failed(both(&text)));
        }
        let store = open_unserved(damaged).map_err(failed)?;
        let files: Vec<String> = self.files.iter().map(|file| file.display().to_string()).collect();
        let detail = format!("entries put back {there}\nfrom {}", files.join(" "));
        let entry = operator("restore").accepted(MEND, String::new(), detail);
        store.commit(Transaction::of(Vec::new(), entry)).await.map_err(failed)?;
        let found = check(store.clone()).await?;
        print(&found, format)
    }
}
