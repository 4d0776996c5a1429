//! A connection to the one of the named hosts that takes writes. Each host has a deadline of its own, and none that is slow holds
//! the next one up: one dead host of a list costs a moment.

use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio_postgres::config::Host;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, Connection, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address::Engine;
use super::session::{Trouble, within};

/// From its connection until a host has let somebody in and said whether it takes writes.
const ANSWER: Duration = Duration::from_secs(2);

/// After as long without an answer the next host is asked as well.
const HEAD_START: Duration = Duration::from_millis(300);

type Connected = (Client, Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>);

/// The same for the host at a place in the list alone.
fn of_host(all: &Config, at: usize) -> Config {
    let mut one = Config::new();
    all.get_user().into_iter().for_each(|user| _ = one.user(user));
    all.get_password().into_iter().for_each(|password| _ = one.password(password));
    all.get_dbname().into_iter().for_each(|name| _ = one.dbname(name));
    all.get_options().into_iter().for_each(|options| _ = one.options(options));
    all.get_application_name().into_iter().for_each(|name| _ = one.application_name(name));
    match all.get_hosts().get(at) {
        Some(Host::Tcp(name)) => _ = one.host(name),
        Some(Host::Unix(path)) => _ = one.host_path(path),
        None => {}
    }
    all.get_hostaddrs().get(at).into_iter().for_each(|address| _ = one.hostaddr(*address));
    // One port is for all.
    let ports = all.get_ports();
    ports.get(at).or_else(|| ports.first()).into_iter().for_each(|port| _ = one.port(*port));
    all.get_connect_timeout().into_iter().for_each(|limit| _ = one.connect_timeout(*limit));
    all.get_tcp_user_timeout().into_iter().for_each(|limit| _ = one.tcp_user_timeout(*limit));
    one.keepalives(all.get_keepalives()).keepalives_idle(all.get_keepalives_idle());
    all.get_keepalives_interval().into_iter().for_each(|interval| _ = one.keepalives_interval(interval));
    all.get_keepalives_retries().into_iter().for_each(|retries| _ = one.keepalives_retries(retries));
    one.ssl_mode(all.get_ssl_mode())
        .ssl_negotiation(all.get_ssl_negotiation())
        .channel_binding(all.get_channel_binding())
        .target_session_attrs(all.get_target_session_attrs())
        .load_balance_hosts(all.get_load_balance_hosts());
    one
}

fn named(config: &Config) -> String {
    config.get_hosts().iter().fold(String::new(), |_, host| match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(path) => path.display().to_string(),
    })
}

/// Connects to whichever host takes writes.
///
/// # Errors
/// What the last of the servers said that said anything; else why each cannot be used.
pub(super) async fn connect(engine: &Engine) -> Result<Connected, Trouble> {
    let all = engine.config().map_err(|error| Trouble::Unfit(error.to_string()))?;
    let mut later = (0..all.get_hosts().len()).map(|at| of_host(&all, at));
    let (mut asked, mut silent, mut said) = (FuturesUnordered::new(), Vec::new(), None);
    loop {
        match later.next() {
            Some(config) => asked.push(async move {
                let limit = config.get_connect_timeout().copied().unwrap_or_default() + ANSWER;
                let connected = within(limit, config.connect(engine.tls.clone())).await;
                connected.map_err(|trouble| (named(&config), trouble))
            }),
            None if asked.is_empty() => return Err(said.unwrap_or_else(|| Trouble::Silent(silent.join("; ")))),
            None => {}
        }
        let head_start = if later.len() > 0 { HEAD_START } else { Duration::MAX };
        match tokio::time::timeout(head_start, asked.next()).await {
            Ok(Some(Ok(connected))) => return Ok(connected),
            Ok(Some(Err((_, trouble @ Trouble::Said { .. })))) => said = Some(trouble),
            Ok(Some(Err((host, trouble)))) => silent.push(format!("{host}: {trouble}")),
            Ok(None) | Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::log::postgres::address::EngineOptions;

    #[test]
    fn what_is_said_of_all_hosts_is_said_of_each() {
        let url = "postgres://huizong:sesame@db:7/huizong?connect_timeout=3&options=-c%20a%3Db&channel_binding=require&\
                   sslmode=require&sslnegotiation=direct&load_balance_hosts=random&hostaddr=127.0.0.1&\
                   application_name=x&keepalives=0&keepalives_idle=9&keepalives_interval=5&keepalives_retries=4&\
                   tcp_user_timeout=8&target_session_attrs=read-write";
        let all: Config = url.parse().unwrap();
        assert_eq!(of_host(&all, 0), all);
        let two: Config = "postgres://huizong@db1:1,db2:2/huizong".parse().unwrap();
        let hosts: Vec<_> =
            (0..2).map(|at| of_host(&two, at)).map(|one| (named(&one), one.get_ports().to_vec())).collect();
        assert_eq!(hosts, [("db1".to_owned(), vec![1]), ("db2".to_owned(), vec![2])]);
    }

    #[tokio::test]
    async fn a_host_that_answers_nothing_holds_the_next_one_up_for_a_moment_only() {
        // Takes connections and says nothing, as a host does that hangs; the other refuses at once.
        let hangs = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let refuses = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let hanging = hangs.local_addr().unwrap().port();
        let url = format!("postgres://huizong@127.0.0.1:{hanging},127.0.0.1:{hanging},127.0.0.1:{refuses}/huizong");
        let engine = Engine::new(EngineOptions { url, ..EngineOptions::default() }).unwrap();
        let began = std::time::Instant::now();
        let Err(trouble) = connect(&engine).await else { panic!("nobody is there") };
        // All of them are asked side by side: not three times as long as one takes.
        assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
        let told = trouble.to_string();
        assert_eq!(told.matches("no answer within").count(), 2, "{told}");
        assert_eq!(told.split("; ").count(), 3, "{told}");
    }
}
