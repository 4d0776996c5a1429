//! Every call with one answer also as HTTP POST of JSON to its path, as the Connect protocol defines it: of such a request
//! a gRPC call is made before anything looks at it, and JSON again of what it is answered. So what is said here of messages
//! is what the contract says of them, and no method is named.
//!
//! What is posted is read when the call asks for its message, which is after the door has let the caller in.

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, Response, StatusCode, Version};
use http_body_util::{BodyExt as _, Limited};
use prost::Message as _;
use prost::bytes::{BufMut as _, Bytes, BytesMut};
use prost_reflect::{DynamicMessage, MethodDescriptor};
use serde_json::json;
use tonic::body::Body;
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};
use tonic_types::pb as rpc;
use tower::{Service, ServiceExt as _};

use crate::pb;
use crate::report::Message;
use crate::service::{Problem, Reason};

use super::door::most_bytes;
use super::methods;
use super::status::{DETAILS_HEADER, WHOLE, to_status};

/// How messages are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Json,
    Proto,
}

impl Encoding {
    const JSON: HeaderValue = HeaderValue::from_static("application/json");
    const PROTO: HeaderValue = HeaderValue::from_static("application/proto");

    fn of(headers: &HeaderMap) -> Option<Self> {
        let content_type = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        match kind.to_ascii_lowercase().as_str() {
            "application/json" => Some(Self::Json),
            "application/proto" => Some(Self::Proto),
            _ => None,
        }
    }

    fn content_type(self) -> HeaderValue {
        match self {
            Self::Json => Self::JSON,
            Self::Proto => Self::PROTO,
        }
    }
}

/// Before each message of gRPC: whether it is compressed, and its length.
const HEAD_BYTES: usize = 5;
/// JSON is so many times as long as what it says, at most: names of fields, and figures in digits.
const JSON_TIMES: usize = 4;
/// Objects, lists and fields that JSON may hold for each byte of the longest message of its call: each is several bytes of it.
const BYTES_AN_ITEM: usize = 16;
/// Longest answer, in bytes.
const ANSWER_MAX_BYTES: usize = 256 << 20;
/// Shorter answers are not compressed.
const COMPRESSED_FROM_BYTES: usize = 1024;

/// Headers that are about the request as it was posted, and not of the call.
const OF_THE_POST: [HeaderName; 6] = [
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    header::CONTENT_ENCODING,
    header::ACCEPT_ENCODING,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
];

const TIMEOUT: &str = "connect-timeout-ms";

/// Whether a request to the path of a call posts a message rather than speaking gRPC.
pub(crate) fn is_posted<B>(request: &Request<B>) -> bool {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    !content_type.is_some_and(|content_type| content_type.starts_with("application/grpc"))
}

