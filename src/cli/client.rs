//! Connecting to the service, and saying what it refused.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use tonic::metadata::AsciiMetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Identity};
use tonic::{Code, Request, Status};

use crate::grpc::{PRINCIPAL_HEADER, encode_principal, problem_of_status};
use crate::pb;

use super::Failure;

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
    std::fs::read(path).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))
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
    let usage = |error: &dyn std::fmt::Display| Failure::Usage(format!("--server {}: {error}", server.url));
    let mut endpoint = Channel::from_shared(server.url.clone()).map_err(|error| usage(&error))?;
    let token = server.credentials.token()?;
    if endpoint.uri().scheme_str() == Some("https") {
        endpoint = endpoint.tls_config(server.credentials.tls()?).map_err(|error| usage(&error))?;
    } else if token.is_some() && !is_own_machine(endpoint.uri().host()) {
        let text = "不以明文发送令牌；请使用 https 地址\n  a token is not sent in clear; use an https address";
        return Err(Failure::Usage(text.to_owned()));
    }
    let channel = endpoint.connect().await.map_err(|error| unreachable_because(server, &error))?;
    let token = token.map(|token| format!("Bearer {token}").parse::<AsciiMetadataValue>());
    let token = token.transpose().map_err(|_| Failure::Usage("--token: not a token".to_owned()))?.map(|mut token| {
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

/// As [`unreachable()`], with what went wrong where that is more than nobody answering.
fn unreachable_because(server: &Server, error: &dyn std::error::Error) -> Failure {
    let mut source = error.source();
    let mut last = String::new();
    while let Some(cause) = source {
        last = cause.to_string();
        source = cause.source();
    }
    match unreachable(server) {
        Failure::Unreachable(text) if server.url.starts_with("https") => {
            Failure::Unreachable(format!("{text}\n  ({last})"))
        }
        other => other,
    }
}

pub(crate) fn unreachable(server: &Server) -> Failure {
    let server = &server.url;
    Failure::Unreachable(format!(
        "无法连接 {server}；请确认服务已启动，或用 --server 指定地址\n  {server} cannot be reached; is the service running? --server gives another address"
    ))
}

/// What a refused call means for the command: prints the problem.
pub(crate) fn refused(status: &Status) -> Failure {
    match problem_of_status(status) {
        Some(problem) => {
            eprint!("{}", problem_text(&problem));
            Failure::Refused
        }
        None if status.code() == Code::Unavailable => Failure::Unreachable(status.message().to_owned()),
        // No service said so: under TLS 1.3 a certificate is refused after the connection was made.
        None if status.code() == Code::Cancelled => Failure::Unreachable(
            "服务断开了连接；出示客户端证书的，证书可能已吊销、过期，或签发机构不被认可\n  the service ended the connection; a client certificate that was shown may be revoked, expired, or of an authority that is not accepted".to_owned(),
        ),
        None => Failure::Failed(format!("{:?}: {}", status.code(), status.message())),
    }
}

/// Begins the line that says what to do.
const REMEDY: &str = "  → ";

fn lines(text: Option<&pb::LocalizedText>, indent: &str) -> String {
    let below = " ".repeat(indent.chars().count() + 2);
    text.map(|text| format!("{indent}{}\n{below}{}\n", text.zh, text.en)).unwrap_or_default()
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
    if let Some(etag) = problem.metadata.get("etag").filter(|etag| !etag.is_empty()) {
        text.push_str(&format!("  etag: {etag}\n"));
    }
    text.push_str(&lines(problem.remedy.as_ref(), REMEDY));
    text
}

/// What may explain the findings, in words: the likeliest of each first, then the others.
pub(crate) fn diagnoses_text(diagnoses: &[pb::Diagnosis]) -> String {
    let mut text = String::new();
    for diagnosis in diagnoses {
        text.push_str(&lines(diagnosis.message.as_ref(), "  ☞ "));
        for other in diagnosis.suggestions.iter().skip(1) {
            text.push_str(&lines(other.message.as_ref(), "    或 or "));
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
