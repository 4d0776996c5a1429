//! What was kept of a journal elsewhere, compared with an export: receipts, an older export, signed heads. An export by
//! itself shows only that it is consistent; whoever writes a whole new chain makes it consistent too.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;

use crate::report::Message;
use crate::stamp;
use crate::store::{Extent, JournalEntry, Position, SignedHead, verify_journal_file_with};

use super::journal::{fault, print_verified};
use super::language::{heading, told};
use super::output::print_line;
use super::{Failure, Outcome, both};

#[derive(Args)]
pub(crate) struct Anchors {
    /// Receipts that agencies kept: files of `huizong submit --format json`, or any JSON with receipts in it.
    #[arg(long, value_name = "FILE")]
    receipt: Vec<PathBuf>,
    /// An export from before, which this one must go on from.
    #[arg(long, value_name = "OLD")]
    extends: Option<PathBuf>,
    /// A signed head, as `huizong journal head --output` wrote it.
    #[arg(long, value_name = "FILE")]
    head: Vec<PathBuf>,
    /// Authorities, PEM, one of which must have stamped the time of each signed head; left out, time stamps are not looked at.
    #[arg(long, value_name = "FILE", requires = "head")]
    timestamp_ca: Option<PathBuf>,
    /// The public key that signed heads must be signed with; else it is the one that receipts name, where there are any.
    #[arg(long, value_name = "HEX")]
    key: Option<String>,
}

/// Something that was kept: the journal had this chain hash at this entry.
struct Kept {
    sequence: u64,
    chain: String,
    /// Revision and content hash, where it is a receipt.
    revision: Option<(String, String)>,
    /// In words, such as the name of its file.
    what: String,
}

fn failed(file: &Path, error: impl std::fmt::Display) -> Failure {
    Failure::Failed(format!("{}: {error}", file.display()))
}

impl Anchors {
    /// Verifies an export, in one file or in several that go on from one another, and compares it with all that was kept;
    /// says what is proved by what.
    pub(crate) fn compare(&self, files: &[PathBuf]) -> Outcome {
        let (mut kept, mut keys) = (Vec::new(), Vec::new());
        for file in &self.receipt {
            receipts(file, &mut kept, &mut keys)?;
        }
        if let Some(file) = &self.extends {
            let Position { sequence, chain, .. } = verified(file, None, |_| {})?.end;
            let what = format!("{} {}", heading("原导出文件 the export"), file.display());
            kept.push(Kept { sequence, chain: chain.to_hex(), revision: None, what });
        }
        keys.sort_unstable();
        keys.dedup();
        for file in &self.head {
            kept.push(self.signed(file, &keys)?);
        }
        let mut wanted: BTreeMap<u64, Option<JournalEntry>> = kept.iter().map(|one| (one.sequence, None)).collect();
        let mut extent: Option<Extent> = None;
        for file in files {
            let found = verified(file, extent.map(|extent| extent.end).as_ref(), |entry| {
                if let Some(found) = wanted.get_mut(&entry.sequence) {
                    *found = Some(entry.clone());
                }
            })?;
            extent = Some(Extent { begin: extent.map_or(found.begin, |extent| extent.begin), end: found.end });
        }
        let Some(extent) = extent else { return Ok(()) };
        print_verified(&extent)?;
        let mut differing = 0;
        for one in &kept {
            let entry = wanted.get(&one.sequence).and_then(Option::as_ref);
            let (mark, zh, en) = match one.differs(entry, &extent.begin) {
                None => ("✓", "一致".to_owned(), "agrees".to_owned()),
                Some(Message { zh, en }) => {
                    differing += 1;
                    ("✗", zh, en)
                }
            };
            print_line(&format!("  {mark} {} ({}): {}", one.what, one.sequence, told(&zh, &en, " ")))?;
        }
        if kept.is_empty() {
            let nothing = told(
                "未与另行保存的回执、导出文件或签名比对：整条重写的日志同样自洽",
                "Nothing kept elsewhere was compared: a journal that was written anew would be consistent too",
                "\n  ",
            );
            return print_line(&format!("  {nothing}"));
        }
        if differing == 0 { Ok(()) } else { Err(Failure::Refused) }
    }

    /// A signed head, with its signature checked.
    fn signed(&self, file: &Path, keys: &[String]) -> Result<Kept, Failure> {
        let text = std::fs::read_to_string(file).map_err(|error| Failure::at(file.display(), &error))?;
        let head: SignedHead = serde_json::from_str(&text).map_err(|error| Failure::at(file.display(), &error))?;
        if !head.holds() {
            let text = Message::new(
                "签名无效：内容或签名被改动",
                "the signature does not hold: it or what it signs was changed",
            );
            return Err(failed(file, both(&text)));
        }
        let trusted = match &self.key {
            Some(key) => head.key.eq_ignore_ascii_case(key),
            None => keys.is_empty() || keys.contains(&head.key),
        };
        if !trusted {
            let text = Message::new(
                format!("由另一密钥 {} 签名，不是 --key 或回执所载的公钥", head.key),
                format!("it is signed by another key, {}, than that of --key or of the receipts", head.key),
            );
            return Err(failed(file, both(&text)));
        }
        let stamped = self.stamped(file, &head)?;
        let SignedHead { sequence, chain, time, key, .. } = head;
        let known = if self.key.is_none() && keys.is_empty() {
            told("（公钥未经核对）", " (key not compared)", "")
        } else {
            String::new()
        };
        let what = told(&format!("由 {key} 于 {time} 签名的首部"), &format!("the head signed at {time} by {key}"), " ");
        let what = format!("{what}{known}{stamped}");
        Ok(Kept { sequence, chain, revision: None, what })
    }
}

