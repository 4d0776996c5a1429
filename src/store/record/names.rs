//! Names as entries of the journal and request ids keep them: a word that stands in most of them is one character, and what is
//! hexadecimal is bytes. What stands for what never changes; both lists are only ever added to, at their end.

use std::net::IpAddr;

/// What names of resources are made of. The first is written as U+0001, the second as U+0002 and so on.
const WORDS: [&str; 12] = [
    "agencies/",
    "jurisdictions/",
    "/reports/",
    "/revisions/",
    "/frozenForms/",
    "collections/",
    "principals/",
    "/credentials/",
    "credentials/",
    "sessions/",
    "certificates/",
    "codes/",
];

/// What entries are about, as one character each: U+0001 and on from there.
const ACTIONS: [&str; 88] = [
    "report.submit",
    "report.check",
    "report.get",
    "report.list",
    "report.revisions",
    "report.events",
    "report.contrast",
    "report.render",
    "report.accept",
    "report.return",
    "report.withdraw",
    "report.reconcile",
    "document.read",
    "form.layout",
    "rule.list",
    "rule.failures",
    "rollup.query",
    "rollup.anomalies",
    "rollup.watch",
    "form.get",
    "form.render",
    "form.freeze",
    "form.frozen",
    "form.render_frozen",
    "form.frozen_list",
    "form.frozen_revisions",
    "form.compare",
    "coverage.get",
    "coverage.missing",
    "coverage.watch",
    "registry.jurisdiction",
    "registry.jurisdictions",
    "registry.agency",
    "registry.agencies",
    "registry.apply",
    "registry.changes",
    "registry.suspects",
    "registry.contacts_get",
    "registry.contacts_list",
    "registry.contacts",
    "reminder.list",
    "reminder.render",
    "reminder.send",
    "collection.get",
    "collection.list",
    "collection.open",
    "collection.update",
    "collection.grant",
    "collection.revoke",
    "journal.list",
    "form.template",
    "journal.moment",
    "journal.strike",
    "service.info",
    "status.get",
    "backup.create",
    "store.verify",
    "caller.get",
    "access.grant",
    "access.withdraw",
    "access.principals",
    "access.propose",
    "access.proposals",
    "access.confirm",
    "access.decline",
    "credential.enrol",
    "credential.exchange",
    "credential.create",
    "credential.list",
    "credential.revoke",
    "health.check",
    "health.list",
    "health.watch",
    "contract.read",
    "session.begin",
    "session.end",
    "call.unknown",
    "refusals.left_out",
    "entries.left_out",
    "service.start",
    "service.stop",
    "settings.change",
    "clock.out_of_line",
    "store.restore",
    "store.mend",
    "totals.differ",
    "registry.read_file",
    "registry.render",
];

/// The character of a place in a list; none beyond what takes one byte.
fn mark(at: usize) -> Option<char> {
    u8::try_from(at + 1).ok().filter(u8::is_ascii).map(char::from)
}

/// The place in a list that a character is of.
fn place(mark: char) -> Option<usize> {
    (mark as usize).checked_sub(1)
}

