//! `huizong store`: the journal that several instances share, before any of them uses it, and moves between it and a store of
//! its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};

use crate::access::TokenKey;
use crate::config::StoreSettings;
use crate::report::{Message, in_chinese};
use crate::server::{self, open_unserved};
use crate::store::{Engine, EngineStatus, Logged, Roles, SigningKey, Store, StoreError, Transactions, engine};

use super::language::told;
use super::output::{facts, print_line};
use super::verify::check;
use super::{Failure, Outcome, OutputFormat, both, verify};

#[derive(Subcommand)]
pub(crate) enum StoreCommand {
    /// Make the tables of a shared store in an empty database, in one transaction.
    Init(Init),
    /// Make what a shared store of before lacks, and let roles use it: instances go on meanwhile.
    Upgrade(Upgrade),
    /// Follow the journal with the tables that analysts read, up to its end; instances do that by themselves.
    Figures(Figures),
    /// Where a shared store stands, and whether its server keeps what it acknowledges.
    Status(Status),
    /// Move everything from a store of its own (a folder) to a shared one (an address), or back; no instance may run.
    Move(Move),
}

/// Where a shared store is.
#[derive(Args)]
struct Address {
    /// Such as `postgres://huizong@db1,db2/huizong`, without a password.
    url: String,
    #[command(flatten)]
    way: Way,
}

/// How it is got into.
#[derive(Args, Clone)]
struct Way {
    /// File with the password; else HUIZONG_STORE_PASSWORD in the environment.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Certificates that the server's is held to, instead of those of the system.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Certificate to show to the server.
    #[arg(long, value_name = "FILE", requires = "key")]
    certificate: Option<PathBuf>,
    /// Its key.
    #[arg(long, value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,
    /// The server has no standby that could take over.
    #[arg(long)]
    without_standby: bool,
}

impl Way {
    fn settings(&self, url: &str) -> StoreSettings {
        let Self { password_file, ca, certificate, key, without_standby } = self.clone();
        let url = url.to_owned();
        StoreSettings {
            url,
            password_file: password_file.unwrap_or_default(),
            ca: ca.unwrap_or_default(),
            certificate: certificate.unwrap_or_default(),
            key: key.unwrap_or_default(),
            without_standby,
            min_free_bytes: 0,
            ballast_bytes: 0,
            ..StoreSettings::default()
        }
    }

    fn engine(&self, url: &str) -> Result<Engine, Failure> {
        match server::engine(&self.settings(url)) {
            Ok(Some(engine)) => Ok(engine),
            Ok(None) => Err(Failure::Usage("postgres://…".to_owned())),
            Err(_) if !url.starts_with("postgres") => Err(Failure::Usage(told(
                &format!("{url}：应为 postgres://…"),
                &format!("{url}: postgres://… is wanted"),
                "\n  ",
            ))),
            Err(error) => Err(Failure::Usage(both(&Message::new(in_chinese(&error), error)))),
        }
    }
}

/// Who may use the tables.
#[derive(Args)]
struct RoleArguments {
    /// Role of the instances, which gets the rights that they need and no more.
    #[arg(long, value_name = "NAME")]
    role: Option<String>,
    /// Role of analysts, which may read the figures of reports and nothing else.
    #[arg(long, value_name = "NAME")]
    analyst: Option<String>,
}

impl RoleArguments {
    fn roles(&self) -> Roles {
        Roles { instances: self.role.clone(), analyst: self.analyst.clone() }
    }
}

#[derive(Args)]
pub(crate) struct Init {
    #[command(flatten)]
    address: Address,
    #[command(flatten)]
    roles: RoleArguments,
    /// Folder for the keys that all instances have in common: made where they are not there.
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct Upgrade {
    #[command(flatten)]
    address: Address,
    #[command(flatten)]
    roles: RoleArguments,
}

#[derive(Args)]
pub(crate) struct Figures {
    #[command(flatten)]
    address: Address,
    /// From the beginning of the journal.
    #[arg(long)]
    anew: bool,
}

#[derive(Args)]
pub(crate) struct Status {
    #[command(flatten)]
    address: Address,
}

#[derive(Args)]
pub(crate) struct Move {
    /// Folder of a store, or address of a shared one.
    from: String,
    /// The same; it must be empty. The tables of a shared one are made before (`huizong store init`).
    to: String,
    #[command(flatten)]
    way: Way,
}

/// Has something done that waits for a server.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Failure::of(&error))
}

