//! A browser as far as it matters here: it keeps cookies, and brings them.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::Value;

pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    pub fn location(&self) -> &str {
        self.header("location").unwrap_or_else(|| panic!("{} leads nowhere: {}", self.status, self.body))
    }

    /// The line that sets a cookie whose name begins so.
    pub fn cookie(&self, name: &str) -> &str {
        let set = self.headers.iter().filter(|(found, _)| found == "set-cookie").map(|(_, value)| value.as_str());
        set.into_iter().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name}: {:?}", self.headers))
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{}: {}", self.status, self.body))
    }
}

#[derive(Clone)]
pub struct Browser {
    port: String,
    pub cookies: BTreeMap<String, String>,
}

impl Browser {
    pub fn new(port: &str) -> Self {
        Self { port: port.to_owned(), cookies: BTreeMap::new() }
    }

    pub fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, &[])
    }

    pub fn ask(&mut self, verb: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut stream = TcpStream::connect(format!("127.0.0.1:{}", self.port)).unwrap();
        let cookies = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        write!(stream, "{verb} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n").unwrap();
        if !cookies.is_empty() {
            write!(stream, "cookie: {cookies}\r\n").unwrap();
        }
        for (name, value) in headers {
            write!(stream, "{name}: {value}\r\n").unwrap();
        }
        write!(stream, "\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.map(|line| line.split_once(": ").unwrap());
        let headers: Vec<_> = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        for (_, value) in headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (name, rest) = value.split_once('=').unwrap();
            let kept = rest.split(';').next().unwrap();
            if value.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), kept.to_owned());
            }
        }
        Answer { status, headers, body: body.to_owned() }
    }
}

/// The parameters of an address.
pub fn parameters(address: &str) -> BTreeMap<String, String> {
    let query = address.split_once('?').unwrap().1;
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}
