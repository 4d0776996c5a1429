//! The service behind its doors: gRPC, gRPC-Web and HTTP on one port. Whoever serves it serves it with these: the program,
//! the tests and the benchmarks.

use std::sync::Arc;

use tokio::net::TcpListener;
use tonic::service::Routes;
use tonic_health::server::HealthReporter;

use crate::config::Config;
use crate::grpc::{self, DoorLayer, Hosts, Newcomers, Proxies, TlsFiles};
use crate::http;
use crate::identity::Provider;
use crate::service::Service;

/// What is served, and what stands before it.
pub struct Doors {
    /// gRPC, gRPC-Web and HTTP, to be asked without a connection.
    pub routes: Routes,
    /// Who calls, and how much at once.
    pub door: DoorLayer,
    pub(super) health: HealthReporter,
    /// Its certificates, where it has any.
    pub tls: Option<TlsFiles>,
    /// Connections that nothing has been read from yet.
    pub(super) newcomers: Newcomers,
    proxies: Proxies,
    config: Config,
}

impl Doors {
    /// The doors of a service as they are configured; people may sign in by a provider.
    ///
    /// # Errors
    /// Where certificates or the map cannot be read.
    pub async fn new(service: &Service, config: &Config, provider: Option<Arc<Provider>>) -> anyhow::Result<Self> {
        let (routes, health) = grpc::routes(service.clone(), &config.limits).await?;
        let session = http::session::routes(service.clone(), config.tls.is_on(), provider.clone());
        let own = session.merge(http::map::routes(&config.dashboard.map)?);
        let tls = if config.tls.is_on() { Some(TlsFiles::read(&config.tls)?) } else { None };
        let proxies = Proxies::new(&config.server);
        // Where others reach it without a certificate, and nothing says what it is called, every name is taken.
        let hosts = Hosts::new(&config.server, tls.as_ref(), !config.listen.ip().is_loopback());
        let door = DoorLayer::behind(service.clone(), &config.limits, proxies.clone(), hosts);
        let (newcomers, config) = (Newcomers::default(), config.clone());
        let routes = http::with_grpc(routes, own);
        let routes = http::session::renewing(routes, service.clone(), config.tls.is_on(), provider);
        Ok(Self { routes, door, health, tls, newcomers, proxies, config })
    }

    /// Serves connections until it is dropped.
    ///
    /// # Errors
    /// Where the listener fails.
    pub async fn serve(&self, listener: TcpListener) -> anyhow::Result<()> {
        self.serve_until(listener, std::future::pending(), std::future::pending()).await
    }

    /// Takes connections until `closed`, and lets calls under way finish once `stopped`.
    pub(super) async fn serve_until(
        &self,
        listener: TcpListener,
        closed: impl Future<Output = ()> + Send + 'static,
        stopped: impl Future<Output = ()> + Send,
    ) -> anyhow::Result<()> {
        let (limits, tls) = (&self.config.limits, self.tls.clone());
        let (proxies, newcomers) = (self.proxies.clone(), self.newcomers.clone());
        let incoming = grpc::connections(listener, tls, limits, proxies, newcomers, closed);
        let server = grpc::server(limits, &self.config.server, self.door.clone()).add_routes(self.routes.clone());
        Ok(server.serve_with_incoming_shutdown(incoming, stopped).await?)
    }
}
