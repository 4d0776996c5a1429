//! From a problem to a gRPC status with typed details, and back for clients.

use prost::Message;
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};
use tonic_types::pb as rpc;

use crate::pb;
use crate::service::{Problem, Reason};
use crate::telemetry::{call::CallId, metrics};
use crate::wire::{problem_to_wire, reason_to_wire};

use super::fitting::{TEXT_MAX_BYTES, cut, fit};

/// Where the reasons are at home.
const DOMAIN: &str = "huizong.dev";

/// Full name of our own detail.
const PROBLEM: &str = "huizong.v1.Problem";

/// In the metadata of an error, as in [`pb::Problem::call_id`]: what the call is known by in the log. Not the `request_id`
/// by which a call is sent again.
const CALL_ID: &str = "call_id";

/// Pages about reasons, which the service itself answers with, for there may be no network where this runs.
const HELP_FOLDER: &str = "/errors/";

/// Metadata in which a caller says that it takes trailers of any length.
pub(crate) const DETAILS_HEADER: &str = "huizong-details";
/// Its value.
pub(crate) const WHOLE: &str = "whole";

/// Metadata in which the entrance says where the service is reached, for links.
pub(crate) const ADDRESS_HEADER: &str = "x-huizong-address";

/// What of the metadata of a call decides how a refusal is told.
pub(crate) const TOLD_BY: [&str; 3] = ["accept-language", DETAILS_HEADER, ADDRESS_HEADER];

/// Longest message of a status, in bytes as it is sent: in it, what is not ASCII takes three times its length.
const MESSAGE_MAX_BYTES: usize = 240;

/// The status of a problem, worded for the caller: all of it where they take trailers of any length, else what fits.
pub fn to_status(problem: &Problem, asked: &MetadataMap) -> Status {
    note(problem.reason.as_str());
    status_of(whole(problem), asked)
}

/// The status of a problem as the contract tells it.
pub(crate) fn status_of(mut wire: pb::Problem, asked: &MetadataMap) -> Status {
    if asked.get(DETAILS_HEADER).is_some_and(|details| details == WHOLE) {
        cut(&mut wire, TEXT_MAX_BYTES);
    } else {
        cut(&mut wire, TEXT_MAX_BYTES);
        let message = line(&wire);
        let encoded = HEADERS_MAX_BYTES - OTHER_HEADERS_BYTES - sent_bytes(&message);
        let frame = message.len() + FRAME_BYTES;
        fit(&mut wire, encoded / 4 * 3, |wire| {
            standard(wire, asked).iter().map(Message::encoded_len).sum::<usize>() + frame
        });
    }
    let mut details = standard(&wire, asked);
    details.push(any(PROBLEM, &wire));
    let message = line(&wire);
    let encoded = rpc::Status { code: wire.code, message: message.clone(), details }.encode_to_vec();
    Status::with_details(Code::from(wire.code), message, encoded.into())
}

/// As much as nginx as it comes takes of the headers of an answer; HTTP/2 counts 32 bytes more for each than its name and
/// value.
const HEADERS_MAX_BYTES: usize = 4096;

/// All other headers of an answer that is nothing but a refusal, and the names of those that tell of it: status, type, date,
/// the id of the call of whatever length.
const OTHER_HEADERS_BYTES: usize = 460;

/// What names and lengths take beside the details of a status, in bytes.
const FRAME_BYTES: usize = 100;

/// The details that every client knows.
fn standard(wire: &pb::Problem, asked: &MetadataMap) -> Vec<prost_types::Any> {
    let chinese = prefers_chinese(asked);
    let text = |text: &Option<pb::LocalizedText>| {
        text.as_ref().map(|text| if chinese { text.zh.clone() } else { text.en.clone() }).unwrap_or_default()
    };
    let mut metadata = wire.metadata.clone();
    if !wire.call_id.is_empty() {
        metadata.insert(CALL_ID.to_owned(), wire.call_id.clone());
    }
    let reason = wire.reason().as_str_name();
    let info = rpc::ErrorInfo { reason: reason.to_owned(), domain: DOMAIN.to_owned(), metadata };
    let localized = rpc::LocalizedMessage {
        locale: if chinese { "zh-CN" } else { "en" }.to_owned(),
        message: format!("{} {}", text(&wire.message), text(&wire.remedy)),
    };
    let mut details = vec![any("google.rpc.ErrorInfo", &info), any("google.rpc.LocalizedMessage", &localized)];
    let address = asked.get(ADDRESS_HEADER).and_then(|address| address.to_str().ok()).unwrap_or_default();
    details.push(any("google.rpc.Help", &help(reason, address, chinese)));
    if !wire.field_violations.is_empty() {
        let violations = wire.field_violations.iter().map(|violation| rpc::bad_request::FieldViolation {
            field: violation.field.clone(),
            description: text(&violation.description),
            ..Default::default()
        });
        let bad_request = rpc::BadRequest { field_violations: violations.collect() };
        details.push(any("google.rpc.BadRequest", &bad_request));
    }
    if let Some(retry_delay) = wire.retry_delay {
        details.push(any("google.rpc.RetryInfo", &rpc::RetryInfo { retry_delay: Some(retry_delay) }));
    }
    details
}

