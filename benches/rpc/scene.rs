//! A service over a store of its own with a simulated province in it, and a connection to it.

use std::sync::Arc;

use futures::StreamExt as _;
use huizong::config::Limits;
use huizong::pb;
use huizong::report::{ReportKey, ReportYear};
use huizong::service::{Caller, Live, Service, Submission};
use huizong::simulation::{Parameters, Province};
use huizong::store::{SledOptions, SledStore};
use huizong::wire::figures_to_wire;
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};

use super::echo::Echo;

/// First year of reports.
pub const FIRST_YEAR: u16 = 2020;
/// Years whose reports are handed in for the first time while measuring, after those that are stored before.
pub const FRESH_YEARS: u16 = 3;

/// The province that everything is measured on.
pub const PROVINCE: &str = "jurisdictions/230000";

/// Submissions under way at a time while the store is filled.
const FILLING: usize = 256;

pub struct Scene {
    pub channel: Channel,
    pub province: Arc<Province>,
    /// Reports in the store.
    pub stored: usize,
    /// Years of them.
    pub years: u16,
    _folder: TempDir,
}

pub fn year(year: u16) -> ReportYear {
    ReportYear::new(year).unwrap()
}

/// A day on which all the years are over.
fn clock() -> Timestamp {
    Timestamp::from_second(2_200_000_000).unwrap()
}

impl Scene {
    pub async fn set(agencies: usize, years: u16) -> Self {
        let parameters = Parameters {
            seed: 1,
            province: "230000".to_owned(),
            agencies,
            first_year: year(FIRST_YEAR),
            last_year: year(FIRST_YEAR + years + FRESH_YEARS - 1),
        };
        let province = Arc::new(Province::simulate(&parameters).unwrap());
        let folder = tempfile::tempdir().unwrap();
        let live = Arc::<Live>::default();
        let store = Arc::new(SledStore::open(&SledOptions::new(folder.path()), live.clone()).unwrap());
        let service = Service::start(store, live, clock).unwrap();
        let stored = fill(&service, &province, years).await;

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (routes, _) = huizong::grpc::routes(service, &Limits::default()).await.unwrap();
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        let routes = huizong::grpc::observed(routes).add_service(Echo);
        let server = Server::builder().add_routes(routes).serve_with_incoming(incoming);
        tokio::spawn(async { server.await.unwrap() });
        let channel = Channel::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap();
        Self { channel, province, stored, years, _folder: folder }
    }

    pub fn last_year(&self) -> u16 {
        FIRST_YEAR + self.years - 1
    }

    /// The reports of a year, as they are handed in for the first time.
    pub fn reports(&self, of_year: u16) -> impl Iterator<Item = pb::Report> {
        self.province.reports(year(of_year)).map(move |report| pb::Report {
            name: format!("agencies/{}/reports/{of_year}", report.agency),
            form: Some(figures_to_wire(&report.figures).into()),
            reason: "measuring".to_owned(),
            ..Default::default()
        })
    }
}

async fn fill(service: &Service, province: &Province, years: u16) -> usize {
    let caller = Caller::internal("bench");
    service.change_registry(province.changes.clone(), false, &caller).await.unwrap();
    let mut count = 0;
    for year in (FIRST_YEAR..FIRST_YEAR + years).map(year) {
        let submissions = province
            .reports(year)
            .map(|report| Submission::first(ReportKey::of_agency(report.agency, year), report.figures));
        let stored = futures::stream::iter(submissions)
            .map(|submission| {
                let (service, caller) = (service.clone(), caller.clone());
                tokio::spawn(async move { service.submit(&submission, &caller).await.unwrap() })
            })
            .buffer_unordered(FILLING);
        count += stored.map(Result::unwrap).count().await;
    }
    count
}
