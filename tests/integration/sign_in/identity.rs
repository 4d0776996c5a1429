//! Who is signed in is whom the provider names, in a token that is right in everything.

use std::time::{Duration, Instant};

use serde_json::json;

use super::browser::parameters;
use super::provider::{CLIENT, Signed, seconds_now};
use super::set_up::SetUp;

#[test]
fn whom_the_provider_names_is_signed_in_here_and_signs_out_at_both() {
    let mut set_up = SetUp::start();
    let ways = set_up.browser.get("/session/ways").json();
    assert_eq!(ways["provider"], json!({"zh": "统一身份认证", "en": "single sign-on"}));
    assert_eq!((&ways["tokens"], &ways["refused"]), (&json!(true), &json!(null)));
    let begun = set_up.begin("/#/form?year=2023");
    let asked = &begun.asked;
    assert_eq!(asked["tenant"], "office", "what the address of the provider has stays");
    assert_eq!(asked["code_challenge_method"], "S256");
    assert_eq!((asked["response_type"].as_str(), asked["scope"].as_str()), ("code", "openid"));
    assert_eq!((asked["client_id"].as_str(), asked["nonce"].len(), asked["state"].len()), (CLIENT, 64, 64));
    let answer = set_up.come_back(&begun);
    assert_eq!((answer.status, answer.location()), (303, "/#/form?year=2023"));
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(answer.cookie("huizong-session=").contains(attribute));
    }
    assert_eq!(set_up.browser.cookies.len(), 1, "the cookie of the attempt is gone: {:?}", set_up.browser.cookies);
    assert_eq!(set_up.who().as_deref(), Some("zhang"));
    assert_eq!(set_up.outcomes("ok"), 1);

    let left = set_up.browser.ask("DELETE", "/session", &[("x-huizong-session", "1")]);
    assert_eq!(left.status, 200);
    let address = left.json()["provider"]["sign_out"].as_str().unwrap().to_owned();
    assert!(address.starts_with(&format!("{}/logout?", set_up.provider.issuer)));
    let parameters = parameters(&address);
    assert_eq!(parameters["post_logout_redirect_uri"], "http://127.0.0.1:1/");
    assert_eq!((parameters["client_id"].as_str(), parameters["id_token_hint"].split('.').count()), (CLIENT, 3));
    assert_eq!(set_up.who(), None);
    let log = set_up.program.log().join("\n");
    for secret in ["the-code", parameters["id_token_hint"].as_str(), begun.state.as_str()] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[test]
fn a_provider_that_ends_no_sessions_is_said_so() {
    let mut set_up = SetUp::conducting(|conduct| conduct.document = json!({"end_session_endpoint": null}));
    set_up.sign_in();
    let left = set_up.browser.ask("DELETE", "/session", &[("x-huizong-session", "1")]);
    assert_eq!(left.json(), json!({"provider": {"sign_out": null}}));
}

#[test]
fn who_is_no_principal_is_told_whom_to_ask() {
    let mut set_up = SetUp::with("contact = \"信息中心 010-1234\"");
    for (name, shown) in [("wang", "wang"), ("Zhang", "Zhang"), ("zhang\u{7}张", "zhang张"), ("", "")] {
        set_up.provider.conduct().claims = json!({"sub": name});
        let answer = set_up.sign_in();
        assert_eq!(answer.status, 303);
        assert_eq!(set_up.who(), None, "{name}");
        let refused = set_up.browser.get("/session/ways").json()["refused"].clone();
        assert_eq!(refused["reason"], "PRINCIPAL_UNKNOWN", "{name}");
        for (language, quoted) in [("zh", format!("“{shown}”")), ("en", format!("\"{shown}\""))] {
            assert!(refused["message"][language].as_str().unwrap().contains(&quoted), "{refused}");
            assert!(refused["remedy"][language].as_str().unwrap().contains("信息中心 010-1234"), "{refused}");
        }
    }
    assert_eq!(set_up.outcomes("PRINCIPAL_UNKNOWN"), 4);
}

