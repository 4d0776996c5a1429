//! `huizong serve`: the service over the embedded store.
//!
//! - `backups`: those that the service makes by itself.
//! - `identity`: the provider that people sign in with.
//! - `jobs`: what goes on beside the calls.
//! - `life`: what the journal says of start, settings and end.
//! - `reload`: what a hang-up changes.
//! - `signals`: when to stop, and when to read the settings again.
//! - `supervisor`: what systemd is told.

mod backups;
mod identity;
mod jobs;
mod life;
mod reload;
mod signals;
mod supervisor;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::access::{Power, TokenKey};
use crate::admin::Admin;
use crate::config::{Config, ConfigError, Limits, Log};
use crate::document::process::{Confinement, Readers, Settings};
use crate::grpc;
use crate::http::{self, session};
use crate::live::Live;
use crate::service::{AccessPolicy, EntryLimits, Service, SignInLimits, WatchLimits};
use crate::ship;
use crate::store::disk::{FileSystem, file_system};
use crate::store::{CheckpointFile, SigningKey, SledOptions, SledStore, Store, will_be_new};
use crate::telemetry::{
    log,
    metrics::{self, Metrics},
};

use super::{Failure, Outcome};
pub use identity::provider;
use life::Life;
use reload::Reload;

#[derive(Args)]
pub struct Serve {
    /// Settings; see config.example.toml.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of the store, instead of the configured one.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Address that clients call, instead of the configured one.
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Address of metrics and probes, instead of the configured one.
    #[arg(long, value_name = "ADDR")]
    admin_listen: Option<SocketAddr>,
    /// Serve an address that others can reach without TLS: whoever is on the way reads and alters everything.
    #[arg(long)]
    insecure_without_tls: bool,
    /// Serve an address that others can reach without authentication: whoever reaches it may do everything.
    #[arg(long)]
    insecure_without_authentication: bool,
}

impl Serve {
    pub async fn run(self) -> Outcome {
        let Self { config: file, data, listen, admin_listen, .. } = &self;
        let (file, data, listen, admin_listen) = (file.clone(), data.clone(), *listen, *admin_listen);
        let read = move || -> Result<Config, ConfigError> {
            let mut config = file.as_deref().map(Config::read).transpose()?.unwrap_or_default();
            config.listen = listen.unwrap_or(config.listen);
            config.admin_listen = admin_listen.or(config.admin_listen);
            config.data_directory = data.clone().unwrap_or(config.data_directory);
            Ok(config)
        };
        let config = read().map_err(|error| Failure::Usage(error.to_string()))?;
        self.check_exposure(&config)?;
        let log = start_log(&config.log)?;
        let reload = Reload::new(Box::new(read), config.clone(), log);
        warn_of_exposure(&config);
        let admin = admin(&config).await?;
        let service = open(&config).await?;
        if config.access.authentication && !service.has_administrator(Power::Security) {
            tracing::warn!("nobody may grant roles yet; stop the service and run: huizong credential bootstrap NAME");
        }
        warn_of_file_system(&config.data_directory);
        let ready = |address| tracing::info!(dashboard = http::has_dashboard(), %address, "serving");
        Ok(serve(service, &config, admin, Some(reload), ready).await?)
    }
}

impl Serve {
    /// Refuses to serve others without protection unless that is said on the command line.
    fn check_exposure(&self, config: &Config) -> Outcome {
        if config.listen.ip().is_loopback() {
            return Ok(());
        }
        let listen = config.listen;
        let refuse = |zh: &str, en: &str, flag: &str| {
            Err(Failure::Usage(format!(
                "{listen} 可被其他机器访问，而{zh}；请配置（见 config.example.toml），或以 {flag} 明示承担风险\n  {listen} can be reached from other machines, and {en}; configure it (see config.example.toml), or say {flag} to take the risk"
            )))
        };
        if !config.tls.is_on() && !self.insecure_without_tls {
            return refuse("未启用 TLS", "there is no TLS", "--insecure-without-tls");
        }
        if !config.access.authentication && !self.insecure_without_authentication {
            return refuse("未启用身份认证", "there is no authentication", "--insecure-without-authentication");
        }
        Ok(())
    }
}

