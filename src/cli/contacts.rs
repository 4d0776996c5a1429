//! `huizong contacts`: whom to ask at an agency.

use clap::Subcommand;

use crate::pb;
use crate::pb::registry_service_client::RegistryServiceClient;
use crate::registry::RegistryChange;
use crate::service::Problem;
use crate::wire;

use super::client::{Connection, Server, connect, refused};
use super::language::beside;
use super::output::{Listing, print_json, resource};
use super::pages;
use super::{Failure, Outcome, OutputFormat, both};

#[derive(Subcommand)]
pub(crate) enum Contacts {
    /// Whom to ask at one agency.
    Show {
        /// agencies/{id}, or the id alone.
        agency: String,
    },
    /// Whom to ask at all agencies that you review, administer or are.
    List {
        /// Only in and below this jurisdiction: jurisdictions/{code}, or the code alone.
        jurisdiction: Option<String>,
    },
    /// Put these people in the place of those that are there, who are struck out of the store for good.
    Set {
        /// agencies/{id}, or the id alone.
        agency: String,
        /// Name, duty, telephone and e-mail address, divided by semicolons; a part may be blank. Once a person.
        #[arg(long, required = true, value_name = "NAME;DUTY;TELEPHONE;EMAIL")]
        person: Vec<String>,
        #[command(flatten)]
        how: How,
    },
    /// Take back all of an agency's contacts: they are struck out of the store for good.
    Clear {
        /// agencies/{id}, or the id alone.
        agency: String,
        #[command(flatten)]
        how: How,
    },
}

#[derive(clap::Args)]
pub(crate) struct How {
    /// The etag of the contacts as they were looked at (`contacts show --format json`); refused where they have changed.
    #[arg(long, default_value = "")]
    etag: String,
    /// Check only.
    #[arg(long)]
    dry_run: bool,
}

type Client = RegistryServiceClient<Connection>;

fn name_of(agency: &str) -> String {
    format!("{}/contacts", resource("agencies", agency))
}

/// A person as the command line has them.
fn person(text: &str) -> Result<pb::Contact, Failure> {
    let parts: Vec<&str> = text.split([';', '；']).map(str::trim).collect();
    let part = |at: usize| parts.get(at).copied().unwrap_or_default().to_owned();
    if parts.len() > 4 {
        let text = "--person：须为 姓名;职务;电话;电子邮箱\n  --person is NAME;DUTY;TELEPHONE;EMAIL";
        return Err(Failure::Usage(text.to_owned()));
    }
    Ok(pb::Contact { name: part(0), duty: part(1), telephone: part(2), email: part(3) })
}

impl Contacts {
    pub(crate) async fn run(&self, server: &Server, format: OutputFormat) -> Outcome {
        let mut client = RegistryServiceClient::new(connect(server).await?);
        match self {
            Self::Show { agency } => {
                let request = pb::GetAgencyContactsRequest { name: name_of(agency) };
                let answer = client.get_agency_contacts(request).await.map_err(|status| refused(&status))?.into_inner();
                if format == OutputFormat::Json {
                    return print_json(&answer);
                }
                print(answer.contacts.into_iter().collect(), format)
            }
            Self::List { jurisdiction } => {
                let place = jurisdiction.as_deref().map(|code| resource("jurisdictions", code)).unwrap_or_default();
                let contacts = all(&mut client, place).await?;
                if format == OutputFormat::Json {
                    let next_page_token = String::new();
                    return print_json(&pb::ListAgencyContactsResponse { contacts, next_page_token });
                }
                print(contacts, format)
            }
            Self::Set { agency, person: people, how } => {
                let people = people.iter().map(|text| person(text)).collect::<Result<_, _>>()?;
                update(&mut client, name_of(agency), people, how, format).await
            }
            Self::Clear { agency, how } => update(&mut client, name_of(agency), Vec::new(), how, format).await,
        }
    }
}

fn print(all: Vec<pb::AgencyContacts>, format: OutputFormat) -> Outcome {
    let headings = ["机构 agency", "姓名 name", "职务 duty", "电话 telephone", "电子邮箱 email"];
    let mut listing = Listing::new(&headings, &[]);
    for contacts in all {
        let agency = contacts.name.trim_end_matches("/contacts").to_owned();
        let rows = contacts
            .people
            .into_iter()
            .map(|person| vec![agency.clone(), person.name, person.duty, person.telephone, person.email]);
        listing.rows.extend(rows);
    }
    listing.print(format)
}

async fn update(
    client: &mut Client,
    name: String,
    people: Vec<pb::Contact>,
    how: &How,
    format: OutputFormat,
) -> Outcome {
    let contacts = pb::AgencyContacts { name, people, etag: how.etag.clone() };
    let request = pb::UpdateAgencyContactsRequest { contacts: Some(contacts), validate_only: how.dry_run };
    let answer = client.update_agency_contacts(request).await.map_err(|status| refused(&status))?.into_inner();
    if format == OutputFormat::Json {
        return print_json(&answer);
    }
    let told = if how.dry_run {
        beside("仅核对，未保存", "checked only, nothing was stored")
    } else {
        beside("已保存；原有联系人已删去", "stored; those before are struck out")
    };
    if format == OutputFormat::Table {
        println!("{told}");
    }
    print(answer.contacts.into_iter().collect(), format)
}

/// All contacts that the caller may see, in and below a jurisdiction where one is named.
async fn all(client: &mut Client, jurisdiction: String) -> Result<Vec<pb::AgencyContacts>, Failure> {
    let ask = async |page_token| {
        let request = pb::ListAgencyContactsRequest {
            jurisdiction: jurisdiction.clone(),
            page_size: pages::PAGE_SIZE,
            page_token,
        };
        client.list_agency_contacts(request).await
    };
    pages::all(ask, |page| page.contacts).await
}

/// All contacts that the caller may see, as they stand in registry files.
pub(super) async fn exported(client: &mut Client) -> Result<Vec<RegistryChange>, Failure> {
    let unreadable = |problem: Problem| Failure::Failed(both(&problem.message));
    let all = all(client, String::new()).await?.into_iter();
    let read = |wire| wire::contacts_from_wire(wire, "contacts").map(RegistryChange::PutContacts);
    all.map(|wire| read(wire).map_err(unreadable)).collect()
}

/// Puts the contacts of a registry file in the place of those that are there, agency by agency; how many there were.
pub(super) async fn import(client: &mut Client, changes: &[RegistryChange], dry_run: bool) -> Result<usize, Failure> {
    // On trial what the file creates is not there.
    let created: Vec<&crate::report::AgencyId> = changes
        .iter()
        .filter_map(|change| match change {
            RegistryChange::CreateAgency(new) if dry_run => Some(&new.id),
            _ => None,
        })
        .collect();
    let mut count = 0;
    for change in changes {
        let RegistryChange::PutContacts(contacts) = change else { continue };
        count += 1;
        if created.contains(&&contacts.agency) {
            continue;
        }
        let contacts = Some(wire::contacts_to_wire(contacts));
        let request = pb::UpdateAgencyContactsRequest { contacts, validate_only: dry_run };
        client.update_agency_contacts(request).await.map_err(|status| refused(&status))?;
    }
    Ok(count)
}