#[test]
fn a_token_that_is_not_for_this_service_now_and_in_this_sign_in_signs_nobody_in() {
    let mut set_up = SetUp::start();
    let now = seconds_now();
    let other = "https://other.example";
    for (claims, cause) in [
        (json!({"nonce": "of another sign-in"}), "nonce"),
        (json!({"aud": "another client"}), "audience"),
        (json!({"iss": other}), "issuer"),
        (json!({"exp": now - 120}), "expired"),
        (json!({"iat": now + 3600, "exp": now + 7200}), "clock"),
        (json!({"iat": null}), "token_malformed"),
    ] {
        set_up.provider.conduct().claims = claims;
        let answer = set_up.sign_in();
        assert_eq!(set_up.refused(&answer, cause), "SIGN_IN_REFUSED");
    }
    // The same in other words: none of them is let in for being another way of it.
    for claims in [
        json!({"nonce": null}),
        json!({"nonce": [1]}),
        json!({"aud": null}),
        json!({"aud": [CLIENT, "another client"]}),
        json!({"aud": [CLIENT], "azp": "another client"}),
        json!({"iss": null}),
        json!({"iss": [other]}),
        json!({"exp": null}),
        json!({"exp": "never"}),
        json!({"nbf": now + 3600}),
        json!({"sub": null}),
    ] {
        set_up.provider.conduct().claims = claims.clone();
        set_up.sign_in();
        assert_eq!(set_up.who(), None, "{claims}");
    }
    for claims in
        [json!({"exp": now - 30}), json!({"aud": [CLIENT, "another"], "azp": CLIENT}), json!({"iat": now + 30})]
    {
        set_up.provider.conduct().claims = claims.clone();
        set_up.sign_in();
        assert_eq!(set_up.who().as_deref(), Some("zhang"), "{claims}");
        set_up.browser.cookies.clear();
    }
}

#[test]
fn only_signatures_with_a_published_key_of_two_halves_are_believed() {
    let mut set_up = SetUp::start();
    for (signed, cause, count) in
        [(Signed::Not, "algorithm", 1), (Signed::ByPublicKey, "algorithm", 2), (Signed::ByAnother, "signature", 1)]
    {
        set_up.provider.conduct().signed = signed;
        set_up.sign_in();
        assert_eq!(set_up.who(), None, "{signed:?}");
        assert_eq!(set_up.outcomes(cause), count, "{signed:?}");
    }
    for signed in [Signed::Es256, Signed::EdDsa] {
        set_up.provider.conduct().signed = signed;
        set_up.sign_in();
        assert_eq!(set_up.who().as_deref(), Some("zhang"), "{signed:?}");
        set_up.browser.cookies.clear();
    }
}

