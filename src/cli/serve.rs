//! `huizong serve`: the service over the embedded store.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time::MissedTickBehavior;
use tonic_health::server::HealthReporter;

use crate::access::TokenKey;
use crate::admin::Admin;
use crate::config::{Config, Limits, Log};
use crate::document::process::{Confinement, Readers, Settings};
use crate::grpc;
use crate::http::{self, session};
use crate::service::{Live, Service, SignInLimits, WatchLimits};
use crate::store::disk::{FileSystem, file_system};
use crate::store::{CheckpointFile, SledOptions, SledStore, Store};
use crate::telemetry::{log, metrics::Metrics};

use super::{Failure, Outcome};

/// How often rates are tidied up, and refusals left out of the journal are counted in it.
const TIDY_INTERVAL: Duration = Duration::from_secs(60);

/// How often the totals are kept: after a kill, a start follows the journal from there.
const KEEP_INTERVAL: Duration = Duration::from_secs(600);

/// How often the store is asked whether it still takes writes.
const HEALTH_INTERVAL: Duration = Duration::from_secs(1);

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
        let config = self.config.as_deref().map(Config::read).transpose();
        let mut config = config.map_err(|error| Failure::Usage(error.to_string()))?.unwrap_or_default();
        config.listen = self.listen.unwrap_or(config.listen);
        self.check_exposure(&config)?;
        config.admin_listen = self.admin_listen.or(config.admin_listen);
        config.data_directory = self.data.unwrap_or(config.data_directory);
        let _log = start_log(&config.log)?;
        warn_of_exposure(&config);
        let admin = admin(&config).await?;
        let service = open(&config).await?;
        if config.access.authentication && !service.has_security_administrator() {
            tracing::warn!("nobody may grant roles yet; stop the service and run: huizong credential bootstrap NAME");
        }
        warn_of_file_system(&config.data_directory);
        let ready = |address| tracing::info!(dashboard = http::has_dashboard(), %address, "serving");
        Ok(serve(service, &config, admin, ready).await?)
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
    options.cache_bytes = config.store.cache_mib << 20;
    options.queue_transactions = config.store.queue_transactions;
    options.group_transactions = config.store.group_transactions;
    options.min_free_bytes = config.store.min_free_bytes;
    options.ballast_bytes = config.store.ballast_bytes;
    let open = move || -> Result<Service, crate::store::StoreError> {
        let live = Arc::<Live>::default();
        let store: Arc<dyn Store> = Arc::new(SledStore::open(&options, live.clone())?);
        Service::resume(store, live, Timestamp::now, CheckpointFile::new(&options.directory))
    };
    let service = tokio::task::spawn_blocking(open).await??;
    let key = TokenKey::open(&config.data_directory).context("the key of the tokens cannot be used")?;
    let access = &config.access;
    let watches = WatchLimits {
        watchers: config.limits.watches,
        watchers_per_principal: config.limits.watches_per_principal,
        interval: Duration::from_millis(config.limits.watch_interval_ms),
    };
    let service = service
        .with_authentication(access.authentication)
        .with_watch_limits(watches)
        .with_columns_bytes(config.memory.columns_mib << 20)
        .with_refused_submissions_per_minute(access.refused_submissions_per_minute)
        .with_readers(readers(&config.limits), config.limits.documents);
    Ok(service.with_token_key(key).with_refusals_per_minute(access.refusals_per_minute).with_sign_in_limits(
        SignInLimits {
            idle: Duration::from_secs(access.session_idle_seconds),
            longest: Duration::from_secs(access.session_seconds),
            failures: access.failures,
            lock_out: Duration::from_secs(access.lock_out_seconds),
        },
    ))
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
    ready: impl FnOnce(SocketAddr),
) -> anyhow::Result<()> {
    let listener =
        TcpListener::bind(config.listen).await.with_context(|| format!("cannot listen on {}", config.listen))?;
    let address = listener.local_addr()?;
    let (routes, health) = grpc::routes(service.clone(), &config.limits).await?;
    if let Some(admin) = &admin {
        admin.started(service.clone());
    }
    let session = session::routes(service.clone(), config.tls.is_on());
    let tls = if config.tls.is_on() { Some(grpc::TlsFiles::read(&config.tls)?) } else { None };
    let door = grpc::DoorLayer::new(service.clone(), &config.limits);
    let tidying = tokio::spawn(tidy(service.clone(), door.clone()));
    let keeping = tokio::spawn(keep_totals(service.clone()));
    let following = tls.clone().map(|tls| tokio::spawn(tls.follow()));
    let ending = service.clone();
    let watch = tokio::spawn(watch_health(service.clone(), health.clone()));
    let recounts = tokio::spawn(recount(service.clone(), Duration::from_secs(config.store.recount_interval_seconds)));
    let incoming = grpc::connections(listener, tls, &config.limits);
    // Whoever has been told that it serves may stop it.
    let stop = stop_signal();
    ready(address);
    let (stopping, stopped) = oneshot::channel();
    let calls = grpc::server(&config.limits, door)
        .add_routes(http::with_grpc(routes, session))
        .serve_with_incoming_shutdown(incoming, async move {
            stop.await;
            if let Some(admin) = admin {
                admin.stopping();
            }
            // First of all, so that nobody is sent here any more.
            watch.abort();
            recounts.abort();
            grpc::set_health(&health, false).await;
            service.end_watches();
            tracing::info!("stopping");
            let _ = stopping.send(());
        });
    let limit = Duration::from_secs(config.limits.shutdown_seconds);
    tokio::select! {
        served = calls => served?,
        () = time_is_up(stopped, limit) => {
            tracing::warn!(seconds = limit.as_secs(), "calls under way did not finish in time and were cut off");
        }
    }
    tidying.abort();
    keeping.abort();
    if let Some(following) = following {
        following.abort();
    }
    if let Err(problem) = ending.record_left_out().await {
        tracing::error!(problem = problem.message.en, "refusals that were left out are not counted in the journal");
    }
    tokio::task::spawn_blocking(move || ending.keep_totals()).await?;
    Ok(())
}

