//! `huizong credential`: principals, roles, one-time codes and tokens.
//!
//! - `bootstrap`: the first administrators, made on the machine itself.
//! - `enrolment`: codes, and what they are exchanged for.
//! - `proposals`: what waits for a second person.

mod bootstrap;
mod enrolment;
mod proposals;

use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};

use crate::access::Role;
use crate::pb;
use crate::pb::access_service_client::AccessServiceClient;
use crate::wire;

use super::client::{Server, connect, refused};
use super::language::{beside, told};
use super::output::{Listing, print_json, print_line, resource, time_text};
use super::pages::PAGE_SIZE;
use super::{Failure, Outcome, OutputFormat, both, operator};
use bootstrap::Bootstrap;

#[derive(Subcommand)]
pub(crate) enum Credential {
    /// Make the first security administrator, or holder of another power, of a store that is not being served; prints a
    /// token once.
    Bootstrap(Bootstrap),
    /// Who the service takes you to be.
    Whoami,
    /// Principals with their roles.
    Principals,
    /// Give a principal a role: submitter, reviewer, viewer, system-administrator, security-administrator, auditor.
    Grant {
        #[command(flatten)]
        of: RoleOf,
        /// The principal is not known yet.
        #[arg(long)]
        new: bool,
    },
    /// Take a role from a principal.
    Withdraw(RoleOf),
    /// What waits for a second person, with dual control.
    Proposals,
    /// Agree to what somebody else asked for.
    Confirm {
        /// As `proposals` prints it.
        proposal: String,
    },
    /// Take off the list what waits for a second person.
    Decline {
        /// As `proposals` prints it.
        proposal: String,
    },
    /// Make a one-time code for a principal; it is printed once, to be handed to the holder.
    Enrol {
        #[command(flatten)]
        credential: New,
        /// The principal is not known yet.
        #[arg(long)]
        new: bool,
    },
    /// Exchange the code that you were handed for your token, which is printed once.
    Exchange {
        /// The code; left out, it is read from the standard input.
        code: Option<String>,
    },
    /// Make another token for yourself, as a security administrator; it is printed once.
    Create(New),
    /// Credentials of a principal, or of all.
    List {
        /// Without it, all.
        name: Option<String>,
    },
    /// End a credential.
    Revoke {
        /// As `list` prints it.
        credential: String,
    },
}

#[derive(Args)]
pub(crate) struct RoleOf {
    /// Name of the principal.
    name: String,
    role: String,
    /// Part of the tree: agencies/ID or jurisdictions/CODE; none for the administrators and auditors.
    #[arg(default_value = "")]
    scope: String,
}

/// A credential to be made.
#[derive(Args)]
pub(crate) struct New {
    /// Name of the principal.
    name: String,
    /// Days until it expires, at most 400.
    #[arg(long, default_value_t = 365)]
    days: i64,
    /// What it is for.
    #[arg(long, default_value = "")]
    note: String,
}

fn in_days(days: i64) -> Result<Timestamp, Failure> {
    let hours = days.checked_mul(24).map(SignedDuration::try_from_hours);
    let expires = hours.flatten().and_then(|hours| Timestamp::now().checked_add(hours).ok());
    expires.ok_or_else(|| Failure::Usage(told("--days：过多", "--days: too many", "\n  ")))
}

fn words(role: &pb::Role) -> String {
    format!("{} {}", wire::word_of_role_kind(role.kind()), role.scope).trim_end().to_owned()
}

impl New {
    fn parent(&self) -> String {
        resource("principals", &self.name)
    }

    fn credential(self) -> Result<pb::Credential, Failure> {
        let expires = wire::timestamp_to_wire(in_days(self.days)?);
        Ok(pb::Credential { note: self.note, expire_time: Some(expires), ..pb::Credential::default() })
    }
}

fn keep_it() -> String {
    beside("令牌只显示这一次，请妥善保存", "The token is shown this once; keep it safe")
}

