//! Certificates are exchanged while calls come in.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use huizong::config::Limits;
use huizong::pb;
use huizong::pb::operations_service_client::OperationsServiceClient;
use huizong::service::SignInLimits;
use jiff::SignedDuration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::access::guarded::Guarded;

/// The certificate that a new connection is shown.
async fn shown(server: &Guarded) -> Vec<u8> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(server.authority.pem.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect(server.address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_exchanged_under_load_without_a_failed_call() {
    const SWAPS: usize = 10;
    // As many calls as the machine can make: rates are not what is tested here.
    let unlimited = u32::MAX;
    let limits = Limits {
        calls_per_second_per_principal: unlimited,
        calls_per_second_per_address: unlimited,
        ..Limits::default()
    };
    let server = Arc::new(Guarded::with(limits, 100, SignInLimits::default()).await);
    let following = tokio::spawn(server.files.clone().follow());
    let token = server.token("viewer", SignedDuration::from_hours(1)).await;
    let (stop, calls) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let callers: Vec<_> = (0..6)
        .map(|caller| {
            let (server, token, stop, calls) = (server.clone(), token.clone(), stop.clone(), calls.clone());
            tokio::spawn(async move {
                let mut client = OperationsServiceClient::new(server.client(Some(&token)).await);
                while !stop.load(Ordering::Relaxed) {
                    if caller % 2 == 0 {
                        // A new connection for every call.
                        client = OperationsServiceClient::new(server.client(Some(&token)).await);
                    }
                    client.get_status(pb::GetStatusRequest::default()).await.unwrap();
                    calls.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    let mut before = shown(&server).await;
    for _ in 0..SWAPS {
        // One file after the other: in between they do not belong together.
        let issued = server.authority.server();
        std::fs::write(&server.tls.certificate, &issued.certificate).unwrap();
        tokio::time::sleep(Duration::from_millis(30)).await;
        let _ = server.files.reload();
        assert_eq!(shown(&server).await, before, "a certificate without its key is not taken on");
        std::fs::write(&server.tls.key, &issued.key).unwrap();
        let mut waited = 0;
        let now = loop {
            let now = shown(&server).await;
            if now != before {
                break now;
            }
            waited += 1;
            assert!(waited < 500, "the new certificate is not taken on");
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        assert_eq!(now, CertificateDer::from_pem_slice(issued.certificate.as_bytes()).unwrap().to_vec());
        before = now;
    }
    stop.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.await.unwrap();
    }
    following.abort();
    assert!(calls.load(Ordering::Relaxed) > 100);
}
