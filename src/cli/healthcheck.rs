//! `huizong healthcheck`: for images without a shell; ends with 0 where the service serves, with 1 where it does not,
//! and with 3 where it cannot be reached.
//!
//! Over gRPC, or at the admin port: a process beside the service need not know a name that the service's certificate
//! is for.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use http::{Request, StatusCode};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::client::{Server, connect, refused, unreachable};
use super::language::beside;
use super::output::print_line;
use super::{Failure, Outcome};

#[derive(Args)]
pub(crate) struct Healthcheck {
    /// One service, such as huizong.v1.ReportService; left out, all of them.
    #[arg(long, value_name = "NAME", default_value = "")]
    service: String,
    /// Ask the admin port at this address whether the service is ready, instead of the service itself.
    #[arg(long, value_name = "ADDR", conflicts_with = "service")]
    admin: Option<SocketAddr>,
    /// Longest time to wait, in seconds.
    #[arg(long, value_name = "N", default_value_t = 5)]
    seconds: u64,
}

impl Healthcheck {
    pub(crate) async fn run(&self, server: &Server) -> Outcome {
        let limit = Duration::from_secs(self.seconds);
        let (serving, word) = match self.admin {
            Some(address) => {
                let unreachable =
                    || Failure::Unreachable(format!("{address}: {}", beside("无法连接", "cannot be reached")));
                let answer = tokio::time::timeout(limit, readiness(address)).await.map_err(|_| unreachable())?;
                let status = answer.map_err(|_| unreachable())?;
                (status == StatusCode::OK, status.to_string())
            }
            None => {
                let answer = tokio::time::timeout(limit, self.ask(server)).await;
                let status = answer.map_err(|_| unreachable(&server.url))??;
                (status == ServingStatus::Serving, status.as_str_name().to_owned())
            }
        };
        print_line(&word)?;
        if serving { Ok(()) } else { Err(Failure::Refused) }
    }

    async fn ask(&self, server: &Server) -> Result<ServingStatus, Failure> {
        let mut client = HealthClient::new(connect(server).await?);
        let request = HealthCheckRequest { service: self.service.clone() };
        Ok(client.check(request).await.map_err(|status| refused(&status))?.into_inner().status())
    }
}

/// What the admin port says of `/readyz`.
async fn readiness(address: SocketAddr) -> anyhow::Result<StatusCode> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let request = Request::get("/readyz").header("host", address.to_string()).body(String::new())?;
    // The connection does the work, and ends with the first of the two.
    tokio::select! {
        answer = sender.send_request(request) => Ok(answer?.status()),
        ended = connection => {
            ended?;
            anyhow::bail!("the connection ended without an answer")
        }
    }
}