impl StoreCommand {
    pub(crate) async fn run(self, format: OutputFormat) -> Outcome {
        match self {
            Self::Init(init) => init.run().await,
            Self::Upgrade(upgrade) => upgrade.run().await,
            Self::Figures(figures) => figures.run(format).await,
            Self::Status(status) => status.run(format).await,
            Self::Move(r#move) => r#move.run(format).await,
        }
    }
}

impl Init {
    async fn run(self) -> Outcome {
        let engine = self.address.way.engine(&self.address.url)?;
        if let Some(keys) = &self.keys {
            std::fs::create_dir_all(keys)?;
            TokenKey::open(keys)?;
            SigningKey::open(keys)?;
        }
        let roles = self.roles.roles();
        let made = blocking(move || engine::init(&engine, &roles)).await?;
        made.map_err(|error| Failure::Failed(format!("{}: {error}", self.address.url)))?;
        print_line(&both(&Message::new(
            format!("已在 {} 建立共享数据库的表", self.address.url),
            format!("the tables of a shared store were made at {}", self.address.url),
        )))
    }
}

impl Upgrade {
    async fn run(self) -> Outcome {
        let engine = self.address.way.engine(&self.address.url)?;
        let roles = self.roles.roles();
        let made = blocking(move || engine::upgrade(&engine, &roles)).await?;
        let made = made.map_err(|error| Failure::Failed(format!("{}: {error}", self.address.url)))?;
        let text = match (made.leases, made.analysis) {
            (false, false) => Message::new(
                "各表均已存在，已按所给角色授权",
                "nothing was missing; the roles that were named may use what there is",
            ),
            (leases, analysis) => {
                let (mut zh, mut en) = (Vec::new(), Vec::new());
                if leases {
                    zh.push("各实例分工的表");
                    en.push("the table by which instances share jobs");
                }
                if analysis {
                    zh.push("供分析查询的表");
                    en.push("the tables that analysts read");
                }
                let (zh, en) = (zh.join("、"), en.join(" and "));
                Message::new(
                    format!("已建立{zh}；各实例重新启动后使用"),
                    format!("made {en}; instances use that from their next start"),
                )
            }
        };
        print_line(&both(&text))
    }
}

impl Figures {
    async fn run(self, format: OutputFormat) -> Outcome {
        let engine = self.address.way.engine(&self.address.url)?;
        let anew = self.anew;
        let followed = blocking(move || engine::figures(&engine, anew)).await?;
        let followed = followed.map_err(|error| Failure::Failed(format!("{}: {error}", self.address.url)))?;
        if format == OutputFormat::Json {
            return print_line(&serde_json::json!({ "sequence": followed.sequence }).to_string());
        }
        print_line(&both(&Message::new(
            format!("供分析查询的表截至日志第{}条", followed.sequence),
            format!("the tables that analysts read are true as of journal entry {}", followed.sequence),
        )))
    }
}

impl Status {
    async fn run(self, format: OutputFormat) -> Outcome {
        let engine = self.address.way.engine(&self.address.url)?;
        let looked = blocking(move || engine::status(&engine)).await?;
        let EngineStatus { position, epoch, format: layout, settings, fault, standbys: _, extras } =
            looked.map_err(|error| Failure::Failed(format!("{}: {error}", self.address.url)))?;
        if format == OutputFormat::Json {
            let settings: serde_json::Map<_, _> =
                settings.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
            print_line(
                &serde_json::json!({
                    "sequence": position.sequence,
                    "chainSha256": position.chain.to_hex(),
                    "epoch": epoch,
                    "format": layout,
                    "sharesJobs": extras.leases,
                    "hasFigures": extras.analysis,
                    "settings": settings,
                    "fault": fault,
                })
                .to_string(),
            )?;
        } else {
            let mut held = vec![
                ("流水号 sequence", position.sequence.to_string()),
                ("日志校验值 chain", position.chain.to_string()),
                ("标识 epoch", epoch),
            ];
            let there = |is_there| if is_there { told("有", "yes", " ") } else { told("无", "no", " ") };
            held.push(("各实例分工 jobs shared", there(extras.leases)));
            held.push(("供分析查询的表 figures for SQL", there(extras.analysis)));
            held.extend(settings);
            let state = match &fault {
                None => told("各实例可用", "Instances take it", " "),
                Some(fault) => {
                    told(&format!("各实例不予采用：{fault}"), &format!("No instance takes it: {fault}"), "\n  ")
                }
            };
            print_line(&format!("{}\n{state}", facts(&held, "")))?;
        }
        if fault.is_none() { Ok(()) } else { Err(Failure::Refused) }
    }
}

fn is_address(text: &str) -> bool {
    text.contains("://")
}

impl Move {
    async fn run(self, format: OutputFormat) -> Outcome {
        if is_address(&self.from) == is_address(&self.to) {
            let text = Message::new(
                "一方应为文件夹，另一方为地址",
                "one of the two is a folder, the other an address (postgres://…)",
            );
            return Err(Failure::Usage(both(&text)));
        }
        // The copies that a shared store is read and written through, while this runs.
        let scratch = tempfile::tempdir()?;
        let (from, _) = self.open(&self.from, &scratch.path().join("from")).await?;
        let (to, _) = self.open(&self.to, &scratch.path().join("to")).await?;
        let position = from.position();
        if to.position().sequence > 0 {
            return Err(Failure::Failed(both(&Message::new(
                format!("{} 不为空，未作改动", self.to),
                format!("{} is not empty; nothing was changed", self.to),
            ))));
        }
        let transactions: Transactions =
            Box::new(All { store: from.clone(), after: 0, until: position.sequence, page: Vec::new() });
        to.import_transactions(transactions, position).await.map_err(|error| Failure::of(&error))?;
        let there = to.position();
        if (there.sequence, there.chain) != (position.sequence, position.chain) {
            let (found, wanted) = (there.sequence, position.sequence);
            return Err(Failure::Failed(both(&Message::new(
                format!("目标只到第{found}条，应到第{wanted}条，请勿使用"),
                format!("what has arrived ends at entry {found}, not at {wanted}: do not use it"),
            ))));
        }
        // Every record, the chain and the sums, of what has arrived; and that they are those of what was left.
        let (left, arrived) = (check(from).await?, check(to).await?);
        verify::print(&arrived, format)?;
        if (left.records, left.revisions, &left.chain_sha256)
            != (arrived.records, arrived.revisions, &arrived.chain_sha256)
        {
            return Err(Failure::Failed(both(&Message::new(
                "两处内容不同，请勿使用目标",
                "the two are not the same: do not use what has arrived",
            ))));
        }
        print_line(&both(&Message::new(
            format!("已由 {} 移至 {}；请以目标启动服务，原处保留备查", self.from, self.to),
            format!("moved from {} to {}: start the service there, and keep what was left", self.from, self.to),
        )))
    }

