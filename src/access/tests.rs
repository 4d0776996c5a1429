//! What the directory, the roles and the tokens promise.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

fn name(text: &str) -> PrincipalName {
    text.parse().unwrap()
}

fn grant(principal: &str, word: &str, scope: &str) -> AccessChange {
    AccessChange::Grant { principal: name(principal), role: Role::parse(word, scope).unwrap() }
}

const POWERS: [&str; 3] = ["system-administrator", "security-administrator", "auditor"];

#[test]
fn no_principal_holds_two_of_the_three_powers() {
    for held in POWERS {
        for asked in POWERS {
            let mut directory = Directory::default();
            directory.apply(&grant("one", held, "")).unwrap();
            let answer = directory.apply(&grant("one", asked, ""));
            if held == asked {
                assert_eq!(answer, Ok(false));
            } else {
                assert!(matches!(answer, Err(Denied::TwoPowers { .. })), "{held} {asked}: {answer:?}");
                assert_eq!(directory.roles(&name("one")).len(), 1);
                directory.apply(&grant("two", asked, "")).unwrap();
            }
        }
    }
}

#[test]
fn no_power_is_joined_with_a_role_over_reports() {
    for power in POWERS {
        for (word, scope) in [("submitter", "agencies/abc"), ("reviewer", "jurisdictions/230000")] {
            for (first, second) in [((power, ""), (word, scope)), ((word, scope), (power, ""))] {
                let mut directory = Directory::default();
                directory.apply(&grant("one", first.0, first.1)).unwrap();
                let second = grant("one", second.0, second.1);
                assert!(matches!(directory.admit(&second), Err(Denied::PowerWithReports { .. })), "{first:?}");
                // What an earlier program admitted is read back all the same.
                assert_eq!(directory.apply(&second), Ok(true));
                assert_eq!(directory.admit(&second), Ok(()), "and is in force already");
                assert_eq!(directory.admit(&grant("two", power, "")), Ok(()));
            }
        }
    }
}

#[test]
fn a_role_is_read_as_it_is_written() {
    let scopes =
        [("submitter", "agencies/abc"), ("submitter", "jurisdictions/230000"), ("viewer", "jurisdictions/230000")];
    for (word, scope) in scopes.into_iter().chain(POWERS.map(|power| (power, ""))) {
        let role = Role::parse(word, scope).unwrap();
        assert_eq!((role.word(), role.scope().as_str()), (word, scope));
    }
    for (word, scope) in [("king", ""), ("viewer", ""), ("viewer", "agencies/abc"), ("auditor", "jurisdictions/230000")]
    {
        assert!(Role::parse(word, scope).is_err(), "{word} {scope}");
    }
}

#[test]
fn a_token_is_known_by_its_hash_alone_and_never_printed_by_accident() {
    let key = TokenKey::ephemeral().unwrap();
    let token = Token::generate().unwrap();
    let text = token.reveal();
    let read = Token::parse(&text).unwrap();
    let kept = key.hash(&token);
    assert!(key.matches(&read, &kept));
    assert!(!key.matches(&Token::generate().unwrap(), &kept));
    assert!(!TokenKey::ephemeral().unwrap().matches(&token, &kept), "another key makes another hash");
    let secret = text.rsplit('_').next().unwrap();
    assert!(!format!("{token:?} {kept:?}").contains(secret));
    let mut altered = text.clone().into_bytes();
    *altered.last_mut().unwrap() ^= 1;
    let altered = Token::parse(std::str::from_utf8(&altered).unwrap());
    assert!(altered.is_none_or(|altered| !key.matches(&altered, &kept)));
    for other in ["", "huizong_", "huizong_12_34", &text[1..], &format!("{text}0")] {
        assert!(Token::parse(other).is_none(), "{other}");
    }
}

#[test]
fn the_key_of_tokens_is_made_once_and_is_readable_by_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let key = TokenKey::open(folder.path()).unwrap();
    let token = Token::generate().unwrap();
    assert_eq!(TokenKey::open(folder.path()).unwrap().hash(&token), key.hash(&token));
    let path = folder.path().join(TokenKey::FILE);
    let mut permissions = std::fs::metadata(&path).unwrap().permissions();
    assert_eq!(permissions.mode() & 0o777, 0o600);
    permissions.set_mode(0o640);
    std::fs::set_permissions(&path, permissions).unwrap();
    assert!(TokenKey::open(folder.path()).unwrap_err().to_string().contains("others may read it"));
}

#[test]
fn names_of_principals_are_plain() {
    for good in ["a", "city-bureau.gw_1", "0"] {
        assert!(good.parse::<PrincipalName>().is_ok(), "{good}");
    }
    for bad in ["", "A", "-a", "a b", "a\n", "汇总", &"a".repeat(65)] {
        assert!(bad.parse::<PrincipalName>().is_err(), "{bad}");
    }
}

#[test]
fn a_code_is_read_as_people_write_it_and_never_printed_by_accident() {
    let (key, code) = (TokenKey::ephemeral().unwrap(), EnrolmentCode::generate().unwrap());
    let text = code.reveal();
    assert_eq!((text.len(), text.split('-').count()), (39, 8), "{text}");
    let kept = key.hash_code(&code);
    // In small letters, without hyphens, and with letters for the digits that they look like.
    let careless = text.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
    for written in [text.as_str(), &careless, &text.replace('-', ""), &format!(" {text}\n")] {
        assert!(key.matches_code(&EnrolmentCode::parse(written).unwrap(), &kept), "{written}");
    }
    assert!(!key.matches_code(&EnrolmentCode::generate().unwrap(), &kept));
    assert!(!TokenKey::ephemeral().unwrap().matches_code(&code, &kept));
    for other in ["", "huizong_", &text[1..], &format!("{text}0"), &text.replace('-', "U")] {
        assert!(EnrolmentCode::parse(other).is_none(), "{other}");
    }
    assert_eq!(format!("{code:?}"), format!("EnrolmentCode({})", code.credential));
    // A token for each request, the same for the same; and none that the kept hash of the code would be one of.
    let tokens = [[1; 16], [2; 16], [1; 16]].map(|request| key.exchange(&code, request));
    assert!(tokens[0] == tokens[2] && tokens[0] != tokens[1]);
    assert!(key.hash(&tokens[0]) != kept && !tokens[0].reveal().contains(&kept.to_string()));
}
