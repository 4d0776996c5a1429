//! The first letters of names in pinyin, by which people look for them: hebs finds 哈尔滨市.

use pinyin::ToPinyinMulti;

/// Fewer letters would find nearly everything.
const LETTERS_MIN: usize = 2;

/// A set of the letters a to z, one bit each.
type Letters = u32;

fn letter(character: char) -> Letters {
    match character.to_ascii_lowercase() {
        letter @ 'a'..='z' => 1 << (u32::from(letter) - u32::from('a')),
        _ => 0,
    }
}

/// The letters that a character can begin with, in any of its readings: 重庆 is found by cq as well as by zq.
fn initials(character: char) -> Letters {
    let readings = character.to_pinyin_multi().into_iter().flatten();
    readings
        .filter_map(|reading| reading.plain().chars().next())
        .map(letter)
        .fold(letter(character), |all, one| all | one)
}

/// What is typed, where it can be meant as initials.
pub(super) fn typed(text: &str) -> Option<Vec<Letters>> {
    let letters: Vec<Letters> = text.chars().filter(|character| !character.is_whitespace()).map(letter).collect();
    (letters.len() >= LETTERS_MIN && letters.iter().all(|one| *one != 0)).then_some(letters)
}

/// Whether characters of the name that follow each other begin with these letters.
pub(super) fn begin(name: &str, typed: &[Letters]) -> bool {
    let name: Vec<Letters> = name.chars().filter(|character| !character.is_whitespace()).map(initials).collect();
    name.windows(typed.len()).any(|part| part.iter().zip(typed).all(|(can, wanted)| can & wanted != 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(name: &str, text: &str) -> bool {
        typed(text).is_some_and(|typed| begin(name, &typed))
    }

    #[test]
    fn names_are_found_by_the_first_letters_of_characters_that_follow_each_other() {
        assert!(finds("哈尔滨市", "hebs"));
        assert!(finds("哈尔滨市工业和信息化局", "gyhxxhj") && finds("哈尔滨市工业和信息化局", "HEBS GY"));
        assert!(finds("哈尔滨市 道里区", "sdl"));
        assert!(!finds("哈尔滨市", "hbs"));
    }

    #[test]
    fn every_reading_of_a_character_counts() {
        assert!(finds("重庆市", "cqs") && finds("重庆市", "zqs"));
        assert!(finds("会计局", "kjj"));
    }

    #[test]
    fn letters_of_a_name_stand_for_themselves_and_other_marks_for_none() {
        assert!(finds("A城管理处", "acgl"));
        assert!(!finds("第一(医)院", "yy"));
    }

    #[test]
    fn one_letter_a_digit_or_a_character_is_not_meant_as_initials() {
        for text in ["", "h", "h1", "哈er", "he-b"] {
            assert!(typed(text).is_none(), "{text}");
        }
    }
}
