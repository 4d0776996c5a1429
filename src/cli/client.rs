//! Connecting to the service, and saying what it refused.

use tonic::metadata::AsciiMetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

use crate::grpc::{PRINCIPAL_HEADER, encode_principal, problem_of_status};
use crate::pb;

use super::Failure;

/// Longest answer that is taken, in bytes.
pub const ANSWER_MAX_BYTES: usize = 64 << 20;

/// Which service to call, and as whom.
#[derive(Debug, Clone)]
pub struct Server {
    pub url: String,
    /// Who the caller says to be.
    pub principal: Option<String>,
}

/// Says with every call who calls.
#[derive(Clone)]
pub struct Introduce(Option<AsciiMetadataValue>);

impl Interceptor for Introduce {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(principal) = &self.0 {
            request.metadata_mut().insert(PRINCIPAL_HEADER, principal.clone());
        }
        Ok(request)
    }
}

/// A connection to the service.
pub type Connection = InterceptedService<Channel, Introduce>;

/// A connection to the service.
pub async fn connect(server: &Server) -> Result<Connection, Failure> {
    let endpoint = Channel::from_shared(server.url.clone())
        .map_err(|error| Failure::Usage(format!("--server {}: {error}", server.url)))?;
    let channel = endpoint.connect().await.map_err(|_| unreachable(server))?;
    let principal = server.principal.as_deref().and_then(|name| encode_principal(name).parse().ok());
    Ok(InterceptedService::new(channel, Introduce(principal)))
}

pub fn unreachable(server: &Server) -> Failure {
    let server = &server.url;
    Failure::Unreachable(format!(
        "无法连接 {server}；请确认服务已启动，或用 --server 指定地址\n  {server} cannot be reached; is the service running? --server gives another address"
    ))
}

/// What a refused call means for the command: prints the problem.
pub fn refused(status: &Status) -> Failure {
    match problem_of_status(status) {
        Some(problem) => {
            eprint!("{}", problem_text(&problem));
            Failure::Refused
        }
        None if status.code() == Code::Unavailable => Failure::Unreachable(status.message().to_owned()),
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
pub fn problem_text(problem: &pb::Problem) -> String {
    let mut text = format!("{}\n{}", problem.reason, lines(problem.message.as_ref(), "  "));
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
pub fn diagnoses_text(diagnoses: &[pb::Diagnosis]) -> String {
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
pub fn findings_text(findings: &[pb::Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let mark = if finding.severity() == pb::Severity::Error { "✗" } else { "!" };
        text.push_str(&format!("  {mark} {}\n", finding.rule));
        text.push_str(&lines(finding.message.as_ref(), "      "));
        text.push_str(&lines(finding.remedy.as_ref(), &format!("    {REMEDY}")));
    }
    text
}
