//! `huizong journal head`: how far the journal has come, signed by the service, and stamped by an authority where one is
//! named. Checked by `huizong journal verify --head`.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;

use clap::Args;
use http::StatusCode;
use rand::TryRngCore as _;
use rand::rngs::OsRng;

use crate::outbound::{self, Trust};
use crate::pb;
use crate::pb::operations_service_client::OperationsServiceClient;
use crate::report::Message;
use crate::stamp;
use crate::store::SignedHead;
use crate::wire;

use super::client::{Server, connect, refused};
use super::language::told;
use super::output::print_line;
use super::{Failure, Outcome, both};

#[derive(Args)]
pub(crate) struct Head {
    /// File to be written; it must not exist yet. Left out, it is printed.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Have a time-stamping authority (RFC 3161) stamp it, at this address.
    #[arg(long, env = "HUIZONG_TIMESTAMP", value_name = "URL")]
    timestamp: Option<String>,
    /// Authority that issued the certificate of the time-stamping authority's HTTPS, PEM; left out, those that this machine
    /// trusts.
    #[arg(long, value_name = "FILE", requires = "timestamp")]
    timestamp_https_ca: Option<PathBuf>,
}

impl Head {
    pub(crate) async fn run(&self, server: &Server) -> Outcome {
        let mut client = OperationsServiceClient::new(connect(server).await?);
        let status =
            client.get_status(pb::GetStatusRequest::default()).await.map_err(|status| refused(&status))?.into_inner();
        let head = status.journal_head.and_then(wire::head_from_wire).filter(SignedHead::holds);
        let mut head = head.ok_or_else(|| {
            let text = Message::new("服务未给出有效的签名", "the service gave no signature that holds");
            Failure::Failed(both(&text))
        })?;
        if let Some(url) = &self.timestamp {
            head.timestamp = hex::encode(self.stamp(url, &head).await?);
        }
        let json = serde_json::to_string(&head).map_err(|error| Failure::of(&error))?;
        let Some(output) = &self.output else { return print_line(&json) };
        let failed = |error: std::io::Error| Failure::at(output.display(), &error);
        let mut file = File::create_new(output).map_err(failed)?;
        writeln!(file, "{json}").and_then(|()| file.sync_all()).map_err(failed)?;
        print_line(&format!(
            "{}  {}\n{}  {}",
            told("流水号", "sequence", " "),
            head.sequence,
            told("签名公钥", "key", " "),
            head.key
        ))
    }

    /// The token of an authority over what is signed.
    async fn stamp(&self, url: &str, head: &SignedHead) -> Result<Vec<u8>, Failure> {
        let complain = |text: Message| Failure::Failed(format!("{url}: {}", both(&text)));
        let digest = head.digest();
        let mut nonce = [0; 8];
        OsRng.try_fill_bytes(&mut nonce).map_err(|error| Failure::of(&error))?;
        let question = stamp::request(digest, nonce).map_err(|error| complain(error.0))?;
        let trust = Trust { ca: self.timestamp_https_ca.clone().unwrap_or_default(), ..Trust::default() };
        let (status, answer) = outbound::post(url, &trust, "application/timestamp-query", question)
            .await
            .map_err(|error| Failure::Unreachable(format!("{url}: {error}")))?;
        if status != StatusCode::OK {
            return Err(complain(Message::new(format!("答复 HTTP {status}"), format!("it answered HTTP {status}"))));
        }
        stamp::token(&answer, digest, nonce).map_err(|error| complain(error.0))
    }
}
