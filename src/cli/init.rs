//! `huizong init`: makes a new store, on purpose.

use std::path::PathBuf;

use clap::Args;

use crate::config::Config;
use crate::report::Message;
use crate::server;
use crate::store::will_be_new;

use super::failure::words;
use super::output::print_line;
use super::{Failure, Outcome, both};

#[derive(Args)]
pub(crate) struct Init {
    /// Settings of the service.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of the store, instead of the configured one.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl Init {
    /// A store that is there already stays as it is: nothing is to be done then.
    pub(crate) async fn run(self) -> Outcome {
        let config = self.config.as_deref().map(Config::read).transpose();
        let mut config = config.map_err(|error| Failure::Usage(both(&words(&error))))?.unwrap_or_default();
        config.data_directory = self.data.unwrap_or(config.data_directory);
        config.store.must_exist = false;
        let is_new = will_be_new(&config.data_directory, false).map_err(|error| Failure::of(&error))?;
        // Opened also where it is there: whoever is told that nothing is to be done relies on it.
        drop(server::open(&config).await?);
        let folder = config.data_directory.display();
        print_line(&both(&if is_new {
            Message::new(format!("已在 {folder} 新建数据库"), format!("a new store was made in {folder}"))
        } else {
            Message::new(
                format!("{folder} 中已有数据库，未作改动"),
                format!("there is a store in {folder} already; nothing was changed"),
            )
        }))
    }
}
