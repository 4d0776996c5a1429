//! Who calls: by a token, by a session of our own pages, or by a certificate.

use std::net::IpAddr;

use http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, Method as Verb};

use crate::access::{Method, Right, method_at};
use crate::service::{Authority, Caller, Problem, Reason};

use super::super::claimed_principal;
use super::refusals::caller_changed;
use super::{Certified, Door, Peer, SESSION_COOKIE, SESSION_HEADER, SHOWN_HEADER, UNATTENDED_HEADER, is_call};

impl Door {
    /// Who calls: by a token, else by a session, else by a certificate.
    pub(super) async fn caller(
        &self,
        request: &Parts,
        peer: Option<&Peer>,
        address: Option<IpAddr>,
    ) -> Result<Caller, Problem> {
        let headers = &request.headers;
        let address = address.map_or_else(|| "unknown".to_owned(), |address| address.to_string());
        if !self.service.asks_who_calls() {
            return Ok(Caller::unproved(claimed_principal(headers), address, Authority::Open));
        }
        let known = match (bearer(headers), session_cookie(headers)) {
            (Some(token), _) => self.service.authenticate_from(token, &address),
            (None, Some(cookie)) if is_same_site(request) => {
                let unattended = headers.contains_key(UNATTENDED_HEADER);
                let known = if unattended { self.service.session(cookie) } else { self.service.use_session(cookie) };
                known.and_then(|authority| self.as_shown(authority, headers))
            }
            _ => Ok(peer
                .and_then(|peer| peer.certified.as_ref())
                .map_or(Authority::Nobody, |certified| certified.authority())),
        };
        let by = match (bearer(headers), session_cookie(headers)) {
            (Some(token), _) => self.service.shown_by_token(token),
            (None, Some(cookie)) if is_same_site(request) => self.service.shown_by_cookie(cookie),
            _ => peer.and_then(|peer| peer.certified.as_ref()).map_or_else(String::new, Certified::name),
        };
        let nobody = Caller::unproved("unauthenticated".to_owned(), address.clone(), Authority::Nobody);
        let nobody = Caller { by: by.clone(), ..nobody };
        let is_call = is_call(request.uri.path());
        let takes_code = matches!(method_at(request.uri.path()), Some(Method { right: Right::Code, .. }));
        match known {
            Ok(Authority::Nobody) => Ok(nobody),
            Ok(authority) => {
                let principal = match &authority {
                    Authority::Principal { name, .. } => name.to_string(),
                    Authority::Open | Authority::Nobody => String::new(),
                };
                Ok(Caller { by, ..Caller::unproved(principal, address, authority) })
            }
            // A page may be asked for with the cookie of a session that has ended, to sign in again; and so may a code be
            // exchanged.
            Err(problem)
                if (!is_call || takes_code) && bearer(headers).is_none() && problem.reason != Reason::CallerChanged =>
            {
                Ok(nobody)
            }
            Err(problem) => Err(self.service.refuse_caller(problem, request.uri.path(), &nobody).await),
        }
    }

    /// Whom a session belongs to, unless the page shows somebody else.
    fn as_shown(&self, authority: Authority, headers: &HeaderMap) -> Result<Authority, Problem> {
        let Some(shown) = headers.get(SHOWN_HEADER) else { return Ok(authority) };
        match &authority {
            Authority::Principal { name, .. } if shown.as_bytes() != name.as_str().as_bytes() => {
                Err(caller_changed(name.as_str()))
            }
            _ => Ok(authority),
        }
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().unwrap_or("invalid");
    let (scheme, token) = value.split_once(' ').unwrap_or(("", value));
    // Another scheme is no token, and refused as one that is not valid.
    Some(if scheme.eq_ignore_ascii_case("bearer") { token.trim() } else { "" })
}

/// The value of the session's cookie.
pub fn session_cookie(headers: &HeaderMap) -> Option<&str> {
    cookie_of(headers, SESSION_COOKIE)
}

/// The value of a cookie.
pub fn cookie_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| value)
}

/// Whether a request with a session's cookie comes from our own pages: what changes or calls something carries our
/// header and our origin; a page may be asked for from nowhere else either.
fn is_same_site(request: &Parts) -> bool {
    let headers = &request.headers;
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let host = request.uri.authority().map(|authority| authority.as_str()).or_else(|| text(HOST.as_str()));
    let own_origin = text(ORIGIN.as_str()).is_none_or(|origin| {
        let of_origin = origin.split_once("://").map(|(_, authority)| authority);
        of_origin.is_some() && of_origin == host
    });
    let own_site = text("sec-fetch-site").is_none_or(|site| site == "same-origin" || site == "none");
    let is_page = matches!(request.method, Verb::GET | Verb::HEAD) && !is_call(request.uri.path());
    own_origin && own_site && (is_page || headers.contains_key(SESSION_HEADER))
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn request(verb: &str, path: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().method(verb).uri(path).header("host", "hz.example:7411");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    const CALL: &str = "/huizong.v1.ReportService/SubmitReport";

    #[test]
    fn a_call_with_a_cookie_needs_our_header_and_our_origin() {
        let own = ("origin", "https://hz.example:7411");
        let header = (SESSION_HEADER, "1");
        assert!(is_same_site(&request("POST", CALL, &[own, header])));
        assert!(is_same_site(&request("POST", CALL, &[header])));
        for refused in [
            &[own][..],
            &[],
            &[("origin", "https://evil.example"), header],
            &[("origin", "null"), header],
            &[header, ("sec-fetch-site", "cross-site")],
            &[header, ("sec-fetch-site", "same-site")],
        ] {
            assert!(!is_same_site(&request("POST", CALL, refused)), "{refused:?}");
        }
    }

    #[test]
    fn a_page_is_given_to_a_link_of_ours_and_changes_need_the_header() {
        assert!(is_same_site(&request("GET", "/export.csv", &[])));
        assert!(is_same_site(&request("GET", "/export.csv", &[("sec-fetch-site", "none")])));
        assert!(!is_same_site(&request("GET", "/export.csv", &[("sec-fetch-site", "cross-site")])));
        assert!(!is_same_site(&request("DELETE", "/session", &[])));
        assert!(!is_same_site(&request("GET", CALL, &[])), "a call is no page, whatever its verb");
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let cookies = request("GET", "/", &[("cookie", "a=b; huizong-session=0af; c=d")]);
        assert_eq!(session_cookie(&cookies.headers), Some("0af"));
        assert_eq!(session_cookie(&request("GET", "/", &[("cookie", "xhuizong-session=1")]).headers), None);
    }

    #[test]
    fn another_scheme_than_bearer_is_no_token() {
        let token =
            |value: &str| bearer(&request("POST", CALL, &[("authorization", value)]).headers).map(str::to_owned);
        assert_eq!(token("Bearer abc"), Some("abc".to_owned()));
        assert_eq!(token("bearer  abc "), Some("abc".to_owned()));
        assert_eq!(token("Basic abc"), Some(String::new()));
        assert_eq!(token("abc"), Some(String::new()));
    }
}
