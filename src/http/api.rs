//! `GET /v1/…`: the answers of the gRPC services as canonical JSON, as CSV, and the form as a document.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, header};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use prost::{Message, Name};
use tonic::metadata::MetadataMap;
use tonic::service::Routes;
use tonic_prost::ProstCodec;

use crate::access::call;
use crate::config::PAGE_RESOURCES_MAX;
use crate::grpc::{DETAILS_HEADER, PRINCIPAL_HEADER, WHOLE, prefers_chinese};
use crate::pb;
use crate::report::Message as Text;
use crate::report::inert::BYTE_ORDER_MARK;
use crate::service::{Problem, Reason};
use crate::wire::{Reader, Table, descriptor, dynamic, to_json, write_csv};

use super::addresses::addresses;
use super::fault::Fault;
use super::openapi;
use super::query::{self, Parameters};

/// What of a call is passed on to gRPC.
const PASSED_ON: [&str; 5] = ["authorization", "cookie", "accept-language", "x-request-id", PRINCIPAL_HEADER];

/// Largest answer, in bytes; a page of reports with their texts is some MiB.
const ANSWER_MAX_BYTES: usize = 256 << 20;

const CSV: &str = "text/csv; charset=utf-8";

/// What an answer in a format is, by `format`.
pub(crate) fn content_type(format: &str) -> &'static str {
    match format {
        "csv" => "text/csv",
        "html" => "text/html",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "ofd" => "application/ofd",
        "text" => "text/plain",
        _ => "application/json",
    }
}

/// A method that answers over HTTP, at the addresses that the contract gives it.
pub(crate) struct Resource {
    /// Path of its call.
    pub method: &'static str,
    /// Full names of the messages.
    pub request: String,
    pub response: String,
    /// What `format` may be besides `json`.
    pub formats: &'static [&'static str],
    handler: MethodRouter<Routes>,
}

/// Formats of the computed form.
const DOCUMENTS: &[&str] = &["csv", "docx", "ofd", "xlsx", "html", "text"];
const FORM: &str = call::GET_CONSOLIDATED_FORM.path;
const RENDER: &str = call::RENDER_CONSOLIDATED_FORM.path;
const FROZEN: &str = call::GET_FROZEN_FORM.path;
const RENDER_FROZEN: &str = call::RENDER_FROZEN_FORM.path;
/// Formats of the list of whom to remind.
const LISTS: &[&str] = &["csv", "xlsx"];
const REMINDERS: &str = call::LIST_REMINDERS.path;
const RENDER_REMINDERS: &str = call::RENDER_REMINDERS.path;

