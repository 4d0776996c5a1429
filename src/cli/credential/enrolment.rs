//! One-time codes: made by a security administrator, exchanged by their holder.

use std::io::{BufRead as _, BufReader, IsTerminal as _, Read as _};

use jiff::Timestamp;
use uuid::Uuid;

use crate::pb;
use crate::pb::access_service_client::AccessServiceClient;

use super::super::client::{Server, connect, refused};
use super::super::language::told;
use super::super::output::{print_json, print_line, time_text, timestamp};
use super::{Failure, Outcome, OutputFormat, keep_it, proposals};

/// Longest text that is read for a code, in bytes.
const CODE_MAX_BYTES: u64 = 1024;
/// How often an exchange is sent whose answer was lost.
const ATTEMPTS: usize = 3;

/// What is said with a code.
pub(crate) fn hand_it_over(ends: Option<Timestamp>) -> String {
    let ends = ends.map(|ends| ends.to_string()).unwrap_or_default();
    told(
        &format!("登记码只显示这一次，请经可靠途径交给本人，有效至 {ends}：huizong credential exchange"),
        &format!(
            "The code is shown this once; hand it to its holder by a way that you trust, who exchanges it until {ends}: \
             huizong credential exchange"
        ),
        "\n",
    )
}

pub(crate) fn print_code(made: &pb::CreateEnrolmentResponse, format: OutputFormat) -> Outcome {
    if format == OutputFormat::Json {
        return print_json(made);
    }
    let credential = made.credential.clone().unwrap_or_default();
    eprintln!("{}\n{}", credential.name, hand_it_over(timestamp(credential.code_expire_time)));
    proposals::tell(made.proposal.as_ref());
    print_line(&made.code)
}

/// Exchanges a code. Who has no token yet shows none, and a token of before is not asked for.
pub(crate) async fn exchange(code: Option<String>, server: &Server, format: OutputFormat) -> Outcome {
    let code = match code {
        Some(code) => code,
        None => {
            if std::io::stdin().is_terminal() {
                eprintln!("{}:", told("登记码", "code", " "));
            }
            read_line()?
        }
    };
    let server = Server { credentials: server.credentials.clone().without_token(), ..server.clone() };
    // One id for all attempts, so that an answer that was lost is given again.
    let request_id = Uuid::new_v4().to_string();
    let mut attempt = 1;
    let exchanged = loop {
        let mut client = AccessServiceClient::new(connect(&server).await?);
        let request = pb::ExchangeEnrolmentRequest { code: code.clone(), request_id: request_id.clone() };
        match client.exchange_enrolment(request).await {
            Ok(exchanged) => break exchanged.into_inner(),
            Err(status) if status.code() == tonic::Code::Unavailable && attempt < ATTEMPTS => attempt += 1,
            Err(status) => return Err(refused(&status)),
        }
    };
    if format == OutputFormat::Json {
        return print_json(&exchanged);
    }
    eprintln!("{}\n{}", exchanged.credential.unwrap_or_default().name, keep_it());
    tell_replacement(exchanged.replacement.as_ref().filter(|replaced| replaced.credentials > 0));
    print_line(&exchanged.token)
}

fn read_line() -> Result<String, Failure> {
    let mut text = String::new();
    BufReader::new(std::io::stdin().lock().take(CODE_MAX_BYTES)).read_line(&mut text)?;
    Ok(text.trim().to_owned())
}

/// Says that a credential was put in the place of others, on the side of what is printed for programs.
pub(crate) fn tell_replacement(replacement: Option<&pb::CredentialReplacement>) {
    let Some(pb::CredentialReplacement { time, enrolled_by, credentials, .. }) = replacement else { return };
    let time = time_text(*time);
    let zh = format!(
        "您的凭据已于 {time} 更换，登记码由 {enrolled_by} 发出，原有凭据{credentials}个已失效；如非您本人办理，请立即告知审计员"
    );
    let en = format!(
        "Your credential was replaced on {time}; {enrolled_by} made the code, and {credentials} before it ended; if that was \
         not you, tell the auditor at once"
    );
    eprintln!("{}", told(&zh, &en, "\n"));
}
