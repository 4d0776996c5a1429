//! What was kept of a journal elsewhere, compared with an export: receipts, an older export, signed heads. An export by
//! itself shows only that it is consistent; whoever writes a whole new chain makes it consistent too.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;

use crate::pb;
use crate::pb::operations_service_client::OperationsServiceClient;
use crate::report::Message;
use crate::store::{JournalEntry, Position, SignedHead, verify_journal_file_with};
use crate::wire;

use super::client::{Server, connect, refused};
use super::journal::{fault, print_verified};
use super::output::print_line;
use super::{Failure, Outcome, both};

#[derive(Args)]
pub struct Anchors {
    /// Receipts that agencies kept: files of `huizong submit --format json`, or any JSON with receipts in it.
    #[arg(long, value_name = "FILE")]
    receipt: Vec<PathBuf>,
    /// An export from before, which this one must go on from.
    #[arg(long, value_name = "OLD")]
    extends: Option<PathBuf>,
    /// A signed head, as `huizong journal head --output` wrote it.
    #[arg(long, value_name = "FILE")]
    head: Vec<PathBuf>,
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

/// The signed head of a running service.
pub async fn head(server: &Server, output: Option<&Path>) -> Outcome {
    let mut client = OperationsServiceClient::new(connect(server).await?);
    let status = client.get_status(pb::GetStatusRequest {}).await.map_err(|status| refused(&status))?.into_inner();
    let head = status.journal_head.and_then(wire::head_from_wire).filter(SignedHead::holds).ok_or_else(|| {
        let text = Message::new("服务未给出有效的签名", "the service gave no signature that holds");
        Failure::Failed(both(&text))
    })?;
    let json = serde_json::to_string(&head).map_err(|error| Failure::Failed(error.to_string()))?;
    let Some(output) = output else { return print_line(&json) };
    let mut file = File::create_new(output).map_err(|error| failed(output, error))?;
    writeln!(file, "{json}")?;
    file.sync_all()?;
    print_line(&format!("流水号 sequence  {}\n签名公钥 key     {}", head.sequence, head.key))
}

impl Anchors {
    /// Verifies an export and compares it with all that was kept; says what is proved by what.
    pub fn compare(&self, export: &Path) -> Outcome {
        let (mut kept, mut keys) = (Vec::new(), Vec::new());
        for file in &self.receipt {
            receipts(file, &mut kept, &mut keys)?;
        }
        if let Some(file) = &self.extends {
            let position = verified(file, |_| {})?;
            let what = format!("原导出文件 the export {}", file.display());
            kept.push(Kept { sequence: position.sequence, chain: position.chain.to_hex(), revision: None, what });
        }
        keys.sort_unstable();
        keys.dedup();
        for file in &self.head {
            kept.push(self.signed(file, &keys)?);
        }
        let mut wanted: BTreeMap<u64, Option<JournalEntry>> = kept.iter().map(|one| (one.sequence, None)).collect();
        let position = verified(export, |entry| {
            if let Some(found) = wanted.get_mut(&entry.sequence) {
                *found = Some(entry.clone());
            }
        })?;
        print_verified(position)?;
        let mut differing = 0;
        for one in &kept {
            let entry = wanted.get(&one.sequence).and_then(Option::as_ref);
            let (mark, zh, en) = match one.differs(entry) {
                None => ("✓", "一致".to_owned(), "agrees".to_owned()),
                Some(Message { zh, en }) => {
                    differing += 1;
                    ("✗", zh, en)
                }
            };
            print_line(&format!("  {mark} {}（第{}条）：{zh} {en}", one.what, one.sequence))?;
        }
        if kept.is_empty() {
            return print_line(
                "  未与另行保存的回执、导出文件或签名比对：整条重写的日志同样自洽\n  \
                 Nothing kept elsewhere was compared: a journal that was written anew would be consistent too",
            );
        }
        if differing == 0 { Ok(()) } else { Err(Failure::Refused) }
    }

    /// A signed head, with its signature checked.
    fn signed(&self, file: &Path, keys: &[String]) -> Result<Kept, Failure> {
        let text = std::fs::read_to_string(file).map_err(|error| failed(file, error))?;
        let head: SignedHead = serde_json::from_str(&text).map_err(|error| failed(file, error))?;
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
        let SignedHead { sequence, chain, time, key, .. } = head;
        let known =
            if self.key.is_none() && keys.is_empty() { "（公钥未经核对 key not compared）" } else { "" };
        let what = format!("签名 the head signed at {time} by {key}{known}");
        Ok(Kept { sequence, chain, revision: None, what })
    }
}

impl Kept {
    /// How the entry is another than the one that this was kept of.
    fn differs(&self, entry: Option<&JournalEntry>) -> Option<Message> {
        let Some(entry) = entry else {
            return Some(Message::new("导出文件未到此条", "the export does not go that far"));
        };
        let same_content = self
            .revision
            .as_ref()
            .is_none_or(|(revision, content)| *revision == entry.subject && *content == entry.content_hash.to_hex());
        (entry.chain.to_hex() != self.chain || !same_content)
            .then(|| Message::new("不符：日志已被改写", "differs: the journal was rewritten since"))
    }
}

fn verified(file: &Path, show: impl FnMut(&JournalEntry)) -> Result<Position, Failure> {
    let opened = File::open(file).map_err(|error| failed(file, error))?;
    verify_journal_file_with(BufReader::new(opened), show).map_err(|error| fault(&error))
}

/// All receipts in a file of JSON, however deep; and the keys that they name.
fn receipts(file: &Path, kept: &mut Vec<Kept>, keys: &mut Vec<String>) -> Outcome {
    let text = std::fs::read_to_string(file).map_err(|error| failed(file, error))?;
    let before = kept.len();
    for value in serde_json::Deserializer::from_str(&text).into_iter::<Value>() {
        find_receipts(&value.map_err(|error| failed(file, error))?, file, kept, keys);
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
    let sequence = text("sequence").and_then(|number| number.parse().ok());
    if let (Some(sequence), Some(chain), Some(revision), Some(content)) =
        (sequence, text("chainSha256"), text("revision"), text("contentSha256"))
    {
        keys.extend(text("signingKey").filter(|key| !key.is_empty()).map(str::to_owned));
        kept.push(Kept {
            sequence,
            chain: chain.to_owned(),
            revision: Some((revision.to_owned(), content.to_owned())),
            what: format!("回执 the receipt of {revision} in {}", file.display()),
        });
        return;
    }
    match value {
        Value::Array(values) => values.iter().for_each(|value| find_receipts(value, file, kept, keys)),
        Value::Object(members) => members.values().for_each(|value| find_receipts(value, file, kept, keys)),
        _ => {}
    }
}
