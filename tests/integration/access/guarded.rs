//! A server that asks who calls, with an authority for certificates and a principal of each kind.

use std::net::SocketAddr;
use std::path::PathBuf;

use huizong::access::{PrincipalName, Role, TokenKey};
use huizong::config::{Config, Limits, Tls};
use huizong::grpc::TlsFiles;
use huizong::pb;
use huizong::server::{Doors, open_store};
use huizong::service::{
    AccessPolicy, Caller, EntryLimits, NewCredential, RoleChange, Service, Settings, SignInLimits, WatchLimits,
};
use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType, SerialNumber,
};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tonic::metadata::AsciiMetadataValue;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Request, Status};

use crate::support::{self, CITY, unhindered};

/// What each kind of principal holds: its own part of the tree is the city.
pub const PRINCIPALS: [(&str, &[(&str, &str)]); 7] = [
    ("submitter", &[("submitter", "agencies/city-bureau"), ("submitter", CITY)]),
    ("reviewer", &[("reviewer", CITY)]),
    ("viewer", &[("viewer", CITY)]),
    ("system", &[("system-administrator", "")]),
    ("security", &[("security-administrator", "")]),
    ("auditor", &[("auditor", "")]),
    ("roleless", &[]),
];

/// An authority that issues certificates.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub pem: String,
}

/// A certificate with its key, PEM.
pub struct Issued {
    pub certificate: String,
    pub key: String,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    pub fn issue(&self, params: CertificateParams) -> Issued {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        Issued { certificate, key: key.serialize_pem() }
    }

    pub fn server(&self) -> Issued {
        self.issue(CertificateParams::new(vec!["localhost".to_owned()]).unwrap())
    }

    /// A client certificate that names a principal by a URI.
    pub fn client(&self, principal: &str, serial: u64) -> Issued {
        self.issue(Self::client_params(principal, serial))
    }

    pub fn client_params(principal: &str, serial: u64) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "某机构");
        params.serial_number = Some(SerialNumber::from(serial));
        params.subject_alt_names = vec![SanType::URI(format!("huizong:principal:{principal}").try_into().unwrap())];
        params
    }

    /// A list with one certificate revoked.
    pub fn revoking(&self, serial: u64) -> String {
        let day = rcgen::date_time_ymd;
        let list = rcgen::CertificateRevocationListParams {
            this_update: day(2024, 1, 1),
            next_update: day(2100, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: vec![rcgen::RevokedCertParams {
                serial_number: SerialNumber::from(serial),
                revocation_time: day(2024, 1, 1),
                reason_code: None,
                invalidity_date: None,
            }],
            key_identifier_method: rcgen::KeyIdMethod::Sha256,
        };
        self.list(list)
    }

    /// A list of revoked certificates, signed.
    pub fn list(&self, list: rcgen::CertificateRevocationListParams) -> String {
        list.signed_by(&self.issuer).unwrap().pem().unwrap()
    }
}

/// A running server; it ends when dropped.
pub struct Guarded {
    pub service: Service,
    pub authority: Authority,
    pub address: SocketAddr,
    pub tls: Tls,
    pub files: TlsFiles,
    task: JoinHandle<()>,
    _directory: TempDir,
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub type Client = InterceptedService<Channel, Token>;

#[derive(Clone)]
pub struct Token(pub Option<AsciiMetadataValue>);

impl tonic::service::Interceptor for Token {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.0 {
            request.metadata_mut().insert("authorization", token.clone());
        }
        Ok(request)
    }
}

impl Guarded {
    pub async fn start() -> Self {
        Self::with(Limits::default(), 10_000, SignInLimits::default()).await
    }

    pub async fn with(limits: Limits, refusals_per_minute: u32, sign_in: SignInLimits) -> Self {
        Self::at(huizong::config::Server::default(), limits, refusals_per_minute, sign_in).await
    }

    /// Where roles and secrets are given in this way.
    pub async fn governed(policy: AccessPolicy) -> Self {
        Self::made(huizong::config::Server::default(), Limits::default(), 10_000, SignInLimits::default(), policy).await
    }

    /// Behind these proxies, and in these names.
    pub async fn at(
        settings: huizong::config::Server,
        limits: Limits,
        refusals_per_minute: u32,
        sign_in: SignInLimits,
    ) -> Self {
        Self::made(settings, limits, refusals_per_minute, sign_in, AccessPolicy::default()).await
    }

