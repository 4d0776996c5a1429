//! The registry from and to files.

use std::ops::ControlFlow;
use std::path::Path;

use tonic::Status;

use crate::cli::client::{Server, connect, problem_text, refused};
use crate::cli::language::{beside, told};
use crate::cli::{Failure, Outcome, both};
use crate::cli::{contacts, pages};
use crate::grpc::problem_of_status;
use crate::pb;
use crate::pb::registry_service_client::RegistryServiceClient;
use crate::registry::RegistryChange;
use crate::registry::exchange::{Place, RegistryFile};
use crate::report::Message;
use crate::service::{RegistryFormat, read_registry_file, write_registry_file};
use crate::wire;

use super::{Client, entry_name};

/// Changes sent at a time; a longer file is applied in parts, and can be sent again after an interruption.
const PART: usize = 10_000;

/// The format of a registry file, as its ending says.
fn format_of(file: &Path) -> Result<RegistryFormat, Failure> {
    let ending = file.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
    let known = [RegistryFormat::Csv, RegistryFormat::Xlsx, RegistryFormat::Json];
    known.into_iter().find(|format| ending.as_deref() == Some(format.ending())).ok_or_else(|| {
        let file = file.display();
        let (zh, en) =
            (format!("{file}：须为 .csv、.xlsx 或 .json"), format!("{file}: must end in .csv, .xlsx or .json"));
        Failure::Usage(told(&zh, &en, "\n  "))
    })
}

/// What a registry file holds.
fn read(file: &Path) -> Result<RegistryFile, Failure> {
    format_of(file)?;
    let bytes = std::fs::read(file).map_err(|error| Failure::at(file.display(), &error))?;
    read_registry_file(&bytes).map_err(|faults| {
        let faults: Vec<String> = faults.iter().map(both).collect();
        Failure::Failed(format!("{}\n{}", file.display(), faults.join("\n")))
    })
}

/// Where in a file the changes stand that are sent together, for what is refused of them.
struct Sent<'f> {
    file: &'f Path,
    places: &'f [Place],
}

/// What a field of a change is called in registry files, in Chinese and English.
const COLUMNS: [(&str, &str, &str); 9] = [
    ("display_name", "名称", "name"),
    ("parent", "上级", "parent"),
    ("jurisdiction", "上级", "parent"),
    ("name", "代码", "code"),
    ("level", "级别", "level"),
    ("kind", "类别", "kind"),
    ("first_year", "起始年度", "first_year"),
    ("into", "承接单位", "into"),
    ("reason", "原因", "reason"),
];

impl Sent<'_> {
    /// Where the change stands that a field such as `changes[3].parent` is of, with the column where that is told.
    fn place(&self, field: &str) -> Option<Message> {
        let (number, rest) = field.strip_prefix("changes[")?.split_once(']')?;
        let Message { zh, en } = self.places.get(number.parse::<usize>().ok()?)?.message();
        let (file, last) = (self.file.display(), rest.rsplit('.').next().unwrap_or_default());
        Some(match COLUMNS.iter().find(|(field, ..)| *field == last) {
            Some((_, title, column)) => {
                Message::new(format!("{file} {zh}“{title}”"), format!("{file}, {en}, {column}"))
            }
            None => Message::new(format!("{file} {zh}"), format!("{file}, {en}")),
        })
    }

    /// What was refused, each with its place in the file.
    fn refused(&self, status: &Status) -> Failure {
        let Some(mut problem) = problem_of_status(status) else { return refused(status) };
        let told = |text: Option<&mut pb::LocalizedText>, place: &Message| {
            if let Some(text) = text {
                text.zh = format!("{}：{}", place.zh, text.zh);
                text.en = format!("{}: {}", place.en, text.en);
            }
        };
        let is_one = problem.field_violations.len() == 1;
        for violation in &mut problem.field_violations {
            let Some(place) = self.place(&violation.field) else { continue };
            told(violation.description.as_mut(), &place);
            if is_one {
                told(problem.message.as_mut(), &place);
            }
        }
        eprint!("{}", problem_text(&problem));
        Failure::Refused
    }
}

