//! How that is which the service rests on: what `huizong doctor` looks at from outside, and the running service of itself.
//!
//! - `exposure`: who reaches the service. `certificates`: TLS and revocations.
//! - `places`: folders, disks, backups, who may read and who owns what.
//! - `clock`: the time of the machine beside that of the journal.
//! - `running`: what metrics tell of the service as it runs, in words.

use jiff::Timestamp;

use crate::config::Config;
use crate::report::Message;
use crate::service::{BEIJING, Condition, Service};

pub(crate) mod certificates;
pub(crate) mod clock;
pub(crate) mod exposure;
pub(crate) mod places;
mod running;

/// Looks at all that a running service can of itself.
pub(crate) fn examine(config: &Config, service: &Service) -> Vec<Condition> {
    let data = &config.data_directory;
    let position = service.status().position;
    let mut found = running::store(config, service);
    found.extend(running::shared(service));
    found.push(places::disk_space(data, config));
    found.push(places::file_system_kind(data));
    found.extend(running::backups(config, service));
    found.extend(running::backups_elsewhere(config));
    found.push(clock::judge(service.machine_time(), (position.sequence > 0).then_some(position.time)));
    found.extend(exposure::examine(config));
    found.extend(certificates::examine(&config.tls, Timestamp::now()));
    found.extend(places::privacy(data, Some(config)));
    found.push(places::owner(data));
    found.extend(running::callers(config, service));
    found.extend(running::shipping(config, service));
    found.extend(running::reports(service));
    found
}

/// A moment as officials read it.
fn moment(at: Timestamp) -> Message {
    let there = BEIJING.to_datetime(at).strftime("%Y-%m-%d %H:%M:%S");
    Message::new(format!("{there}（北京时间）"), format!("{there} Beijing time"))
}
