//! Whether a caller may do something: decided here, for every door, before anything else is looked at.
//!
//! Which right a call needs is a line of the table in `access`; whether the caller's roles give it for the subject at
//! hand is decided by the registry as it is now. What a caller may not see and what is not there look alike. What goes into
//! an answer beside the subject that was named is in `sight`.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use jiff::Unit;
use regex::Regex;

use crate::access::{Enrolled, EnrolmentState, Method, Right, Role, Token, UNKNOWN_CALL, method_at};
use crate::report::{Finding, Message, ReportKey};

use super::caller::{Authority, Caller};
use super::parts::{BEIJING, Service};
use super::problem::{Problem, Reason};
use super::sight::Sight;
use super::target::{READ, Target};

impl Service {
    /// What a token shows, for the journal: its credential, whether that still holds or not; after `claimed:` where the
    /// token is not that credential's. Empty for what is no token.
    pub fn shown_by_token(&self, token: &str) -> String {
        let Some(token) = Token::parse(token) else { return String::new() };
        let hash = self.live.directory().credential(token.credential).map(|known| known.hash);
        let holds = hash.zip(self.token_key.as_ref()).is_some_and(|(hash, key)| key.matches(&token, &hash));
        format!("{}credentials/{}", if holds { "" } else { "claimed:" }, token.credential)
    }

    /// Whom a token belongs to.
    ///
    /// # Errors
    /// CREDENTIAL_INVALID; CREDENTIAL_EXPIRED and CREDENTIAL_REVOKED, which only the token's holder learns.
    pub fn authenticate(&self, token: &str) -> Result<Authority, Problem> {
        let token = Token::parse(token).ok_or_else(|| unauthenticated(Reason::CredentialInvalid))?;
        let directory = self.live.directory();
        let known = directory.credential(token.credential);
        let holds = known.zip(self.token_key.as_ref()).filter(|(known, key)| key.matches(&token, &known.hash));
        let (known, _) = holds.ok_or_else(|| unauthenticated(Reason::CredentialInvalid))?;
        let authority =
            Authority::Principal { name: known.principal.clone(), credential: Some(known.id), session: None };
        drop(directory);
        self.roles_of(&authority).map(|_| authority)
    }

    /// The roles of a caller as they are now; none where everything is allowed.
    fn roles_of(&self, authority: &Authority) -> Result<Option<Arc<BTreeSet<Role>>>, Problem> {
        match authority {
            Authority::Open if !self.authentication => Ok(None),
            Authority::Open => Err(unauthenticated(Reason::CredentialsRequired)),
            Authority::Nobody => Err(unauthenticated(Reason::CredentialsRequired)),
            Authority::Principal { name, credential, session } => {
                session.map_or(Ok(()), |session| self.check_session(session))?;
                let directory = self.live.directory();
                if let Some(id) = credential {
                    let known = directory.credential(*id).ok_or_else(|| unauthenticated(Reason::CredentialInvalid))?;
                    if known.revoked.is_some() {
                        let problem = unauthenticated(Reason::CredentialRevoked);
                        return Err(match directory.replacement_of(known) {
                            Some(enrolled) => replaced(problem, enrolled),
                            None => problem,
                        });
                    }
                    if !known.is_good(self.now()) {
                        return Err(unauthenticated(Reason::CredentialExpired));
                    }
                }
                Ok(Some(directory.roles(name)))
            }
        }
    }

    /// The roles of a caller as they are now; none where everything is allowed.
    pub(super) fn roles_held(&self, caller: &Caller) -> Result<Option<Arc<BTreeSet<Role>>>, Problem> {
        self.roles_of(&caller.authority)
    }

    /// What a caller may see by a method's right.
    ///
    /// # Errors
    /// Where the caller's credential no longer holds, or no role gives the right at all.
    pub fn sight(&self, caller: &Caller, method: &Method) -> Result<Sight, Problem> {
        let Some(roles) = self.roles_of(&caller.authority)? else { return Ok(Sight::All) };
        sight(method, roles)
    }