/// Says at every start, and loudly, what is not protected.
pub fn warn_of_exposure(config: &Config) {
    if config.listen.ip().is_loopback() {
        return;
    }
    if !config.tls.is_on() {
        tracing::warn!(listen = %config.listen, "INSECURE: no TLS; whoever is on the way reads and alters everything");
    }
    if !config.access.authentication {
        tracing::warn!(listen = %config.listen, "INSECURE: no authentication; whoever reaches it may do everything");
    }
}

/// Writes the log to stderr, for as long as what is returned is held.
pub fn start_log(log: &Log) -> Result<log::Started, Failure> {
    log::start(&log.filter, log.json).map_err(|error| match error {
        log::LogError::Filter(_) => Failure::Usage(error.to_string()),
        log::LogError::Start(_) => Failure::Failed(error.to_string()),
    })
}

/// Opens the admin port, where one is configured.
async fn admin(config: &Config) -> anyhow::Result<Option<Admin>> {
    let Some(address) = config.admin_listen else { return Ok(None) };
    let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
    let admin_address = listener.local_addr()?;
    let admin = Admin::new(Metrics::start()?, config.data_directory.clone());
    let serving = admin.clone();
    tokio::spawn(async move {
        if let Err(error) = serving.serve(listener).await {
            tracing::error!(%error, "the admin port failed");
        }
    });
    tracing::info!(%admin_address, "metrics and probes");
    Ok(Some(admin))
}

/// The service over the embedded store, loaded.
pub async fn open(config: &Config) -> anyhow::Result<Service> {
    let mut options = SledOptions::new(&config.data_directory);
    options.must_exist = config.store.must_exist;
    options.cache_bytes = config.store.cache_mib << 20;
    options.queue_transactions = config.store.queue_transactions;
    options.group_transactions = config.store.group_transactions;
    options.min_free_bytes = config.store.min_free_bytes;
    options.ballast_bytes = config.store.ballast_bytes;
    let is_new = will_be_new(&config.data_directory, config.store.must_exist)?;
    let open = move || -> Result<Service, crate::store::StoreError> {
        let live = Arc::<Live>::default();
        let store: Arc<dyn Store> = Arc::new(SledStore::open(&options, live.clone())?);
        Service::resume(store, live, Timestamp::now, CheckpointFile::new(&options.directory))
    };
    let service = tokio::task::spawn_blocking(open).await??;
    if is_new {
        let folder = config.data_directory.display();
        tracing::warn!(%folder, "a new store was made: there was none; if there should be one, stop the service and look for it");
    }
    let has_key = config.data_directory.join(TokenKey::FILE).exists();
    let key = TokenKey::open(&config.data_directory).context("the key of the tokens cannot be used")?;
    let access = &config.access;
    let watches = WatchLimits {
        watchers: config.limits.watches,
        watchers_per_principal: config.limits.watches_per_principal,
        interval: Duration::from_millis(config.limits.watch_interval_ms),
    };
    let hours = |hours: u64| SignedDuration::from_hours(i64::try_from(hours).unwrap_or(i64::MAX));
    let service = service
        .with_authentication(access.authentication)
        .with_access_policy(AccessPolicy {
            dual_control: access.dual_control,
            code_life: hours(access.enrolment_hours),
            proposal_life: hours(access.proposal_hours),
        })
        .with_watch_limits(watches)
        .with_columns_bytes(config.memory.columns_mib << 20)
        .with_entry_limits(EntryLimits {
            refusals: access.refusals_per_minute,
            submissions: access.refused_submissions_per_minute,
            ..EntryLimits::default()
        })
        .with_readers(readers(&config.limits), config.limits.documents);
    let service = service.with_token_key(key).with_new_store(is_new);
    let signing = SigningKey::open(&config.data_directory).context("the key that signs the journal cannot be used")?;
    let service = service.with_signing_key(signing);
    warn_of_token_key(&service, has_key);
    Ok(service.with_sign_in_limits(SignInLimits {
        idle: Duration::from_secs(access.session_idle_seconds),
        longest: Duration::from_secs(access.session_seconds),
        failures: access.failures,
        lock_out: Duration::from_secs(access.lock_out_seconds),
    }))
}