    /// A store by its folder or its address.
    async fn open(&self, place: &str, copy: &Path) -> Result<(Arc<dyn Store>, PathBuf), Failure> {
        let settings = self.way.settings(place);
        let (place, copy) = (place.to_owned(), copy.to_owned());
        let open = move || -> Result<(Arc<dyn Store>, PathBuf), StoreError> {
            if is_address(&place) {
                return Ok((server::open_store(&copy, &settings)?.store, copy));
            }
            Ok((open_unserved(Path::new(&place))?, PathBuf::from(place)))
        };
        blocking(open).await?.map_err(|error| Failure::of(&error))
    }
}

/// Transactions of a store, page by page.
struct All {
    store: Arc<dyn Store>,
    after: u64,
    until: u64,
    /// Backwards.
    page: Vec<Logged>,
}

/// Transactions of a page.
const PAGE: usize = 256;

impl Iterator for All {
    type Item = Result<Logged, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.page.is_empty() && self.after < self.until {
            let page = &mut self.page;
            let read = self.store.transactions(self.after, self.until, &mut |logged| {
                page.push(logged);
                if page.len() < PAGE { std::ops::ControlFlow::Continue(()) } else { std::ops::ControlFlow::Break(()) }
            });
            if let Err(error) = read {
                self.after = self.until;
                self.page.clear();
                return Some(Err(error));
            }
            self.page.reverse();
        }
        let next = self.page.pop()?;
        self.after = next.position.sequence;
        Some(Ok(next))
    }
}
