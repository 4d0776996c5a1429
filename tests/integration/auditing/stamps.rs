//! Heads stamped by `openssl ts` as the authority, behind a small HTTP server.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::program::{complaints, hand_in, huizong, register, succeed, text};
use crate::support::AGENCIES;
use crate::support::process::start;

fn openssl(folder: &Path, arguments: &[&str]) {
    let output = Command::new("openssl").args(arguments).current_dir(folder).output().expect("openssl is there");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A time-stamping authority with a certificate of its own authority, `ca.pem`.
struct Authority {
    folder: PathBuf,
    url: String,
}

const SETTINGS: &str = "
[tsa]
default_tsa = here
[here]
serial = serial
signer_cert = signer.pem
signer_key = signer.key
certs = ca.pem
default_policy = 1.2.3.4.1
digests = sha256
signer_digest = sha256
accuracy = secs:1
clock_precision_digits = 3
ordering = yes
tsa_name = yes
";

impl Authority {
    /// `curve`: parameters of the signer's key, for `openssl genpkey`.
    fn start(folder: PathBuf, key: &[&str]) -> Self {
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("settings"), SETTINGS).unwrap();
        std::fs::write(folder.join("serial"), "01\n").unwrap();
        std::fs::write(folder.join("signer.cnf"), "extendedKeyUsage = critical, timeStamping\nkeyUsage = critical, digitalSignature\nbasicConstraints = CA:FALSE\nsubjectKeyIdentifier = hash\nauthorityKeyIdentifier = keyid\n").unwrap();
        let days = ["-days", "30"];
        openssl(
            &folder,
            &[
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-subj",
                "/CN=Root", days[0], days[1],
            ],
        );
        openssl(&folder, &[&["genpkey", "-out", "signer.key"], key].concat());
        openssl(&folder, &["req", "-new", "-key", "signer.key", "-subj", "/CN=Time Stamps", "-out", "signer.csr"]);
        openssl(
            &folder,
            &[
                "x509",
                "-req",
                "-in",
                "signer.csr",
                "-CA",
                "ca.pem",
                "-CAkey",
                "ca.key",
                "-CAcreateserial",
                "-extfile",
                "signer.cnf",
                "-out",
                "signer.pem",
                days[0],
                days[1],
            ],
        );
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/tsa", listener.local_addr().unwrap());
        let serving = folder.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                answer(&serving, stream.unwrap());
            }
        });
        Self { folder, url }
    }

    fn ca(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }
}

/// Answers one request for a time stamp.
fn answer(folder: &Path, mut stream: TcpStream) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut head, mut line) = (String::new(), String::new());
    while reader.read_line(&mut line).unwrap() > 2 {
        head.push_str(&line.to_lowercase());
        line.clear();
    }
    assert!(
        head.starts_with("post /tsa http/1.1") && head.contains("content-type: application/timestamp-query"),
        "{head}"
    );
    let length = head.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap().parse().unwrap();
    let mut question = vec![0; length];
    reader.read_exact(&mut question).unwrap();
    std::fs::write(folder.join("query"), question).unwrap();
    openssl(folder, &["ts", "-reply", "-config", "settings", "-queryfile", "query", "-out", "reply"]);
    let reply = std::fs::read(folder.join("reply")).unwrap();
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\nContent-Length: ";
    write!(stream, "{head}{}\r\n\r\n", reply.len()).unwrap();
    stream.write_all(&reply).unwrap();
}

const RSA: &[&str] = &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];
const P384: &[&str] = &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stamped_head_is_held_to_its_authority_and_to_what_was_stamped() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let (server, channel) = start(&file("data")).await;
    register(&channel).await;
    hand_in(&channel, AGENCIES[0]).await;
    let (export, bare) = (file("journal.jsonl"), file("bare.json"));
    succeed(&["--server", &server.url, "journal", "export", "--output", text(&export)]).await;
    succeed(&["--server", &server.url, "journal", "head", "--output", text(&bare)]).await;
    let authorities = [Authority::start(file("rsa"), RSA), Authority::start(file("p384"), P384)];
    let mut heads = Vec::new();
    for (number, authority) in authorities.iter().enumerate() {
        let head = file(&format!("head-{number}.json"));
        succeed(&["--server", &server.url, "journal", "head", "--timestamp", &authority.url, "--output", text(&head)])
            .await;
        let (ca, other) = (authority.ca(), authorities[1 - number].ca());
        let verify = ["journal", "verify", text(&export), "--head", text(&head)];
        let said = succeed(&[&verify[..], &["--timestamp-ca", text(&ca)]].concat()).await;
        assert!(said.contains("stamped by CN=Time Stamps"), "{said}");
        let unseen = succeed(&verify).await;
        assert!(unseen.contains("time stamp not looked at"), "{unseen}");
        let refused = huizong(&[&verify[..], &["--timestamp-ca", text(&other)]].concat()).await;
        assert_eq!(refused.status.code(), Some(1));
        assert!(complaints(&refused).contains("not of the authorities given"), "{}", complaints(&refused));
        heads.push((head, ca));
    }

    // Others take the token, too, for the digest that the documents tell of.
    let head: serde_json::Value = serde_json::from_slice(&std::fs::read(&heads[0].0).unwrap()).unwrap();
    let part = |name: &str| head[name].as_str().unwrap();
    let (sequence, chain, time, key) = (&head["sequence"], part("chain"), part("time"), part("key"));
    let lines = format!("huizong-journal-head/1\nsequence={sequence}\nchain={chain}\ntime={time}\nkey={key}\n");
    let digest = huizong::report::Hash::of(lines.as_bytes()).to_hex();
    std::fs::write(file("token"), hex::decode(part("timestamp")).unwrap()).unwrap();
    let ca = heads[0].1.clone();
    openssl(folder.path(), &["ts", "-verify", "-digest", &digest, "-in", "token", "-token_in", "-CAfile", text(&ca)]);

    // The stamp of one head is not that of another, and no byte of it can be changed.
    let read = |path: &Path| serde_json::from_slice::<serde_json::Value>(&std::fs::read(path).unwrap()).unwrap();
    let refused = async |head: serde_json::Value, complaint: &str| {
        let changed = file("changed.json");
        std::fs::write(&changed, head.to_string()).unwrap();
        let ca = text(&heads[0].1);
        let output =
            huizong(&["journal", "verify", text(&export), "--head", text(&changed), "--timestamp-ca", ca]).await;
        assert_eq!(output.status.code(), Some(1), "{complaint}");
        assert!(complaints(&output).contains(complaint), "{complaint}: {}", complaints(&output));
    };
    refused(read(&bare), "no time stamp").await;
    let stamped = read(&heads[0].0);
    let mut exchanged = read(&bare);
    exchanged["timestamp"] = stamped["timestamp"].clone();
    refused(exchanged, "it stamps something else").await;
    let token = stamped["timestamp"].as_str().unwrap().to_owned();
    // Somewhere in the time, and in the signature.
    let hour = token.find(&hex::encode("20")).map(|at| at + 3).unwrap();
    for at in [hour, token.len() - 9] {
        let mut changed = token.clone().into_bytes();
        changed[at] = if changed[at] == b'1' { b'2' } else { b'1' };
        let mut head = stamped.clone();
        head["timestamp"] = String::from_utf8(changed).unwrap().into();
        refused(head, "").await;
    }
}
