//! Where a caller comes from, and in whose name it is answered.

use http::{Request, Response, StatusCode};
use huizong::config::{Limits, Server};
use huizong::service::SignInLimits;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tonic::body::Body;
use tonic::transport::Channel;
use tower::{Service as _, ServiceExt as _};

use crate::access::guarded::{Guarded, reason, who};
use crate::access::session::ask;

/// This machine is the proxy.
async fn behind_proxy(proxy_protocol: bool, limits: Limits) -> Guarded {
    let trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let settings = Server { trusted_proxies, proxy_protocol, ..Server::default() };
    Guarded::at(settings, limits, 100, SignInLimits::default()).await
}

/// The answers to as many requests as are too many for one address, which say that they come from somewhere.
async fn too_many(server: &Guarded, forwarded: &[&str]) -> Vec<StatusCode> {
    let mut answers = Vec::new();
    for from in forwarded {
        answers.push(ask(server, "GET", "/session", &[("x-forwarded-for", from)], Vec::new()).await.status());
    }
    answers
}

#[tokio::test]
async fn a_caller_behind_a_trusted_proxy_has_limits_of_its_own_and_nobody_else_is_believed() {
    let limits = || Limits { calls_per_second_per_address: 1, ..Limits::default() };
    let each_its_own = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5", "192.0.2.6"];
    let server = behind_proxy(false, limits()).await;
    assert_eq!(too_many(&server, &each_its_own).await, [StatusCode::UNAUTHORIZED; 6]);
    // What the caller itself writes before the proxy adds its address changes nothing.
    let of_one =
        ["203.0.113.1, 192.0.2.9", "203.0.113.2, 192.0.2.9", "203.0.113.3, 192.0.2.9", "203.0.113.4, 192.0.2.9"];
    assert!(too_many(&server, &of_one).await.contains(&StatusCode::TOO_MANY_REQUESTS));
    let direct = Guarded::with(limits(), 100, SignInLimits::default()).await;
    assert!(too_many(&direct, &each_its_own).await.contains(&StatusCode::TOO_MANY_REQUESTS));
}

#[tokio::test]
async fn a_connection_by_the_proxy_protocol_is_the_callers() {
    let server = behind_proxy(true, Limits::default()).await;
    let address = server.address;
    let announced = tower::service_fn(move |_: http::Uri| async move {
        let mut stream = TcpStream::connect(address).await?;
        let addresses = [192, 0, 2, 7, 127, 0, 0, 1, 0x30, 0x39, 0x1c, 0xf3];
        stream.write_all(&[b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c".as_slice(), &addresses].concat()).await?;
        Ok::<_, std::io::Error>(TokioIo::new(stream))
    });
    let channel = server.endpoint(None).connect_with_connector(announced).await.unwrap();
    assert_eq!(reason(&who(channel).await.unwrap_err()), "CREDENTIALS_REQUIRED");
    let entry = server.journal().await.into_iter().next_back().unwrap();
    assert_eq!(entry.actor, "unauthenticated 192.0.2.7");
    assert!(server.connect(None).await.is_err(), "a proxy that does not announce its callers is not believed");
}

async fn get(channel: &Channel, path: &str) -> Response<Body> {
    let mut channel = channel.clone();
    let request = Request::builder().uri(path).body(Body::empty()).unwrap();
    channel.ready().await.unwrap().call(request).await.unwrap()
}

#[tokio::test]
async fn a_host_that_is_not_the_services_own_is_not_answered() {
    let settings = Server { hosts: vec!["huizong.example".to_owned()], ..Server::default() };
    let server = Guarded::at(settings, Limits::default(), 100, SignInLimits::default()).await;
    let in_name_of =
        async |origin: &str| server.endpoint(None).origin(origin.parse().unwrap()).connect().await.unwrap();
    let foreign = in_name_of("https://evil.example").await;
    for path in ["/", "/session", "/v1/rollup"] {
        assert_eq!(get(&foreign, path).await.status(), StatusCode::MISDIRECTED_REQUEST, "{path}");
    }
    assert_eq!(reason(&who(foreign).await.unwrap_err()), "HOST_UNKNOWN");
    for own in ["https://localhost", "https://huizong.example:7411", "https://127.0.0.1:7411"] {
        let channel = in_name_of(own).await;
        let answer = get(&channel, "/session").await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{own}");
        assert_eq!(answer.headers()["strict-transport-security"], "max-age=31536000");
        assert!(answer.headers()["permissions-policy"].to_str().unwrap().contains("camera=()"));
        assert_eq!(reason(&who(channel).await.unwrap_err()), "CREDENTIALS_REQUIRED");
    }
}
