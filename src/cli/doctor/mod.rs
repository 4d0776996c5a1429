//! `huizong doctor`: looks at everything that an installation rests on, and says of each what to do. Changes nothing.

mod certificates;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::access::TokenKey;
use crate::config::Config;
use crate::report::Message;
use crate::store::disk::{FileSystem, file_system, free_bytes};
use crate::store::{Store, StoreError, remove_empty_snapshots};

use super::output::{Listing, print_exactly};
use super::verify::{Scratch, check, open};
use super::{Failure, Format, Outcome};

/// How far the clock may be behind the newest journal entry.
const CLOCK_BEHIND_MAX: SignedDuration = SignedDuration::from_secs(5);

/// A clock that says less than this has lost the time.
const EARLIEST: &str = "2025-01-01T00:00:00Z";

#[derive(Args)]
pub struct Doctor {
    /// Settings of the service.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of the store, instead of the configured one.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(flatten)]
    scratch: Scratch,
}

/// How something is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Good,
    /// It works, and should be changed.
    Warning,
    Fault,
    /// It could not be looked at.
    Skipped,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Warning => "warning",
            Self::Fault => "fault",
            Self::Skipped => "skipped",
        }
    }
}

/// What was looked at, how it is, and what to do.
struct Finding {
    name: &'static str,
    state: State,
    message: Message,
    remedy: Message,
}

impl Finding {
    fn new(name: &'static str, state: State, message: Message, remedy: Message) -> Self {
        Self { name, state, message, remedy }
    }

    fn good(name: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new(name, State::Good, Message::new(zh, en), Message::new("无须处理", "nothing to do"))
    }
}

impl Doctor {
    pub async fn run(&self, format: Format) -> Outcome {
        let (config, finding) = self.configuration();
        let mut findings = vec![finding];
        let data = self.data.clone().unwrap_or_else(|| config.data_directory.clone());
        findings.push(disk_space(&data, &config));
        findings.push(file_system_kind(&data));
        findings.extend(token_key(&data));
        findings.extend(certificates::examine(&config.tls, Timestamp::now()));
        self.store(&data, &mut findings).await?;
        print(&findings, format)?;
        let fault = findings.iter().any(|finding| finding.state == State::Fault);
        if fault { Err(Failure::Refused) } else { Ok(()) }
    }

    fn configuration(&self) -> (Config, Finding) {
        const NAME: &str = "configuration";
        let Some(path) = &self.config else {
            let finding = Finding::good(NAME, "未指定配置文件，采用默认值", "no file was given: the defaults hold");
            return (Config::default(), finding);
        };
        match Config::read(path) {
            Ok(config) => (config, Finding::good(NAME, "配置有效", "every setting is valid")),
            Err(error) => {
                let message = Message::new(format!("配置无效：{error}"), format!("it is not valid: {error}"));
                let remedy = Message::new(
                    "请对照 config.example.toml 改正；以下按默认值检查",
                    "correct it after config.example.toml; what follows is looked at with the defaults",
                );
                (Config::default(), Finding::new(NAME, State::Fault, message, remedy))
            }
        }
    }

    /// The store itself, on a copy: whether it opens, what is in it, and the clock beside it.
    async fn store(&self, data: &Path, findings: &mut Vec<Finding>) -> Outcome {
        const NAME: &str = "store";
        let copy = match self.scratch.copy(data) {
            Ok(copy) => copy,
            Err(error) => {
                findings.push(not_copied(NAME, &error));
                findings.push(clock(None));
                return Ok(());
            }
        };
        let store = match open(copy.path()) {
            Ok(store) => store,
            Err(error) => {
                findings.push(not_opened(NAME, copy.path(), &error));
                findings.push(clock(None));
                return Ok(());
            }
        };
        let position = store.position();
        findings.push(Finding::good(
            NAME,
            format!("可以打开，日志至第 {} 条", position.sequence),
            format!("it opens; its journal ends at entry {}", position.sequence),
        ));
        findings.push(contents(store).await?);
        findings.push(clock((position.sequence > 0).then_some(position.time)));
        Ok(())
    }
}

fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}

