//! Cuts the power in simulation: records what the store asks of the kernel, builds the disk that a power cut at some
//! moment would leave, and has the store opened from it.
//!
//! - `recorder`: starts the program with its system calls recorded.
//! - `disk`: what is on a disk whose power was cut.
//! - `workload`, `changes`: the program whose power is cut.
//! - `verify`: whether what is left is what its journal says.

mod changes;
mod disk;
mod recorder;
pub mod verify;
pub mod workload;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rand::seq::index::sample;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::preload::can_preload;
use crate::table::Row;
use disk::{Disk, Image, Kept};
use recorder::{Event, Recorder};

/// A store that has not opened by then is taken not to open.
const VERIFY_SECONDS_MAX: u64 = 60;

#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How often the program is started; each time on what a power cut of the round before has left.
    pub rounds: usize,
    /// Power cuts in each round: half of them right after an acknowledgement.
    pub cuts: usize,
    /// How long the program writes in each round.
    pub seconds: f64,
    pub seed: u64,
    /// Of so many cuts one is followed by a second cut, while the store recovers from the first; 0 for none.
    pub recoveries_of: usize,
    /// The disk says that it has synced, and has not: to test the test.
    pub disk_ignores_syncs: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { rounds: 1, cuts: 1, seconds: 1.0, seed: 1, recoveries_of: 0, disk_ignores_syncs: false }
    }
}

/// What became of all cuts.
#[derive(Debug, Default)]
pub struct Report {
    pub cuts: usize,
    /// Those of the cuts that came while the store recovered from another.
    pub in_recovery: usize,
    pub acknowledged: u64,
    /// Cuts after which acknowledged transactions were gone.
    pub lost: usize,
    /// Cuts after which a transaction was there in part.
    pub torn: usize,
    /// Cuts after which the store did not open, or not in time.
    pub not_opened: usize,
    /// Writes that were not yet synced when the power was cut, over all cuts.
    pub unsynced_writes: usize,
    /// What was printed, of cuts that went wrong.
    pub complaints: BTreeMap<String, usize>,
}

impl Report {
    pub fn is_whole(&self) -> bool {
        self.cuts > 0 && self.lost + self.torn + self.not_opened == 0
    }

    /// Judges one cut by what `verify` printed; the sequence number of the last transaction where all is well.
    fn judge(&mut self, printed: Result<String, String>) -> Option<i64> {
        self.cuts += 1;
        let printed = printed.unwrap_or_else(|reason| {
            self.not_opened += 1;
            reason
        });
        let fields: BTreeMap<&str, i64> = printed
            .split(' ')
            .filter_map(|field| field.split_once('='))
            .filter_map(|(name, value)| Some((name, value.trim().parse().ok()?)))
            .collect();
        let field = |name| fields.get(name).copied().unwrap_or(0);
        let torn = field("torn") + field("holes") + field("crosstree_bad");
        self.lost += usize::from(field("lost") > 0);
        self.torn += usize::from(torn > 0);
        let last = fields.get("max").copied().filter(|_| field("lost") + torn == 0);
        if last.is_none() {
            *self.complaints.entry(printed).or_default() += 1;
        }
        last
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cuts, in_recovery, acknowledged, lost, torn, not_opened, unsynced_writes, complaints } = self;
        write!(
            f,
            "cuts={cuts} in_recovery={in_recovery} acknowledged={acknowledged} lost={lost} torn={torn} not_opened={not_opened} "
        )?;
        write!(f, "unsynced_writes_per_cut={}", unsynced_writes / (*cuts).max(1))?;
        complaints.iter().try_for_each(|(complaint, times)| write!(f, "\n  {times} times: {complaint}"))
    }
}

