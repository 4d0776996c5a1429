//! Signing in with an identity provider: the browser is sent there, and comes back with an answer.
//!
//! The attempt is tied to the browser by a cookie of its own, which other sites' links bring along (`SameSite=Lax`), for the
//! provider is one. The session's cookie is another, and new. Why nobody was signed in is kept for the page that the browser
//! is led to: what stands in an address anybody may have written.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Extension;
use axum::extract::{Request, State};
use axum::response::Response;
use http::header::{CACHE_CONTROL, HeaderValue, LOCATION};
use http::{HeaderMap, StatusCode};
use serde_json::json;

use crate::access::random_bytes;
use crate::grpc::{cookie_of, note};
use crate::identity::{ATTEMPT_SECONDS, Answer, Class, Provider, Refusal, Refused, own_path};
use crate::report::Message;
use crate::service::{Caller, Problem, Reason};
use crate::telemetry::metrics;

use super::{Door, answer, answer_empty, described, no_caller, with_cookie};

/// The cookie of an attempt is called after it, so that several tabs may sign in at a time.
const ATTEMPT_COOKIE: &str = "huizong-sign-in-";
/// Browsers take a cookie of such a name from this very host only, and under TLS.
const HOST_PREFIX: &str = "__Host-";
/// So many characters of the state name the attempt.
const ATTEMPT_NAME_CHARACTERS: usize = 16;
/// The cookie of why nobody was signed in.
const REFUSED_COOKIE: &str = "huizong-refused";

/// Refusals that wait for their page, at most; beyond, the oldest is forgotten.
const REFUSALS_MAX: usize = 1000;
const REFUSAL_SECONDS: u64 = 60;

/// Why browsers were not signed in, until their pages have asked.
#[derive(Default)]
pub(crate) struct Refusals(Mutex<HashMap<String, (Instant, Problem)>>);

impl Refusals {
    /// Keeps a problem; what it is known by.
    fn keep(&self, problem: Problem) -> std::io::Result<String> {
        let name = hex::encode(random_bytes::<16>()?);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, (at, _)| at.elapsed() < Duration::from_secs(REFUSAL_SECONDS));
        if kept.len() >= REFUSALS_MAX {
            let oldest = kept.iter().min_by_key(|(_, (at, _))| *at).map(|(name, _)| name.clone());
            oldest.map(|oldest| kept.remove(&oldest));
        }
        kept.insert(name.clone(), (Instant::now(), problem));
        Ok(name)
    }

    fn take(&self, name: &str) -> Option<Problem> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.remove(name).map(|(_, problem)| problem)
    }
}

/// How people may sign in, and why the one who asks was not signed in just now.
pub(crate) async fn ways(State(door): State<Door>, headers: HeaderMap) -> Response {
    let settings = door.provider.as_ref().map(|provider| provider.settings());
    let refused = cookie_of(&headers, REFUSED_COOKIE).and_then(|name| door.refusals.take(name));
    let ways = json!({
        "provider": settings.map(|settings| json!({"zh": settings.name_zh, "en": settings.name_en})),
        "tokens": settings.is_none_or(|settings| settings.offer_tokens),
        "refused": refused.as_ref().map(described),
    });
    with_cookie(answer(StatusCode::OK, &ways), &door.cookie(REFUSED_COOKIE, "", "Strict", Some(0)))
}

/// Sends the browser to the provider; `back` in the query is where it is led afterwards.
pub(crate) async fn begin(State(door): State<Door>, caller: Option<Extension<Caller>>, request: Request) -> Response {
    let Some(provider) = door.provider.clone() else { return led_to("/") };
    let back = form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes())
        .find_map(|(name, value)| (name == "back").then(|| value.into_owned()))
        .unwrap_or_default();
    let back = own_path(&back);
    // Nobody is signed in because another site wants it: there is a button.
    let site = request.headers().get("sec-fetch-site").and_then(|site| site.to_str().ok());
    if !matches!(site, None | Some("same-origin" | "none")) {
        return led_to("/");
    }
    match provider.begin(back).await {
        Ok(begun) => {
            let name = door.attempt_cookie(&begun.state);
            with_cookie(led_to(&begun.address), &door.cookie(&name, &begun.cookie, "Lax", Some(ATTEMPT_SECONDS)))
        }
        Err(refusal) => door.refuse(&provider, refusal, back, caller).await,
    }
}

