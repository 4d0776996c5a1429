//! What is written in a cell or paragraph: runs of characters with how they are set, and the text that is left where
//! what does not belong to it is put aside. Every reader of a format hands over its runs; only here is it decided
//! which of them make the text.

/// How characters are set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Look {
    #[default]
    Plain,
    Superscript,
    Subscript,
    /// Struck out, or deleted while changes were tracked.
    Struck,
    /// Not to be seen: hidden, white on white, transparent, of no size.
    Hidden,
    /// How a character is spoken, above or beside it.
    Ruby,
    /// Lies over or under the text without being part of it: a watermark, a box, a stamp.
    Overlay,
    /// Smaller than the characters beside it: perhaps a mark, perhaps not.
    Small,
    /// What a spreadsheet keeps of a number of which it shows something else.
    Kept,
    /// A formula without its result.
    Formula,
    /// A spreadsheet may hide it or strike it out, by a condition.
    Conditional,
    /// Set in a way of which the order or value of its characters cannot be told.
    Strange,
    /// A box or a picture that is laid over the text and may cover some of it.
    Cover,
    /// A picture amid the text: the number, perhaps, where nothing else stands there.
    Picture,
    /// A number that the program puts before the paragraph, and that is not written in it.
    Numbering,
}

impl Look {
    /// Words for people, Chinese and English.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Plain => ("正文", "plain"),
            Self::Superscript => ("上标", "superscript"),
            Self::Subscript => ("下标", "subscript"),
            Self::Struck => ("已划去", "struck out"),
            Self::Hidden => ("隐藏", "hidden"),
            Self::Ruby => ("注音", "ruby"),
            Self::Overlay => ("叠印", "laid over"),
            Self::Small => ("小号字", "smaller"),
            Self::Kept => ("单元格实际保存的", "kept in the cell:"),
            Self::Formula => ("公式", "formula"),
            Self::Conditional => ("条件格式可能隐去或划去的", "perhaps hidden or struck out by a condition:"),
            Self::Strange => ("特殊排版", "specially set"),
            Self::Cover => ("遮盖图形", "a box over it"),
            Self::Picture => ("图片", "a picture"),
            Self::Numbering => ("自动编号", "automatic numbering"),
        }
    }

    /// Whether the characters before and after are neighbours once it is gone: it never was part of the text.
    fn leaves_no_gap(self) -> bool {
        matches!(self, Self::Struck | Self::Hidden | Self::Ruby | Self::Cover)
    }
}

/// What stands in a text for a box or a picture.
pub const BOX: &str = "■";

/// How a run is set, and how large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Setting {
    pub look: Look,
    /// Height of its characters in any unit that the runs of one text share; 0 where it is not known.
    pub size: u16,
}

impl From<Look> for Setting {
    fn from(look: Look) -> Self {
        Self { look, size: 0 }
    }
}

/// Characters that are set alike.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Run {
    text: String,
    setting: Setting,
}

/// Characters of at most this many hundredths of the largest are small: 小五 beside 五号 is not.
const SMALL_PERCENT: u32 = 84;

/// Runs in the order in which they are read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inscription {
    runs: Vec<Run>,
}

/// What is put aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aside {
    pub look: Look,
    /// On one line, never empty.
    pub text: String,
}

impl Aside {
    /// Whether someone who reads the figure should know of it: a hidden word is as if it were not there.
    pub fn is_worth_a_note(&self) -> bool {
        !matches!(self.look, Look::Hidden | Look::Ruby | Look::Picture) || has_digit(&self.text)
    }
}

/// The text that is left, on one line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settled {
    pub text: String,
    pub asides: Vec<Aside>,
    /// A digit was put aside of which it cannot be told whether it is one of the number's.
    pub is_doubtful: bool,
}

impl From<String> for Settled {
    /// Plain text.
    fn from(text: String) -> Self {
        Self { is_doubtful: is_unknown_number(&text), text, ..Self::default() }
    }
}

impl From<&str> for Settled {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl Inscription {
    pub fn push(&mut self, text: &str, setting: impl Into<Setting>) {
        let setting = setting.into();
        match self.runs.last_mut() {
            Some(run) if run.setting == setting => run.text.push_str(text),
            _ => self.runs.push(Run { text: text.to_owned(), setting }),
        }
    }

    /// The runs of another behind these.
    pub fn append(&mut self, other: Self) {
        other.runs.into_iter().for_each(|run| self.push(&run.text, run.setting));
    }