/// One short line for programs that show nothing else.
fn line(wire: &pb::Problem) -> String {
    let message = wire.message.as_ref().map(|text| text.en.as_str()).unwrap_or_default();
    let mut left = MESSAGE_MAX_BYTES;
    let mut line = String::new();
    for letter in message.chars().map(|letter| if letter.is_control() { ' ' } else { letter }) {
        match left.checked_sub(sent_letter_bytes(letter)) {
            Some(rest) => left = rest,
            None => return line + "...",
        }
        line.push(letter);
    }
    line
}

/// How long a message is as it is sent.
fn sent_bytes(message: &str) -> usize {
    message.chars().map(sent_letter_bytes).sum()
}

/// What is not plain is sent as three characters a byte.
fn sent_letter_bytes(letter: char) -> usize {
    let is_plain = letter == ' ' || letter.is_ascii_graphic() && letter != '%';
    if is_plain { 1 } else { 3 * letter.len_utf8() }
}

/// A problem with all that there is to know of it, the id of the call included.
pub fn whole(problem: &Problem) -> pb::Problem {
    pb::Problem { call_id: call_id(), ..problem_to_wire(problem) }
}

fn call_id() -> String {
    CallId::current().map(|id| id.as_str().to_owned()).unwrap_or_default()
}

/// Says in log and metrics why something is refused: the reason alone, nothing that the caller sent.
pub fn note(reason: &'static str) {
    metrics::refused(reason);
    tracing::info!(reason, "problem");
}

/// Where cause and remedy of the reason are described at length.
fn help(reason: &str, address: &str, chinese: bool) -> rpc::Help {
    let description = if chinese { "原因与处理" } else { "cause and remedy" }.to_owned();
    rpc::Help { links: vec![rpc::help::Link { description, url: format!("{address}{HELP_FOLDER}{reason}") }] }
}

/// What is wrong where the transport does not say, as with a method that there is not.
const UNSAID: &str = "服务没有此方法 / the service has no such method";

/// What the transport refuses, as a problem: gRPC itself and the decoding of messages know a code and words only.
pub fn problem_of_transport(status: &Status) -> pb::Problem {
    let (reason, zh, en) = match status.code() {
        Code::Unimplemented => {
            (Reason::MethodUnknown, "请核对方法名与版本", "check the name of the method, and its version")
        }
        Code::OutOfRange | Code::ResourceExhausted => (Reason::MessageTooLarge, "请分次发送", "send less at a time"),
        Code::DeadlineExceeded | Code::Cancelled => {
            (Reason::DeadlineExceeded, "请重试（以同一 request_id）", "send it again with the same request_id")
        }
        Code::Unavailable => (Reason::Overloaded, "请稍后重试", "try again later"),
        _ => (Reason::MessageInvalid, "请按契约改正后重试", "correct it by the contract and try again"),
    };
    let code = match status.code() {
        // Of the transport's own making: whatever is wrong with the service itself is told by a problem.
        Code::Internal | Code::Unknown => Code::InvalidArgument,
        code => code,
    };
    let said = if status.message().is_empty() { UNSAID } else { status.message() };
    let (said_zh, said_en) = said.split_once(" / ").unwrap_or((said, said));
    let text = |zh: &str, en: &str| Some(pb::LocalizedText { zh: zh.to_owned(), en: en.to_owned() });
    pb::Problem {
        reason: reason_to_wire(reason).into(),
        code: code.into(),
        message: text(said_zh, said_en),
        remedy: text(zh, en),
        call_id: call_id(),
        ..Default::default()
    }
}

fn any(name: &str, message: &impl Message) -> prost_types::Any {
    prost_types::Any { type_url: format!("type.googleapis.com/{name}"), value: message.encode_to_vec() }
}

/// Whether a caller reads Chinese: of the languages that they name with their weights, the one that is wanted most among
/// those that there are; Chinese where neither is named.
pub(crate) fn prefers_chinese(metadata: &MetadataMap) -> bool {
    let asked = metadata.get("accept-language").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let wanted = |language: &str| {
        let weights = asked.split(',').filter_map(|one| {
            let (range, parameters) = one.split_once(';').unwrap_or((one, ""));
            let primary = range.trim().split('-').next().unwrap_or_default();
            let weight = parameters.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse::<f32>);
            primary.eq_ignore_ascii_case(language).then(|| weight.unwrap_or(0.0))
        });
        weights.fold(0.0, f32::max)
    };
    wanted("zh") >= wanted("en")
}

/// The problem in the details of a status, for clients; none where the status is not of this service.
pub fn problem_of_status(status: &Status) -> Option<pb::Problem> {
    let details = rpc::Status::decode(status.details()).ok()?.details;
    let of_ours = details.iter().find(|detail| detail.type_url.ends_with(PROBLEM))?;
    pb::Problem::decode(of_ours.value.as_slice()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_that_is_wanted_most_is_spoken_and_chinese_where_none_is() {
        let chinese = |asked: &'static str| {
            let mut metadata = MetadataMap::new();
            metadata.insert("accept-language", asked.parse().unwrap());
            prefers_chinese(&metadata)
        };
        for asked in ["", "zh-CN", "zh-CN,en;q=0.8", "en;q=0.2, zh;q=0.9", "fr", "*", "en;q=0", "en;q=nonsense"] {
            assert!(chinese(asked), "{asked:?}");
        }
        for asked in ["en", "en-GB,zh;q=0.9", "fr, en;q=0.5", "zh;q=0.1,en;q=0.2", "EN"] {
            assert!(!chinese(asked), "{asked:?}");
        }
    }
}
