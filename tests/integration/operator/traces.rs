//! Spans of the running program, as a collector of traces takes them.

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

use super::observation::{REASON, TOKEN, use_it};
use super::program::Program;

struct Collector(mpsc::UnboundedSender<ExportTraceServiceRequest>);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.0.send(request.into_inner()).map_err(|_| Status::unavailable("nobody looks any more"))?;
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

fn attribute<'a>(attributes: &'a [KeyValue], name: &str) -> Option<&'a Value> {
    attributes.iter().find(|one| one.key == name)?.value.as_ref()?.value.as_ref()
}

fn text(value: &str) -> Value {
    Value::StringValue(value.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_span_of_a_call_reaches_the_collector_with_its_name_its_status_and_its_id() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (sender, mut batches) = mpsc::unbounded_channel();
    let server = tonic::transport::Server::builder().add_service(TraceServiceServer::new(Collector(sender)));
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    let program = Program::start(
        "warn,huizong=info",
        &[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint), ("OTEL_BSP_SCHEDULE_DELAY", "100")],
    );
    let refused = use_it(&program).await;
    let id = refused.metadata().get("x-request-id").unwrap().to_str().unwrap();
    let mut spans: Vec<Span> = Vec::new();
    let of_call = |span: &Span| attribute(&span.attributes, "call_id") == Some(&text(id));
    while !spans.iter().any(of_call) {
        let batch = batches.recv().await.expect("spans");
        let everything = format!("{batch:?}");
        for secret in [REASON, TOKEN, "zhang-san-feng"] {
            assert!(!everything.contains(secret), "{everything}");
        }
        for of_program in batch.resource_spans {
            let resource = of_program.resource.unwrap().attributes;
            assert_eq!(attribute(&resource, "service.name"), Some(&text("huizong")));
            spans.extend(of_program.scope_spans.into_iter().flat_map(|scope| scope.spans));
        }
    }
    let span = spans.into_iter().find(of_call).unwrap();
    assert_eq!(span.name, "huizong.v1.ReportService/SubmitReport");
    assert_eq!(span.kind(), SpanKind::Server);
    for (name, value) in [
        ("rpc.system", text("grpc")),
        ("rpc.service", text("huizong.v1.ReportService")),
        ("rpc.method", text("SubmitReport")),
        ("rpc.grpc.status_code", Value::IntValue(refused.code() as i64)),
    ] {
        assert_eq!(attribute(&span.attributes, name), Some(&value), "{name}");
    }
    assert!(span.end_time_unix_nano >= span.start_time_unix_nano);
}