fn resource<Q, A>(method: &'static str) -> Resource
where
    Q: Message + Name + Default + 'static,
    A: Message + Name + Default + Table<Q> + 'static,
{
    let handler = get(listing::<Q, A>(method));
    Resource { method, request: Q::full_name(), response: A::full_name(), formats: &["csv"], handler }
}

/// Every resource.
pub(crate) fn resources() -> Vec<Resource> {
    let form = Resource {
        method: FORM,
        request: pb::GetConsolidatedFormRequest::full_name(),
        response: pb::GetConsolidatedFormResponse::full_name(),
        formats: DOCUMENTS,
        handler: get(form),
    };
    let frozen = Resource {
        method: FROZEN,
        request: pb::GetFrozenFormRequest::full_name(),
        response: pb::GetFrozenFormResponse::full_name(),
        formats: DOCUMENTS,
        handler: get(frozen_form),
    };
    let reminders = Resource {
        method: REMINDERS,
        request: pb::ListRemindersRequest::full_name(),
        response: pb::ListRemindersResponse::full_name(),
        formats: LISTS,
        handler: get(reminders),
    };
    vec![
        frozen,
        reminders,
        resource::<pb::GetAgencyContactsRequest, pb::GetAgencyContactsResponse>(call::GET_AGENCY_CONTACTS.path),
        resource::<pb::ListAgencyContactsRequest, pb::ListAgencyContactsResponse>(call::LIST_AGENCY_CONTACTS.path),
        resource::<pb::QueryRollupRequest, pb::QueryRollupResponse>(call::QUERY_ROLLUP.path),
        form,
        resource::<pb::GetCoverageRequest, pb::GetCoverageResponse>(call::GET_COVERAGE.path),
        resource::<pb::ListMissingAgenciesRequest, pb::ListMissingAgenciesResponse>(call::LIST_MISSING_AGENCIES.path),
        resource::<pb::ListReportsRequest, pb::ListReportsResponse>(call::LIST_REPORTS.path),
        resource::<pb::GetReportRequest, pb::GetReportResponse>(call::GET_REPORT.path),
        resource::<pb::ListRulesRequest, pb::ListRulesResponse>(call::LIST_RULES.path),
        resource::<pb::ListRuleFailuresRequest, pb::ListRuleFailuresResponse>(call::LIST_RULE_FAILURES.path),
    ]
}

pub(crate) fn routes() -> Router<Routes> {
    let mut router = Router::new();
    for resource in resources() {
        for address in addresses(resource.method) {
            router = router.route(&address.path, resource.handler.clone());
        }
    }
    router
        .route("/v1/openapi.json", get(async || ([(header::CONTENT_TYPE, "application/json")], openapi::description())))
}

/// Whoever asks, and the services that answer.
#[derive(Clone)]
struct Asker {
    grpc: Routes,
    metadata: MetadataMap,
    extensions: http::Extensions,
    /// A browser or a spreadsheet, which knows by a byte order mark alone that CSV is UTF-8.
    opens_tables: bool,
}

/// Spreadsheets that ask by themselves, as they name themselves.
const SPREADSHEETS: [&str; 2] = ["Excel", "Mashup"];

/// Whether whoever asks opens tables for people.
fn opens_tables(headers: &HeaderMap) -> bool {
    let said = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or_default();
    let agent = said(header::USER_AGENT);
    said(header::ACCEPT).contains("text/html") || SPREADSHEETS.iter().any(|one| agent.contains(one))
}

impl Asker {
    fn new(grpc: Routes, parts: &Parts) -> Self {
        let mut headers = HeaderMap::new();
        for name in PASSED_ON {
            if let Some(value) = parts.headers.get(name) {
                headers.insert(name, value.clone());
            }
        }
        // A refusal goes into the body, where there is room for all of it.
        headers.insert(DETAILS_HEADER, HeaderValue::from_static(WHOLE));
        let (extensions, opens_tables) = (parts.extensions.clone(), opens_tables(&parts.headers));
        Self { grpc, metadata: MetadataMap::from_headers(headers), extensions, opens_tables }
    }

    /// Calls a method of this process.
    async fn ask<Q, A>(&self, method: &'static str, request: Q) -> Result<A, Fault>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        let mut client = tonic::client::Grpc::new(self.grpc.clone()).max_decoding_message_size(ANSWER_MAX_BYTES);
        client.ready().await.map_err(|error| Problem::internal(&error.to_string()))?;
        let request = tonic::Request::from_parts(self.metadata.clone(), self.extensions.clone(), request);
        let codec = ProstCodec::<Q, A>::default();
        Ok(client.unary(request, PathAndQuery::from_static(method), codec).await?.into_inner())
    }
}

fn json<A: Message + Name>(answer: &A) -> Result<Response, Fault> {
    let text = to_json(answer).map_err(|error| Problem::internal(&error))?;
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}

fn unknown_format(format: &str, known: &[&str]) -> Fault {
    let known = format!("json, {}", known.join(", "));
    let text =
        Text::new(format!("没有格式 {format}；可用 {known}"), format!("there is no {format}; there are {known}"));
    Problem::field(Reason::FieldInvalid, "format", text).into()
}

/// The handler of a method whose answer is a message, or pages of a table.
fn listing<Q, A>(
    method: &'static str,
) -> impl Fn(State<Routes>, Request) -> futures::future::BoxFuture<'static, Result<Response, Fault>> + Clone
where
    Q: Message + Name + Default + 'static,
    A: Message + Name + Default + Table<Q> + 'static,
{
    // One that has a name in its address has one in all of them, after the same prefix.
    let named =
        addresses(method).into_iter().find_map(|address| Some((address.field.clone()?, address.prefix().to_owned())));
    move |State(grpc), request| {
        let named = named.clone();
        Box::pin(async move {
            let (parts, _) = request.into_parts();
            let asker = Asker::new(grpc, &parts);
            let mut asked = query::parameters(parts.uri.query());
            if let Some((field, prefix)) = named {
                let name = parts.uri.path().strip_prefix(&prefix).unwrap_or_default();
                asked.push((field, percent_decode_str(name).decode_utf8_lossy().into_owned()));
            }
            answer::<Q, A>(&asker, method, asked).await
        })
    }
}

async fn answer<Q, A>(asker: &Asker, method: &'static str, mut asked: Parameters) -> Result<Response, Fault>
where
    Q: Message + Name + Default + 'static,
    A: Message + Name + Default + Table<Q> + 'static,
{
    match query::take(&mut asked, "format").as_deref() {
        None | Some("json") => json(&asker.ask::<Q, A>(method, query::request(&asked)?).await?),
        Some("csv") => every_page::<Q, A>(asker.clone(), method, asked).await,
        Some(other) => Err(unknown_format(other, &["csv"])),
    }
}

/// All pages from the one asked for on as one table. The first is there before the answer begins, so a refusal is one.
async fn every_page<Q, A>(asker: Asker, method: &'static str, mut asked: Parameters) -> Result<Response, Fault>
where
    Q: Message + Name + Default + 'static,
    A: Message + Name + Default + Table<Q> + 'static,
{
    let pages = descriptor::<Q>().is_ok_and(|of| of.get_field_by_name("page_size").is_some());
    if pages && !asked.iter().any(|(name, _)| name == "page_size") {
        asked.push(("page_size".to_owned(), PAGE_RESOURCES_MAX.to_string()));
    }
    let question = query::request::<Q>(&asked)?;
    let headings = A::headings(&question);
    let first: A = asker.ask(method, question).await?;
    let english = !prefers_chinese(&asker.metadata);
    let table = move |page: &A, headings: Option<&Vec<String>>| {
        let mut text = Vec::new();
        write_csv(&mut text, headings.into_iter().chain(&page.rows(&Reader::program(english))))?;
        Ok::<_, ::csv::Error>(Bytes::from(text))
    };
    let mark = if asker.opens_tables { BYTE_ORDER_MARK } else { "" };
    let head = table(&first, Some(&headings)).map(|head| Bytes::from([mark.as_bytes(), &head].concat()));
    let begun = (head, next_page(&first));
    let stream = futures::stream::try_unfold((Some(begun), asker, asked), move |(page, asker, mut asked)| async move {
        let Some((text, next)) = page else { return Ok(None) };
        let following = match next {
            None => None,
            Some(token) => {
                query::take(&mut asked, "page_token");
                asked.push(("page_token".to_owned(), token));
                // The connection breaks off, which the reader notices: half a table must not pass for a whole one.
                let broken_off = |_: Fault| std::io::Error::other("a later page cannot be read");
                let request = query::request::<Q>(&asked).map_err(|problem| broken_off(problem.into()))?;
                let page: A = asker.ask(method, request).await.map_err(broken_off)?;
                Some((table(&page, None), next_page(&page)))
            }
        };
        Ok::<_, std::io::Error>(Some((text.map_err(std::io::Error::other)?, (following, asker, asked))))
    });
    let name = method.rsplit('/').next().unwrap_or_default();
    let disposition = format!("attachment; filename=\"{name}.csv\"");
    let headers = [(header::CONTENT_TYPE, CSV.to_owned()), (header::CONTENT_DISPOSITION, disposition)];
    Ok((headers, Body::from_stream(stream)).into_response())
}

/// Token of the page that follows.
fn next_page<A: Message + Name>(answer: &A) -> Option<String> {
    let answer = dynamic(answer).ok()?;
    let token = answer.get_field_by_name("next_page_token")?.as_str()?.to_owned();
    (!token.is_empty()).then_some(token)
}

/// An answer that is a file.
trait Rendered {
    fn into_file(self) -> Response;
}

macro_rules! rendered {
    ($($answer:ty),*) => {$(
        impl Rendered for $answer {
            fn into_file(self) -> Response {
                as_file(self.content, self.content_type, &self.file_name)
            }
        }
    )*};
}

rendered!(pb::RenderConsolidatedFormResponse, pb::RenderFrozenFormResponse, pb::RenderRemindersResponse);

/// The message that one call answers with, or, where a format is asked for, the file that another makes of the same question.
async fn message_or_file<Q, A, R, F>(
    asker: &Asker,
    (message, file): (&'static str, &'static str),
    formats: &[&str],
    mut asked: Parameters,
) -> Result<Response, Fault>
where
    Q: Message + Name + Default + 'static,
    A: Message + Name + Default + 'static,
    R: Message + Name + Default + 'static,
    F: Message + Rendered + Default + 'static,
{
    match query::take(&mut asked, "format").as_deref() {
        None | Some("json") => json(&asker.ask::<Q, A>(message, query::request(&asked)?).await?),
        Some(format) if formats.contains(&format) => {
            asked.push(("format".to_owned(), format.to_owned()));
            Ok(asker.ask::<R, F>(file, query::request(&asked)?).await?.into_file())
        }
        Some(other) => Err(unknown_format(other, formats)),
    }
}

async fn form(State(grpc): State<Routes>, request: Request) -> Result<Response, Fault> {
    use pb::{GetConsolidatedFormRequest as Q, GetConsolidatedFormResponse as A};
    use pb::{RenderConsolidatedFormRequest as R, RenderConsolidatedFormResponse as F};
    let (parts, _) = request.into_parts();
    let asked = query::parameters(parts.uri.query());
    message_or_file::<Q, A, R, F>(&Asker::new(grpc, &parts), (FORM, RENDER), DOCUMENTS, asked).await
}

/// A frozen form, or the document of exactly what was frozen.
async fn frozen_form(State(grpc): State<Routes>, request: Request) -> Result<Response, Fault> {
    use pb::{GetFrozenFormRequest as Q, GetFrozenFormResponse as A};
    use pb::{RenderFrozenFormRequest as R, RenderFrozenFormResponse as F};
    let (parts, _) = request.into_parts();
    let mut asked = query::parameters(parts.uri.query());
    let name = parts.uri.path().strip_prefix("/v1/").unwrap_or_default();
    asked.push(("name".to_owned(), percent_decode_str(name).decode_utf8_lossy().into_owned()));
    message_or_file::<Q, A, R, F>(&Asker::new(grpc, &parts), (FROZEN, RENDER_FROZEN), DOCUMENTS, asked).await
}

/// Whom to remind, or the file of all of them.
async fn reminders(State(grpc): State<Routes>, request: Request) -> Result<Response, Fault> {
    use pb::{ListRemindersRequest as Q, ListRemindersResponse as A};
    use pb::{RenderRemindersRequest as R, RenderRemindersResponse as F};
    let (parts, _) = request.into_parts();
    let asked = query::parameters(parts.uri.query());
    message_or_file::<Q, A, R, F>(&Asker::new(grpc, &parts), (REMINDERS, RENDER_REMINDERS), LISTS, asked).await
}

fn as_file(content: Vec<u8>, content_type: String, file_name: &str) -> Response {
    let name = utf8_percent_encode(file_name, NON_ALPHANUMERIC);
    let ending = file_name.rsplit('.').next().filter(|ending| ending.is_ascii()).unwrap_or("bin");
    let mut response = content.into_response();
    for (header, value) in [
        (header::CONTENT_TYPE, content_type),
        // The plain name is for programs that do not know the other.
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"form.{ending}\"; filename*=UTF-8''{name}")),
    ] {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(header, value);
        }
    }
    response
}