/// Takes the provider's answer, and begins a session.
pub(crate) async fn finish(State(door): State<Door>, caller: Option<Extension<Caller>>, request: Request) -> Response {
    let Some(provider) = door.provider.clone() else { return led_to("/") };
    let answer = Answer::of_query(request.uri().query().unwrap_or_default());
    let name = door.attempt_cookie(answer.state.as_deref().unwrap_or_default());
    let now = door.service.machine_time().as_second();
    let finished = provider.finish(&answer, cookie_of(request.headers(), &name), now).await;
    let response = match finished {
        Ok(identity) => {
            let Some(Extension(caller)) = caller else { return super::refused(&no_caller()) };
            let contact = contact(&provider);
            match door.service.sign_in_as(&identity.name, identity.sign_out, &contact, &caller).await {
                Ok(session) => {
                    metrics::signed_in("provider", metrics::SIGNED_IN);
                    with_cookie(led_to(&identity.back), &door.session(&session, None))
                }
                Err(problem) => {
                    let outcome = problem.reason.as_str();
                    door.tell(problem, outcome, "", &identity.back)
                }
            }
        }
        Err(Refused { refusal, back }) => door.refuse(&provider, refusal, &back, caller).await,
    };
    with_cookie(response, &door.cookie(&name, "", "Lax", Some(0)))
}

impl Door {
    /// The name of the cookie of the attempt with this state.
    fn attempt_cookie(&self, state: &str) -> String {
        let prefix = if self.secure { HOST_PREFIX } else { "" };
        let state: String = state.chars().filter(char::is_ascii_hexdigit).take(ATTEMPT_NAME_CHARACTERS).collect();
        format!("{prefix}{ATTEMPT_COOKIE}{state}")
    }

    /// Signs nobody in, and leads the browser to where it is told why.
    async fn refuse(
        &self,
        provider: &Provider,
        refusal: Refusal,
        back: &str,
        caller: Option<Extension<Caller>>,
    ) -> Response {
        let Some(Extension(caller)) = caller else { return super::refused(&no_caller()) };
        let reason = match refusal.cause.class() {
            Class::Attempt | Class::Untrusted => Reason::SignInRefused,
            Class::Unavailable => Reason::ProviderUnavailable,
        };
        let cause = refusal.cause.as_str();
        let problem = Problem::new(reason, refusal.message(), refusal.remedy(&contact(provider))).with("cause", cause);
        let problem = self.service.refuse_sign_in(problem, &caller).await;
        self.tell(problem, cause, &refusal.detail, back)
    }

    /// The same, once the refusal is in the journal.
    fn tell(&self, problem: Problem, outcome: &'static str, detail: &str, back: &str) -> Response {
        note(problem.reason.as_str());
        metrics::signed_in("provider", outcome);
        tracing::warn!(outcome, detail, "nobody was signed in with the identity provider");
        match self.refusals.keep(problem) {
            Ok(name) => with_cookie(led_to(back), &self.cookie(REFUSED_COOKIE, &name, "Strict", Some(REFUSAL_SECONDS))),
            Err(error) => super::refused(&Problem::internal(&error.to_string())),
        }
    }
}

/// Whom to ask, as it is to be read within a sentence.
fn contact(provider: &Provider) -> Message {
    match provider.settings().contact.as_str() {
        "" => Message::new("本服务的安全管理员", "the security administrator of this service"),
        contact => Message::new(contact, contact),
    }
}

/// An answer that leads the browser elsewhere.
fn led_to(address: &str) -> Response {
    let mut response = answer_empty();
    *response.status_mut() = StatusCode::SEE_OTHER;
    let headers = response.headers_mut();
    headers.insert(LOCATION, HeaderValue::from_str(address).unwrap_or(HeaderValue::from_static("/")));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_nobody_was_signed_in_is_told_once() {
        let refusals = Refusals::default();
        let name = refusals.keep(Problem::required("token")).unwrap();
        assert!(refusals.take("another").is_none());
        assert_eq!(refusals.take(&name).unwrap().reason, Reason::FieldRequired);
        assert!(refusals.take(&name).is_none());
    }

    #[test]
    fn many_refusals_take_bounded_memory() {
        let refusals = Refusals::default();
        let names: Vec<_> = (0..=REFUSALS_MAX).map(|_| refusals.keep(Problem::required("token")).unwrap()).collect();
        assert!(refusals.take(&names[0]).is_none());
        assert!(refusals.take(&names[REFUSALS_MAX]).is_some());
    }
}
