//! The first administrators: made on the machine of the service, with the service stopped, by whoever may do that there.

use std::path::PathBuf;

use clap::Args;

use crate::access::{Power, PrincipalName, Role};
use crate::config::Config;
use crate::server;
use crate::service::{NewCredential, Problem, RoleChange};

use super::super::failure::words;
use super::enrolment::hand_it_over;
use super::told;
use super::{Failure, Outcome, both, in_days, keep_it, operator, print_line};

#[derive(Args)]
pub(crate) struct Bootstrap {
    /// Name of the principal.
    name: PrincipalName,
    /// The power: security-administrator, system-administrator or auditor.
    #[arg(long, value_name = "ROLE", default_value = "security-administrator", value_parser = power)]
    role: Power,
    /// Print a one-time code for its holder to exchange, rather than the token.
    #[arg(long)]
    code: bool,
    /// Settings of the service; see config.example.toml.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of the store, instead of the configured one.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Days until the token expires.
    #[arg(long, default_value_t = 30)]
    days: i64,
    /// Although somebody holds that power already: their token is lost.
    #[arg(long)]
    again: bool,
}

fn power(word: &str) -> Result<Power, String> {
    match Role::parse(word, "") {
        Ok(Role::Power(power)) => Ok(power),
        _ => Err(told(
            "可用 security-administrator、system-administrator、auditor",
            "security-administrator, system-administrator or auditor",
            "\n  ",
        )),
    }
}

impl Bootstrap {
    pub(crate) async fn run(self) -> Outcome {
        let config = self.config.as_deref().map(Config::read).transpose();
        let mut config = config.map_err(|error| Failure::Usage(both(&words(&error))))?.unwrap_or_default();
        config.data_directory = self.data.unwrap_or(config.data_directory);
        let service = server::open(&config).await?;
        if service.has_administrator(self.role) && !self.again {
            let word = Role::Power(self.role).word();
            let text = format!(
                "已有 {word}；其令牌遗失的，加 --again，其余由安全管理员登记\n  there is a {word} already; if its token is lost, say --again; security administrators enrol others"
            );
            return Err(Failure::Failed(text));
        }
        let refused =
            |problem: Problem| Failure::Failed(format!("{}\n  {}", both(&problem.message), both(&problem.remedy)));
        let caller = operator("bootstrap");
        let new =
            NewCredential { principal: self.name.clone(), note: "bootstrap".to_owned(), expires: in_days(self.days)? };
        // The secret first: a store whose only security administrator has none would be locked.
        let (credential, secret, advice) = if self.code {
            let (credential, code, _) = service.enrol(new, true, &caller).await.map_err(refused)?;
            let advice = hand_it_over(credential.code_ends);
            (credential, code.reveal(), advice)
        } else {
            let (credential, token) = service.create_credential(new, &caller).await.map_err(refused)?;
            (credential, token.reveal(), keep_it())
        };
        service
            .change_role(self.name, Role::Power(self.role), RoleChange::Grant { allow_missing: true }, &caller)
            .await
            .map_err(refused)?;
        eprintln!("{}\n{advice}", credential.name());
        print_line(&secret)
    }
}