/// Keeps the totals while they change.
async fn keep_totals(service: Service) {
    let mut interval = tokio::time::interval(KEEP_INTERVAL);
    // The first tick is at once, and they are kept since the start.
    interval.tick().await;
    let mut kept = service.status().position;
    loop {
        interval.tick().await;
        let present = service.status().position;
        if present != kept {
            kept = present;
            let service = service.clone();
            // A panic there has been logged.
            let _ = tokio::task::spawn_blocking(move || service.keep_totals()).await;
        }
    }
}

/// Tidies up what grows with the number of callers.
async fn tidy(service: Service, door: grpc::DoorLayer) {
    let mut interval = tokio::time::interval(TIDY_INTERVAL);
    loop {
        interval.tick().await;
        door.tidy();
        if let Err(problem) = service.record_left_out().await {
            tracing::error!(problem = problem.message.en, "refusals that were left out cannot be counted yet");
        }
    }
}

/// Ends when calls under way have had their time since the service was told to stop.
async fn time_is_up(stopped: oneshot::Receiver<()>, limit: Duration) {
    match stopped.await {
        Ok(()) => tokio::time::sleep(limit).await,
        Err(_) => std::future::pending().await,
    }
}

/// Reports the services as not serving while writes are refused.
async fn watch_health(service: Service, health: HealthReporter) {
    let mut interval = tokio::time::interval(HEALTH_INTERVAL);
    let mut troubled = false;
    loop {
        interval.tick().await;
        let problem = service.status().problem;
        if problem.is_some() != troubled {
            troubled = problem.is_some();
            grpc::set_health(&health, !troubled).await;
            match problem {
                Some(problem) => tracing::error!(problem, "writes are refused"),
                None => tracing::info!("writes are taken again"),
            }
        }
    }
}

/// Compares the running totals with the store from time to time; what differs is logged and shown by the status.
async fn recount(service: Service, every: Duration) {
    if every.is_zero() {
        return;
    }
    let mut interval = tokio::time::interval(every);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first tick is at once.
    if !service.has_resumed() {
        // The totals have just been counted.
        interval.tick().await;
    }
    loop {
        interval.tick().await;
        match service.recount().await {
            Ok(found) => tracing::info!(found.sequence, found.differences_total, "the totals were recounted"),
            Err(problem) => tracing::error!(reason = problem.message.en, "the totals could not be recounted"),
        }
    }
}

/// Listens for Ctrl-C and SIGTERM from now on, and waits for one of them.
fn stop_signal() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = signal(SignalKind::terminate()).and_then(|term| Ok((term, signal(SignalKind::interrupt())?)));
    async {
        let Ok((mut terminate, mut interrupt)) = signals else {
            // Without the handlers a signal ends the process at once, which loses nothing acknowledged.
            return std::future::pending().await;
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}
