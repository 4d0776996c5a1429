//! Connecting to the service, and saying what it refused.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, TcpStream, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use clap::Args;
use http::uri::Authority;
use tonic::metadata::AsciiMetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Identity};
use tonic::{Code, Request, Status};

use crate::grpc::{PRINCIPAL_HEADER, encode_principal, problem_of_status};
use crate::pb;
use crate::report::in_chinese;

use super::Failure;
use super::failure::said_at;
use super::language::{heading, told};

/// Longest answer that is taken, in bytes.
pub(crate) const ANSWER_MAX_BYTES: usize = 64 << 20;

/// Which service to call, and as whom.
#[derive(Clone)]
pub(crate) struct Server {
    pub url: String,
    /// Who the caller says to be.
    pub principal: Option<String>,
    pub credentials: Credentials,
}

/// What the caller shows.
#[derive(Args, Clone)]
pub(crate) struct Credentials {
    /// Your token, where the service asks for one; better in the environment or in a file than on the command line.
    #[arg(long, global = true, env = "HUIZONG_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    token: Option<String>,
    /// File that holds your token.
    #[arg(long, global = true, env = "HUIZONG_TOKEN_FILE", value_name = "FILE", conflicts_with = "token")]
    token_file: Option<PathBuf>,
    /// Authority that issued the service's certificate, PEM; left out, those that this machine trusts.
    #[arg(long, global = true, env = "HUIZONG_CA", value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Your client certificate with its chain, PEM.
    #[arg(long, global = true, env = "HUIZONG_CERTIFICATE", value_name = "FILE", requires = "key")]
    certificate: Option<PathBuf>,
    /// The private key of your certificate, PEM.
    #[arg(long, global = true, env = "HUIZONG_KEY", value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,
}

impl Credentials {
    /// For a caller who has no token yet.
    pub(crate) fn without_token(self) -> Self {
        Self { token: None, token_file: None, certificate: None, key: None, ..self }
    }

    fn token(&self) -> Result<Option<String>, Failure> {
        match (&self.token, &self.token_file) {
            (Some(token), _) => Ok(Some(token.trim().to_owned())),
            (None, Some(path)) => Ok(Some(String::from_utf8_lossy(&read(path)?).trim().to_owned())),
            (None, None) => Ok(None),
        }
    }

    fn tls(&self) -> Result<ClientTlsConfig, Failure> {
        let tls = match &self.ca {
            Some(path) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(read(path)?)),
            None => ClientTlsConfig::new().with_native_roots(),
        };
        Ok(match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => tls.identity(Identity::from_pem(read(certificate)?, read(key)?)),
            _ => tls,
        })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::Usage(said_at(path.display(), &error)))
}

/// Says with every call who calls.
#[derive(Clone)]
pub(crate) struct Introduce {
    principal: Option<AsciiMetadataValue>,
    token: Option<AsciiMetadataValue>,
}

impl Interceptor for Introduce {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(principal) = &self.principal {
            request.metadata_mut().insert(PRINCIPAL_HEADER, principal.clone());
        }
        if let Some(token) = &self.token {
            request.metadata_mut().insert("authorization", token.clone());
        }
        Ok(request)
    }
}

/// A connection to the service.
pub(crate) type Connection = InterceptedService<Channel, Introduce>;

