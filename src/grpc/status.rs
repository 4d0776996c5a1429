//! From a problem to a gRPC status with typed details, and back for clients.

use prost::Message;
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};
use tonic_types::pb as rpc;

use crate::pb;
use crate::service::{Problem, Reason};
use crate::telemetry::{call::CallId, metrics};
use crate::wire::{code_number, problem_to_wire};

/// Where the reasons are at home.
const DOMAIN: &str = "huizong.dev";

/// Full name of our own detail.
const PROBLEM: &str = "huizong.v1.Problem";

/// In the metadata of an error, as in [`pb::Problem::call_id`]: what the call is known by in the log. Not the `request_id`
/// by which a call is sent again.
const CALL_ID: &str = "call_id";

/// Pages about reasons, which the service itself answers with, for there may be no network where this runs.
const HELP_FOLDER: &str = "/errors/";

/// Details travel in a header, and common clients take 8 KiB of headers at most, counted after base64.
const DETAILS_MAX_BYTES: usize = 5 * 1024;

/// Longest text of an error, in bytes: more is of the caller's own making, repeated in several places, and an error
/// that does not fit into a header does not arrive at all.
const TEXT_MAX_BYTES: usize = 600;

/// The status of a problem, worded for the caller.
///
/// Suggestions and findings that would not fit the header are left out; `findings_omitted` says how many findings. The
/// likeliest suggestion of all is in the message anyway. `SubmitReports` answers with all of them.
pub fn to_status(problem: &Problem, asked: &MetadataMap) -> Status {
    let mut wire = whole(problem);
    cut(&mut wire);
    note(problem.reason);
    let chinese = prefers_chinese(asked);
    let text = |text: &Option<pb::LocalizedText>| {
        text.as_ref().map(|text| if chinese { text.zh.clone() } else { text.en.clone() }).unwrap_or_default()
    };
    // Labels repeat what paths say; they are the first to go.
    for term in wire.findings.iter_mut().flat_map(|finding| finding.left.iter_mut().chain(&mut finding.right)) {
        term.label = None;
    }
    for suggestion in wire.diagnoses.iter_mut().flat_map(|diagnosis| &mut diagnosis.suggestions) {
        suggestion.suspects.iter_mut().for_each(|suspect| suspect.label = None);
    }
    let violations = wire.field_violations.iter().map(|violation| rpc::bad_request::FieldViolation {
        field: violation.field.clone(),
        description: text(&violation.description),
        ..Default::default()
    });
    let bad_request = rpc::BadRequest { field_violations: violations.collect() };
    let localized = rpc::LocalizedMessage {
        locale: if chinese { "zh-CN" } else { "en" }.to_owned(),
        message: format!("{} {}", text(&wire.message), text(&wire.remedy)),
    };
    let mut fixed = vec![any("google.rpc.LocalizedMessage", &localized)];
    fixed.push(any("google.rpc.Help", &help(problem.reason, chinese)));
    if !bad_request.field_violations.is_empty() {
        fixed.push(any("google.rpc.BadRequest", &bad_request));
    }
    if let Some(wait) = problem.retry_after {
        let retry_delay = prost_types::Duration::try_from(wait).ok();
        fixed.push(any("google.rpc.RetryInfo", &rpc::RetryInfo { retry_delay }));
    }
    shorten(&mut wire, fixed.iter().map(Message::encoded_len).sum());
    let mut metadata = wire.metadata.clone();
    if !wire.call_id.is_empty() {
        metadata.insert(CALL_ID.to_owned(), wire.call_id.clone());
    }
    let info = rpc::ErrorInfo { reason: problem.reason.as_str().to_owned(), domain: DOMAIN.to_owned(), metadata };
    let mut details = vec![any("google.rpc.ErrorInfo", &info)];
    details.extend(fixed);
    details.push(any(PROBLEM, &wire));
    let code = code_number(problem.reason.code());
    let message = wire.message.as_ref().map(|text| format!("{} / {}", text.zh, text.en)).unwrap_or_default();
    let encoded = rpc::Status { code, message: message.clone(), details }.encode_to_vec();
    Status::with_details(Code::from(code), message, encoded.into())
}

/// A problem with all that there is to know of it, the id of the call included.
pub fn whole(problem: &Problem) -> pb::Problem {
    let call_id = CallId::current().map(|id| id.as_str().to_owned()).unwrap_or_default();
    pb::Problem { call_id, ..problem_to_wire(problem) }
}

/// Says in log and metrics why something is refused: the reason alone, nothing that the caller sent.
pub fn note(reason: Reason) {
    metrics::refused(reason.as_str());
    tracing::info!(reason = reason.as_str(), "problem");
}

/// Where cause and remedy of the reason are described at length.
fn help(reason: Reason, chinese: bool) -> rpc::Help {
    let description = if chinese { "原因与处理" } else { "cause and remedy" }.to_owned();
    rpc::Help { links: vec![rpc::help::Link { description, url: format!("{HELP_FOLDER}{}", reason.as_str()) }] }
}

/// Cuts what may repeat a value that the caller sent, however long that was.
fn cut(wire: &mut pb::Problem) {
    let described = wire.field_violations.iter_mut();
    let (fields, descriptions): (Vec<_>, Vec<_>) =
        described.map(|violation| (&mut violation.field, &mut violation.description)).unzip();
    let texts = descriptions.into_iter().chain([&mut wire.message, &mut wire.remedy]).flatten();
    let texts = texts.flat_map(|text| [&mut text.zh, &mut text.en]);
    for text in texts.chain(fields).chain(wire.metadata.values_mut()) {
        if text.len() > TEXT_MAX_BYTES {
            let end = (0..=TEXT_MAX_BYTES).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
            text.truncate(end);
            text.push('…');
        }
    }
}

/// Leaves out what is least until the details fit beside `other_bytes`: suggestions but the likeliest of each
/// diagnosis where they take more than a third, then findings and diagnoses from the end, then violations.
fn shorten(wire: &mut pb::Problem, other_bytes: usize) {
    let diagnoses_bytes = |wire: &pb::Problem| wire.diagnoses.iter().map(Message::encoded_len).sum::<usize>();
    let third = DETAILS_MAX_BYTES / 3;
    for diagnosis in (0..wire.diagnoses.len()).rev() {
        while diagnoses_bytes(wire) > third && wire.diagnoses[diagnosis].suggestions.len() > 1 {
            wire.diagnoses[diagnosis].suggestions.pop();
        }
    }
    while diagnoses_bytes(wire) > 2 * third {
        wire.diagnoses.pop();
    }
    while wire.encoded_len() + other_bytes > DETAILS_MAX_BYTES && wire.findings.pop().is_some() {
        wire.findings_omitted += 1;
    }
    // The same fields are in BadRequest.
    if wire.encoded_len() + other_bytes > DETAILS_MAX_BYTES {
        wire.field_violations.clear();
    }
}

fn any(name: &str, message: &impl Message) -> prost_types::Any {
    prost_types::Any { type_url: format!("type.googleapis.com/{name}"), value: message.encode_to_vec() }
}

/// Whether a caller reads Chinese: of the languages that they name with their weights, the one that is wanted most among
/// those that there are; Chinese where neither is named.
fn prefers_chinese(metadata: &MetadataMap) -> bool {
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
