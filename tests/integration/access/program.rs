//! The program itself: it does not serve others without protection, and its first administrator is made once.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue};
use tonic::{Code, Status};

use crate::access::guarded::{Authority, Issued};
use crate::support::problem;

fn huizong() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_huizong"));
    for name in ["HUIZONG_TOKEN", "HUIZONG_TOKEN_FILE", "HUIZONG_SERVER", "HUIZONG_CA", "HUIZONG_PRINCIPAL"] {
        command.env_remove(name);
    }
    command.env("NO_COLOR", "1");
    command
}

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The service with these arguments, what it logged until it served, and its port.
fn serve(arguments: &[&str], data: &Path) -> (Server, String, String) {
    let mut child =
        huizong().arg("serve").args(arguments).arg("--data").arg(data).stderr(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut logged = String::new();
    let port = loop {
        let line = log.next().unwrap_or_else(|| panic!("the service ended: {logged}")).unwrap();
        logged.push_str(&line);
        logged.push('\n');
        if let Some((_, address)) = line.split_once("address=") {
            break address.split_whitespace().next().unwrap().rsplit(':').next().unwrap().to_owned();
        }
    };
    std::thread::spawn(move || log.for_each(drop));
    (Server(child), logged, port)
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Writes `ca.pem`, a certificate of it for `localhost`, and `config.toml` with these and more settings.
fn set_up_tls(folder: &Path, more: &str) {
    let path = |name: &str| folder.join(name);
    let authority = Authority::new("test authority");
    let Issued { certificate, key } = authority.server();
    for (name, pem) in [("server.pem", &certificate), ("server.key", &key), ("ca.pem", &authority.pem)] {
        std::fs::write(path(name), pem).unwrap();
    }
    let config = format!("[tls]\ncertificate = {:?}\nkey = {:?}\n{more}", path("server.pem"), path("server.key"));
    std::fs::write(path("config.toml"), config).unwrap();
}

#[test]
fn others_are_not_served_without_protection_unless_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |arguments: &[&str]| {
        let output = huizong()
            .args(["serve", "--listen", "0.0.0.0:0"])
            .args(arguments)
            .arg("--data")
            .arg(folder.path())
            .output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", text(&output));
        text(&output)
    };
    assert!(refused(&[]).contains("--insecure-without-tls"));
    assert!(refused(&["--insecure-without-tls"]).contains("--insecure-without-authentication"));
    let both = ["--listen", "0.0.0.0:0", "--insecure-without-tls", "--insecure-without-authentication"];
    let (_server, logged, _) = serve(&both, folder.path());
    for what in ["INSECURE: no TLS", "INSECURE: no authentication"] {
        assert!(logged.lines().any(|line| line.contains("WARN") && line.contains(what)), "{logged}");
    }
}

#[test]
fn a_wrong_address_is_told_by_what_is_found_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    set_up_tls(folder.path(), "");
    let config = path("config.toml");
    let arguments = ["--listen", "127.0.0.1:0", "--config", config.to_str().unwrap()];
    let (_tls, _, tls) = serve(&arguments, &path("tls"));
    let (_clear, _, clear) = serve(&["--listen", "127.0.0.1:0"], &path("clear"));
    // Services of other kinds: one that speaks HTTP, and one that greets.
    let other = |greeting: &'static str, hears_first: bool| {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                if hears_first {
                    let _ = stream.read(&mut [0; 64]);
                }
                let _ = stream.write_all(greeting.as_bytes());
            }
        });
        port
    };
    let web = other("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", true);
    let mail = other("220 mail.example ESMTP\r\n", false);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let ca = path("ca.pem");
    let known = ["--ca", ca.to_str().unwrap()];
    for (server, more, zh, en) in [
        (format!("http://127.0.0.1:{tls}"), &[][..], "该地址使用 TLS", "use https://"),
        (format!("https://localhost:{clear}"), &[], "不使用 TLS", "use http://"),
        (format!("https://localhost:{tls}"), &[], "用 --ca 给出", "give it with --ca"),
        (format!("https://127.0.0.1:{tls}"), &known, "证书不是此名称的", "for other names"),
        (format!("http://127.0.0.1:{web}"), &[], "另一个 HTTP 服务", "another service speaks HTTP"),
        (format!("http://127.0.0.1:{mail}"), &[], "另一种服务", "something else listens"),
        (format!("http://127.0.0.1:{nobody}"), &[], "请确认服务已启动", "is the service running?"),
        (format!("ftp://127.0.0.1:{clear}"), &[], "没有 ftp://", "there is no ftp://"),
    ] {
        let output = huizong().args(["journal", "--server", &server]).args(more).output().unwrap();
        let said = text(&output);
        assert!(!output.status.success() && said.contains(zh) && said.contains(en), "{server}: {said}");
    }
    let right =
        huizong().args(["journal", "--server", &format!("https://localhost:{tls}")]).args(known).output().unwrap();
    assert!(right.status.success(), "{}", text(&right));
}

