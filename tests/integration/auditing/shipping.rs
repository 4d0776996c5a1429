//! The journal on its way to where others watch: to a receiver that takes RFC 5425 by the letter, to rsyslog where that is
//! installed, and to a file.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::program::{hand_in, newest, register, text};
use crate::support::AGENCIES;
use crate::support::process::{Server, start_with};

/// Files of an authority and of a certificate for `localhost`.
fn certificates(folder: &Path) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    std::fs::write(folder.join("ca.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    std::fs::write(folder.join("server.pem"), certificate.pem()).unwrap();
    std::fs::write(folder.join("server.key"), key.serialize_pem()).unwrap();
}

/// A message taken apart by the letter of RFC 5424.
#[derive(Debug, Clone)]
struct Message {
    priority: u8,
    time: jiff::Timestamp,
    kind: String,
    data: BTreeMap<String, String>,
    words: String,
}

fn parse(message: &str) -> Message {
    assert!(!message.chars().any(char::is_control), "{message:?}");
    let (priority, rest) = message.strip_prefix('<').unwrap().split_once('>').unwrap();
    let rest = rest.strip_prefix("1 ").expect("version 1");
    let mut fields = rest.splitn(6, ' ');
    let mut next = || fields.next().unwrap();
    let (time, host, app, process, kind) = (next(), next(), next(), next(), next());
    for (field, most) in [(host, 255), (app, 48), (process, 128), (kind, 32)] {
        assert!((1..=most).contains(&field.len()) && field.chars().all(|one| one.is_ascii_graphic()), "{field:?}");
    }
    assert_eq!(app, "huizong");
    let fraction = time.split_once('.').map_or(0, |(_, rest)| rest.trim_end_matches('Z').len());
    assert!(time.ends_with('Z') && fraction <= 6, "{time}");
    let mut rest = next().strip_prefix("[journal@32473").unwrap().chars();
    let mut data = BTreeMap::new();
    loop {
        match rest.next().unwrap() {
            ']' => break,
            ' ' => {}
            other => panic!("{other:?} in structured data"),
        }
        let name: String = rest.by_ref().take_while(|one| *one != '=').collect();
        assert!(name.chars().all(|one| one.is_ascii_lowercase()), "{name}");
        assert_eq!(rest.next(), Some('"'));
        let mut value = String::new();
        loop {
            match rest.next().unwrap() {
                '"' => break,
                '\\' => value.push(rest.next().filter(|one| "\"\\]".contains(*one)).expect("an escape that there is")),
                ']' => panic!("] stands unescaped"),
                one => value.push(one),
            }
        }
        assert!(data.insert(name, value).is_none());
    }
    let words = rest.as_str().strip_prefix(" \u{feff}").expect("UTF-8 says so").to_owned();
    Message { priority: priority.parse().unwrap(), time: time.parse().unwrap(), kind: kind.to_owned(), data, words }
}

impl Message {
    fn sequence(&self) -> u64 {
        self.data["sequence"].parse().unwrap()
    }
}

/// A receiver of syslog over TLS; what it was sent.
struct Receiver {
    port: u16,
    messages: Arc<Mutex<Vec<Message>>>,
    task: tokio::task::JoinHandle<()>,
}

/// One message behind its length; none at the end of a connection.
async fn frame(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut length = 0;
    loop {
        match stream.read_u8().await.ok()? {
            b' ' => break,
            digit => {
                assert!(digit.is_ascii_digit() && (length > 0 || digit != b'0'), "{digit} in a length");
                length = length * 10 + usize::from(digit - b'0');
            }
        }
    }
    assert!(length <= 8192, "{length}");
    let mut message = vec![0; length];
    stream.read_exact(&mut message).await.ok()?;
    Some(String::from_utf8(message).unwrap())
}

impl Receiver {
    /// `port`: 0 for a free one. `each`: connections are cut after so many messages.
    async fn start(folder: &Path, port: u16, each: usize) -> Self {
        let chain = CertificateDer::pem_file_iter(folder.join("server.pem")).unwrap().map(Result::unwrap).collect();
        let key = PrivateKeyDer::from_pem_file(folder.join("server.key")).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        let acceptor = TlsAcceptor::from(Arc::new(config.with_single_cert(chain, key).unwrap()));
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let messages = Arc::<Mutex<Vec<Message>>>::default();
        let kept = messages.clone();
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                for _ in 0..each {
                    let Some(message) = frame(&mut stream).await else { break };
                    kept.lock().unwrap().push(parse(&message));
                }
            }
        });
        Self { port, messages, task }
    }

    /// Stops; the port is free again.
    async fn stop(self) -> (u16, Vec<Message>) {
        self.task.abort();
        let _ = self.task.await;
        (self.port, self.messages.lock().unwrap().clone())
    }

    fn messages(&self) -> Vec<Message> {
        self.messages.lock().unwrap().clone()
    }
}

