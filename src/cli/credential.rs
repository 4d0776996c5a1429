//! `huizong credential`: principals, roles and tokens.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};

use crate::access::{Power, PrincipalName, Role};
use crate::config::Config;
use crate::pb;
use crate::pb::operations_service_client::OperationsServiceClient;
use crate::service::{Caller, NewCredential, Problem};
use crate::wire;

use super::client::{Server, connect, refused};
use super::output::{Listing, print_json, print_line, resource, time_text};
use super::{Failure, Format, Outcome, both, serve};

/// Principals or credentials read in one call.
const PAGE: i32 = 1000;

#[derive(Subcommand)]
pub enum Credential {
    /// Make the first security administrator of a store that is not being served; prints a token once.
    Bootstrap(Bootstrap),
    /// Who the service takes you to be.
    Whoami,
    /// Principals with their roles.
    Principals,
    /// Give a principal a role: submitter, reviewer, viewer, system-administrator, security-administrator, auditor.
    Grant(RoleOf),
    /// Take a role from a principal.
    Withdraw(RoleOf),
    /// Make a token for a principal; it is printed once.
    Create(Create),
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
pub struct Bootstrap {
    /// Name of the principal.
    name: PrincipalName,
    /// Settings of the service; see config.example.toml.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of the store, instead of the configured one.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Days until the token expires.
    #[arg(long, default_value_t = 30)]
    days: i64,
    /// Although there is a security administrator already: its token is lost.
    #[arg(long)]
    again: bool,
}

#[derive(Args)]
pub struct RoleOf {
    /// Name of the principal.
    name: String,
    role: String,
    /// Part of the tree: agencies/ID or jurisdictions/CODE; none for the administrators and auditors.
    #[arg(default_value = "")]
    scope: String,
}

#[derive(Args)]
pub struct Create {
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
    expires.ok_or_else(|| Failure::Usage("--days: too many".to_owned()))
}

fn words(role: &pb::Role) -> String {
    format!("{} {}", wire::word_of_role_kind(role.kind()), role.scope).trim_end().to_owned()
}

fn keep_it() -> &'static str {
    "令牌只显示这一次，请妥善保存  The token is shown this once; keep it safe"
}