impl Credential {
    pub(crate) async fn run(self, server: &Server, format: OutputFormat) -> Outcome {
        match self {
            Self::Bootstrap(bootstrap) => return bootstrap.run().await,
            Self::Exchange { code } => return enrolment::exchange(code, server, format).await,
            _ => {}
        }
        let mut client = AccessServiceClient::new(connect(server).await?);
        let refused = |status: tonic::Status| refused(&status);
        match self {
            Self::Bootstrap(_) | Self::Exchange { .. } => Ok(()),
            Self::Whoami => {
                let known = client.get_caller(pb::GetCallerRequest {}).await.map_err(refused)?.into_inner();
                if format == OutputFormat::Json {
                    return print_json(&known);
                }
                print_line(&known.principal)?;
                known.roles.iter().try_for_each(|role| print_line(&format!("  {}", words(role))))?;
                enrolment::tell_replacement(known.replacement.as_ref());
                Ok(())
            }
            Self::Principals => {
                let mut listing = Listing::new(&["principal", "role", "credentials"], &[2]);
                let mut page_token = String::new();
                loop {
                    let request = pb::ListPrincipalsRequest { page_size: PAGE_SIZE, page_token };
                    let page = client.list_principals(request).await.map_err(refused)?.into_inner();
                    if format == OutputFormat::Json {
                        print_json(&page)?;
                    }
                    for principal in page.principals {
                        let roles: Vec<String> = principal.roles.iter().map(words).collect();
                        let name = principal.name.trim_start_matches("principals/").to_owned();
                        listing.rows.push(vec![name, roles.join("; "), principal.credentials.to_string()]);
                    }
                    page_token = page.next_page_token;
                    if page_token.is_empty() {
                        return if format == OutputFormat::Json { Ok(()) } else { listing.print(format) };
                    }
                }
            }
            Self::Grant { of, new } => {
                let (principal, role) = (resource("principals", &of.name), Some(of.role()?));
                let request = pb::GrantRoleRequest { principal, role, allow_missing: new };
                let granted = client.grant_role(request).await.map_err(refused)?.into_inner();
                if format == OutputFormat::Json {
                    return print_json(&granted);
                }
                proposals::tell(granted.proposal.as_ref());
                print_principal(granted.principal, format)
            }
            Self::Withdraw(of) => {
                let (principal, role) = (resource("principals", &of.name), Some(of.role()?));
                let request = pb::RevokeRoleRequest { principal, role };
                print_principal(client.revoke_role(request).await.map_err(refused)?.into_inner().principal, format)
            }
            Self::Proposals => proposals::list(client, format).await,
            Self::Confirm { proposal } => {
                let request = pb::ConfirmProposalRequest { name: resource("proposals", &proposal) };
                print_principal(client.confirm_proposal(request).await.map_err(refused)?.into_inner().principal, format)
            }
            Self::Decline { proposal } => {
                let request = pb::DeclineProposalRequest { name: resource("proposals", &proposal) };
                let declined = client.decline_proposal(request).await.map_err(refused)?.into_inner();
                if format == OutputFormat::Json {
                    return print_json(&declined);
                }
                print_line(&format!(
                    "{} {}",
                    declined.proposal.unwrap_or_default().name,
                    told("已否决", "declined", " ")
                ))
            }
            Self::Enrol { credential, new: allow_missing } => {
                let parent = credential.parent();
                let credential = Some(credential.credential()?);
                let request = pb::CreateEnrolmentRequest { parent, credential, allow_missing };
                let made = client.create_enrolment(request).await.map_err(refused)?.into_inner();
                enrolment::print_code(&made, format)
            }
            Self::Create(new) => {
                let request = pb::CreateCredentialRequest { parent: new.parent(), credential: Some(new.credential()?) };
                let made = client.create_credential(request).await.map_err(refused)?.into_inner();
                if format == OutputFormat::Json {
                    return print_json(&made);
                }
                eprintln!("{}\n{}", made.credential.unwrap_or_default().name, keep_it());
                print_line(&made.token)
            }
            Self::List { name } => {
                let parent = resource("principals", name.as_deref().unwrap_or("-"));
                let headings = ["credential", "created", "expires", "revoked", "note", "enrolled by", "code until"];
                let mut listing = Listing::new(&headings, &[]);
                let mut page_token = String::new();
                loop {
                    let request =
                        pb::ListCredentialsRequest { parent: parent.clone(), page_size: PAGE_SIZE, page_token };
                    let page = client.list_credentials(request).await.map_err(refused)?.into_inner();
                    if format == OutputFormat::Json {
                        print_json(&page)?;
                    }
                    for one in page.credentials {
                        let times = [one.create_time, one.expire_time, one.revoke_time].map(time_text);
                        let enrolment = vec![one.note, one.enrolled_by, time_text(one.code_expire_time)];
                        listing.rows.push([vec![one.name], times.to_vec(), enrolment].concat());
                    }
                    page_token = page.next_page_token;
                    if page_token.is_empty() {
                        return if format == OutputFormat::Json { Ok(()) } else { listing.print(format) };
                    }
                }
            }
            Self::Revoke { credential } => {
                let request = pb::RevokeCredentialRequest { name: credential };
                let ended = client.revoke_credential(request).await.map_err(refused)?.into_inner();
                if format == OutputFormat::Json {
                    return print_json(&ended);
                }
                let ended = ended.credential.unwrap_or_default();
                let time = time_text(ended.revoke_time);
                print_line(&format!("{} {} {time}", ended.name, told("已吊销", "revoked", " ")))
            }
        }
    }
}

fn print_principal(principal: Option<pb::Principal>, format: OutputFormat) -> Outcome {
    let principal = principal.unwrap_or_default();
    if format == OutputFormat::Json {
        return print_json(&principal);
    }
    print_line(&principal.name)?;
    principal.roles.iter().try_for_each(|role| print_line(&format!("  {}", words(role))))
}

impl RoleOf {
    fn role(&self) -> Result<pb::Role, Failure> {
        let role = Role::parse(&self.role, &self.scope).map_err(|error| Failure::Usage(both(&error.message())))?;
        Ok(wire::role_to_wire(&role))
    }
}
