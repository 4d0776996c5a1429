//! What the clients of a history ask: one program over a store of its own, or several over one journal in PostgreSQL, here or on
//! machines of its own; and what is done to it meanwhile.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use huizong::pb;
use huizong::pb::operations_service_client::OperationsServiceClient;
use rand::Rng as _;
use rand_chacha::ChaCha8Rng;
use tokio::sync::watch;
use tonic::Request;
use tonic::transport::Channel;

use super::client::AT_LEAST_HEADER;
use crate::patroni::{Machines, Mishap};
use crate::program::{self, Program, Settings};
use crate::support::postgres::Postgres;

/// How long a program may hang, in ms: longer than PostgreSQL bears with one that has the turn.
const HANGS_MS: std::ops::Range<u64> = 100..7000;

/// A program, or its place while there is none.
struct Instance {
    data: PathBuf,
    program: Option<Program>,
    channel: watch::Sender<Channel>,
}

/// The programs that are asked.
pub struct Served {
    settings: Settings,
    instances: Vec<Instance>,
    /// Which they share, where they are several.
    postgres: Option<Postgres>,
    /// The same on machines of their own.
    machines: Option<(Machines, Mishap)>,
    /// What was done last.
    turn: u32,
}

/// PostgreSQL with its tables, and the settings of those who share it.
fn shared(folder: &Path) -> Option<(Postgres, Settings)> {
    let postgres = Postgres::start("")?;
    let (url, _) = postgres.schema();
    let settings = settings_of(folder, &url, true);
    Some((postgres, settings))
}

/// Makes the tables at an address, and the settings of those who share them.
fn settings_of(folder: &Path, url: &str, without_standby: bool) -> Settings {
    let keys = folder.join("keys");
    let keys = keys.to_str().unwrap();
    let made = program::huizong(&["store", "init", url, "--keys", keys]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let store = format!(
        "[store]\nurl = \"{url}\"\nkeys_directory = \"{keys}\"\nwithout_standby = {without_standby}\npoll_ms = \
         20\npatience_seconds = 4\n"
    );
    let settings = Settings::default().refusals_in_the_journal();
    Settings { text: settings.text.replace("[store]\n", &store), ..settings }
}

impl Served {
    /// One program over a store of its own, or, where there is PostgreSQL, so many over one journal.
    pub async fn start(folder: &Path, instances: usize) -> Option<Self> {
        let (postgres, settings) = match instances {
            0 | 1 => (None, Settings::default().refusals_in_the_journal()),
            _ => {
                let (postgres, settings) = shared(folder)?;
                (Some(postgres), settings)
            }
        };
        let mut served = Self { settings, instances: Vec::new(), postgres, machines: None, turn: 0 };
        served.begin(folder, instances.max(1)).await;
        Some(served)
    }

    /// Programs over one journal on machines to which something happens.
    pub async fn on_machines(folder: &Path, instances: usize, machines: Machines, mishap: Mishap) -> Self {
        let settings = settings_of(folder, &machines.new_schema(), false);
        let machines = Some((machines, mishap));
        let mut served = Self { settings, instances: Vec::new(), postgres: None, machines, turn: 0 };
        served.begin(folder, instances).await;
        served
    }

    async fn begin(&mut self, folder: &Path, instances: usize) {
        for number in 0..instances {
            let data = folder.join(format!("data-{number}"));
            let (program, channel) = program::start(&data, &self.settings).await;
            let channel = watch::Sender::new(channel);
            self.instances.push(Instance { data, program: Some(program), channel });
        }
    }

    /// Where each is called now.
    pub fn channels(&self) -> Vec<watch::Receiver<Channel>> {
        self.instances.iter().map(|instance| instance.channel.subscribe()).collect()
    }

    /// Kills a program and starts it anew; where there are several, in turn also stops one for a while, kills all of PostgreSQL,
    /// and has one begin with nothing.
    pub async fn disturb(&mut self, random: &mut ChaCha8Rng) {
        if let Some((machines, mishap)) = &self.machines {
            return machines.suffer(*mishap).await;
        }
        let at = random.random_range(0..self.instances.len());
        let what = if self.postgres.is_some() { self.turn % 4 } else { 0 };
        self.turn += 1;
        match (what, &self.postgres) {
            (1, _) => {
                let pid = self.instances[at].program.as_ref().unwrap().id().to_string();
                let signal = |name: &str| assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
                signal("-STOP");
                tokio::time::sleep(Duration::from_millis(random.random_range(HANGS_MS))).await;
                signal("-CONT");
            }
            (2, Some(postgres)) => {
                postgres.kill("data");
                tokio::time::sleep(Duration::from_millis(random.random_range(0..1500))).await;
                postgres.up("data");
            }
            (what, _) => {
                let Instance { data, program, channel } = &mut self.instances[at];
                drop(program.take());
                if what == 3 {
                    std::fs::remove_dir_all(&*data).unwrap();
                }
                let (next, at) = program::start(data, &self.settings).await;
                *program = Some(next);
                channel.send_replace(at);
            }
        }
    }

    /// Nothing is wrong with any store, and all have the same journal.
    pub async fn assert_whole(self) {
        if self.postgres.is_none() && self.machines.is_none() {
            for Instance { data, program, channel } in self.instances {
                let at = channel.borrow().clone();
                program::assert_whole(&at, &data, program.unwrap()).await;
            }
            return;
        }
        for Instance { program, .. } in &self.instances {
            let program = program.as_ref().unwrap();
            assert_eq!(program.logged("panicked"), Vec::<String>::new());
            assert_eq!(program.logged("not in the shared log any more"), Vec::<String>::new());
        }
        let mut place = String::new();
        for channel in self.channels() {
            let verified = program::verification(&channel.borrow().clone()).await.unwrap();
            assert_eq!(verified.faults_total, 0, "{verified:?}");
            place = format!("{}-{}", verified.as_of, verified.chain_sha256);
        }
        // Each has that very entry, and so all before it.
        for channel in self.channels() {
            let mut request = Request::new(pb::GetStatusRequest::default());
            request.metadata_mut().insert(AT_LEAST_HEADER, place.parse().unwrap());
            OperationsServiceClient::new(channel.borrow().clone()).get_status(request).await.unwrap();
        }
    }
}
