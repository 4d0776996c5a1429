//! A file that is appended to, a message a line. It is opened anew for each write, so that it may be moved away.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use crate::store::Position;

use super::Target;

pub(crate) struct AppendedFile {
    path: PathBuf,
    arrived: Option<Position>,
}

impl AppendedFile {
    /// # Errors
    /// Where it cannot be written to.
    pub(crate) async fn open(path: PathBuf) -> io::Result<Self> {
        let file = Self { path, arrived: None };
        file.append(Vec::new()).await?;
        Ok(file)
    }

    async fn append(&self, lines: Vec<u8>) -> io::Result<()> {
        let path = self.path.clone();
        let append = move || {
            let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
            if !ends_a_line(&mut file)? {
                // A full disk has cut the last message short; it comes again, whole.
                file.write_all(b"\n")?;
            }
            file.write_all(&lines)?;
            file.sync_data()
        };
        tokio::task::spawn_blocking(append).await.map_err(io::Error::other)?
    }
}

fn ends_a_line(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

impl Target for AppendedFile {
    async fn send(&mut self, messages: Vec<String>, last: Position) -> io::Result<()> {
        let mut lines = messages.join("\n").into_bytes();
        lines.push(b'\n');
        self.append(lines).await?;
        self.arrived = Some(last);
        Ok(())
    }

    fn arrived(&mut self) -> Option<Position> {
        self.arrived.take()
    }

    async fn idle(&mut self, at_most: Duration) -> io::Result<()> {
        tokio::time::sleep(at_most).await;
        Ok(())
    }
}
