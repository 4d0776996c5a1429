//! `huizong serve`: the service over the embedded store.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_web::GrpcWebLayer;

use crate::admin::Admin;
use crate::config::{Config, Log};
use crate::grpc;
use crate::service::{Live, Service};
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
        Ok(serve(service, &config, admin, |address| tracing::info!(%address, "serving")).await?)
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
    let open = move || -> Result<Service, crate::store::StoreError> {
        let live = Arc::<Live>::default();
        let store: Arc<dyn Store> = Arc::new(SledStore::open(&options, live.clone())?);
        Service::start(store, live, Timestamp::now)
    };
    Ok(tokio::task::spawn_blocking(open).await??)
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
    let stopping = health.clone();
    let watch = tokio::spawn(async move {
        let mut interval = tokio::time::interval(HEALTH_INTERVAL);
        loop {
            interval.tick().await;
            if service.status().problem.is_some() {
                grpc::set_health(&health, false).await;
                return;
            }
        }
    });
    // Set on each connection as it is taken: the server's own setting does not reach a listener made by others, and
    // without it an answer waits some 40 ms for the client's acknowledgement.
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    ready(address);
    Server::builder()
        .accept_http1(true)
        .timeout(Duration::from_secs(config.limits.call_seconds))
        .max_concurrent_streams(config.limits.calls_per_connection)
        .layer(GrpcWebLayer::new())
        .add_routes(routes)
        .serve_with_incoming_shutdown(incoming, async move {
            stop_signal().await;
            if let Some(admin) = admin {
                admin.stopping();
            }
            grpc::set_health(&stopping, false).await;
            tracing::info!("stopping");
        })
        .await?;
    watch.abort();
    Ok(())
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
