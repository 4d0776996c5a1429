//! From the start of the process to its first answer, with nothing of the store in memory, from the totals that the last
//! run kept and without them, beside reading the store's files from one end to the other.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use rustix::fs::{Advice, fadvise};
use serde_json::json;

use super::load::{ROUNDS, middle};
use super::query::{by_requester_type, roll_up};
use super::scene::{PROVINCE, Scene};

/// Bytes read at a time.
const BLOCK: usize = 1 << 20;

pub async fn measure(scene: &mut Scene) {
    let (mut reads, mut starts, mut counts, mut bytes) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for _ in 0..ROUNDS {
        scene.stop();
        let files = files_of(scene.store());
        forget(&files);
        let begin = Instant::now();
        bytes = files.iter().map(|file| read(file)).sum();
        reads.push(begin.elapsed().as_secs_f64());
        for (is_kept, seconds) in [(false, &mut counts), (true, &mut starts)] {
            scene.stop();
            if !is_kept {
                std::fs::remove_file(scene.store().join("totals")).unwrap();
            }
            forget(&files_of(scene.store()));
            let begin = Instant::now();
            scene.start().await;
            roll_up(scene.channel.clone(), by_requester_type(scene, PROVINCE)).await.unwrap();
            seconds.push(begin.elapsed().as_secs_f64());
        }
    }
    scene.add("start", "read the files of the store", "disk", json!({ "seconds": middle(reads), "bytes": bytes }));
    scene.add("start", "start to first answer", "huizong", json!({ "seconds": middle(starts), "bytes": bytes }));
    let counting = "start to first answer, every report read";
    scene.add("start", counting, "huizong, counting", json!({ "seconds": middle(counts), "bytes": bytes }));
    scene.stop();
    for name in ["db", "conf", "copy-state"] {
        std::fs::remove_file(scene.store().join(name)).unwrap();
    }
    let begin = Instant::now();
    scene.start().await;
    roll_up(scene.channel.clone(), by_requester_type(scene, PROVINCE)).await.unwrap();
    let anew = "start to first answer, the copy made anew from the log";
    let seconds = begin.elapsed().as_secs_f64();
    scene.add("start", anew, "huizong, anew", json!({ "seconds": seconds, "bytes": bytes }));
    scene.memory("after the start");
}

/// The files in a folder and below it, but for the room that is set aside for a full disk.
fn files_of(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let entries = entries.filter(|path| !path.ends_with("ballast"));
    entries.flat_map(|path| if path.is_dir() { files_of(&path) } else { vec![path] }).collect()
}

/// Has the kernel drop what it holds of the files.
fn forget(files: &[PathBuf]) {
    for path in files {
        let file = File::open(path).unwrap();
        file.sync_all().unwrap();
        fadvise(&file, 0, None, Advice::DontNeed).unwrap();
    }
}

/// Reads a file, and says how long it is.
fn read(path: &Path) -> usize {
    let mut file = File::open(path).unwrap();
    let mut block = vec![0; BLOCK];
    let mut bytes = 0;
    loop {
        match file.read(&mut block).unwrap() {
            0 => return bytes,
            more => bytes += more,
        }
    }
}
