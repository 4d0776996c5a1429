//! The identity provider that people sign in with: whether its secret is kept, and whether it answers as it should.

use std::os::unix::fs::MetadataExt as _;
use std::sync::Arc;

use crate::config::Config;
use crate::identity::Provider;
use crate::report::Message;
use crate::server::provider;

use crate::service::{Condition, ConditionState};

/// Everything about it; nothing where people sign in with tokens only.
pub(crate) async fn examine(config: &Config) -> Vec<Condition> {
    const NAME: &str = "identity_provider";
    let mut findings: Vec<_> = secret(config).into_iter().collect();
    findings.extend(match provider(config, None) {
        Ok(None) => None,
        Ok(Some(provider)) => Some(answers(&provider).await),
        Err(error) => {
            let message = Message::new(format!("无法使用：{error:#}"), format!("it cannot be used: {error:#}"));
            let remedy = Message::new(
                "请核对 [access.oidc] 中的文件与访问权限",
                "check the files of [access.oidc] and their permissions",
            );
            Some(Condition::new(NAME, ConditionState::Fault, message, remedy))
        }
    });
    findings
}

/// Whether the provider can be reached, and is the one of the settings.
async fn answers(provider: &Arc<Provider>) -> Condition {
    const NAME: &str = "identity_provider";
    let issuer = &provider.settings().issuer;
    let Err(refusal) = provider.check().await else {
        return Condition::good(NAME, format!("{issuer} 应答正常"), format!("{issuer} answers as it should"));
    };
    let (said, detail) = (refusal.message(), refusal.detail);
    let message = Message::new(format!("{}：{detail}", said.zh), format!("{}: {detail}", said.en));
    let remedy = Message::new(
        "请核对 access.oidc.issuer 与平台公布的名称逐字一致，网络可达，证书由 access.oidc.ca 或系统信任的机构签发；其间持有令牌的仍可登录",
        "check that access.oidc.issuer is what the provider calls itself, letter by letter, that it can be reached from \
         here, and that its certificate is of an authority in access.oidc.ca or of the system; tokens are taken meanwhile",
    );
    Condition::new(NAME, ConditionState::Fault, message, remedy)
}

/// Whether others may read the secret of the client.
fn secret(config: &Config) -> Option<Condition> {
    let file = &config.access.oidc.client_secret_file;
    // A group may be the service's own.
    let is_open = config.access.oidc.is_on() && file.metadata().is_ok_and(|metadata| metadata.mode() & 0o007 != 0);
    is_open.then(|| {
        let shown = file.display();
        let message = Message::new(
            format!("任何用户都可以读取客户端密钥 {shown}"),
            format!("everyone may read the secret of the client, {shown}"),
        );
        let remedy = Message::new(
            format!("请运行 chmod o= {shown}，并在身份认证平台换用新的密钥"),
            format!("run chmod o= {shown}, and take a new secret at the identity provider"),
        );
        Condition::new("identity_secret_privacy", ConditionState::Fault, message, remedy)
    })
}
