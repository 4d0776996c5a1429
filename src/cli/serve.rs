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
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_health::server::HealthReporter;

use crate::admin::Admin;
use crate::config::{Config, Log};
use crate::grpc;
use crate::http;
use crate::service::{Live, Service};
use crate::store::disk::{FileSystem, file_system};
use crate::store::{SledOptions, SledStore, Store};
use crate::telemetry::{log, metrics::Metrics};

use super::{Failure, Outcome};

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
}

impl Serve {
    pub async fn run(self) -> Outcome {
        let config = self.config.as_deref().map(Config::read).transpose();
        let mut config = config.map_err(|error| Failure::Usage(error.to_string()))?.unwrap_or_default();
        config.data_directory = self.data.unwrap_or(config.data_directory);
        config.listen = self.listen.unwrap_or(config.listen);
        config.admin_listen = self.admin_listen.or(config.admin_listen);
        let _log = start_log(&config.log)?;
        let admin = admin(&config).await?;
        let service = open(&config).await?;
        warn_of_file_system(&config.data_directory);
        let ready = |address| tracing::info!(%address, dashboard = http::has_dashboard(), "serving");
        Ok(serve(service, &config, admin, ready).await?)
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
        Service::start(store, live, Timestamp::now)
    };
    Ok(tokio::task::spawn_blocking(open).await??)
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
    let watch = tokio::spawn(watch_health(service.clone(), health.clone()));
    let recounts = tokio::spawn(recount(service.clone(), Duration::from_secs(config.store.recount_interval_seconds)));
    // Set on each connection as it is taken: the server's own setting does not reach a listener made by others, and
    // without it an answer waits some 40 ms for the client's acknowledgement.
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    ready(address);
    let (stopping, stopped) = oneshot::channel();
    let calls = Server::builder()
        .accept_http1(true)
        .timeout(Duration::from_secs(config.limits.call_seconds))
        .max_concurrent_streams(config.limits.calls_per_connection)
        .add_routes(http::with_grpc(routes))
        .serve_with_incoming_shutdown(incoming, async move {
            stop_signal().await;
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
    Ok(())
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
    // The first tick is at once, and the totals have just been counted.
    interval.tick().await;
    loop {
        interval.tick().await;
        match service.recount().await {
            Ok(found) => tracing::info!(found.sequence, found.differences_total, "the totals were recounted"),
            Err(problem) => tracing::error!(reason = problem.message.en, "the totals could not be recounted"),
        }
    }
}

/// Waits for Ctrl-C or SIGTERM.
async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        // Without the handler SIGTERM ends the process at once, which loses nothing acknowledged.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
