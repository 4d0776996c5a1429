//! The layer around every call: gives it an id, a span, a line when it is refused, and a place in the metrics.
//!
//! Only methods that are known by name become labels, so that callers cannot make up new ones.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body::{Body, Frame};
use tower::{Layer, Service};
use tracing::Span;

use super::metrics;

/// Metadata in which a caller may give the id of a call; the answer carries it back.
pub const CALL_ID_HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id that is taken from a caller, in characters.
const CALL_ID_MAX: usize = 64;

tokio::task_local! {
    static CURRENT: CallId;
}

/// What one call is known by in the log, in its answer, and in its error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallId(Arc<str>);

impl CallId {
    /// The caller's own, where it is one to be printed without harm; else a new one.
    pub fn of(headers: &HeaderMap) -> Self {
        let given = headers.get(CALL_ID_HEADER).and_then(|value| value.to_str().ok());
        let sound = |id: &&str| {
            !id.is_empty()
                && id.len() <= CALL_ID_MAX
                && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        Self(given.filter(sound).map_or_else(|| uuid::Uuid::new_v4().to_string().into(), Arc::from))
    }

    /// The answer to a request that is no call, such as one for a page, which is known by this id and not measured.
    pub async fn given_to<R, E>(self, answer: impl Future<Output = Result<Response<R>, E>>) -> Result<Response<R>, E> {
        let span = tracing::info_span!("page", call_id = self.as_str());
        let mut response = CURRENT.scope(self.clone(), tracing::Instrument::instrument(answer, span)).await?;
        self.put_on(&mut response);
        Ok(response)
    }

    fn put_on<R>(&self, response: &mut Response<R>) {
        if let Ok(id) = HeaderValue::from_str(self.as_str()) {
            response.headers_mut().insert(CALL_ID_HEADER, id);
        }
    }

    /// The id of the call under way; none outside of calls.
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }

    /// As it stands in the log and in the answer's headers.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One method of the contract.
type Method = (&'static str, &'static str);

const OTHER: Method = ("other", "other");

/// Puts [`Calls`] around a service.
#[derive(Debug, Clone)]
pub struct CallLayer {
    methods: Arc<[Method]>,
}

impl CallLayer {
    /// `methods`: full name of the service, name of the method; any other path counts as `other`.
    pub fn new(methods: impl IntoIterator<Item = Method>) -> Self {
        let mut methods: Vec<Method> = methods.into_iter().collect();
        methods.sort_unstable();
        Self { methods: methods.into() }
    }
}

impl<S> Layer<S> for CallLayer {
    type Service = Calls<S>;

    fn layer(&self, inner: S) -> Calls<S> {
        Calls { inner, methods: self.methods.clone() }
    }
}

/// A service whose calls are observed.
#[derive(Debug, Clone)]
pub struct Calls<S> {
    inner: S,
    methods: Arc<[Method]>,
}

impl<S> Calls<S> {
    fn method(&self, path: &str) -> Method {
        let Some(named) = path.strip_prefix('/').and_then(|path| path.split_once('/')) else { return OTHER };
        self.methods.binary_search(&named).ok().and_then(|at| self.methods.get(at)).copied().unwrap_or(OTHER)
    }
}

impl<S, Q, R> Service<Request<Q>> for Calls<S>
where
    S: Service<Request<Q>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    Q: Send + 'static,
    R: Send + 'static,
{
    type Response = Response<Observed<R>>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        // What a page asks inside the process is known by the page's id.
        let id = CallId::current().unwrap_or_else(|| CallId::of(request.headers()));
        let call = Call::begin(self.method(request.uri().path()), id.clone());
        // What was made ready is called; its copy may not be.
        let copy = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, copy);
        let span = call.span.clone();
        let answer = async move {
            let mut response = inner.call(request).await?;
            call.id.put_on(&mut response);
            let status = status_code(response.headers());
            Ok(response.map(|body| {
                let mut observed = Observed { body: Box::pin(body), call: Some(call) };
                if let Some(code) = status {
                    observed.end(code);
                }
                observed
            }))
        };
        Box::pin(CURRENT.scope(id, tracing::Instrument::instrument(answer, span)))
    }
}

/// A call under way; it ends when it is dropped.
struct Call {
    id: CallId,
    method: Method,
    span: Span,
    began: Instant,
    /// Number of the status; until it is known, the call counts as cancelled.
    code: &'static str,
}