    /// A break between words, however they are set.
    pub fn blank(&mut self) {
        self.push(" ", Look::Plain);
    }

    /// Decides what is the text and what stands beside it.
    pub fn settle(self) -> Settled {
        let mut settled = Settled::default();
        // What was put aside since the last character of the text, if it parts what stood together.
        let mut parted = false;
        for (text, look) in self.judged() {
            if look == Look::Plain {
                let before = settled.text.chars().next_back().is_some_and(is_part_of_a_number);
                settled.is_doubtful |= parted && before && text.chars().next().is_some_and(is_part_of_a_number);
                parted &= text.is_empty();
                settled.text.push_str(&text);
                continue;
            }
            let text = one_line(&text);
            if !text.is_empty() {
                parted |= !look.leaves_no_gap();
                let may_count = matches!(look, Look::Small | Look::Strange) && has_digit(&text);
                settled.is_doubtful |= may_count || matches!(look, Look::Cover | Look::Numbering);
                settled.asides.push(Aside { look, text });
            }
        }
        settled.text = one_line(&settled.text);
        // A number of which nothing is plain.
        let may_be_number =
            |aside: &Aside| has_digit(&aside.text) || matches!(aside.look, Look::Picture | Look::Numbering);
        settled.is_doubtful |= settled.text.is_empty() && settled.asides.iter().any(may_be_number);
        // Words are no number, whatever digits stand beside them.
        settled.is_doubtful &= settled.text.chars().all(|c| is_part_of_a_number(c) || c.is_whitespace());
        settled.is_doubtful |= is_unknown_number(&settled.text);
        settled
    }