    async fn made(
        server: huizong::config::Server,
        limits: Limits,
        refusals_per_minute: u32,
        sign_in: SignInLimits,
        policy: AccessPolicy,
    ) -> Self {
        let directory = TempDir::new().unwrap();
        let opened = open_store(&directory.path().join("store"), &unhindered()).unwrap();
        let settings = Settings {
            authentication: true,
            policy,
            token_key: Some(TokenKey::ephemeral().unwrap()),
            entries: EntryLimits { refusals: refusals_per_minute, ..EntryLimits::default() },
            sign_in,
            watches: WatchLimits { watchers_per_principal: limits.watches_per_principal, ..WatchLimits::default() },
            ..Settings::default()
        };
        let service = Service::start(opened.store, opened.live, settings).unwrap();
        let internal = Caller::internal("test");
        let changes = support::small_registry().into_iter();
        let changes = changes.map(|change| huizong::wire::change_from_wire(change, "change").unwrap()).collect();
        service.change_registry(changes, false, &internal).await.unwrap();
        for (name, roles) in PRINCIPALS {
            for (word, scope) in roles {
                let role = Role::parse(word, scope).unwrap();
                service
                    .change_role(name.parse().unwrap(), role, RoleChange::Grant { allow_missing: true }, &internal)
                    .await
                    .unwrap();
            }
        }
        let authority = Authority::new("test authority");
        let path = |name: &str| -> PathBuf { directory.path().join(name) };
        let tls = Tls {
            certificate: path("server.pem"),
            key: path("server.key"),
            client_ca: path("clients.pem"),
            client_crl: path("revoked.pem"),
            reload_seconds: 1,
        };
        let issued = authority.server();
        std::fs::write(&tls.certificate, issued.certificate).unwrap();
        std::fs::write(&tls.key, issued.key).unwrap();
        std::fs::write(&tls.client_ca, &authority.pem).unwrap();
        std::fs::write(&tls.client_crl, authority.revoking(99)).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let config = Config { tls: tls.clone(), server, limits, ..Config::default() };
        let doors = Doors::new(&service, &config, None).await.unwrap();
        let files = doors.tls.clone().unwrap();
        let task = tokio::spawn(async move { doors.serve(listener).await.unwrap() });
        Self { service, authority, address, tls, files, task, _directory: directory }
    }

    /// A token of a principal that expires after so long.
    pub async fn token(&self, principal: &str, lasting: SignedDuration) -> String {
        let principal: PrincipalName = principal.parse().unwrap();
        let expires = Timestamp::now() + lasting;
        let new = NewCredential { principal, note: String::new(), expires };
        self.service.create_credential(new, &Caller::internal("test")).await.unwrap().1.reveal()
    }

    /// A connection; with a certificate of the client's where one is given.
    pub async fn connect(&self, identity: Option<&Issued>) -> Result<Channel, tonic::transport::Error> {
        self.endpoint(identity).connect().await
    }

    /// What a connection is made by.
    pub fn endpoint(&self, identity: Option<&Issued>) -> Endpoint {
        let tls =
            ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&self.authority.pem)).domain_name("localhost");
        let tls = match identity {
            Some(issued) => tls.identity(Identity::from_pem(&issued.certificate, &issued.key)),
            None => tls,
        };
        let url = format!("https://localhost:{}", self.address.port());
        Channel::from_shared(url).unwrap().tls_config(tls).unwrap()
    }

    /// A client with this token, or with none.
    pub async fn client(&self, token: Option<&str>) -> Client {
        let token = token.map(|token| format!("Bearer {token}").parse().unwrap());
        InterceptedService::new(self.connect(None).await.unwrap(), Token(token))
    }

    /// A client with a fresh token of this principal.
    pub async fn client_of(&self, principal: &str) -> Client {
        let token = self.token(principal, SignedDuration::from_hours(1)).await;
        self.client(Some(&token)).await
    }

    pub async fn journal(&self) -> Vec<huizong::store::JournalEntry> {
        self.service.journal(0, 1000, huizong::service::JournalFilter::default()).await.unwrap().items
    }
}

/// Reason in the details of a refusal.
pub fn reason(status: &Status) -> String {
    support::problem(status).reason().as_str_name().to_owned()
}

/// Who a client is taken to be.
pub async fn who<S>(client: S) -> Result<pb::GetCallerResponse, Status>
where
    S: tonic::client::GrpcService<tonic::body::Body> + Clone,
    S::Error: Into<tonic::codegen::StdError>,
    S::ResponseBody: http_body::Body<Data = tonic::codegen::Bytes> + Send + 'static,
    <S::ResponseBody as http_body::Body>::Error: Into<tonic::codegen::StdError> + Send,
{
    let mut client = pb::access_service_client::AccessServiceClient::new(client);
    client.get_caller(pb::GetCallerRequest {}).await.map(tonic::Response::into_inner)
}