pub(super) async fn import(server: &Server, file: &Path, dry_run: bool, confirm: &[String]) -> Outcome {
    let RegistryFile { changes, places } = read(file)?;
    let confirmed: Vec<String> =
        confirm.iter().map(|name| if name == "-" { "agencies/-".to_owned() } else { entry_name(name) }).collect();
    if dry_run && changes.iter().filter(|change| !matches!(change, RegistryChange::PutContacts(_))).count() > PART {
        let (zh, en) =
            (format!("--dry-run 一次至多{PART}项"), format!("--dry-run takes at most {PART} entries at a time"));
        return Err(Failure::Usage(told(&zh, &en, "\n  ")));
    }
    let mut client = RegistryServiceClient::new(connect(server).await?);
    let (mut applied, mut unchanged) = (0, 0);
    // Contacts are told by themselves. Nothing is stored where one of them would be refused then.
    if !dry_run {
        contacts::import(&mut client, &changes, true).await?;
    }
    let entries = changes.iter().zip(places).filter_map(|(change, place)| Some((wire::change_to_wire(change)?, place)));
    let (entries, places): (Vec<pb::RegistryChange>, Vec<Place>) = entries.unzip();
    for (part, places) in entries.chunks(PART).zip(places.chunks(PART)) {
        let request = pb::ApplyRegistryChangesRequest {
            changes: part.to_vec(),
            validate_only: dry_run,
            confirmed: confirmed.clone(),
            request_id: String::new(),
        };
        let sent = Sent { file, places };
        let answer = client.apply_registry_changes(request).await.map_err(|status| sent.refused(&status))?.into_inner();
        applied += answer.applied;
        unchanged += answer.unchanged;
    }
    if dry_run {
        println!("{}", beside("仅审核，未保存：", "Checked only, nothing is stored:"));
    }
    let zh = format!("登记{applied}项，已有{unchanged}项");
    println!("{}", beside(zh, format!("{applied} applied, {unchanged} unchanged")));
    let people = contacts::import(&mut client, &changes, dry_run).await?;
    if people > 0 {
        println!("{}", beside(format!("联系人{people}个机构"), format!("contacts of {people} agencies")));
    }
    Ok(())
}

/// Times that an export begins anew where the registry changes under it.
const EXPORT_ATTEMPTS: usize = 3;

pub(super) async fn export(server: &Server, file: &Path, with_contacts: bool) -> Outcome {
    let format = format_of(file)?;
    let mut client = RegistryServiceClient::new(connect(server).await?);
    for _ in 0..EXPORT_ATTEMPTS {
        let Some(mut changes) = all_changes(&mut client).await? else { continue };
        if with_contacts {
            changes.extend(contacts::exported(&mut client).await?);
        }
        std::fs::write(file, write_registry_file(&changes, format).map_err(Failure::Failed)?)?;
        let (count, file) = (changes.len(), file.display());
        println!("{}", beside(format!("{count}项已写入 {file}"), format!("{count} entries written to {file}")));
        return Ok(());
    }
    Err(Failure::Failed("单位名录正在变动；请稍后重试\n  the registry is being changed; try again later".to_owned()))
}

/// All changes that make the registry; none where it changed meanwhile.
async fn all_changes(client: &mut Client) -> Result<Option<Vec<RegistryChange>>, Failure> {
    let unreadable = |problem: crate::service::Problem| Failure::Failed(both(&problem.message));
    let mut changes = Vec::new();
    let mut total = None;
    let mut changed_meanwhile = false;
    let ask = async |page_token| {
        let request = pb::ListRegistryChangesRequest { page_size: pages::PAGE_SIZE, page_token };
        client.list_registry_changes(request).await
    };
    pages::each(ask, |page| {
        if *total.get_or_insert(page.total_size) != page.total_size {
            changed_meanwhile = true;
            return Ok(ControlFlow::Break(()));
        }
        for change in page.changes {
            changes.push(wire::change_from_wire(change, "change").map_err(unreadable)?);
        }
        Ok(ControlFlow::Continue(()))
    })
    .await?;
    Ok((!changed_meanwhile).then_some(changes))
}