#[test]
fn keys_are_kept_and_asked_for_anew_when_the_provider_has_others() {
    let mut set_up = SetUp::start();
    let times = |set_up: &SetUp, path: &str| set_up.provider.conduct().requests.get(path).copied().unwrap_or_default();
    let signed_in = |set_up: &mut SetUp| {
        set_up.browser.cookies.clear();
        set_up.sign_in();
        set_up.who().is_some()
    };
    assert!(signed_in(&mut set_up));
    let asked = (times(&set_up, "/keys"), times(&set_up, "/.well-known/openid-configuration"));
    assert!(signed_in(&mut set_up));
    assert_eq!((times(&set_up, "/keys"), times(&set_up, "/.well-known/openid-configuration")), asked);
    for name in ["second", "first"] {
        set_up.provider.rotate(name);
        assert!(signed_in(&mut set_up), "{name}");
    }
    assert_eq!(times(&set_up, "/keys"), asked.0 + 2);
    // What it no longer publishes is no longer believed, once it is seen to have others.
    set_up.provider.conduct().answers.insert("/keys", (200, br#"{"keys":[]}"#.to_vec()));
    set_up.provider.rotate("hidden");
    let answer = set_up.sign_in();
    set_up.browser.cookies.remove("huizong-session");
    assert_eq!(set_up.refused(&answer, "key_unknown"), "SIGN_IN_REFUSED");
}

#[test]
fn a_claim_that_is_not_in_the_token_is_asked_for_and_taken_of_nobody_else() {
    let mut set_up = SetUp::with("principal_claim = \"preferred_username\"\nscopes = [\"openid\", \"profile\"]");
    set_up.provider.conduct().claims = json!({"sub": "0042", "preferred_username": "zhang"});
    set_up.sign_in();
    assert_eq!(set_up.who().as_deref(), Some("zhang"));
    set_up.browser.cookies.clear();
    set_up.provider.conduct().claims = json!({"sub": "0042"});
    set_up.provider.conduct().userinfo = json!({"sub": "0042", "preferred_username": "zhang"});
    let begun = set_up.begin("/");
    assert_eq!(begun.asked["scope"], "openid profile");
    set_up.come_back(&begun);
    assert_eq!(set_up.who().as_deref(), Some("zhang"));
    set_up.browser.cookies.clear();
    for (count, said) in
        [json!({"sub": "0043", "preferred_username": "zhang"}), json!({"sub": "0042", "preferred_username": 7})]
            .into_iter()
            .enumerate()
    {
        set_up.provider.conduct().userinfo = said;
        set_up.sign_in();
        assert_eq!(set_up.who(), None);
        assert_eq!(set_up.outcomes("claim_missing"), count as u64 + 1);
    }
}

#[test]
fn the_secret_is_sent_as_the_provider_takes_it() {
    let mut set_up = SetUp::conducting(|conduct| conduct.takes_form = true);
    set_up.sign_in();
    assert_eq!(set_up.who().as_deref(), Some("zhang"));
}

#[test]
fn a_provider_that_is_down_slow_or_wrong_is_waited_for_no_longer_than_is_set_and_said_so() {
    let huge = vec![b' '; 300 << 10];
    let document = "/.well-known/openid-configuration";
    let (token, keys) = ("/token", "/keys");
    for (path, instead, cause) in [
        (document, (503, b"later".to_vec()), "unreachable"),
        (document, (200, b"<html>".to_vec()), "not_understood"),
        (document, (200, huge.clone()), "too_large"),
        (document, (302, Vec::new()), "unreachable"),
        (token, (200, huge), "too_large"),
        (token, (500, Vec::new()), "unreachable"),
        (token, (401, br#"{"error":"invalid_client"}"#.to_vec()), "client_refused"),
        (keys, (404, Vec::new()), "unreachable"),
    ] {
        // Each with a program that has asked nothing before.
        let mut set_up = SetUp::conducting(|conduct| drop(conduct.answers.insert(path, instead)));
        let answer = if path == document { set_up.browser.get("/session/provider?back=/") } else { set_up.sign_in() };
        assert_eq!(set_up.refused(&answer, cause), "PROVIDER_UNAVAILABLE");
    }
}

#[test]
fn a_provider_that_calls_itself_another_or_is_reached_in_clear_is_not_asked() {
    for (said, cause) in [
        (json!({"issuer": "https://other.example"}), "other_issuer"),
        (json!({"token_endpoint": "http://id.example/token"}), "unprotected"),
        (json!({"jwks_uri": null}), "not_understood"),
    ] {
        let mut set_up = SetUp::conducting(|conduct| conduct.document = said.clone());
        let answer = set_up.browser.get("/session/provider?back=/");
        assert_eq!(set_up.refused(&answer, cause), "PROVIDER_UNAVAILABLE", "{said}");
    }
}

#[test]
fn a_slow_provider_is_given_up_in_time() {
    let mut set_up = SetUp::with("timeout_seconds = 1");
    let begun = set_up.begin("/");
    set_up.provider.conduct().wait = Duration::from_secs(60);
    let asked = Instant::now();
    let answer = set_up.come_back(&begun);
    assert!(asked.elapsed() < Duration::from_secs(30), "{:?}", asked.elapsed());
    assert_eq!(set_up.refused(&answer, "too_slow"), "PROVIDER_UNAVAILABLE");
}
