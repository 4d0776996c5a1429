//! Words that were struck out of the journal: their digest stands in their place, so that whatever was hashed with them
//! still is what it was.

use super::Hash;

const BEFORE: &str = "〔已删去 struck out: ";
const AFTER: &str = "〕";

/// What stands in the place of words with this digest.
pub fn struck(digest: Hash) -> String {
    format!("{BEFORE}{digest}{AFTER}")
}

/// The digest that stands in the place of words; none where they are still there.
pub fn digest_of_struck(words: &str) -> Option<Hash> {
    Hash::from_hex(words.strip_prefix(BEFORE)?.strip_suffix(AFTER)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_words_tells_their_digest_and_words_tell_none() {
        let digest = Hash::of(b"words");
        assert_eq!(digest_of_struck(&struck(digest)), Some(digest));
        for words in ["", "机构合并", &digest.to_hex(), &format!("{BEFORE}{AFTER}"), &format!("{} ", struck(digest))]
        {
            assert_eq!(digest_of_struck(words), None, "{words}");
        }
    }
}