/// Says so where tokens are refused because their key was lost or exchanged.
fn warn_of_token_key(service: &Service, has_key: bool) {
    let tokens = service.tokens_of_another_key(!has_key);
    metrics::tokens_of_another_key(tokens);
    if tokens > 0 {
        let lost = !has_key;
        tracing::error!(
            tokens,
            lost,
            "tokens that were made with another token-key are refused: stop the service and put back the token-key that \
             is kept with the backups, or make these tokens anew (huizong credential bootstrap --again)"
        );
    }
}

/// The processes that read documents, some of which start now: a document does not wait for that.
fn readers(limits: &Limits) -> Readers {
    let readers = Readers::new(Settings {
        processes: limits.document_readers,
        // One is left for somebody else.
        processes_each: limits.document_readers.saturating_sub(1).max(1),
        confinement: Confinement {
            memory_bytes: limits.document_memory_mib << 20,
            processor_time: Duration::from_secs(limits.document_seconds),
        },
        ..Settings::default()
    });
    if let Err(error) = readers.warm() {
        tracing::error!(%error, "no process to read documents can be started");
    }
    readers
}

/// Says so where the store lies on a file system that does not keep what the store promises.
fn warn_of_file_system(folder: &Path) {
    let folder_name = folder.display();
    match file_system(folder) {
        Ok(FileSystem::Local) => {}
        Ok(kind) => tracing::warn!(%folder_name, ?kind, "the store is not on a local disk; see huizong doctor"),
        Err(error) => tracing::warn!(%folder_name, %error, "the file system of the store cannot be told"),
    }
}

/// Serves until a signal, then lets calls under way finish.
pub async fn serve(
    service: Service,
    config: &Config,
    admin: Option<Admin>,
    reload: Option<Reload>,
    ready: impl FnOnce(SocketAddr),
) -> anyhow::Result<()> {
    let life = Arc::new(Life::begin(service.clone(), config).await);
    let listener =
        TcpListener::bind(config.listen).await.with_context(|| format!("cannot listen on {}", config.listen))?;
    let address = listener.local_addr()?;
    let (routes, health) = grpc::routes(service.clone(), &config.limits).await?;
    if let Some(admin) = &admin {
        admin.started(service.clone());
    }
    let provider = provider(config)?;
    let session = session::routes(service.clone(), config.tls.is_on(), provider.clone());
    let tls = if config.tls.is_on() { Some(grpc::TlsFiles::read(&config.tls)?) } else { None };
    let proxies = grpc::Proxies::new(&config.server);
    // Where others reach it without a certificate, and nothing says what it is called, every name is taken.
    let hosts = grpc::Hosts::new(&config.server, tls.as_ref(), !config.listen.ip().is_loopback());
    let door = grpc::DoorLayer::behind(service.clone(), &config.limits, proxies.clone(), hosts);
    let mut beside = JoinSet::new();
    beside.spawn(jobs::tidy(service.clone(), door.clone()));
    beside.spawn(jobs::keep_totals(service.clone()));
    beside.spawn(jobs::measure_certificates(config.tls.clone()));
    beside.spawn(jobs::watch_clock(service.clone()));
    beside.spawn(backups::keep(service.clone(), config.backup.clone()));
    beside.spawn(supervisor::keep_alive(service.clone()));
    if let Some(provider) = provider {
        beside.spawn(identity::look(provider));
    }
    beside.spawn(ship::to_syslog(service.clone(), config.clone()));
    beside.spawn(ship::to_file(service.clone(), config.clone()));
    if let Some(reload) = reload {
        // Listened for from now on: a hang-up that nobody waits for ends the process.
        let hang_ups = signals::HangUps::listen();
        beside.spawn(reload_again(reload, hang_ups, door.clone(), tls.clone(), life.clone()));
    }
    if let Some(tls) = tls.clone() {
        beside.spawn(tls.follow());
    }
    let ending = service.clone();
    let watch = tokio::spawn(jobs::watch_health(service.clone(), health.clone()));
    let recounts =
        tokio::spawn(jobs::recount(service.clone(), Duration::from_secs(config.store.recount_interval_seconds)));
    let (close, closed) = oneshot::channel::<()>();
    let until = async move { drop(closed.await) };
    let newcomers = grpc::Newcomers::default();
    let incoming = grpc::connections_until(listener, tls, &config.limits, proxies, newcomers.clone(), until);
    // Whoever has been told that it serves may stop it.
    let stop = signals::stop();
    ready(address);
    supervisor::ready();
    let limit = Duration::from_secs(config.limits.shutdown_seconds);
    let (stopping, stopped) = oneshot::channel();
    let draining = door.clone();
    let calls = grpc::server(&config.limits, door)
        .add_routes(http::with_grpc(routes, session))
        .serve_with_incoming_shutdown(incoming, async move {
            stop.await;
            supervisor::stopping();
            if let Some(admin) = admin {
                admin.stopping();
            }
            // First of all, so that nobody is sent here any more.
            watch.abort();
            recounts.abort();
            grpc::set_health(&health, false).await;
            service.end_streams();
            tracing::info!("stopping");
            let _ = stopping.send(());
            drain(&draining, limit).await;
            // Whoever comes from now on is refused by the system; those who came last are told to come back.
            drop(close);
            hear_out(&newcomers).await;
            tokio::time::sleep(DRAIN_QUIET).await;
        });
    tokio::select! {
        served = calls => served?,
        () = time_is_up(stopped, limit) => {
            tracing::warn!(seconds = limit.as_secs(), "calls under way did not finish in time and were cut off");
        }
    }
    beside.abort_all();
    life.end().await;
    tokio::task::spawn_blocking(move || ending.keep_totals()).await?;
    Ok(())
}

