//! The pieces of an RTF: groups, control words, bytes of text.

/// A piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token<'r> {
    Open,
    Close,
    /// A control word with its number, where it has one.
    Word(&'r str, Option<i32>),
    /// A control word of one character that is no letter.
    Symbol(u8),
    /// A byte written as two digits.
    Hex(u8),
    Text(u8),
}

/// Longest control word and number, in bytes.
const MAX_WORD: usize = 32;
const MAX_DIGITS: usize = 10;

/// The pieces of a file, one after the other.
pub struct Tokens<'r> {
    rest: &'r [u8],
}

impl<'r> Tokens<'r> {
    pub fn new(bytes: &'r [u8]) -> Self {
        Self { rest: bytes }
    }

    fn next_byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    /// So many bytes that `belong`, at most `most`.
    fn run(&mut self, most: usize, belong: fn(&u8) -> bool) -> &'r [u8] {
        let length = self.rest.iter().take(most).take_while(|byte| belong(byte)).count();
        let (run, rest) = self.rest.split_at(length);
        self.rest = rest;
        run
    }

    fn control(&mut self) -> Option<Token<'r>> {
        let first = *self.rest.first()?;
        if !first.is_ascii_alphabetic() {
            self.next_byte();
            if first != b'\'' {
                return Some(Token::Symbol(first));
            }
            let digits = self.run(2, u8::is_ascii_hexdigit);
            let value = std::str::from_utf8(digits).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok());
            return Some(Token::Hex(value.unwrap_or(b'?')));
        }
        let word = self.run(MAX_WORD, u8::is_ascii_alphabetic);
        let is_negative = self.rest.first() == Some(&b'-') && self.rest.get(1).is_some_and(u8::is_ascii_digit);
        if is_negative {
            self.next_byte();
        }
        let digits = self.run(MAX_DIGITS, u8::is_ascii_digit);
        let number = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse::<i32>().ok());
        if self.rest.first() == Some(&b' ') {
            self.next_byte();
        }
        let word = std::str::from_utf8(word).unwrap_or_default();
        let number = number.map(|number| if is_negative { -number } else { number });
        if word == "bin" {
            // Bytes of a picture, which may be anything.
            let skipped = usize::try_from(number.unwrap_or(0)).unwrap_or(0).min(self.rest.len());
            self.rest = self.rest.get(skipped..).unwrap_or_default();
        }
        Some(Token::Word(word, number))
    }
}

impl<'r> Iterator for Tokens<'r> {
    type Item = Token<'r>;

    fn next(&mut self) -> Option<Token<'r>> {
        loop {
            return match self.next_byte()? {
                b'{' => Some(Token::Open),
                b'}' => Some(Token::Close),
                b'\\' => self.control(),
                b'\r' | b'\n' | 0 => continue,
                byte => Some(Token::Text(byte)),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_told_apart() {
        let tokens: Vec<_> = Tokens::new(b"{\\rtf1\\b0 a\\'d6\\u-10179?\\~\\bin3 }}}x\n\\par}").collect();
        assert_eq!(
            tokens,
            [
                Token::Open,
                Token::Word("rtf", Some(1)),
                Token::Word("b", Some(0)),
                Token::Text(b'a'),
                Token::Hex(0xd6),
                Token::Word("u", Some(-10179)),
                Token::Text(b'?'),
                Token::Symbol(b'~'),
                Token::Word("bin", Some(3)),
                Token::Text(b'x'),
                Token::Word("par", None),
                Token::Close,
            ]
        );
        assert_eq!(Tokens::new(b"\\'g\\").count(), 2);
    }
}
