//! Who reaches the service, and whether the ports that it needs are free.

use std::net::{SocketAddr, TcpListener};

use crate::config::Config;
use crate::report::Message;
use crate::server::{Exposed, exposed};

use super::{Finding, State};

/// Whether others reach the service without protection.
pub(crate) fn exposure(config: &Config) -> Vec<Finding> {
    const NAME: &str = "exposure";
    let listen = config.listen;
    let fault = |exposed: Exposed| {
        let (what, remedy) = (exposed.message(), remedy(exposed));
        let message = Message::new(
            format!("{listen} 可被其他机器访问，而{}：{}", what.zh, remedy.0),
            format!("{listen} can be reached from other machines, and {}: {}", what.en, remedy.1),
        );
        Finding::new(NAME, State::Fault, message, Message::new(remedy.2, remedy.3))
    };
    let mut findings: Vec<Finding> = exposed(config).into_iter().map(fault).collect();
    if findings.is_empty() {
        findings.push(Finding::good(NAME, "未在无保护的情况下对外服务", "others are not served without protection"));
    }
    if let Some(admin) = config.admin_listen.filter(|admin| !admin.ip().is_loopback()) {
        let message = Message::new(
            format!("管理端口 {admin} 可被其他机器访问：指标与探针不问身份"),
            format!(
                "the admin port {admin} can be reached from other machines: metrics and probes ask nobody who they are"
            ),
        );
        let remedy = Message::new(
            "请改为 127.0.0.1，或以防火墙、网络策略只放行监控主机",
            "listen on 127.0.0.1, or let only the monitoring machine through by firewall or network policy",
        );
        findings.push(Finding::new("admin_port", State::Warning, message, remedy));
    }
    findings
}

/// What comes of it, and what to do, each in Chinese and English.
fn remedy(exposed: Exposed) -> (&'static str, &'static str, &'static str, &'static str) {
    match exposed {
        Exposed::WithoutTls => (
            "途中者可以读取、改动一切",
            "whoever is on the way reads and alters everything",
            "请配置 tls.certificate 与 tls.key，或将 listen 改为 127.0.0.1",
            "set tls.certificate and tls.key, or listen on 127.0.0.1",
        ),
        Exposed::WithoutAuthentication => (
            "能访问者可以做任何事",
            "whoever reaches it may do everything",
            "请设 access.authentication = true，或将 listen 改为 127.0.0.1",
            "set access.authentication = true, or listen on 127.0.0.1",
        ),
    }
}

/// Whether the ports can be listened on, where no service of ours has them.
pub(crate) fn ports(config: &Config) -> Vec<Finding> {
    let admin = config.admin_listen.map(|admin| ("admin_listen", admin));
    [("listen", config.listen)].into_iter().chain(admin).map(|(key, address)| port(key, address)).collect()
}

fn port(key: &str, address: SocketAddr) -> Finding {
    const NAME: &str = "port";
    let error = match TcpListener::bind(address) {
        Ok(_) => return Finding::good(NAME, format!("{key} {address} 可用"), format!("{key} {address} is free")),
        Err(error) => error,
    };
    let message = Message::new(
        format!("无法监听 {key} {address}：{error}"),
        format!("{key} {address} cannot be listened on: {error}"),
    );
    let port = address.port();
    let remedy = Message::new(
        format!("请以 ss -ltnp 查看占用端口 {port} 的程序并停止它，或改用其他地址、端口"),
        format!("find the program that has port {port} with ss -ltnp and stop it, or choose another address or port"),
    );
    Finding::new(NAME, State::Fault, message, remedy)
}
