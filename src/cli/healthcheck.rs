//! `huizong healthcheck`: for images without a shell; ends with 0 where the service serves, with 1 where it does not,
//! and with 3 where it cannot be reached.

use std::time::Duration;

use clap::Args;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::client::{Server, connect, refused, unreachable};
use super::output::print_line;
use super::{Failure, Outcome};

#[derive(Args)]
pub struct Healthcheck {
    /// One service, such as huizong.v1.ReportService; left out, all of them.
    #[arg(long, value_name = "NAME", default_value = "")]
    service: String,
    /// Longest time to wait, in seconds.
    #[arg(long, value_name = "N", default_value_t = 5)]
    seconds: u64,
}

impl Healthcheck {
    pub async fn run(&self, server: &Server) -> Outcome {
        let answer = tokio::time::timeout(Duration::from_secs(self.seconds), self.ask(server));
        let status = answer.await.map_err(|_| unreachable(server))??;
        print_line(status.as_str_name())?;
        if status == ServingStatus::Serving { Ok(()) } else { Err(Failure::Refused) }
    }

    async fn ask(&self, server: &Server) -> Result<ServingStatus, Failure> {
        let mut client = HealthClient::new(connect(server).await?);
        let request = HealthCheckRequest { service: self.service.clone() };
        Ok(client.check(request).await.map_err(|status| refused(&status))?.into_inner().status())
    }
}