impl Anchors {
    /// What an authority's time stamp says of a head, in words.
    fn stamped(&self, file: &Path, head: &SignedHead) -> Result<String, Failure> {
        let Some(authorities) = &self.timestamp_ca else {
            let unseen =
                || told("（时间戳未经核对，见 --timestamp-ca）", " (time stamp not looked at, see --timestamp-ca)", "");
            return Ok(if head.timestamp.is_empty() { String::new() } else { unseen() });
        };
        let complain = |text: Message| failed(file, both(&text));
        if head.timestamp.is_empty() {
            return Err(complain(Message::new("没有时间戳", "there is no time stamp in it")));
        }
        let token = hex::decode(&head.timestamp).map_err(|error| Failure::at(file.display(), &error))?;
        let authorities =
            std::fs::read_to_string(authorities).map_err(|error| Failure::at(authorities.display(), &error))?;
        let stamp = stamp::verify(&token, head.digest(), &authorities).map_err(|error| complain(error.0))?;
        let (who, when) = (stamp.authority, stamp.time);
        Ok(told(&format!("，{who} 于 {when} 盖时间戳"), &format!(", stamped by {who} at {when}"), ""))
    }
}

impl Kept {
    /// How the entry is another than the one that this was kept of, in an export that begins after `begin`.
    fn differs(&self, entry: Option<&JournalEntry>, begin: &Position) -> Option<Message> {
        let rewritten = || Message::new("不符：日志已被改写", "differs: the journal was rewritten since");
        let Some(entry) = entry else {
            return match self.sequence.cmp(&begin.sequence) {
                // Of the entry that the export goes on from no more is known than its hash.
                Ordering::Equal => (begin.chain.to_hex() != self.chain).then(rewritten),
                Ordering::Less => Some(Message::new("导出文件自此条之后开始", "the export begins after this entry")),
                Ordering::Greater => Some(Message::new("导出文件未到此条", "the export does not go that far")),
            };
        };
        let same_content = self
            .revision
            .as_ref()
            .is_none_or(|(revision, content)| *revision == entry.subject && *content == entry.content_hash.to_hex());
        (entry.chain.to_hex() != self.chain || !same_content).then(rewritten)
    }
}

fn verified(file: &Path, after: Option<&Position>, show: impl FnMut(&JournalEntry)) -> Result<Extent, Failure> {
    let opened = File::open(file).map_err(|error| Failure::at(file.display(), &error))?;
    verify_journal_file_with(BufReader::new(opened), after, show).map_err(|error| match fault(&error) {
        Failure::Failed(text) => failed(file, text),
        other => other,
    })
}

/// All receipts in a file of JSON, however deep; and the keys that they name.
fn receipts(file: &Path, kept: &mut Vec<Kept>, keys: &mut Vec<String>) -> Outcome {
    let text = std::fs::read_to_string(file).map_err(|error| Failure::at(file.display(), &error))?;
    let before = kept.len();
    for value in serde_json::Deserializer::from_str(&text).into_iter::<Value>() {
        find_receipts(&value.map_err(|error| Failure::at(file.display(), &error))?, file, kept, keys);
    }
    if kept.len() == before {
        let text = Message::new("没有回执", "there is no receipt in it");
        return Err(failed(file, both(&text)));
    }
    Ok(())
}

fn find_receipts(value: &Value, file: &Path, kept: &mut Vec<Kept>, keys: &mut Vec<String>) {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    // Canonical JSON has 64-bit numbers as strings.
    let sequence = text("journalSequence").and_then(|number| number.parse().ok());
    if let (Some(sequence), Some(chain), Some(revision), Some(content)) =
        (sequence, text("chainSha256"), text("revision"), text("contentSha256"))
    {
        keys.extend(text("signingKey").filter(|key| !key.is_empty()).map(str::to_owned));
        kept.push(Kept {
            sequence,
            chain: chain.to_owned(),
            revision: Some((revision.to_owned(), content.to_owned())),
            what: told(
                &format!("{} 中 {revision} 的回执", file.display()),
                &format!("the receipt of {revision} in {}", file.display()),
                " ",
            ),
        });
        return;
    }
    match value {
        Value::Array(values) => values.iter().for_each(|value| find_receipts(value, file, kept, keys)),
        Value::Object(members) => members.values().for_each(|value| find_receipts(value, file, kept, keys)),
        _ => {}
    }
}