#[test]
fn the_first_administrator_is_made_once_and_makes_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    set_up_tls(folder.path(), "[access]\nauthentication = true\n");
    let data = path("data");
    let bootstrap = || {
        let mut command = huizong();
        command.args(["credential", "bootstrap", "chief"]).arg("--data").arg(&data).output().unwrap()
    };
    let made = bootstrap();
    assert!(made.status.success(), "{}", text(&made));
    let token = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    let again = bootstrap();
    assert_eq!(again.status.code(), Some(1));
    assert!(!text(&again).contains("huizong_"));

    let configuration = path("config.toml");
    let arguments = ["--listen", "0.0.0.0:0", "--config", configuration.to_str().unwrap()];
    let (_server, logged, port) = serve(&arguments, &data);
    assert!(!logged.contains("INSECURE"), "{logged}");
    let run = |token: Option<&str>, arguments: &[&str]| {
        let mut command = huizong();
        command
            .args(arguments)
            .arg("--server")
            .arg(format!("https://localhost:{port}"))
            .arg("--ca")
            .arg(path("ca.pem"));
        if let Some(token) = token {
            command.env("HUIZONG_TOKEN", token);
        }
        command.output().unwrap()
    };
    let refused = run(None, &["credential", "whoami"]);
    assert_eq!(refused.status.code(), Some(1), "{}", text(&refused));
    assert!(text(&refused).contains("CREDENTIALS_REQUIRED"));
    let known = run(Some(&token), &["credential", "whoami"]);
    assert_eq!(text(&known), "chief\n  security-administrator\n");
    let granted = run(Some(&token), &["credential", "grant", "--new", "officer", "auditor"]);
    assert!(granted.status.success(), "{}", text(&granted));
    let refused = run(Some(&token), &["credential", "create", "officer", "--days", "7"]);
    assert!(text(&refused).contains("SECRET_OF_ANOTHER"), "{}", text(&refused));
    let code = run(Some(&token), &["credential", "enrol", "officer", "--days", "7"]);
    let code = String::from_utf8_lossy(&code.stdout).trim().to_owned();
    let made = run(None, &["credential", "exchange", &code]);
    let officer = String::from_utf8_lossy(&made.stdout).trim().to_owned();
    let journal = run(Some(&officer), &["journal"]);
    assert!(text(&journal).contains("access.grant"), "{}", text(&journal));
    assert!(!text(&journal).contains(token.rsplit('_').next().unwrap()));
    assert_eq!(run(Some(&token), &["journal"]).status.code(), Some(1), "who administers security does not audit");
    let listed = run(Some(&token), &["credential", "list", "officer"]);
    let listed = text(&listed);
    let credential = listed.split_whitespace().find(|word| word.starts_with("principals/")).unwrap();
    assert!(run(Some(&token), &["credential", "revoke", credential]).status.success());
    let ended = run(Some(&officer), &["journal"]);
    assert!(text(&ended).contains("CREDENTIAL_REVOKED"), "{}", text(&ended));

    // Replaced, it says by whom; a code may come by the standard input.
    let code = run(Some(&token), &["credential", "enrol", "officer", "--days", "7"]).stdout;
    let mut exchange = huizong();
    exchange.args(["credential", "exchange", "--server"]).arg(format!("https://localhost:{port}"));
    exchange.arg("--ca").arg(path("ca.pem")).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut exchange = exchange.spawn().unwrap();
    exchange.stdin.take().unwrap().write_all(&code).unwrap();
    let first = String::from_utf8(exchange.wait_with_output().unwrap().stdout).unwrap();
    let code = run(Some(&token), &["credential", "enrol", "officer"]).stdout;
    let second = run(None, &["credential", "exchange", String::from_utf8(code).unwrap().trim()]);
    assert!(text(&second).contains("chief made the code, and 1 before it ended"), "{}", text(&second));
    let replaced = run(Some(first.trim()), &["journal"]);
    assert!(text(&replaced).contains("was replaced on") && text(&replaced).contains("chief made the code"));
    let second = String::from_utf8(second.stdout).unwrap();
    let known = run(Some(second.trim()), &["credential", "whoami"]);
    assert!(text(&known).contains("officer\n  auditor\n"), "{}", text(&known));
    assert!(text(&known).contains("Your credential was replaced on"), "{}", text(&known));
}