/// Waits until something holds.
async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < end, "{what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn settings(folder: &Path, journal: &str) -> std::path::PathBuf {
    let file = folder.join("config.toml");
    std::fs::write(&file, journal).unwrap();
    file
}

fn syslog_to(folder: &Path, port: u16) -> std::path::PathBuf {
    let ca = folder.join("ca.pem");
    settings(folder, &format!("[journal.syslog]\naddress = \"localhost:{port}\"\nca = \"{}\"\n", text(&ca)))
}

fn mark(folder: &Path) -> u64 {
    let mark = std::fs::read_to_string(folder.join("data/journal-shipped-syslog")).unwrap_or_default();
    mark.split(' ').next().and_then(|sequence| sequence.parse().ok()).unwrap_or(0)
}

async fn started(folder: &Path, settings: &Path) -> (Server, tonic::transport::Channel) {
    start_with(&folder.join("data"), &["--config", text(settings)]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_entry_arrives_over_cut_connections_a_receiver_that_is_gone_and_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    // Every connection is cut after three messages.
    let receiver = Receiver::start(folder.path(), 0, 3).await;
    let settings = syslog_to(folder.path(), receiver.port);
    let (mut server, channel) = started(folder.path(), &settings).await;
    // What a start tells of comes first.
    let base = newest(&channel).await as u64;
    register(&channel).await;
    hand_in(&channel, AGENCIES[0]).await;
    until("the first entries arrive", || receiver.messages().iter().any(|message| message.sequence() == base + 2))
        .await;
    let (port, messages) = receiver.stop().await;
    let first = messages.iter().find(|message| message.sequence() == base + 1).unwrap();
    assert_eq!((first.priority, first.kind.as_str()), (13 * 8 + 6, "registry.apply"));
    assert_eq!((first.data["outcome"].as_str(), first.data["address"].as_str()), ("accepted", "127.0.0.1"));
    assert!(first.words.contains("registry.apply") && first.time > jiff::Timestamp::UNIX_EPOCH, "{first:?}");

    // Nobody there: what is handed in is answered as ever.
    for agency in &AGENCIES[1..4] {
        hand_in(&channel, agency).await;
    }
    until("it is said that nobody is there", || !server.logged("the journal cannot be sent").is_empty()).await;
    let receiver = Receiver::start(folder.path(), port, 1000).await;
    until("the others arrive", || receiver.messages().iter().any(|message| message.sequence() == base + 5)).await;
    until("they count as arrived", || mark(folder.path()) == base + 5).await;
    let sequences: Vec<u64> = receiver.messages().iter().map(Message::sequence).collect();
    assert!((base + 3..=base + 5).all(|sequence| sequences.contains(&sequence)), "{sequences:?}");

    // A restart goes on from there: only what is new comes.
    server.terminate();
    server.wait();
    drop(channel);
    let before = receiver.messages().len();
    let (_server, channel) = started(folder.path(), &settings).await;
    hand_in(&channel, AGENCIES[4]).await;
    until("the newest arrives", || receiver.messages().len() > before).await;
    let next: Vec<u64> = receiver.messages()[before..].iter().map(Message::sequence).collect();
    assert!(next.iter().all(|sequence| *sequence > base + 5), "{next:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_receiver_that_is_somebody_else_gets_nothing_and_one_that_takes_nothing_holds_up_nobody() {
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    let other = tempfile::tempdir().unwrap();
    certificates(other.path());
    let stranger = Receiver::start(other.path(), 0, 1000).await;
    let (server, channel) = started(folder.path(), &syslog_to(folder.path(), stranger.port)).await;
    register(&channel).await;
    hand_in(&channel, AGENCIES[0]).await;
    until("it is said", || !server.logged("the journal cannot be sent").is_empty()).await;
    assert!(stranger.messages().is_empty());
    drop((server, channel));

    // One that accepts connections, and reads nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = syslog_to(folder.path(), silent.local_addr().unwrap().port());
    let (_server, channel) = started(folder.path(), &settings).await;
    let began = Instant::now();
    for agency in &AGENCIES[1..] {
        hand_in(&channel, agency).await;
    }
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_gets_every_entry_once_although_it_is_moved_away() {
    let folder = tempfile::tempdir().unwrap();
    let (log, old) = (folder.path().join("journal.log"), folder.path().join("journal.log.1"));
    let settings = settings(folder.path(), &format!("[journal.file]\npath = \"{}\"\n", text(&log)));
    let (_server, channel) = started(folder.path(), &settings).await;
    let read = |path: &Path| std::fs::read_to_string(path).unwrap_or_default().lines().map(parse).collect::<Vec<_>>();
    register(&channel).await;
    let registered = newest(&channel).await as u64;
    let ends_with = |sequence: u64| read(&log).last().is_some_and(|last| last.sequence() == sequence);
    until("the first is there", || ends_with(registered)).await;
    std::fs::rename(&log, &old).unwrap();
    hand_in(&channel, AGENCIES[0]).await;
    until("the next is there", || ends_with(registered + 1)).await;
    let sequences: Vec<u64> = [read(&old), read(&log)].concat().iter().map(Message::sequence).collect();
    assert!(sequences.iter().copied().eq(1..=registered + 1), "{sequences:?}");
}

/// Ends the process with the test.
struct Running(std::process::Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rsyslog_takes_the_journal_over_tls_where_it_is_installed() {
    let program = ["/usr/sbin/rsyslogd", "/sbin/rsyslogd"].into_iter().find(|path| Path::new(path).exists());
    // It is a package of its own.
    let speaks_tls = std::fs::read_dir("/usr/lib")
        .unwrap()
        .flatten()
        .any(|below| below.path().join("rsyslog/lmnsd_ossl.so").exists());
    let Some(program) = program.filter(|_| speaks_tls) else {
        eprintln!("skipped: rsyslogd, or its TLS, is not installed");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let (at, log) = (text(folder.path()).to_owned(), folder.path().join("received.log"));
    let configuration = format!(
        r#"global(workDirectory="{at}" maxMessageSize="16k"
  defaultNetstreamDriverCAFile="{at}/ca.pem"
  defaultNetstreamDriverCertFile="{at}/server.pem"
  defaultNetstreamDriverKeyFile="{at}/server.key")
module(load="imtcp" streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="anon")
template(name="parts" type="string" string="%pri%|%timereported:::date-rfc3339%|%app-name%|%msgid%|%structured-data%|%msg%\n")
ruleset(name="in") {{ action(type="omfile" file="{}" template="parts") }}
input(type="imtcp" port="{port}" ruleset="in")
"#,
        text(&log)
    );
    std::fs::write(folder.path().join("rsyslog.conf"), configuration).unwrap();
    let mut command = Command::new(program);
    command.args(["-n", "-f", &format!("{at}/rsyslog.conf"), "-i", &format!("{at}/rsyslog.pid")]);
    let _receiver = Running(command.stdout(Stdio::null()).spawn().unwrap());
    let (_server, channel) = started(folder.path(), &syslog_to(folder.path(), port)).await;
    register(&channel).await;
    hand_in(&channel, AGENCIES[0]).await;
    let sequence = format!("sequence=\"{}\"", newest(&channel).await);
    let received = || std::fs::read_to_string(&log).unwrap_or_default();
    until("rsyslog has all", || received().contains(&sequence)).await;
    let text = received();
    let line = text.lines().find(|line| line.contains(&sequence)).unwrap();
    let parts: Vec<&str> = line.split('|').collect();
    assert_eq!((parts[0], parts[2], parts[3]), ("110", "huizong", "report.submit"), "{line}");
    assert!(parts[4].starts_with(&format!("[journal@32473 {sequence}")) && parts[4].ends_with(']'), "{line}");
    assert!(parts[5].contains(AGENCIES[0]), "{line}");
}
