//! Passages that stand in another report too.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::report::{Message, Narrative, ReportKey};

use super::Remark;
use super::sentence::{quoted, sentences};

/// The letters and digits of a text; spaces and punctuation do not make a passage another one.
fn letters(text: &str) -> Vec<char> {
    text.chars().filter(|character| character.is_alphanumeric()).collect()
}

fn digest(passage: &[char]) -> u64 {
    let mut hasher = DefaultHasher::new();
    passage.hash(&mut hasher);
    hasher.finish()
}

/// Digests of all passages of `length` letters or digits, each once. They mean nothing outside of this process.
pub fn passages(narrative: &Narrative, length: usize) -> HashSet<u64> {
    let texts = narrative.chapters().into_iter().filter_map(|chapter| chapter.text);
    texts.flat_map(|text| letters(text).windows(length.max(1)).map(digest).collect::<Vec<_>>()).collect()
}

/// How much of a text stands in another one.
struct Overlap<'a> {
    shared: usize,
    all: usize,
    /// The longest sentence that stands there nearly whole, and its chapter.
    sentence: Option<(u8, &'a str)>,
}

fn overlap<'a>(narrative: &'a Narrative, other: &HashSet<u64>, length: usize) -> Overlap<'a> {
    let mut overlap = Overlap { shared: 0, all: 0, sentence: None };
    let mut longest = 0;
    for chapter in narrative.chapters() {
        let Some(text) = chapter.text else { continue };
        let letters_of_chapter = letters(text);
        let mut shared = vec![false; letters_of_chapter.len()];
        for (at, passage) in letters_of_chapter.windows(length.max(1)).enumerate() {
            if other.contains(&digest(passage)) {
                shared.iter_mut().skip(at).take(length).for_each(|letter| *letter = true);
            }
        }
        overlap.all += shared.len();
        overlap.shared += shared.iter().filter(|letter| **letter).count();
        let mut start = 0;
        for sentence in sentences(text) {
            let count = letters(sentence).len();
            let covered = shared.iter().skip(start).take(count).filter(|letter| **letter).count();
            start += count;
            if covered * 10 >= count * 9 && covered > longest {
                longest = covered;
                overlap.sentence = Some((chapter.number, sentence));
            }
        }
    }
    overlap
}

/// The last report and the other agency's report that most of the text stands in, where that is too much.
pub(super) fn reused(
    narrative: &Narrative,
    others: &[(&ReportKey, &Narrative)],
    percent_max: usize,
    passage: usize,
    characters_min: usize,
) -> Vec<Remark> {
    let mut worst: Vec<(&ReportKey, Overlap<'_>)> = Vec::new();
    for (key, other) in others {
        let overlap = overlap(narrative, &passages(other, passage), passage);
        if overlap.all < characters_min || overlap.shared * 100 <= overlap.all * percent_max {
            continue;
        }
        // One finding for each year: the last report's, and this year's.
        match worst.iter_mut().find(|(known, _)| known.year == key.year) {
            Some(known) if known.1.shared < overlap.shared => *known = (key, overlap),
            Some(_) => {}
            None => worst.push((key, overlap)),
        }
    }
    worst.into_iter().map(|(key, overlap)| remark(key, &overlap)).collect()
}

fn remark(key: &ReportKey, Overlap { shared, all, sentence }: &Overlap<'_>) -> Remark {
    let percent = shared * 100 / (*all).max(1);
    let (chapter, quote) = sentence.map_or((1, String::new()), |(chapter, sentence)| (chapter, quoted(sentence)));
    let (quote_zh, quote_en) = match quote.as_str() {
        "" => (String::new(), String::new()),
        quote => (format!("，如“{quote}”"), format!(", such as “{quote}”")),
    };
    Remark {
        chapter,
        cells: Vec::new(),
        message: Message {
            zh: format!("各部分文字有{percent}%与{key}相同{quote_zh}。"),
            en: format!("{percent} % of the text also stands in {key}{quote_en}."),
        },
    }
}
