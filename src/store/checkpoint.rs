//! The totals as they were at a place in the journal, kept in a file so that a start need not read every report.
//!
//! What is in the file follows from the store's records, and is never needed: a file that is gone, damaged, of another
//! program or of another journal is passed over, and the totals are counted from the records.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::form::catalogue;
use crate::report::Hash;
use crate::rollup::Totals;

use super::{Position, Store, StoreError};

/// Its name in the store's folder.
pub(super) const FILE: &str = "totals";
/// Its name until it is whole.
const UNFINISHED: &str = "totals.new";

/// Raised with every change of what is in the file or of what totals mean; `a_change_of_the_layout_is_noticed` tells.
const LAYOUT: u32 = 3;

/// Digest of what follows it.
const HASH_BYTES: usize = size_of::<Hash>();

/// The totals at a place in the journal.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Checkpoint {
    made_by: MadeBy,
    /// Journal sequence that the totals are true as of.
    pub sequence: u64,
    /// Chain hash of that entry.
    chain: [u8; HASH_BYTES],
    /// As they were after that entry.
    pub totals: Totals,
}

/// What must be the same for the totals to be understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct MadeBy {
    layout: u32,
    version: String,
    /// Codes of the cells, in the order of the sums.
    cells: Vec<u16>,
}

impl MadeBy {
    fn this_program() -> Self {
        Self {
            layout: LAYOUT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            cells: catalogue().cells.iter().map(|cell| cell.code).collect(),
        }
    }
}

impl Checkpoint {
    /// The totals at a place in the journal.
    pub fn new(position: &Position, totals: Totals) -> Self {
        Self { made_by: MadeBy::this_program(), sequence: position.sequence, chain: position.chain.0, totals }
    }

    /// Whether the totals are of this store's journal.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn is_of(&self, store: &dyn Store) -> Result<bool, StoreError> {
        let Some(before) = self.sequence.checked_sub(1) else { return Ok(false) };
        Ok(store.journal(before, 1)?.first().is_some_and(|entry| entry.chain.0 == self.chain))
    }

    fn encode(&self) -> Option<Vec<u8>> {
        let mut bytes = vec![0; HASH_BYTES];
        postcard::to_io(self, &mut bytes).ok()?;
        let hash = Hash::of(&bytes[HASH_BYTES..]);
        bytes[..HASH_BYTES].copy_from_slice(&hash.0);
        Some(bytes)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (hash, content) = bytes.split_at_checked(HASH_BYTES)?;
        // The rest is read only where it is what this program would have written.
        let (made_by, _) = (Hash::of(content).0 == hash).then(|| postcard::take_from_bytes::<MadeBy>(content))?.ok()?;
        if made_by != MadeBy::this_program() {
            return None;
        }
        postcard::from_bytes(content).ok()
    }
}

/// Where a checkpoint is kept.
#[derive(Debug, Clone)]
pub struct CheckpointFile {
    folder: PathBuf,
    /// One writes at a time.
    turn: Arc<Mutex<()>>,
}

