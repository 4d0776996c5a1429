//! Whether the ports that the service needs are free.

use std::net::{SocketAddr, TcpListener};

use crate::config::Config;
use crate::report::Message;
use crate::service::{Condition, ConditionState};

/// Whether the ports can be listened on, where no service of ours has them.
pub(crate) fn ports(config: &Config) -> Vec<Condition> {
    let admin = config.admin_listen.map(|admin| ("admin_listen", admin));
    [("listen", config.listen)].into_iter().chain(admin).map(|(key, address)| port(key, address)).collect()
}

fn port(key: &str, address: SocketAddr) -> Condition {
    const NAME: &str = "port";
    let error = match TcpListener::bind(address) {
        Ok(_) => return Condition::good(NAME, format!("{key} {address} 可用"), format!("{key} {address} is free")),
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
    Condition::new(NAME, ConditionState::Fault, message, remedy)
}
