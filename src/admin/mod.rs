//! The admin port: metrics and probes, for machines of the operator only. Answers nothing about reports but counts.
//!
//! It is up before the store is open, so that a long start can be told from a dead process.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;

use crate::service::Service;
use crate::telemetry::metrics::{self, Metrics, Readings, UPKEEP_INTERVAL, YearCoverage};

mod disk;
mod memory;

pub(crate) use disk::look_up as disk_usage;
pub(crate) use memory::limit_bytes as memory_limit;

/// What the admin port tells about; it learns of the service when that has started.
#[derive(Clone)]
pub struct Admin(Arc<Known>);

struct Known {
    metrics: Metrics,
    data_directory: PathBuf,
    service: OnceLock<Service>,
    stopping: AtomicBool,
}

/// One thing that readiness looks at.
struct Check {
    name: &'static str,
    /// Whether calls should be sent here as far as this is concerned.
    ready: bool,
    remark: String,
}

impl Admin {
    /// Tells of a process that is still starting; the free space is that of `data_directory`.
    pub fn new(metrics: Metrics, data_directory: PathBuf) -> Self {
        let (service, stopping) = (OnceLock::new(), AtomicBool::new(false));
        Self(Arc::new(Known { metrics, data_directory, service, stopping }))
    }

    /// The service is loaded.
    pub fn started(&self, service: Service) {
        // Said twice, it is the same service.
        let _ = self.0.service.set(service);
    }

    /// No new calls are wanted.
    pub fn stopping(&self) {
        self.0.stopping.store(true, Ordering::Relaxed);
    }

    /// Answers until the process ends.
    ///
    /// # Errors
    /// Where the listener fails.
    pub async fn serve(self, listener: TcpListener) -> std::io::Result<()> {
        let upkeep = self.clone();
        let upkeep = async move {
            let mut interval = tokio::time::interval(UPKEEP_INTERVAL);
            loop {
                interval.tick().await;
                upkeep.0.metrics.keep_up();
            }
        };
        let router = Router::new()
            .route("/livez", get(|| async { "ok\n" }))
            .route("/readyz", get(readyz))
            .route("/metrics", get(render))
            .with_state(self);
        tokio::select! {
            served = axum::serve(listener, router) => served,
            () = upkeep => Ok(()),
        }
    }

    fn checks(&self) -> Vec<Check> {
        let check = |name, ready, remark: &str| Check { name, ready, remark: remark.to_owned() };
        let mut checks = vec![match self.0.stopping.load(Ordering::Relaxed) {
            true => check("running", false, "stopping"),
            false => check("running", true, "ok"),
        }];
        let Some(service) = self.0.service.get() else {
            checks.push(check("store", false, "loading"));
            return checks;
        };
        let status = service.status();
        checks.push(check("store", true, &format!("ok, journal at {}", status.position.sequence)));
        // Reads go on without writes, so the calls still belong here.
        checks.push(check("writes", true, status.problem.as_ref().map_or("ok", |problem| problem.en.as_str())));
        if let Err(error) = service.check_fresh() {
            checks.push(check("shared journal", false, &error.to_string()));
        }
        let fault = service.totals_fault();
        checks.push(check("totals", fault.is_none(), fault.as_deref().unwrap_or("ok")));
        checks
    }

    /// Looks up what the metrics do not follow by themselves.
    fn look_up(&self) -> Option<Readings> {
        let service = self.0.service.get()?;
        let status = service.status();
        if let Some(recount) = &status.recount {
            let differences = u64::try_from(recount.differences_total).unwrap_or(u64::MAX);
            metrics::recounted(differences, Some(recount.time.as_duration().as_secs_f64()));
        }
        if let Some(freshness) = service.freshness() {
            metrics::stands_beside(freshness.age, freshness.behind);
        }
        let chain = status.position.chain.to_hex();
        let disk = disk::look_up(&self.0.data_directory);
        // A store that cannot be read says so elsewhere; what is known is shown.
        let coverage = service.coverage_by_year().unwrap_or_default().into_iter().map(|coverage| YearCoverage {
            year: coverage.year.get(),
            expected: coverage.expected,
            received: coverage.received,
            included: coverage.included,
        });
        let (sign_in_failures, lock_outs) = service.sign_in_counts();
        Some(Readings {
            journal_sequence: status.position.sequence,
            journal_chain_prefix: chain.get(..13).and_then(|hex| u64::from_str_radix(hex, 16).ok()).unwrap_or(0),
            journal_time_seconds: (status.position.sequence > 0)
                .then(|| status.position.time.as_duration().as_secs_f64()),
            clock_seconds: service.machine_time().as_duration().as_secs_f64(),
            is_new_store: status.is_new_store,
            lost_entries: status.lost.len() as u64,
            writable: status.problem.is_none(),
            store_bytes: disk.store_bytes,
            disk_free_bytes: disk.free_bytes,
            disk_bytes: disk.size_bytes,
            memory_limit_bytes: memory::limit_bytes(),
            coverage: coverage.collect(),
            access_changes: service.access_changes(),
            sign_in_failures,
            lock_outs,
        })
    }
}

async fn readyz(State(admin): State<Admin>, RawQuery(query): RawQuery) -> impl IntoResponse {
    let checks = admin.checks();
    let ready = checks.iter().all(|check| check.ready);
    let asked = |query: String| query.split('&').any(|part| part == "verbose" || part.starts_with("verbose="));
    let mut text = String::new();
    if query.is_some_and(asked) || !ready {
        for check in &checks {
            text.push_str(&format!("[{}] {}: {}\n", if check.ready { '+' } else { '-' }, check.name, check.remark));
        }
    }
    text.push_str(if ready { "ok\n" } else { "not ready\n" });
    (if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, text)
}

async fn render(State(admin): State<Admin>) -> impl IntoResponse {
    let text = tokio::task::spawn_blocking(move || {
        if let Some(standing) = admin.look_up() {
            metrics::stands(&standing);
        }
        admin.0.metrics.render()
    });
    match text.await {
        Ok(text) => (StatusCode::OK, [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text),
        Err(error) => {
            tracing::error!(%error, "the metrics could not be read");
            (StatusCode::INTERNAL_SERVER_ERROR, [(header::CONTENT_TYPE, "text/plain")], String::new())
        }
    }
}
