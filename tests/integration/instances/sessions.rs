//! A session of a browser goes on at another instance than where it began, and ends at all of them.

use std::time::{Duration, Instant};

use huizong::access::{CredentialId, Role, TokenKey};
use huizong::service::{Caller, NewCredential, Reason, RoleChange, Service, Settings, SignInLimits};
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use super::service::started;
use crate::store_contract::samples::OpenShared;

/// As the settings have it by default.
const POLL_MS: u64 = 50;
const STALE: Duration = Duration::from_secs(2);

/// Instances that ask who calls, with the key of tokens in common.
async fn instances(open: &OpenShared, key: &TokenKey, sign_in: SignInLimits) -> [(Service, TempDir); 2] {
    let settings = || Settings { authentication: true, token_key: Some(key.clone()), sign_in, ..Settings::default() };
    [started(open, POLL_MS, settings()).await, started(open, POLL_MS, settings()).await]
}

fn internal() -> Caller {
    Caller::internal("test")
}

/// Somebody who may look, and a token of theirs.
async fn token(service: &Service) -> (CredentialId, String) {
    let name = || "viewer".parse().unwrap();
    let role = Role::parse("auditor", "").unwrap();
    service.change_role(name(), role, RoleChange::Grant { allow_missing: true }, &internal()).await.unwrap();
    let expires = Timestamp::now() + SignedDuration::from_hours(1);
    let new = NewCredential { principal: name(), note: String::new(), expires };
    let (credential, token) = service.create_credential(new, &internal()).await.unwrap();
    (credential.id, token.reveal())
}

/// Whether a call in the session is let in.
fn goes_on(service: &Service, cookie: &str) -> Result<(), Reason> {
    let authority = service.use_session(cookie).map_err(|problem| problem.reason)?;
    let caller = Caller { authority, ..internal() };
    service.caller_view(&caller).map(drop).map_err(|problem| problem.reason)
}

/// How long a session goes on elsewhere.
async fn until_ended(service: &Service, cookie: &str) -> (Duration, Reason) {
    let began = Instant::now();
    loop {
        match goes_on(service, cookie) {
            Err(reason) => return (began.elapsed(), reason),
            Ok(()) => assert!(began.elapsed() < STALE, "it still goes on"),
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn told(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let (middle, last) = (times[times.len() / 2], times[times.len() - 1]);
    println!("{what}: ended elsewhere after {middle:?} in the middle, {last:?} at most, of {} times", times.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_session_goes_on_at_any_instance_and_ends_at_all_of_them() {
    let Some(open) = OpenShared::new() else { return };
    let key = TokenKey::ephemeral().unwrap();
    let [(one, _one), (two, _two)] = instances(&open, &key, SignInLimits::default()).await;
    let (_, token) = token(&one).await;
    let (mut signed_out, mut last) = (Vec::new(), String::new());
    for round in 0..20 {
        let (at, other) = if round % 2 == 0 { (&one, &two) } else { (&two, &one) };
        let cookie = at.sign_in(&token, &internal()).await.unwrap();
        other.come_to(Some("newest")).await.unwrap();
        assert_eq!((goes_on(at, &cookie), goes_on(other, &cookie)), (Ok(()), Ok(())));
        assert_eq!(other.shown_by_cookie(&cookie), at.shown_by_cookie(&cookie), "the journal has one name of it");
        other.sign_out(&cookie, &internal()).await.unwrap();
        assert_eq!(goes_on(other, &cookie), Err(Reason::CredentialsRequired));
        let (after, reason) = until_ended(at, &cookie).await;
        assert_eq!(reason, Reason::CredentialsRequired);
        signed_out.push(after);
        last = cookie;
    }
    told("signed out", signed_out);
    // One that starts later knows what has ended, and what has not.
    let goes_on_still = one.sign_in(&token, &internal()).await.unwrap();
    let [(late, _late), _] = instances(&open, &key, SignInLimits::default()).await;
    assert_eq!((goes_on(&late, &goes_on_still), goes_on(&late, &last)), (Ok(()), Err(Reason::CredentialsRequired)));
    // With other keys it is none of theirs.
    let [(other, _other), _] = instances(&open, &TokenKey::ephemeral().unwrap(), SignInLimits::default()).await;
    assert_eq!(goes_on(&other, &goes_on_still), Err(Reason::CredentialsRequired));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_revoked_at_one_instance_ends_at_the_others_within_the_bound() {
    let Some(open) = OpenShared::new() else { return };
    let key = TokenKey::ephemeral().unwrap();
    let [(one, _one), (two, _two)] = instances(&open, &key, SignInLimits::default()).await;
    let mut revoked = Vec::new();
    for _ in 0..10 {
        let (id, token) = token(&one).await;
        two.come_to(Some("newest")).await.unwrap();
        let cookie = two.sign_in(&token, &internal()).await.unwrap();
        one.revoke_credential(&"viewer".parse().unwrap(), id, &internal()).await.unwrap();
        let (after, reason) = until_ended(&two, &cookie).await;
        assert_eq!(reason, Reason::CredentialRevoked);
        assert_eq!(two.authenticate(&token).unwrap_err().reason, Reason::CredentialRevoked);
        revoked.push(after);
    }
    told("revoked", revoked);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_session_that_is_used_elsewhere_is_not_called_ended() {
    let Some(open) = OpenShared::new() else { return };
    let limits = SignInLimits { idle: Duration::from_millis(1500), ..SignInLimits::default() };
    let [(one, _one), (two, _two)] = instances(&open, &TokenKey::ephemeral().unwrap(), limits).await;
    let (_, token) = token(&one).await;
    let mut cookie = one.sign_in(&token, &internal()).await.unwrap();
    // As a stream that was begun at one, while everything else is asked of the other.
    let begun = Caller { authority: one.session(&cookie).unwrap(), ..internal() };
    two.come_to(Some("newest")).await.unwrap();
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        cookie = two.renewed_session(&cookie).unwrap_or(cookie);
        assert_eq!(goes_on(&two, &cookie), Ok(()));
    }
    let ended = one.caller_view(&begun).unwrap_err();
    assert_eq!(ended.reason, Reason::Stopping, "it is to be begun again");
    assert_eq!(goes_on(&one, &cookie), Ok(()), "with the cookie as it is now");
    assert!(one.caller_view(&begun).is_ok());
    tokio::time::sleep(Duration::from_millis(1600)).await;
    assert_eq!(goes_on(&one, &cookie), Err(Reason::CredentialsRequired));
}