    /// Whether a caller sees a subject by a method's right; for parts of an answer.
    pub fn sees(&self, caller: &Caller, method: &Method, subject: Target<'_>) -> bool {
        let sight = self.sight(caller, method);
        sight.is_ok_and(|sight| sight.includes(&self.live.read().registry, subject))
    }

    /// Takes the names of reports out of findings that the caller does not see: a text may be like that of another
    /// agency.
    pub fn hide_others(&self, caller: &Caller, findings: &mut [Finding]) {
        for message in findings.iter_mut().map(|finding| &mut finding.message) {
            self.hide_names(caller, &mut message.zh, &mut message.en);
        }
    }

    /// Puts words in the place of the name of every report that the caller does not see, in a text of both languages.
    pub fn hide_names(&self, caller: &Caller, zh: &mut String, en: &mut String) {
        if !self.authentication {
            return;
        }
        for (text, instead) in [(zh, "其他机构的报告"), (en, "the report of another agency")] {
            let hidden = REPORT_NAME.replace_all(text, |found: &regex::Captures<'_>| {
                let name = &found[0];
                let report: Result<ReportKey, _> = name.parse();
                let seen = report.is_ok_and(|report| self.sees(caller, READ, Target::report(&report)));
                if seen { name.to_owned() } else { instead.to_owned() }
            });
            if let std::borrow::Cow::Owned(hidden) = hidden {
                *text = hidden;
            }
        }
    }

    /// Lets a caller in to a method, before its message is read. `hear` has it read where a caller who showed who it is
    /// is turned away, so that the journal can say what was asked.
    ///
    /// # Errors
    /// As [`Service::permit`].
    pub async fn enter(
        &self,
        caller: &Caller,
        method: Option<&Method>,
        hear: impl Future<Output = ()>,
    ) -> Result<(), Problem> {
        if method.is_some_and(|method| matches!(method.right, Right::Anyone | Right::Code)) {
            return Ok(());
        }
        let action = method.map_or(UNKNOWN_CALL, |method| method.action);
        let decision =
            self.check_attempts(caller, action).and_then(|()| match (self.roles_of(&caller.authority)?, method) {
                (None, _) => Ok(()),
                (Some(roles), Some(method)) => sight(method, roles).map(|_| ()),
                (Some(_), None) => Err(forbidden(&Target::Service)),
            });
        match decision {
            Ok(()) => Ok(()),
            Err(problem) => {
                if caller.is_known() && !problem.recorded {
                    hear.await;
                }
                Err(self.record_limited(problem, action, String::new(), caller).await)
            }
        }
    }

    /// Records that a caller's credentials were refused; `path` is that of the call.
    pub async fn refuse_caller(&self, problem: Problem, path: &str, caller: &Caller) -> Problem {
        let action = method_at(path).map_or(UNKNOWN_CALL, |method| method.action);
        self.record_limited(problem, action, String::new(), caller).await
    }

    /// Lets a caller do what a method of the contract does to a subject. A refusal
    /// is in the journal before it is returned.
    ///
    /// # Errors
    /// PERMISSION_DENIED, whether the subject exists or not; CREDENTIAL_EXPIRED or CREDENTIAL_REVOKED where that has
    /// happened since the call, or the stream, began.
    pub async fn permit(&self, caller: &Caller, method: &Method, subject: Target<'_>) -> Result<(), Problem> {
        let action = method.action;
        let decision =
            self.check_attempts(caller, action).and_then(|()| self.sight(caller, method)).and_then(|sight| {
                let allowed = matches!(sight, Sight::All) || sight.includes(&self.live.read().registry, subject);
                if allowed { Ok(()) } else { Err(forbidden(&subject)) }
            });
        match decision {
            Ok(()) => {
                self.note_read(caller, method, subject.name()).await;
                Ok(())
            }
            Err(problem) => Err(self.record_limited(problem, action, subject.name(), caller).await),
        }
    }

    /// Puts the refusal of a call that would have changed something into the journal, unless it is there.
    ///
    /// # Errors
    /// The problem; or why it could not be recorded.
    pub async fn conclude<T>(
        &self,
        outcome: Result<T, Problem>,
        caller: &Caller,
        method: &Method,
        subject: impl FnOnce() -> String,
        validate_only: bool,
    ) -> Result<T, Problem> {
        match outcome {
            Err(problem) if !problem.recorded && !validate_only => {
                Err(self.record_limited(problem, method.action, subject(), caller).await)
            }
            outcome => outcome,
        }
    }
}

