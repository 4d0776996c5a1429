//! What the journal says of the service's own life: its start, with what it was before, its settings and each change of
//! them, its clock, and its end.
//!
//! A service that takes no writes starts, serves and stops all the same; what it could not say then is counted in a later
//! entry.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use crate::access::{CLOCK, SETTINGS, START, STOP};
use crate::config::Config;
use crate::report::Hash;
use crate::service::Service;
use crate::store::{JournalEntry, STARTS_FILE};

use super::jobs;

/// As many entries are looked through for what was said last: a start waits for it.
const LOOK_BACK: u64 = 10_000;
/// Starts within an hour, and within the entries looked through, that have entries: a service that is started again and
/// again, and does little besides, does not fill its journal.
const STARTS: usize = 30;
const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// How often a clock that is far ahead is looked at.
const CLOCK_LOOK: Duration = Duration::from_secs(1);

/// Tells of one service, from its start on.
pub(crate) struct Life {
    service: Service,
    settings: Mutex<BTreeMap<String, String>>,
    /// Its start has an entry, and so will its end.
    told: Arc<AtomicBool>,
}

/// What the journal says of earlier starts.
#[derive(Default)]
struct Before {
    /// The newest start or stop.
    newest: Option<&'static str>,
    /// Starts within the last hour.
    starts: usize,
    /// What the newest entry of settings says, where none of a start with the present ones is newer.
    settings: Option<BTreeMap<String, String>>,
    /// The newest start was with the present settings, and they have not changed since.
    has_same_settings: bool,
    /// Entries looked through.
    entries: u64,
}