/// CANCELLED: the caller went away, or the time that it gave was up.
const CANCELLED: &str = "1";

impl Call {
    fn begin(method: Method, id: CallId) -> Self {
        metrics::call_began(method.0, method.1);
        let span = tracing::info_span!(
            "call",
            call_id = id.as_str(),
            rpc.system = "grpc",
            rpc.service = method.0,
            rpc.method = method.1,
            rpc.grpc.status_code = tracing::field::Empty,
            otel.kind = "server",
            otel.name = format!("{}/{}", method.0, method.1),
        );
        Self { id, method, span, began: Instant::now(), code: CANCELLED }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let duration = self.began.elapsed();
        metrics::call_ended(self.method.0, self.method.1, self.code, duration);
        // A number in OpenTelemetry's conventions for spans.
        self.span.record("rpc.grpc.status_code", self.code.parse::<i64>().ok());
        let (code, milliseconds) = (self.code, duration.as_secs_f64() * 1000.0);
        self.span.in_scope(|| match code {
            "0" => tracing::debug!(code, milliseconds, "answered"),
            // UNKNOWN, DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE, DATA_LOSS: not the caller's doing.
            "2" | "4" | "13" | "14" | "15" => tracing::warn!(code, milliseconds, "failed"),
            CANCELLED => tracing::info!(code, milliseconds, "cancelled"),
            _ => tracing::info!(code, milliseconds, "refused"),
        });
    }
}

/// Numbers of the codes of gRPC, as text.
const CODES: [&str; 17] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16"];

/// The status in headers or trailers.
fn status_code(headers: &HeaderMap) -> Option<&'static str> {
    let status = headers.get("grpc-status")?.to_str().unwrap_or_default();
    Some(CODES.into_iter().find(|code| *code == status).unwrap_or("2"))
}

/// The body of an answer; its end is the end of the call.
pub struct Observed<R> {
    body: Pin<Box<R>>,
    call: Option<Call>,
}

impl<R> Observed<R> {
    fn end(&mut self, code: &'static str) {
        if let Some(mut call) = self.call.take() {
            call.code = code;
        }
    }
}

impl<R: Body> Body for Observed<R> {
    type Data = R::Data;
    type Error = R::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = &mut *self;
        let polled = match &this.call {
            None => this.body.as_mut().poll_frame(context),
            Some(call) => {
                let (id, span) = (call.id.clone(), call.span.clone());
                CURRENT.sync_scope(id, || span.in_scope(|| this.body.as_mut().poll_frame(context)))
            }
        };
        if let Poll::Ready(frame) = &polled {
            match frame {
                Some(Ok(frame)) => {
                    if let Some(code) = frame.trailers_ref().and_then(status_code) {
                        this.end(code);
                    }
                }
                Some(Err(_)) => this.end("2"),
                None => this.end("2"),
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_of(given: &str) -> CallId {
        let mut headers = HeaderMap::new();
        headers.insert(CALL_ID_HEADER, HeaderValue::from_bytes(given.as_bytes()).unwrap());
        CallId::of(&headers)
    }

    #[test]
    fn an_id_of_the_caller_is_kept_where_it_is_harmless() {
        assert_eq!(id_of("trace-7.b_2").as_str(), "trace-7.b_2");
        for given in ["", "a b", "张三", "a\"b", &"x".repeat(65)] {
            let id = id_of(given);
            assert_ne!(id.as_str(), given);
            assert_eq!(id.as_str().len(), 36, "a UUID");
        }
    }

    #[test]
    fn a_path_that_is_not_in_the_contract_is_no_label() {
        let calls = CallLayer::new([("a.B", "Get"), ("a.A", "Put")]).layer(());
        assert_eq!(calls.method("/a.B/Get"), ("a.B", "Get"));
        for path in ["/a.B/Put", "/a.B/Get/more", "/", "", "/made-up"] {
            assert_eq!(calls.method(path), OTHER);
        }
    }

    #[test]
    fn a_status_that_is_no_number_of_a_code_is_unknown() {
        let mut headers = HeaderMap::new();
        assert_eq!(status_code(&headers), None);
        headers.insert("grpc-status", HeaderValue::from_static("5"));
        assert_eq!(status_code(&headers), Some("5"));
        headers.insert("grpc-status", HeaderValue::from_static("99"));
        assert_eq!(status_code(&headers), Some("2"));
    }
}