impl CheckpointFile {
    /// In the folder of a store.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), turn: Arc::default() }
    }

    /// What is there; none where it is of no use.
    pub fn read(&self) -> Option<Checkpoint> {
        let bytes = std::fs::read(self.folder.join(FILE)).ok()?;
        let checkpoint = Checkpoint::decode(&bytes);
        if checkpoint.is_none() {
            tracing::warn!(file = FILE, "the kept totals are damaged or of another program; they are counted anew");
        }
        checkpoint
    }

    /// Puts a checkpoint in the place of the one before; a crash leaves either whole.
    ///
    /// # Errors
    /// What the kernel reports; the one before is still there.
    pub fn write(&self, checkpoint: &Checkpoint) -> io::Result<()> {
        let bytes = checkpoint.encode().ok_or(io::ErrorKind::InvalidData)?;
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let unfinished = self.folder.join(UNFINISHED);
        let mut file = File::create(&unfinished)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        std::fs::rename(&unfinished, self.folder.join(FILE))?;
        File::open(&self.folder)?.sync_all()
    }

    /// Leaves nothing to start from.
    ///
    /// # Errors
    /// What the kernel reports.
    pub fn remove(&self) -> io::Result<()> {
        match std::fs::remove_file(self.folder.join(FILE)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::edition;
    use crate::registry::{Agency, Jurisdiction, Registry, RegistryChange};
    use crate::report::{AgencyKind, Cell, Figures, Level, ReportState, ReportStatus, ReportYear};
    use crate::rollup::{Contribution, Marks};

    fn checkpoint() -> Checkpoint {
        let year = ReportYear::new(2022).unwrap();
        let mut registry = Registry::default();
        let jurisdiction = RegistryChange::CreateJurisdiction(Jurisdiction {
            code: "230000".parse().unwrap(),
            parent: None,
            display_name: "黑龙江省".to_owned(),
            level: Level::Province,
            first_year: year,
        });
        let agency = RegistryChange::CreateAgency(Agency {
            id: "agency".parse().unwrap(),
            jurisdiction: "230000".parse().unwrap(),
            display_name: "样例局".to_owned(),
            kind: AgencyKind::Department,
            large: false,
            vertical: true,
            first_year: year,
        });
        for change in [jurisdiction, agency] {
            registry.apply(&change).unwrap();
        }
        let mut figures = Figures::blank(edition("format_2021").unwrap());
        for (value, cell) in (-3..).zip(&catalogue().cells) {
            figures.set(cell.id, Cell::Number(value * 10_i64.pow(12)));
        }
        let figures = figures.complete();
        let accepted = ReportState::Accepted;
        let status = ReportStatus { newest: 1, review: 0, state: accepted, accepted: Some(1), late: true, sequence: 3 };
        let agency = registry.agency_indices().next().unwrap();
        let mut totals = Totals::default();
        let rules = ["X-JUMP".to_owned()];
        let contribution = Contribution { marks: Marks::of(&status, true), figures: Some(&figures), rules: &rules };
        totals.replace(&registry, agency, year, Contribution::default(), contribution);
        totals.refuse(&registry, agency, year, &["T3-ROW-TOTAL"]);
        let position = Position { sequence: 7, chain: Hash::of(b"entry"), time: jiff::Timestamp::UNIX_EPOCH };
        Checkpoint::new(&position, totals)
    }

    #[test]
    fn totals_are_read_as_they_were_written_and_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let file = CheckpointFile::new(folder.path());
        assert!(file.read().is_none());
        let written = checkpoint();
        file.write(&Checkpoint { sequence: 6, ..written.clone() }).unwrap();
        file.write(&written).unwrap();
        let read = file.read().unwrap();
        assert_eq!((read.sequence, read.chain), (7, Hash::of(b"entry").0));
        assert_eq!(read.totals.differences(&written.totals), []);
        assert_eq!(folder.path().read_dir().unwrap().count(), 1);
        file.remove().unwrap();
        file.remove().unwrap();
        assert!(file.read().is_none());
    }

    #[test]
    fn a_flipped_bit_or_a_missing_end_makes_it_of_no_use() {
        let bytes = checkpoint().encode().unwrap();
        assert!(Checkpoint::decode(&bytes).is_some());
        for at in (0..bytes.len()).step_by(7) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << (at % 8);
            assert!(Checkpoint::decode(&damaged).is_none(), "byte {at}");
            assert!(Checkpoint::decode(&bytes[..at]).is_none(), "{at} bytes");
        }
    }

    #[test]
    fn what_another_version_or_another_form_wrote_is_of_no_use() {
        for change in [
            |by: &mut MadeBy| by.version.push('9'),
            |by: &mut MadeBy| by.layout += 1,
            |by: &mut MadeBy| {
                by.cells.swap(0, 1);
            },
        ] {
            let mut other = checkpoint();
            change(&mut other.made_by);
            assert!(Checkpoint::decode(&other.encode().unwrap()).is_none());
        }
    }

    /// Where this fails, raise [`LAYOUT`] and note the new digest.
    #[test]
    fn a_change_of_the_layout_is_noticed() {
        let content = Checkpoint {
            made_by: MadeBy { layout: LAYOUT, version: String::new(), cells: Vec::new() },
            ..checkpoint()
        };
        let mut bytes = postcard::to_stdvec(&content).unwrap();
        // Maps come in any order.
        bytes.sort_unstable();
        insta::assert_snapshot!(Hash::of(&bytes).to_hex(), @"3aeccd50f0ffac6890433a01e1606ad91d2b500632ea159d770c1c754b29eb4f");
    }
}
