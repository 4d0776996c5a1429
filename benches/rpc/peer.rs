//! The bare service beside ours (`benches/peer`), where `BENCH_PEER` names the program.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use futures::future::BoxFuture;
use huizong::pb;
use prost::Message;
use tonic::transport::Channel;
use tonic::{Request, Status};
use tonic_prost::ProstCodec;

use super::load;

const PROGRAM: &str = "BENCH_PEER";
const SUBMISSION: &str = "/bench.Peer/Submission";

/// What it answers with: the number of the row.
#[derive(Clone, PartialEq, Message)]
struct Inserted {
    #[prost(int64, tag = "1")]
    number: i64,
}

/// It runs until this is dropped.
pub struct Peer {
    child: Child,
    channel: Channel,
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It ends with its input, and its cluster with it.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

impl Peer {
    /// Starts it on the disk that is measured; none where it was not built.
    pub async fn start(disk: &Path) -> Option<Self> {
        let program = std::env::var_os(PROGRAM)?;
        let mut child =
            Command::new(program).arg(disk).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a peer");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address: SocketAddr = line.trim_end().parse().expect("the peer to say where it is");
        let channel = Channel::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap();
        Some(Self { child, channel })
    }

    /// Calls that each have the message inserted.
    pub fn calls(
        &self,
        message: pb::SubmitReportRequest,
    ) -> impl Fn() -> BoxFuture<'static, ()> + Clone + Send + Sync + 'static {
        load::calls(&self.channel, move |channel| insert(channel, message.clone()))
    }
}

async fn insert(channel: Channel, message: pb::SubmitReportRequest) -> Result<Inserted, Status> {
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.map_err(|error| Status::unknown(error.to_string()))?;
    let codec = ProstCodec::<pb::SubmitReportRequest, Inserted>::default();
    let path = http::uri::PathAndQuery::from_static(SUBMISSION);
    Ok(client.unary(Request::new(message), path, codec).await?.into_inner())
}