/// Reads the settings again whenever the service is told to.
async fn reload_again(
    mut reload: Reload,
    mut hang_ups: signals::HangUps,
    door: grpc::DoorLayer,
    tls: Option<grpc::TlsFiles>,
    life: Arc<Life>,
) {
    loop {
        hang_ups.next().await;
        if let Some(config) = reload.again(&door, tls.as_ref()) {
            life.settings_were_read(&config).await;
        }
    }
}

/// Waits until those that were let in have begun to speak, or for a moment: the calls of one that has not been read from yet
/// would get no answer at all. On a busy machine that may be long after it was let in.
async fn hear_out(newcomers: &grpc::Newcomers) {
    let latest = tokio::time::Instant::now() + NEWCOMERS_MAX;
    while !newcomers.is_empty() && tokio::time::Instant::now() < latest {
        tokio::time::sleep(DRAIN_LOOK).await;
    }
}

/// Waits until the calls under way are answered, while others are told to come back, and until a moment has passed in
/// which nobody calls: a connection that is closed while calls come in leaves them unanswered, and some clients take that
/// for a fault instead of trying again.
async fn drain(door: &grpc::DoorLayer, limit: Duration) {
    let latest = tokio::time::Instant::now() + limit / 2;
    while !door.is_idle() && tokio::time::Instant::now() < latest {
        tokio::time::sleep(DRAIN_LOOK).await;
    }
    // Whoever calls on and on whatever they are told keeps nobody else waiting.
    let latest = latest.min(tokio::time::Instant::now() + DRAIN_MAX);
    let mut arrived = None;
    while arrived != Some(door.arrived()) && tokio::time::Instant::now() < latest {
        arrived = Some(door.arrived());
        tokio::time::sleep(DRAIN_QUIET).await;
    }
}

/// How often it is looked at whether calls are under way; how long nobody is to have called; and the longest wait for that.
const DRAIN_LOOK: Duration = Duration::from_millis(10);
const DRAIN_QUIET: Duration = Duration::from_millis(250);
const DRAIN_MAX: Duration = Duration::from_secs(3);
/// The longest wait for those that were let in to begin to speak.
const NEWCOMERS_MAX: Duration = Duration::from_secs(1);

/// Ends when calls under way have had their time since the service was told to stop.
async fn time_is_up(stopped: oneshot::Receiver<()>, limit: Duration) {
    match stopped.await {
        Ok(()) => tokio::time::sleep(limit).await,
        Err(_) => std::future::pending().await,
    }
}