impl Before {
    fn of(service: &Service, settings: Hash) -> Self {
        let (mut before, mut hour_ends) = (Self::default(), false);
        let now = service.machine_time();
        let looked = service.newest_entries(LOOK_BACK, |entry| {
            before.take(entry, settings, now, &mut hour_ends);
            let knows_settings = before.settings.is_some() || before.has_same_settings;
            let all = before.newest.is_some() && knows_settings && (hour_ends || before.starts >= STARTS);
            if all { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        if let Err(problem) = looked {
            tracing::error!(problem = problem.message.en, "the journal cannot be read");
        }
        before
    }

    fn take(&mut self, entry: &JournalEntry, settings: Hash, now: Timestamp, hour_ends: &mut bool) {
        self.entries += 1;
        *hour_ends |= now.duration_since(entry.time) > HOUR;
        let action = [START, STOP, SETTINGS].into_iter().find(|action| *action == entry.action);
        if let Some(action @ (START | STOP)) = action {
            self.newest.get_or_insert(action);
        }
        if action == Some(START) && !*hour_ends {
            self.starts += 1;
        }
        let knows_settings = self.settings.is_some() || self.has_same_settings;
        if action == Some(START) && !knows_settings {
            self.has_same_settings = entry.detail.lines().any(|line| line == settings_line(settings));
        }
        if action == Some(SETTINGS) && !knows_settings {
            self.settings = toml::from_str(&entry.detail)
                .ok()
                .map(|table: toml::Table| table.into_iter().map(|(key, value)| (key, value.to_string())).collect());
        }
    }

    fn words(&self) -> &'static str {
        match self.newest {
            Some(STOP) => "stopped",
            Some(_) => "ended without stopping",
            // A stop would have been among the last things that were said.
            None if self.entries >= LOOK_BACK => "ended without stopping",
            None => "unknown",
        }
    }
}

/// Settings as TOML, each with what it was before where that is another.
fn written(settings: &BTreeMap<String, String>, before: &BTreeMap<String, String>) -> String {
    let lines = settings.iter().map(|(key, value)| {
        let was = match before.get(key) {
            Some(same) if same == value => String::new(),
            Some(was) => format!(" # was {was}"),
            None if before.is_empty() => String::new(),
            None => " # new".to_owned(),
        };
        format!("{key:?} = {value}{was}\n")
    });
    let gone = before.iter().filter(|(key, _)| !settings.contains_key(*key));
    lines.chain(gone.map(|(key, was)| format!("# {key} was {was}\n"))).collect()
}

fn fingerprint(settings: &BTreeMap<String, String>) -> Hash {
    let lines: String = settings.iter().map(|(key, value)| format!("{key}={value}\n")).collect();
    Hash::of(lines.as_bytes())
}

/// The line by which a start names its settings.
fn settings_line(settings: Hash) -> String {
    format!("settings {settings}")
}

/// The file that counts starts without entries.
struct LeftOut(PathBuf);

impl LeftOut {
    fn of(folder: &Path) -> Self {
        Self(folder.join(STARTS_FILE))
    }

    fn count(&self) -> u64 {
        std::fs::read_to_string(&self.0).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
    }

    fn one_more(&self) {
        if let Err(error) = std::fs::write(&self.0, self.count().saturating_add(1).to_string()) {
            tracing::error!(%error, "a start that has no entry in the journal could not be counted");
        }
    }

    fn forget(&self) {
        // Most often there is none.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Tells of a start, and of settings.
async fn tell(service: Service, news: Vec<(&'static str, String)>, left_out: LeftOut, told: Arc<AtomicBool>) {
    for (action, detail) in news {
        service.note_own(action, detail).await;
        if action == START {
            left_out.forget();
            told.store(true, Ordering::Release);
        }
    }
}

/// Waits until the clock is no longer far ahead, or the journal goes by it all the same: then what was said of it.
async fn plausible_or_used(service: &Service, ahead: &str) -> Option<String> {
    let before = service.newest_sequence();
    while jobs::far_clock(service).is_some() {
        tokio::time::sleep(CLOCK_LOOK).await;
    }
    (service.newest_sequence() != before).then(|| ahead.to_owned())
}

impl Life {
    /// Tells of a start.
    pub(crate) async fn begin(service: Service, config: &Config) -> Self {
        let settings = config.settings();
        let before = Before::of(&service, fingerprint(&settings));
        let left_out = LeftOut::of(&config.data_directory);
        let mut news = Vec::new();
        if before.starts < STARTS {
            let count = left_out.count();
            let left = if count == 0 { String::new() } else { format!("\nstarts without entries {count}") };
            let detail = format!(
                "version {}\n{}\nbefore {}{left}",
                env!("CARGO_PKG_VERSION"),
                settings_line(fingerprint(&settings)),
                if service.made_store() { "a new store" } else { before.words() },
            );
            news.push((START, detail));
        } else {
            tracing::warn!(STARTS, "there were many starts within the last hour; this one is only counted");
            left_out.one_more();
        }
        let was = before.settings.unwrap_or_default();
        if !before.has_same_settings && was != settings {
            news.push((SETTINGS, written(&settings, &was)));
        }
        let told = Arc::<AtomicBool>::default();
        let telling = tell(service.clone(), news, left_out, told.clone());
        match jobs::far_clock(&service) {
            None => telling.await,
            // An entry would take the journal's time to where the clock is, and time never runs backwards there: that is
            // for the first change to do, if any is made with this clock.
            Some(ahead) => {
                tracing::warn!("{ahead}; if it is wrong, stop the service before it takes reports");
                let waiting = service.clone();
                tokio::spawn(async move {
                    let clock = plausible_or_used(&waiting, &ahead).await;
                    telling.await;
                    if let Some(ahead) = clock {
                        waiting.note_own(CLOCK, ahead).await;
                    }
                });
            }
        }
        Self { service, settings: Mutex::new(settings), told }
    }

    /// Tells of settings that were read anew, those that hold from the next start only included.
    pub(crate) async fn settings_were_read(&self, config: &Config) {
        let settings = config.settings();
        let mut before = self.settings.lock().await;
        if settings != *before {
            self.service.note_own(SETTINGS, written(&settings, &before)).await;
            *before = settings;
        }
    }

    /// Tells of the end, and of whatever was left out until then.
    pub(crate) async fn end(&self) {
        if self.told.load(Ordering::Acquire) {
            self.service.note_own(STOP, String::new()).await;
        }
        if let Err(problem) = self.service.record_left_out().await {
            tracing::error!(problem = problem.message.en, "what was left out of the journal is not counted in it");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_written_with_what_they_were_and_read_as_they_are() {
        let settings = Config::default().settings();
        let mut before = settings.clone();
        before.insert("access.authentication".to_owned(), "true".to_owned());
        before.insert("gone.by".to_owned(), "7".to_owned());
        let text = written(&settings, &before);
        assert!(text.contains("\"access.authentication\" = false # was true\n"), "{text}");
        assert!(text.ends_with("# gone.by was 7\n"), "{text}");
        let read: toml::Table = toml::from_str(&text).unwrap();
        let read: BTreeMap<String, String> = read.into_iter().map(|(key, value)| (key, value.to_string())).collect();
        assert_eq!(read, settings);
    }
}