fn disk_space(data: &Path, config: &Config) -> Finding {
    const NAME: &str = "disk_space";
    let free = match free_bytes(data) {
        Ok(free) => free,
        Err(error) => return unknown(NAME, &error),
    };
    let least = config.store.min_free_bytes;
    let (zh, en) = (format!("可用 {}", mebibytes(free)), format!("{} are free", mebibytes(free)));
    let remedy = Message::new(
        "请清理磁盘或扩容；若磁盘已满、数据无法打开，删除数据目录中的 ballast 文件即可腾出空间",
        "free or add space; where the disk is full and the store does not open, delete the file ballast in its folder",
    );
    if free < least {
        let message = Message::new(
            format!("{zh}，低于 min_free_bytes（{}）：暂停写入", mebibytes(least)),
            format!("{en}, less than min_free_bytes ({}): writes are refused", mebibytes(least)),
        );
        return Finding::new(NAME, State::Fault, message, remedy);
    }
    if free < least.saturating_mul(4) {
        let message = Message::new(
            format!("{zh}；低于 {} 时将暂停写入", mebibytes(least)),
            format!("{en}; writes will be refused under {}", mebibytes(least)),
        );
        return Finding::new(NAME, State::Warning, message, remedy);
    }
    Finding::good(NAME, zh, en)
}

fn unknown(name: &'static str, error: &std::io::Error) -> Finding {
    let message = Message::new(format!("无法查看：{error}"), format!("it cannot be looked at: {error}"));
    let remedy = Message::new("请核对 --data 与访问权限", "check --data and the permissions");
    Finding::new(name, State::Fault, message, remedy)
}

fn file_system_kind(data: &Path) -> Finding {
    const NAME: &str = "file_system";
    let local = Message::new("请改用本地磁盘（ext4 或 xfs）", "move the store to a local disk (ext4 or xfs)");
    match file_system(data) {
        Err(error) => unknown(NAME, &error),
        Ok(FileSystem::Local) => Finding::good(NAME, "本地文件系统", "it is local"),
        Ok(FileSystem::Network(kind)) => {
            let message = Message::new(
                format!("网络文件系统 {kind}：锁与落盘没有保证，可能丢失已确认的数据"),
                format!(
                    "a network file system, {kind}: locks and syncs may not hold, and what was acknowledged be lost"
                ),
            );
            Finding::new(NAME, State::Warning, message, local)
        }
        Ok(FileSystem::CopyOnWrite(kind)) => {
            let message = Message::new(
                format!("写时复制文件系统 {kind}：数据文件会碎片化，磁盘将满时连改写也会失败"),
                format!(
                    "a copy-on-write file system, {kind}: the data file scatters, and a nearly full disk refuses even to overwrite"
                ),
            );
            Finding::new(NAME, State::Warning, message, local)
        }
        Ok(FileSystem::Layer(kind)) => {
            let message = Message::new(
                format!("容器的可写层 {kind}：容器删除后数据即丢失"),
                format!("the writable layer of a container, {kind}: everything is gone with the container"),
            );
            let remedy = Message::new("请为数据目录挂载卷", "mount a volume for the store");
            Finding::new(NAME, State::Warning, message, remedy)
        }
        Ok(FileSystem::Memory(kind)) => {
            let message = Message::new(
                format!("内存文件系统 {kind}：关机后数据即丢失"),
                format!("in memory, {kind}: everything is gone when the machine stops"),
            );
            Finding::new(NAME, State::Warning, message, local)
        }
    }
}

/// The key of the tokens, where there is one: without it the service does not start.
fn token_key(data: &Path) -> Option<Finding> {
    const NAME: &str = "token_key";
    if !data.join(TokenKey::FILE).exists() {
        return None;
    }
    let error = match TokenKey::open(data) {
        Ok(_) => return Some(Finding::good(NAME, "令牌密钥可读", "the key of the tokens can be read")),
        Err(error) => error,
    };
    let message =
        Message::new(format!("令牌密钥不可用：{error}"), format!("the key of the tokens cannot be used: {error}"));
    let remedy = Message::new(
        "请将备份中保存的 token-key 放回数据目录；没有的，删去该文件后启动，并重新签发全部令牌",
        "put the token-key that is kept with the backups back into the folder; where there is none, delete the file, \
         start, and make every token anew",
    );
    Some(Finding::new(NAME, State::Fault, message, remedy))
}

fn not_copied(name: &'static str, error: &StoreError) -> Finding {
    let busy = error.to_string().contains("another process has it open");
    if busy {
        let message = Message::new("服务正在使用，未离线检查", "a service has it open, so it was not looked into");
        let remedy = Message::new(
            "请运行 huizong verify 在线校验，或停止服务后再查",
            "run huizong verify against the service, or stop it and look again",
        );
        return Finding::new(name, State::Skipped, message, remedy);
    }
    let message = Message::new(format!("无法复制以供检查：{error}"), format!("no copy could be made: {error}"));
    let remedy = Message::new(
        "请核对 --data；数据目录中 db 或 conf 文件缺失的，勿启动服务，以 huizong restore 由备份恢复到新目录；副本空间不足时以 \
         --scratch 另选文件夹",
        "check --data; where the file db or conf is gone from it, do not start the service and restore a backup into a \
         new folder; where there is no room for a copy, choose a folder with --scratch",
    );
    Finding::new(name, State::Fault, message, remedy)
}