    /// The runs with their looks, of which the small ones are known once all are there: where nothing larger is
    /// plain, or only one of both has digits, they are as plain as any.
    fn judged(self) -> impl Iterator<Item = (String, Look)> {
        let is_plain = |run: &&Run| run.setting.look == Look::Plain && !run.text.trim().is_empty();
        let largest = self.runs.iter().filter(is_plain).map(|run| run.setting.size).max().unwrap_or(0);
        let is_small = move |run: &Run| match run.setting {
            Setting { look: Look::Small, .. } => true,
            Setting { look: Look::Plain, size } => {
                size > 0 && u32::from(size) * 100 <= u32::from(largest) * SMALL_PERCENT
            }
            _ => false,
        };
        let plain_digits =
            self.runs.iter().any(|run| run.setting.look == Look::Plain && !is_small(run) && has_digit(&run.text));
        self.runs.into_iter().map(move |run| {
            let look = match run.setting.look {
                Look::Plain | Look::Small if is_small(&run) && plain_digits && has_digit(&run.text) => Look::Small,
                Look::Small => Look::Plain,
                look => look,
            };
            (run.text, look)
        })
    }
}
fn has_digit(text: &str) -> bool {
    text.chars().any(char::is_numeric)
}

/// Whether a text is a number of which some characters are known to a font alone, as far as can be told.
fn is_unknown_number(text: &str) -> bool {
    let is_unknown = |c: char| matches!(c, '\u{fffd}' | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..);
    text.contains(is_unknown) && text.chars().all(|c| is_unknown(c) || is_part_of_a_number(c) || c.is_whitespace())
}

fn is_part_of_a_number(character: char) -> bool {
    character.is_numeric() || matches!(character, ',' | '.' | '，' | '．' | '-' | '－' | '−' | '+')
}

/// Whether a font draws pictures in the place of letters and digits: Wingdings, Webdings and their like.
pub fn draws_pictures(font: &str) -> bool {
    ["dings", "dingbats"].iter().any(|name| font.to_ascii_lowercase().contains(name))
}

/// Fields of a word processor whose result is drawn or chosen, and no text of the document: a digit in a ring, mostly.
const DRAWN_FIELDS: [&str; 9] =
    ["EQ", "SYMBOL", "LISTNUM", "AUTONUM", "ADVANCE", "FORMDROPDOWN", "FORMCHECKBOX", "MACROBUTTON", "GOTOBUTTON"];

/// Whether a field of this code shows what is not written.
pub fn is_drawn(code: &str) -> bool {
    let code = code.trim_start().to_ascii_uppercase();
    DRAWN_FIELDS.iter().any(|name| code.starts_with(name))
}

/// Longest unit behind a figure, in characters.
const UNIT_CHARACTERS: usize = 2;

/// Whether a text is digits with at most a unit beside them, and no label.
pub fn is_figure(text: &str) -> bool {
    // 3.其他 is a label with its number.
    let rest = text.trim_start().trim_start_matches(char::is_numeric);
    let is_numbered = rest.strip_prefix(['.', '．', '、']).is_some_and(|rest| rest.starts_with(char::is_alphabetic));
    has_digit(text) && !is_numbered && text.chars().filter(|c| c.is_alphabetic()).count() <= UNIT_CHARACTERS
}

/// Blanks of any kind and number become one.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(runs: &[(&str, Look)]) -> Settled {
        let mut inscription = Inscription::default();
        runs.iter().for_each(|(text, look)| inscription.push(text, *look));
        inscription.settle()
    }

    #[test]
    fn what_is_set_otherwise_stands_beside_the_text_and_not_in_it() {
        for (runs, text) in [
            (&[("169", Look::Plain), ("1", Look::Superscript)][..], "169"),
            (&[("39", Look::Struck), ("447228", Look::Plain)], "447228"),
            (&[("1", Look::Superscript), ("12 ", Look::Plain)], "12"),
            (&[("12", Look::Plain), (" ", Look::Plain), ("草稿2025", Look::Overlay)], "12"),
            (&[("4", Look::Plain), ("39", Look::Struck), ("47228", Look::Plain)], "447228"),
            (&[("一", Look::Plain), ("yi1", Look::Ruby), ("二", Look::Plain)], "一二"),
        ] {
            let settled = settled(runs);
            assert_eq!(
                (settled.text.as_str(), settled.asides.len(), settled.is_doubtful),
                (text, 1, false),
                "{runs:?}"
            );
        }
    }

    #[test]
    fn digits_that_may_or_may_not_be_the_numbers_make_it_doubtful() {
        for runs in [
            &[("1", Look::Plain), ("2", Look::Superscript), ("3", Look::Plain)][..],
            &[("169", Look::Plain), ("1", Look::Small)],
            &[("1", Look::Small), ("169", Look::Plain)],
            &[("1", Look::Plain), ("7", Look::Struck), ("2", Look::Overlay), ("3", Look::Plain)],
            &[("169", Look::Hidden)],
            &[("169", Look::Struck)],
            &[("169", Look::Strange)],
            &[("169", Look::Plain), (BOX, Look::Cover)],
            &[(BOX, Look::Picture)],
        ] {
            assert!(settled(runs).is_doubtful, "{runs:?}");
        }
    }

    #[test]
    fn small_characters_are_plain_where_nothing_larger_could_be_the_number() {
        for (runs, text) in [
            (&[("169", Look::Small)][..], "169"),
            (&[("12", Look::Plain), ("件", Look::Small)], "12件"),
            (&[("共", Look::Plain), ("12", Look::Small)], "共12"),
        ] {
            let settled = settled(runs);
            assert_eq!((settled.text.as_str(), settled.is_doubtful), (text, false), "{runs:?}");
        }
    }

    #[test]
    fn characters_of_another_size_may_be_marks() {
        let of_sizes = |runs: &[(&str, u16)]| {
            let mut inscription = Inscription::default();
            runs.iter().for_each(|(text, size)| inscription.push(text, Setting { look: Look::Plain, size: *size }));
            inscription.settle().is_doubtful
        };
        assert!(of_sizes(&[("169", 90), ("1", 60)]));
        assert!(of_sizes(&[("2025", 200), ("12", 90)]));
        assert!(!of_sizes(&[("16", 105), ("9", 90), ("3", 0)]));
        assert!(!of_sizes(&[(" ", 300), ("169", 90)]));
    }

    #[test]
    fn a_number_of_characters_that_a_font_alone_knows_is_doubtful() {
        for (text, is_doubtful) in [("\u{fffd}", true), ("1\u{e001}2", true), ("\u{e001}规章", false), ("12", false)]
        {
            assert_eq!(Settled::from(text).is_doubtful, is_doubtful, "{text}");
            assert_eq!(settled(&[(text, Look::Plain)]).is_doubtful, is_doubtful, "{text}");
        }
    }

    #[test]
    fn a_label_is_never_doubtful() {
        let runs = [("1.属于国家秘密", Look::Plain), ("2", Look::Superscript), ("3", Look::Plain)];
        assert!(!settled(&runs).is_doubtful);
    }
}