/// The name of a report in a text.
static REPORT_NAME: LazyLock<Regex> = LazyLock::new(|| {
    // A constant that every test of a refusal compiles.
    Regex::new("(?:agencies|jurisdictions)/[A-Za-z0-9-]+/reports/[0-9]{4}").unwrap_or_else(|_| unreachable!())
});

/// What roles show by a method's right; refused where they give it for nothing.
fn sight(method: &Method, roles: Arc<BTreeSet<Role>>) -> Result<Sight, Problem> {
    if roles.iter().any(|role| method.right.is_given_by(role)) {
        return Ok(match method.right {
            Right::Anyone | Right::Code | Right::Known => Sight::All,
            right => Sight::Roles(roles, right),
        });
    }
    Err(forbidden(&Target::Service))
}

/// The one answer to what is not allowed. It must not depend on whether the subject exists.
fn forbidden(subject: &Target<'_>) -> Problem {
    let name = subject.name();
    let message = if name.is_empty() {
        Message::new("您没有此项操作的权限", "your roles do not include this call")
    } else {
        Message::new(
            format!("未找到 {name}，或您没有相应权限"),
            format!("{name} does not exist, or your roles do not include this call on it"),
        )
    };
    let remedy = Message::new(
        "请核对名称；确需权限的，请安全管理员授予角色",
        "check the name; if you need the right, have a security administrator grant the role",
    );
    Problem::new(Reason::PermissionDenied, message, remedy)
}

pub(super) fn unauthenticated(reason: Reason) -> Problem {
    let (zh, en) = match reason {
        Reason::CredentialExpired => ("凭据已过期", "the credential has expired"),
        Reason::CredentialRevoked => ("凭据已吊销", "the credential is revoked"),
        Reason::CredentialInvalid => ("凭据无效", "the credential is not valid"),
        _ => ("须提供凭据", "credentials are required"),
    };
    let remedy = Message::new(
        "请登录后再操作；接口调用以 authorization: Bearer 携带令牌，或使用客户端证书。令牌以安全管理员给的一次性登记码换取",
        "send a token in the metadata `authorization` (Bearer), or use a client certificate; tokens are exchanged for \
         one-time codes of a security administrator",
    );
    Problem::new(reason, Message::new(zh, en), remedy)
}

/// Tells the holder of a token by whom another was put in its place: nobody else has the token.
fn replaced(problem: Problem, enrolled: &Enrolled) -> Problem {
    let EnrolmentState::Exchanged { at, .. } = enrolled.state else { return problem };
    let by = enrolled.enrolment.asker();
    let (when, beijing) = (at.round(Unit::Second).unwrap_or(at), BEIJING.to_datetime(at).strftime("%Y-%m-%d %H:%M"));
    Problem {
        message: Message::new(
            format!("您的凭据已于 {beijing} 被更换，登记码由 {by} 发出"),
            format!("your credential was replaced on {when}; {by} made the code"),
        ),
        remedy: Message::new(
            "如非您本人办理，请立即告知审计员与安全管理员：他人可能以您的名义操作",
            "if that was not you, tell the auditor and the security administrator at once: somebody may act in your name",
        ),
        ..problem
    }
    .with("replaced_time", at)
    .with("enrolled_by", by)
}