/// Answers what is posted by a call of `inner`.
pub(crate) async fn answer<S, B, E>(inner: S, request: Request<Body>, longest: usize) -> Result<Response<Body>, E>
where
    S: Service<Request<Body>, Response = Response<B>, Error = E>,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let method = methods::described(request.uri().path());
    let (encoding, method) = match (Encoding::of(request.headers()), method) {
        _ if request.method() != Method::POST => return Ok(plain(StatusCode::METHOD_NOT_ALLOWED)),
        (None, _) => return Ok(plain(StatusCode::UNSUPPORTED_MEDIA_TYPE)),
        (Some(_), Some(method)) if method.is_server_streaming() || method.is_client_streaming() => {
            return Ok(plain(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        (Some(_), None) => {
            return Ok(refusal(&unknown(request.uri().path(), request.headers()), StatusCode::NOT_FOUND));
        }
        (Some(encoding), Some(method)) => (encoding, method),
    };
    let compresses = accepts_gzip(request.headers());
    let call = match call_of(request, encoding, &method, longest) {
        Ok(call) => call,
        Err(status) => return Ok(refusal(&status, http_status(status.code()))),
    };
    let response = inner.oneshot(call).await?;
    let (parts, body) = response.into_parts();
    let answer = match Status::from_header_map(&parts.headers) {
        Some(status) if status.code() != Code::Ok => Err(status),
        _ => message_of(Body::new(body)).await,
    };
    let answer = answer.and_then(|message| written(&message, encoding, &method));
    let mut response = match answer {
        Ok(text) => packed(text, encoding, compresses),
        Err(status) => refusal(&status, http_status(status.code())),
    };
    for (name, value) in &parts.headers {
        let of_grpc = name.as_str().starts_with("grpc-") || OF_THE_POST.contains(name);
        if !of_grpc && !response.headers().contains_key(name) {
            response.headers_mut().append(name.clone(), value.clone());
        }
    }
    Ok(response)
}

/// The call that a request makes.
fn call_of(
    request: Request<Body>,
    encoding: Encoding,
    method: &MethodDescriptor,
    longest: usize,
) -> Result<Request<Body>, Status> {
    let (mut parts, body) = request.into_parts();
    let asked = MetadataMap::from_headers(parts.headers.clone());
    let is_packed = match parts.headers.get(header::CONTENT_ENCODING).map(HeaderValue::as_bytes) {
        None | Some(b"identity") => false,
        Some(b"gzip") => true,
        Some(_) => {
            let text = Message::new("仅支持 gzip 压缩", "only gzip is taken as a compression");
            return Err(to_status(&Problem::field(Reason::MessageInvalid, "content-encoding", text), &asked));
        }
    };
    let timeout = parts.headers.get(TIMEOUT).cloned();
    OF_THE_POST.iter().for_each(|name| drop(parts.headers.remove(name)));
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    parts.headers.insert(header::TE, HeaderValue::from_static("trailers"));
    parts.headers.insert(DETAILS_HEADER, HeaderValue::from_static(WHOLE));
    if let Some(milliseconds) = timeout.as_ref().and_then(|timeout| timeout.to_str().ok())
        && let Ok(value) = HeaderValue::try_from(format!("{milliseconds}m"))
    {
        parts.headers.insert("grpc-timeout", value);
    }
    parts.version = Version::HTTP_2;
    let most = most_bytes(parts.uri.path(), longest);
    let method = method.clone();
    let body = futures::stream::once(async move {
        let most_posted = if encoding == Encoding::Json { most.saturating_mul(JSON_TIMES) } else { most };
        let refused = |problem: Problem| to_status(&problem, &asked);
        let posted = Limited::new(body, most_posted).collect().await;
        let mut posted = posted.map_err(|_| refused(too_large(most_posted)))?.to_bytes();
        if is_packed {
            posted = unpacked(&posted, most_posted).map_err(refused)?;
        }
        let message = match encoding {
            Encoding::Proto => posted,
            Encoding::Json => read(&posted, &method, most).map_err(refused)?,
        };
        let length = u32::try_from(message.len()).map_err(|_| refused(too_large(most)))?;
        let mut frame = BytesMut::with_capacity(HEAD_BYTES + message.len());
        frame.put_u8(0);
        frame.put_u32(length);
        frame.put(message);
        Ok::<_, Status>(http_body::Frame::data(frame.freeze()))
    });
    Ok(Request::from_parts(parts, Body::new(http_body_util::StreamBody::new(Box::pin(body)))))
}

fn too_large(most: usize) -> Problem {
    let text = Message::new(
        format!("请求超过此调用所收的{most}字节"),
        format!("the request is longer than the {most} bytes that this call takes"),
    );
    let remedy = Message::new("请分次发送", "send less at a time");
    Problem::new(Reason::MessageTooLarge, text, remedy).with("most_bytes", most)
}

fn unpacked(posted: &[u8], most: usize) -> Result<Bytes, Problem> {
    let mut unpacked = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    GzDecoder::new(posted).take(limit).read_to_end(&mut unpacked).map_err(|error| invalid(&error))?;
    if unpacked.len() > most { Err(too_large(most)) } else { Ok(unpacked.into()) }
}

fn invalid(error: &impl std::fmt::Display) -> Problem {
    let text = Message::new(format!("请求内容无法解码：{error}"), format!("the message cannot be decoded: {error}"));
    let remedy = Message::new(
        "请按契约（/v1/openapi.json）改正后重试",
        "correct it by the contract (/v1/openapi.json) and try again",
    );
    Problem::new(Reason::MessageInvalid, text, remedy)
}

/// The message that JSON stands for. What it holds is counted first: a pair of brackets takes two bytes to send and some
/// hundred in memory.
fn read(posted: &[u8], method: &MethodDescriptor, most: usize) -> Result<Bytes, Problem> {
    let items = posted.iter().filter(|byte| matches!(byte, b'{' | b'[' | b',' | b':')).count();
    if items > (most / BYTES_AN_ITEM).max(1) {
        return Err(too_large(most));
    }
    let posted = if posted.iter().all(u8::is_ascii_whitespace) { b"{}" } else { posted };
    let mut reader = serde_json::Deserializer::from_slice(posted);
    let message = DynamicMessage::deserialize(method.input(), &mut reader).map_err(|error| invalid(&error))?;
    reader.end().map_err(|error| invalid(&error))?;
    Ok(message.encode_to_vec().into())
}

/// The message of an answer.
async fn message_of(body: Body) -> Result<Bytes, Status> {
    let collected = Limited::new(body, ANSWER_MAX_BYTES).collect().await;
    let collected = collected.map_err(|error| match error.downcast::<Status>() {
        Ok(status) => *status,
        Err(error) => Status::internal(error.to_string()),
    })?;
    if let Some(status) = collected.trailers().and_then(Status::from_header_map)
        && status.code() != Code::Ok
    {
        return Err(status);
    }
    let bytes = collected.to_bytes();
    if bytes.len() < HEAD_BYTES { Err(Status::internal("no answer")) } else { Ok(bytes.slice(HEAD_BYTES..)) }
}

fn written(message: &Bytes, encoding: Encoding, method: &MethodDescriptor) -> Result<Bytes, Status> {
    if encoding == Encoding::Proto {
        return Ok(message.clone());
    }
    let internal = |error: &dyn std::fmt::Display| Status::internal(error.to_string());
    let message = DynamicMessage::decode(method.output(), message.clone()).map_err(|error| internal(&error))?;
    Ok(serde_json::to_vec(&message).map_err(|error| internal(&error))?.into())
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.split(',').any(|one| one.split(';').next().unwrap_or_default().trim() == "gzip" && !one.contains("q=0"))
}

fn packed(text: Bytes, encoding: Encoding, compresses: bool) -> Response<Body> {
    let mut packed = None;
    if compresses && text.len() >= COMPRESSED_FROM_BYTES {
        let mut encoder = GzEncoder::new(Vec::with_capacity(text.len() / 4), Compression::fast());
        packed = encoder.write_all(&text).and_then(|()| encoder.finish()).ok();
    }
    let is_packed = packed.is_some();
    let body = packed.map_or(text, Bytes::from);
    let mut response = Response::new(Body::new(http_body_util::Full::new(body)));
    response.headers_mut().insert(header::CONTENT_TYPE, encoding.content_type());
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if is_packed {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// The refusal of a method that there is not.
fn unknown(path: &str, headers: &HeaderMap) -> Status {
    let path: String = path.chars().take(100).collect();
    let text = Message::new(format!("没有方法 {path}"), format!("there is no method {path}"));
    let remedy = Message::new("方法见 /v1/openapi.json", "the methods are in /v1/openapi.json");
    let problem = Problem::new(Reason::MethodUnknown, text, remedy).with("method", path);
    to_status(&problem, &MetadataMap::from_headers(headers.clone()))
}

/// What is neither a message nor asks for one.
fn plain(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
    headers.insert("accept-post", HeaderValue::from_static("application/json, application/proto, application/grpc"));
    response
}

/// A refusal as the Connect protocol tells it: the code in words, and the details of the status.
fn refusal(status: &Status, http: StatusCode) -> Response<Body> {
    let details = rpc::Status::decode(status.details()).map(|status| status.details).unwrap_or_default();
    let details = details.iter().map(|detail| {
        let name = detail.type_url.rsplit('/').next().unwrap_or_default();
        let mut told = json!({ "type": name, "value": STANDARD_NO_PAD.encode(&detail.value) });
        // For people, and for programs without the contract: it is what everything of the refusal is in.
        if name == PROBLEM
            && let Ok(problem) = pb::Problem::decode(detail.value.as_slice())
            && let Ok(problem) = crate::wire::dynamic(&problem)
            && let Ok(problem) = serde_json::to_value(&problem)
        {
            told["debug"] = problem;
        }
        told
    });
    let details: Vec<_> = details.collect();
    let body = json!({ "code": code_in_words(status.code()), "message": status.message(), "details": details });
    let mut response = Response::new(Body::new(http_body_util::Full::new(Bytes::from(body.to_string()))));
    *response.status_mut() = http;
    response.headers_mut().insert(header::CONTENT_TYPE, Encoding::JSON);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

const PROBLEM: &str = "huizong.v1.Problem";

fn code_in_words(code: Code) -> &'static str {
    told(code).0
}

fn http_status(code: Code) -> StatusCode {
    StatusCode::from_u16(told(code).1).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The words and statuses of the Connect protocol.
fn told(code: Code) -> (&'static str, u16) {
    match code {
        Code::Ok | Code::Unknown => ("unknown", 500),
        Code::Cancelled => ("canceled", 499),
        Code::InvalidArgument => ("invalid_argument", 400),
        Code::DeadlineExceeded => ("deadline_exceeded", 504),
        Code::NotFound => ("not_found", 404),
        Code::AlreadyExists => ("already_exists", 409),
        Code::PermissionDenied => ("permission_denied", 403),
        Code::ResourceExhausted => ("resource_exhausted", 429),
        Code::FailedPrecondition => ("failed_precondition", 400),
        Code::Aborted => ("aborted", 409),
        Code::OutOfRange => ("out_of_range", 400),
        Code::Unimplemented => ("unimplemented", 501),
        Code::Internal => ("internal", 500),
        Code::Unavailable => ("unavailable", 503),
        Code::DataLoss => ("data_loss", 500),
        Code::Unauthenticated => ("unauthenticated", 401),
    }
}