/// Cuts the power as often as the options say.
pub fn run(options: &Options) -> Report {
    let work = tempfile::Builder::new().prefix("huizong-power-cut-").tempdir().expect("a folder can be made");
    let recorder = Recorder::new(work.path()).expect("calls can be recorded");
    let (folder, left) = (work.path().join("store"), work.path().join("left"));
    let mut random = ChaCha8Rng::seed_from_u64(options.seed);
    let mut report = Report::default();
    let mut start = (Image::default(), 0);
    for _ in 0..options.rounds {
        let (image, first_acknowledged) = &start;
        image.write_to(&folder).expect("an image can be written");
        let events = recorder.record(&folder, first_acknowledged + 1, options.seconds).expect("the program starts");
        let moments = moments(&events, options.cuts, &mut random);

        let mut disk = Disk::new(image, options.disk_ignores_syncs);
        let mut acknowledged = *first_acknowledged;
        let mut next = start.clone();
        for (position, event) in events.iter().enumerate() {
            match event {
                Event::Acknowledged(sequence) => acknowledged = acknowledged.max(*sequence),
                Event::Call(call) => disk.apply(call),
            }
            if moments.contains(&position) {
                let kept = if random.random_ratio(1, 3) { Kept::OnlySynced } else { Kept::AnyPage };
                report.unsynced_writes += disk.unsynced_writes();
                let image = disk.cut(kept, &mut random);
                let first_cuts = report.cuts - report.in_recovery;
                if options.recoveries_of > 0 && first_cuts.is_multiple_of(options.recoveries_of) {
                    image.write_to(&left).expect("an image can be written");
                    let recovery = recorder.record_recovery(&left).expect("the program starts");
                    let image = cut_in_recovery(&image, &recovery, options.disk_ignores_syncs, &mut random);
                    image.write_to(&left).expect("an image can be written");
                    report.judge(verify(&left, acknowledged));
                    report.in_recovery += 1;
                }
                image.write_to(&left).expect("an image can be written");
                if let Some(last) = report.judge(verify(&left, acknowledged)) {
                    next = (image, last);
                }
            }
        }
        report.acknowledged += (acknowledged - first_acknowledged).unsigned_abs();
        start = next;
    }
    report
}

/// What a second cut leaves, at some moment of the recovery from the first.
fn cut_in_recovery(image: &Image, recovery: &[Event], ignores_syncs: bool, random: &mut ChaCha8Rng) -> Image {
    let mut disk = Disk::new(image, ignores_syncs);
    let calls = recovery.iter().filter_map(|event| match event {
        Event::Call(call) => Some(call),
        Event::Acknowledged(_) => None,
    });
    let calls: Vec<_> = calls.collect();
    calls.iter().take(random.random_range(0..=calls.len())).for_each(|call| disk.apply(call));
    disk.cut(if random.random_ratio(1, 3) { Kept::OnlySynced } else { Kept::AnyPage }, random)
}

/// At least so many images, as a line of the table.
pub fn long(seed: u64, images: u64) -> Row {
    let mut row = Row::new("power-cut", seed);
    if let Err(reason) = can_preload() {
        row.complain(format!("skipped: {reason}"));
        return row.done();
    }
    let (cuts, recoveries_of) = (40, 2);
    let rounds = usize::try_from(images).unwrap_or(usize::MAX).div_ceil(cuts + cuts / recoveries_of);
    let report = run(&Options { rounds, cuts, seconds: 0.6, seed, recoveries_of, disk_ignores_syncs: false });
    row.rounds = report.cuts as u64;
    row.acknowledged = report.acknowledged;
    row.lost = report.lost as u64;
    row.torn = report.torn as u64;
    if report.not_opened > 0 {
        row.complain(format!("{} images did not open: {:?}", report.not_opened, report.complaints));
    }
    let writes = report.unsynced_writes / report.cuts.max(1);
    row.notes.push(format!(
        "{} cuts while the store recovered from another; {writes} writes unsynced at a cut",
        report.in_recovery
    ));
    row.done()
}

/// Positions of events after which the power is cut: half anywhere, half right after an acknowledgement.
fn moments(events: &[Event], cuts: usize, random: &mut ChaCha8Rng) -> Vec<usize> {
    let acknowledgements: Vec<_> =
        (0..events.len()).filter(|at| matches!(events[*at], Event::Acknowledged(_))).collect();
    let sharp = sample(random, acknowledgements.len(), (cuts / 2).min(acknowledgements.len()));
    let mut moments: Vec<_> = sharp.iter().map(|at| acknowledgements[at]).collect();
    let wanted = cuts.min(events.len()).saturating_sub(moments.len());
    moments.extend(sample(random, events.len(), wanted).iter());
    moments
}

/// What `verify` printed, or why the store did not open.
fn verify(folder: &Path, acknowledged: i64) -> Result<String, String> {
    let mut child = Command::new(std::env::current_exe().map_err(|error| error.to_string())?)
        .arg("verify")
        .arg(folder)
        .arg(acknowledged.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    let start = Instant::now();
    // The little that it prints fits into the pipe.
    while child.try_wait().map_err(|error| error.to_string())?.is_none() {
        if start.elapsed() > Duration::from_secs(VERIFY_SECONDS_MAX) {
            child.kill().map_err(|error| error.to_string())?;
            return Err(format!("not opened within {VERIFY_SECONDS_MAX} s"));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    let printed = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if printed.starts_with("max=") { Ok(printed) } else { Err(first_complaint(&output.stderr)) }
}

/// What was wrong, by the line after the one that says where a panic was.
fn first_complaint(stderr: &[u8]) -> String {
    let stderr = String::from_utf8_lossy(stderr);
    let after_place = stderr.lines().skip_while(|line| !line.contains("panicked at")).nth(1);
    after_place.or(stderr.lines().next()).unwrap_or("no complaint").to_owned()
}
