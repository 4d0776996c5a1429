//! A bare tonic service that does one thing with a submission: it inserts the message as it came, in a prepared statement over
//! one of 16 connections, into PostgreSQL, and answers when that is committed. It decodes nothing, asks nobody who they are,
//! judges nothing and adds nothing up: what durable storage behind gRPC costs at the least.
//!
//! `huizong-bench-peer FOLDER` makes a cluster of its own below the folder, as another user where this one is root, says where
//! it serves, and ends, cluster and all, when its input does.

use std::convert::Infallible;
use std::error::Error;
use std::future::Future;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf as _, BufMut as _, Bytes};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tokio_postgres::{Client, Config, NoTls, Statement};
use tonic::body::Body;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

const CONNECTIONS: usize = 16;

type AnyError = Box<dyn Error + Send + Sync>;

/// Messages as bytes.
#[derive(Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        into.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}

/// Connections, taken in turn; each has its statement prepared.
struct Connections {
    all: Vec<(Client, Statement)>,
    next: AtomicUsize,
}

#[derive(Clone)]
struct Peer(Arc<Connections>);

impl NamedService for Peer {
    const NAME: &'static str = "bench.Peer";
}

struct Insert(Arc<Connections>);

impl UnaryService<Bytes> for Insert {
    type Response = Bytes;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Bytes>, Status>> + Send>>;

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let connections = self.0.clone();
        Box::pin(async move {
            let at = connections.next.fetch_add(1, Ordering::Relaxed) % connections.all.len();
            let (client, insert) = &connections.all[at];
            let row = client.query_one(insert, &[&&request.into_inner()[..]]).await;
            let id: i64 = row.map_err(|error| Status::internal(error.to_string()))?.get(0);
            // The field `number` of a message.
            let mut answer = vec![8];
            let mut rest = id.cast_unsigned();
            while rest >= 0x80 {
                answer.push(rest as u8 | 0x80);
                rest >>= 7;
            }
            answer.push(rest as u8);
            Ok(Response::new(answer.into()))
        })
    }
}

impl tower::Service<http::Request<Body>> for Peer {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let connections = self.0.clone();
        Box::pin(async move { Ok(Grpc::new(Raw).unary(Insert(connections), request).await) })
    }
}

/// The newest PostgreSQL that is installed.
fn tools() -> Result<PathBuf, AnyError> {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")?
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .filter(|bin| bin.join("postgres").exists())
        .collect();
    found.sort();
    found.pop().ok_or_else(|| "PostgreSQL is not installed".into())
}

/// A user that PostgreSQL runs as where this one is root, which it refuses.
fn some_user() -> Result<Option<(u32, u32)>, AnyError> {
    // Nothing is read or written here.
    #[allow(unsafe_code)]
    let is_root = unsafe { libc::geteuid() } == 0;
    if !is_root {
        return Ok(None);
    }
    let users = std::fs::read_to_string("/etc/passwd")?;
    let ids = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    let user = ids("postgres").or_else(|| ids("nobody"));
    user.map(Some).ok_or_else(|| "PostgreSQL refuses to run as root, and there is no other user".into())
}

fn command(program: PathBuf, user: Option<(u32, u32)>) -> Command {
    use std::os::unix::process::CommandExt as _;
    let mut command = Command::new(program);
    command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if let Some((user, group)) = user {
        command.uid(user).gid(group);
    }
    command
}

/// A cluster of its own, which ends with this.
struct Cluster(std::process::Child);

impl Drop for Cluster {
    fn drop(&mut self) {
        // Its quick way to stop.
        #[allow(unsafe_code)]
        unsafe {
            libc::kill(self.0.id().cast_signed(), libc::SIGINT);
        }
        let _ = self.0.wait();
    }
}

fn start(folder: &Path) -> Result<Cluster, AnyError> {
    let (tools, user) = (tools()?, some_user()?);
    if let Some((user, group)) = user {
        chown(folder, Some(user), Some(group))?;
    }
    let data = folder.join("data");
    let made = command(tools.join("initdb"), user)
        .args(["--auth=trust", "--username=bench", "--encoding=UTF8", "--locale=C"])
        .arg(&data)
        .status()?;
    if !made.success() {
        return Err(format!("initdb: {made}").into());
    }
    let sockets = format!("--unix_socket_directories={}", folder.display());
    let server = command(tools.join("postgres"), user)
        .arg("-D")
        .arg(&data)
        .args(["--fsync=on", "--synchronous_commit=on", "--listen_addresses=", "--max_wal_size=8GB", &sockets])
        .spawn()?;
    Ok(Cluster(server))
}

async fn connect(folder: &Path) -> Result<Client, AnyError> {
    let mut last = None;
    for _ in 0..300 {
        let mut config = Config::new();
        match config.host_path(folder).user("bench").dbname("postgres").connect(NoTls).await {
            Ok((client, connection)) => {
                tokio::spawn(async move { drop(connection.await) });
                return Ok(client);
            }
            Err(error) => last = Some(error),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err(last.map_or_else(|| "no connection".into(), AnyError::from))
}

#[tokio::main]
async fn main() -> Result<(), AnyError> {
    let disk = std::env::args_os().nth(1).ok_or("a folder on the disk that is measured")?;
    let folder = tempfile::Builder::new().prefix("huizong-peer-").tempdir_in(disk)?;
    let _cluster = start(folder.path())?;
    connect(folder.path())
        .await?
        .batch_execute("CREATE TABLE submissions (id bigserial PRIMARY KEY, body bytea NOT NULL)")
        .await?;
    let mut all = Vec::new();
    for _ in 0..CONNECTIONS {
        let client = connect(folder.path()).await?;
        let insert = client.prepare("INSERT INTO submissions (body) VALUES ($1) RETURNING id").await?;
        all.push((client, insert));
    }
    let peer = Peer(Arc::new(Connections { all, next: AtomicUsize::new(0) }));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let (mut input, mut rest) = (tokio::io::stdin(), Vec::new());
    tokio::select! {
        served = Server::builder().add_service(peer).serve_with_incoming(incoming) => served?,
        ended = input.read_to_end(&mut rest) => drop(ended?),
    }
    Ok(())
}
