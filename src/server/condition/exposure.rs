//! Who reaches the service, and what protects it then.

use crate::config::Config;
use crate::report::Message;
use crate::server::{Exposed, exposed};
use crate::service::{Condition, ConditionState};

/// Whether others reach the service without protection.
pub(crate) fn examine(config: &Config) -> Vec<Condition> {
    const NAME: &str = "exposure";
    let listen = config.listen;
    let fault = |exposed: Exposed| {
        let (what, remedy) = (exposed.message(), remedy(exposed));
        let message = Message::new(
            format!("{listen} 可被其他机器访问，而{}：{}", what.zh, remedy.0),
            format!("{listen} can be reached from other machines, and {}: {}", what.en, remedy.1),
        );
        Condition::new(NAME, ConditionState::Fault, message, Message::new(remedy.2, remedy.3))
    };
    let mut findings: Vec<Condition> = exposed(config).into_iter().map(fault).collect();
    if findings.is_empty() {
        findings.push(Condition::good(NAME, "未在无保护的情况下对外服务", "others are not served without protection"));
    }
    if let Some(admin) = config.admin_listen.filter(|admin| !admin.ip().is_loopback()) {
        let message = Message::new(
            format!("管理端口 {admin} 可被其他机器访问：指标与探针不问身份"),
            format!(
                "the admin port {admin} can be reached from other machines: metrics and probes ask nobody who they are"
            ),
        );
        let remedy = Message::new(
            "请改为只在本机监听，或以防火墙、网络策略只放行监控主机",
            "listen on 127.0.0.1, or let only the monitoring machine through by firewall or network policy",
        );
        findings.push(Condition::new("admin_port", ConditionState::Warning, message, remedy));
    }
    findings
}

/// What comes of it, and what to do, each in Chinese and English.
fn remedy(exposed: Exposed) -> (&'static str, &'static str, &'static str, &'static str) {
    match exposed {
        Exposed::WithoutTls => (
            "途中者可以读取、改动一切",
            "whoever is on the way reads and alters everything",
            "请配置证书与私钥（tls.certificate、tls.key），或改为只在本机监听（listen）",
            "set tls.certificate and tls.key, or listen on 127.0.0.1",
        ),
        Exposed::WithoutAuthentication => (
            "能访问者可以做任何事",
            "whoever reaches it may do everything",
            "请启用身份认证（access.authentication），或改为只在本机监听（listen）",
            "set access.authentication = true, or listen on 127.0.0.1",
        ),
    }
}
