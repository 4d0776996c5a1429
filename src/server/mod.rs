//! The process: a store opened as its settings say, a service over it behind its doors, what goes on beside the calls, and
//! the order in which all of it begins and ends.
//!
//! - `store`: opens a store. `opening`: the service of some settings.
//! - `doors`: what is served, and what stands before it.
//! - `condition`: how that is which the service rests on.
//! - `exposure`: who reaches it, and what protects it then.
//! - `admin_port`: metrics and probes, up before the store is.
//! - `jobs`: what goes on beside the calls. `backups`: those that the service makes by itself. `duty`: what one of several instances
//!   does for all.
//! - `identity`: the provider that people sign in with.
//! - `life`: what the journal says of start, settings and end.
//! - `reload`: what a hang-up changes.
//! - `signals`: when to stop, and when to read the settings again. `stopping`: how calls come to their end.
//! - `supervisor`: what systemd is told.

mod admin_port;
mod backups;
pub(crate) mod condition;
mod doors;
mod duty;
mod exposure;
mod identity;
mod jobs;
mod life;
mod opening;
mod reload;
mod signals;
mod stopping;
mod store;
mod supervisor;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::admin::Admin;
use crate::config::Config;
use crate::grpc;
use crate::service::{BACKUP, FIGURES, FILE, SYSLOG, Service};
use crate::ship;

pub use admin_port::open_admin;
pub use doors::Doors;
pub use exposure::{Exposed, exposed, warn_of_exposure};
pub use identity::provider;
pub use opening::{open, warn_of_file_system};
pub use reload::Reload;
pub use store::{Opened, engine, open_store, open_unserved};

use life::Life;

/// Serves until a signal, then lets calls under way finish. `ready` is told where, once calls are taken.
///
/// # Errors
/// Where the address cannot be listened on, or certificates or secrets cannot be read.
pub async fn serve(
    service: Service,
    config: &Config,
    admin: Option<Admin>,
    reload: Option<Reload>,
    ready: impl FnOnce(SocketAddr),
) -> anyhow::Result<()> {
    // The examples of all rules are judged before somebody asks for them: all other calls would wait for that.
    tokio::task::spawn_blocking(grpc::prepare);
    let life = Arc::new(Life::begin(service.clone(), config).await);
    let settings = config.clone();
    service.is_examined_by(Arc::new(move |service| condition::examine(&settings, service)));
    let listener =
        TcpListener::bind(config.listen).await.with_context(|| format!("cannot listen on {}", config.listen))?;
    let address = listener.local_addr()?;
    let provider = provider(config, service.common_key("provider-attempts"))?;
    let doors = Doors::new(&service, config, provider.clone()).await?;
    if let Some(admin) = &admin {
        admin.started(service.clone());
    }
    let mut beside = JoinSet::new();
    beside.spawn(jobs::tidy(service.clone(), doors.door.clone()));
    beside.spawn(jobs::keep_totals(service.clone()));
    beside.spawn(jobs::measure_certificates(config.tls.clone()));
    beside.spawn(jobs::watch_clock(service.clone()));
    beside.spawn(jobs::look_for_damage(service.clone()));
    beside.spawn(jobs::strike_contacts(service.clone()));
    for duty in duties(&service, config) {
        beside.spawn(duty);
    }
    beside.spawn(supervisor::keep_alive(service.clone()));
    if let Some(provider) = provider {
        beside.spawn(identity::look(provider));
    }
    if let Some(reload) = reload {
        // Listened for from now on: a hang-up that nobody waits for ends the process.
        let hang_ups = signals::HangUps::listen();
        beside.spawn(reload::again_and_again(reload, hang_ups, doors.door.clone(), doors.tls.clone(), life.clone()));
    }
    if let Some(tls) = doors.tls.clone() {
        beside.spawn(tls.follow());
    }
    let health = doors.health.clone();
    let watch = tokio::spawn(jobs::watch_health(service.clone(), health.clone()));
    let recounts =
        tokio::spawn(jobs::recount(service.clone(), Duration::from_secs(config.store.recount_interval_seconds)));
    let (close, closed) = oneshot::channel::<()>();
    let until = async move { drop(closed.await) };
    // Whoever has been told that it serves may stop it.
    let stop = signals::stop();
    let diverged = jobs::diverged(service.clone());
    let (end, mut ended) = oneshot::channel();
    ready(address);
    supervisor::ready();
    let limit = Duration::from_secs(config.limits.shutdown_seconds);
    let (stopping, stopped) = oneshot::channel();
    let calls = doors.serve_until(listener, until, async {
        tokio::select! {
            () = stop => {}
            why = diverged => {
                // Whoever waits for it is told when all has come to its end.
                let _ = end.send(why);
            }
        }
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
        stopping::drain(&doors.door, limit).await;
        // Whoever comes from now on is refused by the system; those who came last are told to come back.
        drop(close);
        stopping::hear_out(&doors.newcomers).await;
        tokio::time::sleep(stopping::DRAIN_QUIET).await;
    });
    tokio::select! {
        served = calls => served?,
        () = stopping::time_is_up(stopped, limit) => {
            tracing::warn!(seconds = limit.as_secs(), "calls under way did not finish in time and were cut off");
        }
    }
    beside.abort_all();
    life.end().await;
    let ending = service.clone();
    tokio::task::spawn_blocking(move || ending.keep_totals()).await?;
    match ended.try_recv() {
        Ok(why) => {
            anyhow::bail!("this instance has shown what is not in the shared journal, and must be started anew: {why}")
        }
        Err(_) => Ok(()),
    }
}

/// What one of several instances does for all, as far as it is asked for.
fn duties(service: &Service, config: &Config) -> Vec<BoxFuture<'static, ()>> {
    let lease = Duration::from_secs(config.store.lease_seconds);
    let mut duties = Vec::new();
    if config.backup.is_on() {
        let (of, settings) = (service.clone(), config.backup.clone());
        let keep = move || backups::keep(of.clone(), settings.clone());
        duties.push(duty::while_mine(service.clone(), BACKUP, lease, keep).boxed());
    }
    if config.journal.syslog.target().is_some() {
        let (of, settings) = (service.clone(), config.clone());
        let send = move || ship::to_syslog(of.clone(), settings.clone());
        duties.push(duty::while_mine(service.clone(), SYSLOG, lease, send).boxed());
    }
    if !config.journal.file.path.as_os_str().is_empty() {
        let (of, settings) = (service.clone(), config.clone());
        let send = move || ship::to_file(of.clone(), settings.clone());
        duties.push(duty::while_mine(service.clone(), FILE, lease, send).boxed());
    }
    if service.extras().is_some_and(|extras| extras.analysis) {
        let of = service.clone();
        duties.push(duty::while_mine(service.clone(), FIGURES, lease, move || jobs::keep_figures(of.clone())).boxed());
    }
    duties
}