/// The answer to a call in gRPC-Web over HTTP/1.1, byte by byte: its head, and its body.
fn ask_in_grpc_web(port: &str, content_type: &str) -> (HeaderMap, String) {
    let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    let request = format!(
        "POST /huizong.v1.OperationsService/GetStatus HTTP/1.1\r\nhost: localhost\r\ncontent-type: {content_type}\r\n\
         accept: {content_type}\r\naccept-language: en\r\nx-grpc-web: 1\r\nx-request-id: page-1\r\n\
         content-length: 5\r\nconnection: close\r\n\r\n\0\0\0\0\0"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    assert_eq!(lines.next(), Some("HTTP/1.1 200 OK"), "{answer}");
    let headers = lines.map(|line| {
        let (name, value) = line.split_once(": ").unwrap();
        (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap())
    });
    (headers.collect(), body.to_owned())
}

#[test]
fn a_refusal_at_the_door_reaches_a_client_of_grpc_web_in_its_own_framing() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.toml");
    std::fs::write(&config, "[access]\nauthentication = true\n").unwrap();
    let arguments = ["--listen", "127.0.0.1:0", "--config", config.to_str().unwrap()];
    let (_server, _, port) = serve(&arguments, &folder.path().join("data"));
    for content_type in ["application/grpc-web+proto", "application/grpc-web-text+proto"] {
        let (headers, body) = ask_in_grpc_web(&port, content_type);
        assert_eq!(headers[CONTENT_TYPE], content_type);
        assert_eq!(headers["x-request-id"], "page-1");
        // Where there is no message, the status stands in the head, of gRPC-Web as of gRPC.
        assert_eq!(body, "");
        let status = Status::from_header_map(&headers).unwrap();
        assert_eq!(status.code(), Code::Unauthenticated);
        assert!(status.message().contains("credentials are required"), "{status:?}");
        let problem = problem(&status);
        assert_eq!(problem.reason().as_str_name(), "CREDENTIALS_REQUIRED");
        assert_eq!(problem.call_id, "page-1");
    }
}

#[test]
fn a_token_is_not_sent_in_clear_to_another_machine() {
    let output = huizong()
        .args(["credential", "whoami", "--server", "http://192.0.2.1:7411"])
        .env("HUIZONG_TOKEN", "huizong_0000000000000000_00")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).contains("https"), "{}", text(&output));
}
