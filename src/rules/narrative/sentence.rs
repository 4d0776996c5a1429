//! Sentences, clauses, and how they are quoted.

/// Characters of a sentence that are quoted at most.
const QUOTED_MAX: usize = 80;

/// The sentences of a text, without surrounding space.
pub(super) fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let ends = |character: char| "。！？!?\n\r".contains(character);
    text.split(ends).map(str::trim).filter(|sentence| !sentence.is_empty())
}

/// The clauses of a sentence, each with what stands before it.
pub(super) fn clauses(sentence: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut start = 0;
    let mut parts = Vec::new();
    let bytes_end = sentence.len();
    let ends = sentence.char_indices().filter(|(_, character)| "，,；;：:（）()".contains(*character));
    for (at, character) in ends.chain([(bytes_end, '。')]) {
        let (before, clause) = (sentence.get(..start), sentence.get(start..at));
        parts.extend(before.zip(clause).filter(|(_, clause)| !clause.is_empty()));
        start = (at + character.len_utf8()).min(bytes_end);
    }
    parts.into_iter()
}

/// The text with its digits in ASCII, without spaces, and without commas between digits.
pub(super) fn plain(text: &str) -> String {
    let halved = |character: char| match character {
        '０'..='９' => char::from_u32(u32::from(character) - u32::from('０') + u32::from('0')).unwrap_or(character),
        _ => character,
    };
    let characters: Vec<char> = text.chars().map(halved).collect();
    let mut plain = String::with_capacity(text.len());
    for (at, &character) in characters.iter().enumerate() {
        let digit_at = |at: Option<usize>| at.and_then(|at| characters.get(at)).is_some_and(char::is_ascii_digit);
        let three = (1..=3).all(|step| digit_at(Some(at + step))) && !digit_at(Some(at + 4));
        let separates = (character == ',' || character == '，') && digit_at(at.checked_sub(1)) && three;
        let space = (character.is_whitespace() && character != '\n') || character == '\u{200b}';
        if !separates && !space {
            plain.push(character);
        }
    }
    plain
}

/// The sentence as it is quoted: without the sign that ends it, for what quotes it goes on; its beginning, where it is long.
pub(super) fn quoted(sentence: &str) -> String {
    let sentence = sentence.trim().trim_end_matches(['。', '；', ';', '.']);
    if sentence.chars().count() <= QUOTED_MAX {
        return sentence.to_owned();
    }
    sentence.chars().take(QUOTED_MAX).chain(['…']).collect()
}
