//! Characters of which a print keeps only the picture: radicals and compatibility ideographs that look like the usual
//! ones, such as ⽉ for 月. A browser's PDF is full of them.

use unicode_normalization::UnicodeNormalization;

/// Radicals that Unicode does not fold, and ⼾, which it folds to the traditional character.
const RADICALS: &str = "⺁厂⺇几⺝月⺟母⺠民⺩王⺬示⻁虎⻄西⻅见⻆角⻉贝⻋车⻑長⻓长⻔门⻗雨⻘青⻙韦⻚页⻛风⻜飞⻝食⻢马\
    ⻣骨⻤鬼⻥鱼⻦鸟⻧卤⻨麦⻩黄⻪黾⻬齐⻮齿⻰龙⻳龟⼾户";

/// Replaces what looks like a usual character by it.
pub fn make_usual(text: &mut String) {
    if text.chars().any(is_unusual) {
        *text = text.chars().map(usual).collect();
    }
}

fn is_unusual(character: char) -> bool {
    matches!(character, '\u{2e80}'..='\u{2fdf}' | '\u{f900}'..='\u{faff}' | '\u{2f800}'..='\u{2fa1f}')
}

fn usual(character: char) -> char {
    if !is_unusual(character) {
        return character;
    }
    let mut rest = RADICALS.chars();
    while let (Some(radical), Some(usual)) = (rest.next(), rest.next()) {
        if radical == character {
            return usual;
        }
    }
    std::iter::once(character).nfkc().next().unwrap_or(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn radicals_and_compatibility_ideographs_become_the_usual_characters() {
        let mut text = "⼀、⾏政许可 ⽉⽇ ⻓⺠⼾ 來了①１".to_owned();
        text.push('\u{f97c}');
        make_usual(&mut text);
        assert_eq!(text, "一、行政许可 月日 长民户 來了①１良");
        assert_eq!(RADICALS.chars().filter(|c| is_unusual(*c)).count() * 2, RADICALS.chars().count());
    }
}
