//! An answer of the provider counts once, for the browser that asked, and leads nowhere but to pages of ours.

use serde_json::json;

use super::browser::Browser;
use super::set_up::SetUp;

#[test]
fn an_answer_that_another_browser_asked_for_signs_nobody_in() {
    let mut set_up = SetUp::start();
    let begun = set_up.begin("/");
    // Whoever is led to an answer of somebody else's: the attacker's account is not slipped into their browser.
    let own = std::mem::replace(&mut set_up.browser, Browser::new(set_up.program.port()));
    let answer = set_up.come_back(&begun);
    assert_eq!(set_up.refused(&answer, "not_begun_here"), "SIGN_IN_REFUSED");
    // The same with an attempt of its own under way: a code that was stolen is of no use with another state.
    let other = set_up.begin("/");
    let answer = set_up.come_back(&begun);
    assert!(set_up.who().is_none() && answer.location() == "/");
    // Nor with its own: the provider does not give the token for another verifier.
    set_up.provider.consent(&begun.asked["code_challenge"], &begun.asked["nonce"]);
    let answer = set_up.come_back(&other);
    assert_eq!(set_up.refused(&answer, "code_refused"), "SIGN_IN_REFUSED");
    // And whoever asked still gets in.
    set_up.browser = own;
    set_up.come_back(&begun);
    assert_eq!(set_up.who().as_deref(), Some("zhang"));
}

#[test]
fn an_answer_is_taken_once() {
    let mut set_up = SetUp::start();
    let begun = set_up.begin("/");
    let cookies = set_up.browser.cookies.clone();
    set_up.come_back(&begun);
    assert_eq!(set_up.who().as_deref(), Some("zhang"));
    set_up.browser.cookies = cookies;
    let answer = set_up.come_back(&begun);
    assert_eq!(set_up.refused(&answer, "answered_before"), "SIGN_IN_REFUSED");
}

#[test]
fn answers_of_several_tabs_do_not_hinder_each_other() {
    let mut set_up = SetUp::start();
    let (one, other) = (set_up.begin("/#/form"), set_up.begin("/#/rules"));
    set_up.provider.consent(&one.asked["code_challenge"], &one.asked["nonce"]);
    assert_eq!(set_up.come_back(&one).location(), "/#/form");
    assert_eq!(set_up.who().as_deref(), Some("zhang"));
    set_up.provider.consent(&other.asked["code_challenge"], &other.asked["nonce"]);
    assert_eq!(set_up.come_back(&other).location(), "/#/rules");
    assert_eq!(set_up.who().as_deref(), Some("zhang"));
}

#[test]
fn what_the_provider_refuses_is_told_and_so_is_an_answer_that_is_none() {
    let mut set_up = SetUp::start();
    let other = "https%3A%2F%2Fother.example";
    for (answer, cause) in [
        ("error=access_denied".to_owned(), "consent_refused"),
        ("error=temporarily_unavailable&error_description=x".to_owned(), "provider_refused"),
        (format!("code=the-code&iss={other}"), "issuer_mixed_up"),
        ("code=the-code&code=another".to_owned(), "answer_malformed"),
        ("code=guessed".to_owned(), "code_refused"),
    ] {
        let begun = set_up.begin("/#/rules");
        let back = set_up.browser.get(&format!("/session/provider/callback?state={}&{answer}", begun.state));
        assert_eq!(back.location(), "/#/rules", "{cause}");
        assert_eq!(set_up.refused(&back, cause), "SIGN_IN_REFUSED");
    }
    let none = set_up.browser.get("/session/provider/callback");
    assert_eq!(set_up.refused(&none, "not_begun_here"), "SIGN_IN_REFUSED");
}

#[test]
fn a_provider_that_names_itself_in_its_answers_is_held_to_it() {
    let mut set_up = SetUp::conducting(|conduct| {
        conduct.document = json!({"authorization_response_iss_parameter_supported": true});
    });
    let begun = set_up.begin("/");
    let answer = set_up.come_back(&begun);
    assert_eq!(set_up.refused(&answer, "issuer_mixed_up"), "SIGN_IN_REFUSED");
    let begun = set_up.begin("/");
    let issuer: String = form_urlencoded::byte_serialize(set_up.provider.issuer.as_bytes()).collect();
    set_up.browser.get(&format!("/session/provider/callback?state={}&code=the-code&iss={issuer}", begun.state));
    assert_eq!(set_up.who().as_deref(), Some("zhang"));
}

#[test]
fn nobody_is_led_to_another_site_nor_sent_to_the_provider_by_one() {
    let mut set_up = SetUp::start();
    for back in ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "javascript:alert(1)"]
    {
        let begun = set_up.begin(back);
        assert_eq!(set_up.come_back(&begun).location(), "/", "{back}");
        set_up.browser.cookies.clear();
    }
    for (site, goes) in [("cross-site", false), ("same-site", false), ("same-origin", true), ("none", true)] {
        let answer = set_up.browser.ask("GET", "/session/provider?back=/", &[("sec-fetch-site", site)]);
        assert_eq!(answer.location().starts_with(&set_up.provider.issuer), goes, "{site}");
    }
}

#[test]
fn without_a_provider_there_is_none_to_sign_in_with() {
    let folder = tempfile::tempdir().unwrap();
    let settings = "[access]\nauthentication = true\n[log]\njson = true\n";
    let program = crate::operator::program::Program::configured(folder, settings, "127.0.0.1:0", &[]);
    let mut browser = Browser::new(program.port());
    assert_eq!(browser.get("/session/ways").json(), json!({"provider": null, "tokens": true, "refused": null}));
    for path in ["/session/provider?back=/x", "/session/provider/callback?code=x&state=y"] {
        assert_eq!(browser.get(path).location(), "/");
    }
}
