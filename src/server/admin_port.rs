//! The admin port: up before the store is, so that a long start can be told from a dead process.

use anyhow::Context as _;
use tokio::net::TcpListener;

use crate::admin::Admin;
use crate::config::Config;
use crate::telemetry::metrics::Metrics;

/// Opens the admin port, where one is configured.
///
/// # Errors
/// Where its address cannot be listened on.
pub async fn open_admin(config: &Config) -> anyhow::Result<Option<Admin>> {
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
