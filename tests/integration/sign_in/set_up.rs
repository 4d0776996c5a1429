//! The program with a provider, and a browser that goes the whole way between them.

use std::process::Command;

use tempfile::TempDir;

use super::browser::{Answer, Browser, parameters};
use super::provider::{CLIENT, Conduct, Provider, SECRET};
use crate::operator::program::Program;

pub struct SetUp {
    pub program: Program,
    pub provider: Provider,
    pub browser: Browser,
}

/// A sign-in that has come as far as the provider.
pub struct Begun {
    pub state: String,
    pub asked: std::collections::BTreeMap<String, String>,
}

impl SetUp {
    /// The program with more lines in `[access.oidc]`, where `zhang` is an auditor.
    pub fn with(more: &str) -> Self {
        Self::made(more, |_| {})
    }

    /// The same with a provider that conducts itself so from the beginning.
    pub fn conducting(act: impl FnOnce(&mut Conduct)) -> Self {
        Self::made("", act)
    }

    fn made(more: &str, act: impl FnOnce(&mut Conduct)) -> Self {
        let provider = Provider::start();
        act(&mut provider.conduct());
        let folder = TempDir::new().unwrap();
        let secret = folder.path().join("secret");
        std::fs::write(&secret, format!("{SECRET}\n")).unwrap();
        let settings = format!(
            "[server]\npublic_url = \"http://127.0.0.1:1\"\n[access]\nauthentication = true\n[access.oidc]\n\
             issuer = {:?}\nclient_id = \"{CLIENT}\"\nclient_secret_file = {secret:?}\n{more}\n[log]\njson = true\n",
            provider.issuer
        );
        let run = |arguments: &[&str], token: &str| {
            let output =
                Command::new(env!("CARGO_BIN_EXE_huizong")).args(arguments).env("HUIZONG_TOKEN", token).output();
            let output = output.unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        };
        let store = folder.path().join("store");
        let chief = run(&["credential", "bootstrap", "chief", "--data", store.to_str().unwrap()], "");
        let program = Program::configured(folder, &settings, "127.0.0.1:0", &[]);
        let server = format!("http://127.0.0.1:{}", program.port());
        run(&["credential", "grant", "--new", "zhang", "auditor", "--server", &server], &chief);
        let browser = Browser::new(program.port());
        Self { program, provider, browser }
    }

    pub fn start() -> Self {
        Self::with("")
    }

    /// Goes to the provider, where the person consents.
    pub fn begin(&mut self, back: &str) -> Begun {
        let back: String = form_urlencoded::byte_serialize(back.as_bytes()).collect();
        let answer = self.browser.get(&format!("/session/provider?back={back}"));
        assert_eq!(answer.status, 303);
        assert!(answer.location().starts_with(&self.provider.issuer), "{}", answer.location());
        let asked = parameters(answer.location());
        self.provider.consent(&asked["code_challenge"], &asked["nonce"]);
        Begun { state: asked["state"].clone(), asked }
    }

    /// Comes back from there with the code.
    pub fn come_back(&mut self, begun: &Begun) -> Answer {
        self.browser.get(&format!("/session/provider/callback?code=the-code&state={}", begun.state))
    }

    /// The whole way.
    pub fn sign_in(&mut self) -> Answer {
        let begun = self.begin("/");
        self.come_back(&begun)
    }

    /// Who is signed in.
    pub fn who(&mut self) -> Option<String> {
        let answer = self.browser.get("/session");
        (answer.status == 200).then(|| answer.json()["principal"].as_str().unwrap().to_owned())
    }

    /// How many sign-ins with the provider had this outcome.
    pub fn outcomes(&self, outcome: &str) -> u64 {
        let (_, metrics) = self.program.get("/metrics");
        let mut lines = metrics.lines().filter(|line| line.starts_with("huizong_sign_ins_total{"));
        let line = lines.find(|line| line.contains("way=\"provider\"") && line.contains(&format!("\"{outcome}\"")));
        line.map_or(0, |line| line.rsplit(' ').next().unwrap().parse().unwrap())
    }

    /// Holds that this answer signed nobody in, for this cause, and that the page is told so once, in both languages; the
    /// reason.
    pub fn refused(&mut self, answer: &Answer, cause: &str) -> String {
        assert_eq!(answer.status, 303, "{cause}: {}", answer.body);
        assert!(answer.location().starts_with('/'), "{cause}: {}", answer.location());
        assert!(!self.browser.cookies.contains_key("huizong-session"), "{cause}: somebody was signed in");
        assert_eq!(self.who(), None, "{cause}");
        assert_eq!(self.outcomes(cause), 1, "{cause} is not the outcome: {:?}", self.program.log().last());
        let told = self.browser.get("/session/ways").json()["refused"].clone();
        for text in [&told["message"], &told["remedy"]] {
            assert!(text["zh"].as_str().unwrap().chars().any(|c| c > '\u{4e00}'), "{cause}: {told}");
            assert!(text["en"].as_str().unwrap().is_ascii(), "{cause}: {told}");
        }
        assert!(self.browser.get("/session/ways").json()["refused"].is_null(), "{cause} is told once");
        told["reason"].as_str().unwrap().to_owned()
    }
}