/// Why the copy did not open, and whether it does without empty snapshots.
fn not_opened(name: &'static str, copy: &Path, error: &StoreError) -> Finding {
    let removed = remove_empty_snapshots(copy).unwrap_or_default();
    if !removed.is_empty() && open(copy).is_ok() {
        let names = removed.join(", ");
        let message = Message::new(
            format!("无法打开：快照文件 {names} 为空；副本中删去后可以打开，数据都在日志中"),
            format!(
                "it does not open: the snapshot {names} is empty; without it the copy opens, for the log has all of it"
            ),
        );
        let remedy = Message::new(
            format!("请先复制整个数据目录留底，再删除其中的 {names}"),
            format!("copy the whole folder to a safe place, then delete {names} in it"),
        );
        return Finding::new(name, State::Fault, message, remedy);
    }
    let message = Message::new(format!("无法打开：{error}"), format!("it does not open: {error}"));
    let remedy = Message::new(
        "请先复制整个数据目录留底，勿启动服务；再以 huizong restore 由备份恢复到新目录",
        "copy the whole folder to a safe place and do not start the service; then restore a backup into a new folder",
    );
    Finding::new(name, State::Fault, message, remedy)
}

async fn contents(store: Arc<dyn Store>) -> Result<Finding, Failure> {
    const NAME: &str = "records_and_totals";
    let found = check(store).await?;
    if found.faults_total == 0 {
        return Ok(Finding::good(
            NAME,
            format!("{} 条记录、链、互相引用与重算的合计均一致", found.records),
            format!(
                "{} records, the chain, what they say of each other, and the recounted totals agree",
                found.records
            ),
        ));
    }
    let first = found.faults.first();
    let text = first.and_then(|fault| fault.message.clone()).unwrap_or_default();
    let place = first.map(|fault| fault.place.clone()).unwrap_or_default();
    let total = found.faults_total;
    let message = Message::new(
        format!("{total} 处问题，首先是 {place}：{}", text.zh),
        format!("{total} fault(s), first {place}: {}", text.en),
    );
    let remedy = Message::new(
        "请运行 huizong verify 查看全部；留底后由备份恢复",
        "see all of them with huizong verify; keep a copy, then restore a backup",
    );
    Ok(Finding::new(NAME, State::Fault, message, remedy))
}

/// The clock of the machine, beside the time of the newest journal entry.
fn clock(newest: Option<Timestamp>) -> Finding {
    const NAME: &str = "clock";
    let now = Timestamp::now();
    let remedy = Message::new("请启用时间同步（NTP）", "turn on synchronisation of time (NTP)");
    let lost = EARLIEST.parse::<Timestamp>().is_ok_and(|earliest| now < earliest);
    if lost || newest.is_some_and(|newest| newest.duration_since(now) > CLOCK_BEHIND_MAX) {
        let newest = newest.map(|newest| newest.to_string()).unwrap_or_default();
        let message = Message::new(
            format!("时钟为 {now}，过早（最近一条日志 {newest}）：期限与年度会判断错误"),
            format!("it says {now}, which is too early (newest journal entry {newest}): due dates and years go wrong"),
        );
        return Finding::new(NAME, State::Fault, message, remedy);
    }
    Finding::good(NAME, format!("时钟 {now}，不早于最近的日志"), format!("it says {now}, not before the newest entry"))
}

fn print(findings: &[Finding], format: Format) -> Outcome {
    let both = |message: &Message| json!({ "zh": message.zh, "en": message.en });
    match format {
        Format::Json => {
            let checks = findings.iter().map(|finding| {
                json!({
                    "check": finding.name,
                    "state": finding.state.word(),
                    "message": both(&finding.message),
                    "remedy": both(&finding.remedy),
                })
            });
            print_exactly(&json!({ "checks": checks.collect::<Vec<_>>() }).to_string())
        }
        Format::Table | Format::Csv => {
            let mut listing = Listing::new(&["check", "state", "meaning", "what to do"], &[]);
            for finding in findings {
                let cell = |message: &Message| format!("{}\n{}", message.zh, message.en);
                listing.rows.push(vec![
                    finding.name.to_owned(),
                    finding.state.word().to_owned(),
                    cell(&finding.message),
                    cell(&finding.remedy),
                ]);
            }
            listing.print(format)
        }
    }
}
