//! `huizong salvage`: every record of a damaged store that can still be read, and a list of what cannot.

use std::fs::OpenOptions;
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use crate::pb;
use crate::report::Message;
use crate::service::ReportView;
use crate::store::{Item, Loss, Salvage as Found, salvage};
use crate::wire;

use super::output::{Listing, print_exactly, print_line, to_json};
use super::verify::Scratch;
use super::{Failure, Outcome, OutputFormat, both};

#[derive(Args)]
pub(crate) struct Salvage {
    /// Folder of the damaged store, which no service has open; it stays as it is.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// File to be written, JSON Lines; it must not exist yet.
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    #[command(flatten)]
    scratch: Scratch,
}

impl Salvage {
    pub(crate) fn run(&self, format: OutputFormat) -> Outcome {
        let failed = |error: &std::io::Error| Failure::at(self.output.display(), error);
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).open(&self.output).map_err(|error| failed(&error))?;
        let found = self.scratch.copy(&self.data).and_then(|copy| salvage(copy.path()));
        let found = found.map_err(|error| {
            // Nothing was found, and so nothing is to be kept.
            let _ = std::fs::remove_file(&self.output);
            let Message { zh, en } = error.message();
            let text = Message::new(
                format!("无法读取：{zh}；请核对 --data，并确认没有服务在使用"),
                format!("it cannot be read: {en}; check --data, and that no service has it open"),
            );
            Failure::Failed(both(&text))
        })?;
        let mut writer = BufWriter::new(file);
        let mut line = |value: Value| writeln!(writer, "{value}").map_err(|error| failed(&error));
        for item in found.items.values() {
            line(shown(item)?)?;
        }
        for record in &found.without_place {
            line(without_place(record)?)?;
        }
        for Loss { place, reason } in &found.losses {
            line(json!({ "kind": "loss", "place": place, "reason": reason }))?;
        }
        let file = writer.into_inner().map_err(|error| failed(error.error()))?;
        file.sync_all().map_err(|error| failed(&error))?;
        tell(&found, format)?;
        if found.losses.is_empty() { Ok(()) } else { Err(Failure::Refused) }
    }
}

/// A record, readable where the contract has a message for it, and as it is stored.
fn shown(item: &Item) -> Result<Value, Failure> {
    let record = item.to_record().map_err(|error| Failure::of(&error))?;
    let (kind, message) = match item {
        Item::Entry(entry) => ("journal_entry", Some(canonical(&wire::entry_to_wire(entry))?)),
        Item::Revision(revision) => {
            let view = ReportView::of_revision(revision.clone());
            ("report", Some(canonical(&wire::report_to_wire(&view))?))
        }
        Item::Registry { change, .. } => ("registry_change", registry_change(change)?),
        Item::Frozen(form) => ("frozen_form", Some(canonical(&wire::frozen_form_to_wire(form))?)),
        Item::Review(_) => ("review", None),
        Item::Access { .. } => ("access_change", None),
        Item::Request { .. } => ("request_id", None),
    };
    Ok(json!({
        "kind": kind,
        "sequence": item.sequence(),
        "key": hex::encode(&record.key),
        "message": message,
        "record": hex::encode(&record.value),
    }))
}

/// A record whose place in the store is not known any more.
fn without_place(record: &[u8]) -> Result<Value, Failure> {
    let (kind, message) = match record.get(1) {
        Some(b'g') => match crate::store::registry_change(record) {
            Some(change) => ("registry_change", registry_change(&change)?),
            None => ("registry_change", None),
        },
        Some(b'a') => ("access_change", None),
        _ => ("request_id", None),
    };
    Ok(json!({ "kind": kind, "sequence": null, "key": null, "message": message, "record": hex::encode(record) }))
}

fn registry_change(change: &crate::registry::RegistryChange) -> Result<Option<Value>, Failure> {
    if let crate::registry::RegistryChange::PutCollection(collection) = change {
        return canonical(&wire::collection_to_wire(collection)).map(Some);
    }
    if let crate::registry::RegistryChange::PutContacts(contacts) = change {
        return canonical(&wire::contacts_to_wire(contacts)).map(Some);
    }
    wire::change_to_wire(change).map(|change: pb::RegistryChange| canonical(&change)).transpose()
}

fn canonical<M: prost::Message + prost::Name>(message: &M) -> Result<Value, Failure> {
    serde_json::from_str(&to_json(message)?).map_err(|error| Failure::of(&error))
}

fn tell(found: &Found, format: OutputFormat) -> Outcome {
    let records = found.items.len() + found.without_place.len();
    if format == OutputFormat::Json {
        let losses: Vec<_> =
            found.losses.iter().map(|loss| json!({ "place": loss.place, "reason": loss.reason })).collect();
        return print_exactly(
            &json!({ "records": records, "fromBytes": found.from_bytes, "losses": losses }).to_string(),
        );
    }
    if !found.losses.is_empty() {
        let mut listing = Listing::new(&["无法找回 lost", "原因 why"], &[]);
        listing.rows = found.losses.iter().map(|loss| vec![loss.place.clone(), loss.reason.clone()]).collect();
        listing.print(format)?;
    }
    print_line(&both(&Message::new(
        format!("找回{records}条记录（其中{}条直接取自文件），{}处无法找回", found.from_bytes, found.losses.len()),
        format!(
            "{records} record(s) found ({} of them in the bytes of the file alone), {} loss(es)",
            found.from_bytes,
            found.losses.len()
        ),
    )))
}