/// A connection to the service.
pub(crate) async fn connect(server: &Server) -> Result<Connection, Failure> {
    let url = address(&server.url)?;
    let usage = |error: &(dyn std::error::Error + 'static)| Failure::Usage(said_at(format!("--server {url}"), error));
    let mut endpoint = Channel::from_shared(url.clone()).map_err(|error| usage(&error))?;
    let _ = CALLED.set(url.clone());
    let token = server.credentials.token()?;
    if endpoint.uri().scheme_str() == Some("https") {
        endpoint = endpoint.tls_config(server.credentials.tls()?).map_err(|error| usage(&error))?;
    } else if token.is_some() && !is_own_machine(endpoint.uri().host()) {
        let text = "不以明文发送令牌；请使用 https 地址\n  a token is not sent in clear; use an https address";
        return Err(Failure::Usage(text.to_owned()));
    }
    let channel = endpoint.connect().await.map_err(|error| unreachable_because(&url, &error))?;
    let token = token.map(|token| format!("Bearer {token}").parse::<AsciiMetadataValue>());
    let token = token
        .transpose()
        .map_err(|_| Failure::Usage(told("--token：不是令牌", "--token: not a token", "\n  ")))?
        .map(|mut token| {
            token.set_sensitive(true);
            token
        });
    let principal = server.principal.as_deref().and_then(|name| encode_principal(name).parse().ok());
    Ok(InterceptedService::new(channel, Introduce { principal, token }))
}

fn is_own_machine(host: Option<&str>) -> bool {
    let host = host.unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The address as it was meant: without a scheme, in clear on this machine and over TLS elsewhere.
///
/// # Errors
/// Where it has another scheme.
fn address(server: &str) -> Result<String, Failure> {
    match server.split_once("://") {
        Some(("http" | "https", _)) => Ok(server.to_owned()),
        Some((scheme, rest)) => Err(Failure::Usage(format!(
            "--server：没有 {scheme}://，请用 http://{rest} 或 https://{rest}\n  --server: there is no {scheme}://, but http://{rest} and https://{rest}"
        ))),
        None => {
            let host = server.parse::<Authority>().ok();
            let is_own = is_own_machine(host.as_ref().map(Authority::host));
            Ok(format!("{}://{server}", if is_own { "http" } else { "https" }))
        }
    }
}

/// What went wrong in TLS, by what its library says of it, and what to do.
const TLS_FAULTS: [(&str, &str, &str); 5] = [
    ("invalidcontenttype", "该地址不使用 TLS，请改用 http://", "there is no TLS at this address: use http://"),
    (
        "unknownissuer",
        "证书由本机不认识的机构签发；请用 --ca 给出其证书（自签名证书亦同）",
        "its certificate is of an authority that this machine does not know: give it with --ca, as for a self-signed one",
    ),
    (
        "not valid for name",
        "证书不是此名称的；请使用证书上的名称",
        "its certificate is for other names: use one of them",
    ),
    ("expired", "证书已过期；请联系运维人员", "its certificate is past its time: call the operator"),
    ("unsupportedcertversion", "证书不合规；请联系运维人员", "its certificate is none: call the operator"),
];

/// As [`unreachable()`], with what went wrong where that is more than nobody answering.
fn unreachable_because(url: &str, error: &dyn std::error::Error) -> Failure {
    let mut source = error.source();
    let mut last = String::new();
    while let Some(cause) = source {
        last = cause.to_string();
        source = cause.source();
    }
    let said = last.to_lowercase();
    if let Some((_, zh, en)) = TLS_FAULTS.iter().find(|(sign, ..)| said.contains(sign)) {
        return Failure::Unreachable(format!("无法连接 {url}：{zh}\n  {url} cannot be reached: {en}"));
    }
    match unreachable(url) {
        Failure::Unreachable(text) if url.starts_with("https") => Failure::Unreachable(format!(
            "{text}\n{}",
            told(&format!("（{}）", in_chinese(&last)), &format!("  ({last})"), "\n")
        )),
        other => other,
    }
}

/// The address that is called, for what is said where no service answers.
static CALLED: OnceLock<String> = OnceLock::new();

/// How long whatever listens at an address is waited for, to say what it is.
const PATIENCE: Duration = Duration::from_secs(2);

/// What listens at an address in clear that does not answer as the service does.
fn mistaken(url: &str) -> Option<Failure> {
    let rest = url.strip_prefix("http://")?;
    let address = rest.trim_end_matches('/').to_socket_addrs().ok()?.next()?;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").ok()?;
    let mut begun = [0; 5];
    let read = stream.read(&mut begun).unwrap_or(0);
    /// A record of TLS that says that something is wrong.
    const ALERT: u8 = 0x15;
    let (zh, en) = match &begun[..read] {
        [ALERT, ..] => (
            format!("该地址使用 TLS，请改用 https://{rest}"),
            format!("there is TLS at this address: use https://{rest}"),
        ),
        b"HTTP/" => (
            "该端口是另一个 HTTP 服务，请核对端口".to_owned(),
            "another service speaks HTTP there: check the port".to_owned(),
        ),
        _ => ("该端口是另一种服务，请核对端口".to_owned(), "something else listens there: check the port".to_owned()),
    };
    Some(Failure::Unreachable(format!("{url}：{zh}\n  {url}: {en}")))
}

pub(crate) fn unreachable(server: &str) -> Failure {
    Failure::Unreachable(format!(
        "无法连接 {server}；请确认服务已启动，或用 --server 指定地址\n  {server} cannot be reached; is the service running? --server gives another address"
    ))
}

/// What a refused call means for the command: prints the problem.
pub(crate) fn refused(status: &Status) -> Failure {
    let problem = problem_of_status(status);
    if problem.is_none()
        && is_transport(status)
        && let Some(mistaken) = CALLED.get().and_then(|url| mistaken(url))
    {
        return mistaken;
    }
    match problem {
        Some(problem) => {
            eprint!("{}", problem_text(&problem));
            Failure::Refused
        }
        None if status.code() == Code::Unavailable => Failure::Unreachable(said(status)),
        // No service said so: under TLS 1.3 a certificate is refused after the connection was made.
        None if status.code() == Code::Cancelled => Failure::Unreachable(
            "服务断开了连接；出示客户端证书的，证书可能已吊销、过期，或签发机构不被认可\n  the service ended the connection; a client certificate that was shown may be revoked, expired, or of an authority that is not accepted".to_owned(),
        ),
        None => Failure::Failed(said(status)),
    }
}

/// What a refusal of one of several says.
pub(crate) fn status_text(status: &Status) -> String {
    let problem = problem_of_status(status).map(|problem| problem_text(&problem).trim_end().to_owned());
    problem.unwrap_or_else(|| said(status))
}

/// What a status says that names no problem.
fn said(status: &Status) -> String {
    let (code, message) = (status.code(), status.message());
    told(&format!("调用未成功（{code:?}）：{}", in_chinese(message)), &format!("{code:?}: {message}"), "\n  ")
}

/// Whether nothing was understood of what came back.
fn is_transport(status: &Status) -> bool {
    matches!(status.code(), Code::Unknown | Code::Unavailable | Code::Internal | Code::Cancelled)
}

/// Begins the line that says what to do.
const REMEDY: &str = "  → ";

fn lines(text: Option<&pb::LocalizedText>, indent: &str) -> String {
    let below = format!("\n{}", " ".repeat(indent.chars().count() + 2));
    text.map(|text| format!("{indent}{}\n", told(&text.zh, &text.en, &below))).unwrap_or_default()
}

/// A problem in words.
pub(crate) fn problem_text(problem: &pb::Problem) -> String {
    let mut text = format!("{}\n{}", problem.reason().as_str_name(), lines(problem.message.as_ref(), "  "));
    if problem.field_violations.len() > 1 {
        for violation in &problem.field_violations {
            text.push_str(&format!("  - {}\n{}", violation.field, lines(violation.description.as_ref(), "    ")));
        }
    }
    text.push_str(&diagnoses_text(&problem.diagnoses));
    text.push_str(&findings_text(&problem.findings));
    text.push_str(&brief_text(problem));
    if let Some(etag) = problem.metadata.get("etag").filter(|etag| !etag.is_empty()) {
        text.push_str(&format!("  etag: {etag}\n"));
        let named = told("核对无误后加", "once you have looked at it, with", " ");
        text.push_str(&format!("{REMEDY}{named} --etag {etag}\n"));
    }
    text.push_str(&lines(problem.remedy.as_ref(), REMEDY));
    text
}

/// Findings of which a refusal had no room for more than the rule and where it is broken.
fn brief_text(problem: &pb::Problem) -> String {
    let mut text = String::new();
    for brief in &problem.brief_findings {
        let mark = if brief.severity() == pb::Severity::Error { "✗" } else { "!" };
        text.push_str(&format!("  {mark} {} ×{}\n", brief.rule, brief.cells.len()));
    }
    if !text.is_empty() {
        let all =
            told("全部说明：huizong submit 同一文件 --dry-run", "all in words: huizong submit with --dry-run", "  ");
        text.push_str(&format!("    {all}\n"));
    }
    text
}

/// What may explain the findings, in words: the likeliest of each first, then the others.
pub(crate) fn diagnoses_text(diagnoses: &[pb::Diagnosis]) -> String {
    let mut text = String::new();
    for diagnosis in diagnoses {
        text.push_str(&lines(diagnosis.message.as_ref(), "  ☞ "));
        for other in diagnosis.suggestions.iter().skip(1) {
            text.push_str(&lines(other.message.as_ref(), &format!("    {} ", heading("或 or"))));
        }
    }
    text
}

/// Findings in words.
pub(crate) fn findings_text(findings: &[pb::Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let mark = if finding.severity() == pb::Severity::Error { "✗" } else { "!" };
        text.push_str(&format!("  {mark} {}\n", finding.rule));
        text.push_str(&lines(finding.message.as_ref(), "      "));
        text.push_str(&lines(finding.remedy.as_ref(), &format!("    {REMEDY}")));
    }
    text
}