/// A name with its words as characters; none where it would be read as another, or has no such words.
pub(super) fn short(name: &str) -> Option<String> {
    if name.bytes().any(|byte| byte.is_ascii_control()) {
        return None;
    }
    let mut made = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(next) = rest.chars().next() {
        // The longest of them that stands here.
        let begins = |word: &str| word.as_bytes().first() == rest.as_bytes().first() && rest.starts_with(word);
        let words = WORDS.iter().enumerate().filter(|(_, word)| begins(word));
        match words.max_by_key(|(_, word)| word.len()).and_then(|(at, word)| Some((mark(at)?, word.len()))) {
            Some((mark, bytes)) => {
                made.push(mark);
                rest = &rest[bytes..];
            }
            None => {
                made.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
    }
    (made.len() < name.len()).then_some(made)
}

/// The name that [`short`] made.
pub(super) fn long(short: &str) -> Result<String, String> {
    let mut made = String::with_capacity(2 * short.len());
    for character in short.chars() {
        if !character.is_ascii_control() {
            made.push(character);
            continue;
        }
        made.push_str(
            place(character).and_then(|at| WORDS.get(at)).ok_or_else(|| format!("a name with {character:?}"))?,
        );
    }
    Ok(made)
}

/// What a caller showed, such as `credentials/ID`, as the character of its word and the bytes of its digits; none for
/// anything else.
pub(super) fn packed(name: &str) -> Option<Vec<u8>> {
    let (at, digits) = WORDS.iter().enumerate().find_map(|(at, word)| Some((at, name.strip_prefix(word)?)))?;
    let bytes = hex::decode(digits).ok().filter(|bytes| hex::encode(bytes) == digits)?;
    Some([&[u8::try_from(mark(at)?).ok()?], bytes.as_slice()].concat())
}

/// What [`packed`] took.
pub(super) fn unpacked(bytes: &[u8]) -> Result<String, String> {
    let word = bytes.split_first().and_then(|(mark, digits)| Some((WORDS.get(place(char::from(*mark))?)?, digits)));
    let (word, digits) = word.ok_or("a name without its word")?;
    Ok(format!("{word}{}", hex::encode(digits)))
}

/// An action as its character, or as it stands.
pub(super) fn short_action(action: &str) -> String {
    let known = ACTIONS.iter().position(|known| *known == action);
    known.and_then(mark).map_or_else(|| action.to_owned(), String::from)
}

/// The action that [`short_action`] was given, or that an earlier program kept as it stands: none is of one character.
pub(super) fn long_action(short: String) -> Result<String, String> {
    let mut characters = short.chars();
    let (Some(first), None) = (characters.next(), characters.next()) else { return Ok(short) };
    let known = place(first).and_then(|at| ACTIONS.get(at));
    known.map(|action| (*action).to_owned()).ok_or_else(|| format!("an action {first:?}"))
}

/// Who and, as bytes, from where, of an actor that ends in an address; the actor as it is and no bytes for any other.
pub(super) fn split_address(actor: &str) -> (&str, Vec<u8>) {
    let split = actor.rsplit_once(' ').and_then(|(who, text)| {
        let address: IpAddr = text.parse().ok()?;
        (address.to_string() == text).then_some((who, address))
    });
    match split {
        Some((who, IpAddr::V4(address))) => (who, address.octets().to_vec()),
        Some((who, IpAddr::V6(address))) => (who, address.octets().to_vec()),
        None => (actor, Vec::new()),
    }
}

/// The actor that [`split_address`] split.
pub(super) fn with_address(who: String, address: &[u8]) -> Result<String, String> {
    if address.is_empty() {
        return Ok(who);
    }
    let of_four = <[u8; 4]>::try_from(address).map(IpAddr::from);
    let address = of_four.or_else(|_| <[u8; 16]>::try_from(address).map(IpAddr::from));
    Ok(format!("{who} {}", address.map_err(|_| "an address of another length")?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::access::ACTIONS as KNOWN;

    #[test]
    fn every_action_has_a_character_of_its_own() {
        for action in KNOWN {
            let short = short_action(action.word);
            assert_eq!(short.len(), 1, "{} is to be added at the end of the list", action.word);
            assert_eq!(long_action(short).as_deref(), Ok(action.word));
        }
        assert_eq!(long_action("another.action".to_owned()).as_deref(), Ok("another.action"));
    }

    /// What was written once is read for ever: a digest of both lists as far as they have been published.
    #[test]
    fn what_stands_for_what_never_changes() {
        let digest = |words: &[&str]| crate::report::Hash::of(words.join("\n").as_bytes()).to_hex();
        assert_eq!(digest(&WORDS[..12]), "e7e2e5fe0063a1a53fb88f8a0c1eeb9bb2a249b125e4d9348b5983ff6bb77f30");
        assert_eq!(digest(&ACTIONS[..86]), "95ff27e93401a35bcb29a04b5187482ee2432d23719be307310d6f44bf35eb64");
    }

    fn name() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            3 => prop::sample::select(WORDS.to_vec()).prop_map(str::to_owned),
            2 => "[0-9a-f]{2,16}",
            2 => "[A-Za-z0-9/. ]{0,12}",
            1 => "[\\x00-\\x1f\\x7f]",
            1 => any::<String>(),
        ];
        proptest::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn names_are_read_as_they_were_written(name in name()) {
            if let Some(short) = short(&name) {
                prop_assert!(short.len() < name.len());
                prop_assert_eq!(long(&short), Ok(name.clone()));
            }
            if let Some(packed) = packed(&name) {
                prop_assert_eq!(unpacked(&packed), Ok(name));
            }
        }

        #[test]
        fn actors_are_read_as_they_were_written(
            who in name(),
            address in prop_oneof![
                any::<[u8; 4]>().prop_map(|bytes| IpAddr::from(bytes).to_string()),
                any::<[u8; 16]>().prop_map(|bytes| IpAddr::from(bytes).to_string()),
                Just("::FFFF:1".to_owned()), Just("2001:db8:0::1".to_owned()), Just(String::new()),
            ],
        ) {
            let actor = format!("{who} {address}");
            let (who, bytes) = split_address(&actor);
            prop_assert_eq!(with_address(who.to_owned(), &bytes), Ok(actor.clone()));
        }

        #[test]
        fn other_bytes_are_refused_or_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = (unpacked(&bytes), with_address(String::new(), &bytes));
            if let Ok(text) = String::from_utf8(bytes) {
                let _ = (long(&text), long_action(text));
            }
        }
    }

    #[test]
    fn an_ordinary_name_takes_a_character_for_each_of_its_words() {
        let short = short("agencies/11341702486344515H/reports/2022/revisions/1").unwrap();
        assert_eq!(short, "\u{1}11341702486344515H\u{3}2022\u{4}1");
        assert_eq!(packed("credentials/0123456789abcdef").unwrap(), b"\x09\x01\x23\x45\x67\x89\xab\xcd\xef");
        assert_eq!(packed("credentials/0123456789ABCDEF"), None);
        assert_eq!(packed("claimed:credentials/0123456789abcdef"), None);
    }
}
