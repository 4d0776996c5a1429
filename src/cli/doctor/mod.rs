//! `huizong doctor`: looks at everything that an installation rests on, and says of each what to do. Changes nothing.
//!
//! - `shared`: the journal that several instances share, and their common keys.
//! - `network`: whether the service has its ports.
//! - `identity`: the provider that people sign in with.
//! - `contents`: the store itself, on a copy, or a running service: what opens, what is in it, keys and administrators.
//!
//! What a running service can look at by itself, too, is in `server/condition`.

mod contents;
mod identity;
mod network;
mod shared;

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use crate::config::Config;
use crate::report::Message;
use crate::server::condition::{certificates, exposure, places};
use crate::service::{Condition, ConditionState};

use super::client::Server;
use super::failure::words;
use super::language::{term, told};
use super::output::{Listing, print_exactly};
use super::verify::Scratch;
use super::{Failure, Outcome, OutputFormat};

#[derive(Args)]
pub(crate) struct Doctor {
    /// Settings of the service.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of the store, instead of the configured one.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(flatten)]
    scratch: Scratch,
}

impl Doctor {
    pub(crate) async fn run(&self, server: &Server, format: OutputFormat) -> Outcome {
        let mut findings = Vec::new();
        self.examine(server, &mut findings).await?;
        print(&findings, format)?;
        let fault = findings.iter().any(|finding| finding.state == ConditionState::Fault);
        if fault { Err(Failure::Refused) } else { Ok(()) }
    }

    async fn examine(&self, server: &Server, findings: &mut Vec<Condition>) -> Outcome {
        let (config, finding) = self.configuration();
        findings.push(finding);
        // Nothing is known by settings that cannot be read: what was said on the command line is looked at yet.
        let (config, data) = match (config, &self.data) {
            (Some(config), data) => {
                let data = data.clone().unwrap_or_else(|| config.data_directory.clone());
                (Some(config), data)
            }
            (None, Some(data)) => (None, data.clone()),
            (None, None) => return Ok(()),
        };
        if let Some(config) = &config {
            findings.extend(exposure::examine(config));
            findings.extend(certificates::examine(&config.tls, Timestamp::now()));
            findings.extend(identity::examine(config).await);
            findings.extend(places::backups(config, &data));
        }
        if let Some(config) = config.as_ref().filter(|config| config.store.is_shared()) {
            // The folder holds a copy, if anything: nothing in it is the truth, and a start makes it.
            findings.extend(shared::examine(config).await);
            if data.exists() {
                findings.push(places::disk_space(&data, config));
                findings.extend(places::privacy(&data, Some(config)));
            }
            return Ok(());
        }
        let folder = places::folder(&data);
        let is_store = folder.state == ConditionState::Good;
        findings.push(folder);
        if !is_store {
            // Nothing that is missing with the folder is told of once more.
            return Ok(());
        }
        findings.extend(config.as_ref().map(|config| places::disk_space(&data, config)));
        findings.push(places::file_system_kind(&data));
        findings.extend(places::privacy(&data, config.as_ref()));
        findings.push(places::owner(&data));
        let in_service = contents::examine(&self.scratch, &data, config.as_ref(), server, findings).await?;
        if let Some(config) = config.filter(|_| self.config.is_some() && !in_service) {
            findings.extend(network::ports(&config));
        }
        Ok(())
    }

    /// The settings, where they can be used.
    fn configuration(&self) -> (Option<Config>, Condition) {
        const NAME: &str = "configuration";
        let Some(path) = &self.config else {
            let finding = Condition::good(NAME, "未指定配置文件，采用默认值", "no file was given: the defaults hold");
            return (Some(Config::default()), finding);
        };
        match Config::read(path) {
            Ok(config) => (Some(config), Condition::good(NAME, "配置有效", "every setting is valid")),
            Err(error) => {
                let Message { zh, en } = words(&error);
                let message = Message::new(format!("配置无效：{zh}"), format!("it is not valid: {en}"));
                let remedy = Message::new(
                    "请对照 config.example.toml 改正后再查；在此之前不检查与配置有关的各项",
                    "correct it after config.example.toml and look again; what depends on it is not looked at before",
                );
                (None, Condition::new(NAME, ConditionState::Fault, message, remedy))
            }
        }
    }
}

fn word(state: ConditionState) -> &'static str {
    match state {
        ConditionState::Good => "ok",
        ConditionState::Warning => "warning",
        ConditionState::Fault => "fault",
        ConditionState::Skipped => "skipped",
    }
}

fn print(findings: &[Condition], format: OutputFormat) -> Outcome {
    let both = |message: &Message| json!({ "zh": message.zh, "en": message.en });
    match format {
        OutputFormat::Json => {
            let checks = findings.iter().map(|finding| {
                json!({
                    "check": finding.check,
                    "state": word(finding.state),
                    "message": both(&finding.message),
                    "remedy": both(&finding.remedy),
                })
            });
            print_exactly(&json!({ "checks": checks.collect::<Vec<_>>() }).to_string())
        }
        OutputFormat::Table | OutputFormat::Csv | OutputFormat::Xlsx => {
            let mut listing = Listing::new(&["check", "state", "meaning", "what to do"], &[]);
            for finding in findings {
                let cell = |message: &Message| told(&message.zh, &message.en, "\n");
                listing.rows.push(vec![
                    finding.check.to_owned(),
                    term(word(finding.state)),
                    cell(&finding.message),
                    cell(&finding.remedy),
                ]);
            }
            listing.print(format)
        }
    }
}
