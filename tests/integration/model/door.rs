//! The real service behind its real door, over a store in a folder, opened and closed as often as a history likes.

use std::sync::Arc;
use std::time::Duration;

use huizong::pb::form_service_client::FormServiceClient;
use huizong::pb::frozen_form_service_client::FrozenFormServiceClient;
use huizong::pb::operations_service_client::OperationsServiceClient;
use huizong::pb::registry_service_client::RegistryServiceClient;
use huizong::pb::report_service_client::ReportServiceClient;
use huizong::pb::rollup_service_client::RollupServiceClient;
use huizong::service::{Service, Settings, WatchLimits};
use huizong::store::CheckpointFile;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tonic::transport::Channel;

use crate::support;

/// How the service is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restart {
    /// From the totals as they are now.
    Kept,
    /// From totals that were kept earlier, if ever, and the journal since.
    Behind,
    /// From every report: the kept totals are gone.
    Counted,
}

pub struct Door {
    channel: Channel,
    service: Service,
    task: JoinHandle<()>,
    folder: Arc<TempDir>,
}

impl Drop for Door {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Door {
    pub async fn open() -> Self {
        Self::over(Arc::new(TempDir::new().unwrap())).await
    }

    pub async fn reopen(self, how: Restart) -> Self {
        match how {
            Restart::Kept => self.service.keep_totals(),
            Restart::Behind => {}
            Restart::Counted => CheckpointFile::new(self.folder.path()).remove().unwrap(),
        }
        let folder = self.folder.clone();
        self.service.end_streams();
        drop(self);
        Self::over(folder).await
    }

    async fn over(folder: Arc<TempDir>) -> Self {
        let settings = Settings {
            kept: Some(CheckpointFile::new(folder.path())),
            watches: WatchLimits { interval: Duration::ZERO, ..WatchLimits::default() },
            ..Settings::default()
        };
        let service = support::start(folder.path(), settings).await;
        let (doors, listener) = support::doors(&service).await;
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move { doors.serve(listener).await.unwrap() });
        let channel = Channel::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap();
        Self { channel, service, task, folder }
    }

    pub fn reports(&self) -> ReportServiceClient<Channel> {
        ReportServiceClient::new(self.channel.clone())
    }

    pub fn forms(&self) -> FormServiceClient<Channel> {
        FormServiceClient::new(self.channel.clone())
    }

    pub fn rollups(&self) -> RollupServiceClient<Channel> {
        RollupServiceClient::new(self.channel.clone())
    }

    pub fn frozen_forms(&self) -> FrozenFormServiceClient<Channel> {
        FrozenFormServiceClient::new(self.channel.clone())
    }

    pub fn registry(&self) -> RegistryServiceClient<Channel> {
        RegistryServiceClient::new(self.channel.clone())
    }

    pub fn operations(&self) -> OperationsServiceClient<Channel> {
        OperationsServiceClient::new(self.channel.clone())
    }
}