impl Credential {
    pub async fn run(self, server: &Server, format: Format) -> Outcome {
        if let Self::Bootstrap(bootstrap) = self {
            return bootstrap.run().await;
        }
        let mut client = OperationsServiceClient::new(connect(server).await?);
        let refused = |status: tonic::Status| refused(&status);
        match self {
            Self::Bootstrap(_) => Ok(()),
            Self::Whoami => {
                let known = client.get_caller(pb::GetCallerRequest {}).await.map_err(refused)?.into_inner();
                if format == Format::Json {
                    return print_json(&known);
                }
                print_line(&known.principal)?;
                known.roles.iter().try_for_each(|role| print_line(&format!("  {}", words(role))))
            }
            Self::Principals => {
                let mut listing = Listing::new(&["principal", "role", "credentials"], &[2]);
                let mut page_token = String::new();
                loop {
                    let request = pb::ListPrincipalsRequest { page_size: PAGE, page_token };
                    let page = client.list_principals(request).await.map_err(refused)?.into_inner();
                    if format == Format::Json {
                        print_json(&page)?;
                    }
                    for principal in page.principals {
                        let roles: Vec<String> = principal.roles.iter().map(words).collect();
                        let name = principal.name.trim_start_matches("principals/").to_owned();
                        listing.rows.push(vec![name, roles.join("; "), principal.credentials.to_string()]);
                    }
                    page_token = page.next_page_token;
                    if page_token.is_empty() {
                        return if format == Format::Json { Ok(()) } else { listing.print(format) };
                    }
                }
            }
            Self::Grant(of) => {
                let (principal, role) = (resource("principals", &of.name), Some(of.role()?));
                let request = pb::GrantRoleRequest { principal, role };
                print_principal(client.grant_role(request).await.map_err(refused)?.into_inner().principal, format)
            }
            Self::Withdraw(of) => {
                let (principal, role) = (resource("principals", &of.name), Some(of.role()?));
                let request = pb::RevokeRoleRequest { principal, role };
                print_principal(client.revoke_role(request).await.map_err(refused)?.into_inner().principal, format)
            }
            Self::Create(create) => {
                let expires = wire::timestamp_to_wire(in_days(create.days)?);
                let credential =
                    pb::Credential { note: create.note, expire_time: Some(expires), ..pb::Credential::default() };
                let parent = resource("principals", &create.name);
                let request = pb::CreateCredentialRequest { parent, credential: Some(credential) };
                let made = client.create_credential(request).await.map_err(refused)?.into_inner();
                if format == Format::Json {
                    return print_json(&made);
                }
                eprintln!("{}\n{}", made.credential.unwrap_or_default().name, keep_it());
                print_line(&made.token)
            }
            Self::List { name } => {
                let parent = resource("principals", name.as_deref().unwrap_or("-"));
                let mut listing = Listing::new(&["credential", "created", "expires", "revoked", "note"], &[]);
                let mut page_token = String::new();
                loop {
                    let request = pb::ListCredentialsRequest { parent: parent.clone(), page_size: PAGE, page_token };
                    let page = client.list_credentials(request).await.map_err(refused)?.into_inner();
                    if format == Format::Json {
                        print_json(&page)?;
                    }
                    for one in page.credentials {
                        let times = [one.create_time, one.expire_time, one.revoke_time].map(time_text);
                        listing.rows.push([vec![one.name], times.to_vec(), vec![one.note]].concat());
                    }
                    page_token = page.next_page_token;
                    if page_token.is_empty() {
                        return if format == Format::Json { Ok(()) } else { listing.print(format) };
                    }
                }
            }
            Self::Revoke { credential } => {
                let request = pb::RevokeCredentialRequest { name: credential };
                let ended = client.revoke_credential(request).await.map_err(refused)?.into_inner();
                if format == Format::Json {
                    return print_json(&ended);
                }
                let ended = ended.credential.unwrap_or_default();
                print_line(&format!("{} 已吊销 revoked {}", ended.name, time_text(ended.revoke_time)))
            }
        }
    }
}

fn print_principal(principal: Option<pb::Principal>, format: Format) -> Outcome {
    let principal = principal.unwrap_or_default();
    if format == Format::Json {
        return print_json(&principal);
    }
    print_line(&principal.name)?;
    principal.roles.iter().try_for_each(|role| print_line(&format!("  {}", words(role))))
}

impl RoleOf {
    fn role(&self) -> Result<pb::Role, Failure> {
        let role = Role::parse(&self.role, &self.scope).map_err(|error| Failure::Usage(error.to_string()))?;
        Ok(wire::role_to_wire(&role))
    }
}

impl Bootstrap {
    async fn run(self) -> Outcome {
        let config = self.config.as_deref().map(Config::read).transpose();
        let mut config = config.map_err(|error| Failure::Usage(error.to_string()))?.unwrap_or_default();
        config.data_directory = self.data.unwrap_or(config.data_directory);
        let service = serve::open(&config).await?;
        if service.has_security_administrator() && !self.again {
            let text = "已有安全管理员，请由其授予角色、签发令牌；令牌遗失的，加 --again\n  there is a security administrator already, who grants roles and issues tokens; if its token is lost, say --again";
            return Err(Failure::Failed(text.to_owned()));
        }
        let refused =
            |problem: Problem| Failure::Failed(format!("{}\n  {}", both(&problem.message), both(&problem.remedy)));
        let caller = Caller::internal("bootstrap");
        let new =
            NewCredential { principal: self.name.clone(), note: "bootstrap".to_owned(), expires: in_days(self.days)? };
        // The token first: a store whose only security administrator has none would be locked.
        let (credential, token) = service.create_credential(new, &caller).await.map_err(refused)?;
        let role = Role::Power(Power::Security);
        service.change_role(self.name, role, true, &caller).await.map_err(refused)?;
        eprintln!("{}\n{}", credential.name(), keep_it());
        print_line(&token.reveal())
    }
}
