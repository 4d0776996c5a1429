//! `huizong completions` and `huizong manual`: what shells and manuals are told of the command line, made of it.

use std::path::PathBuf;

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::{Arguments, Outcome};

#[derive(Args)]
pub(crate) struct Completions {
    /// Such as bash: source <(huizong completions bash).
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(&self) -> Outcome {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Arguments::command(), "huizong", &mut script);
        Ok(std::io::Write::write_all(&mut std::io::stdout().lock(), &script)?)
    }
}

#[derive(Args)]
pub(crate) struct Manual {
    /// Folder for the pages, such as /usr/local/share/man/man1.
    #[arg(long, value_name = "FOLDER")]
    output: PathBuf,
}

impl Manual {
    pub(crate) fn run(&self) -> Outcome {
        std::fs::create_dir_all(&self.output)?;
        Ok(clap_mangen::generate_to(Arguments::command(), &self.output)?)
    }
}
