//! RTF: paragraphs and tables of a word processor's text, whose characters are bytes of the old code pages or Unicode.

mod encoding;
mod group;
mod set;
mod token;

use std::collections::HashMap;

use encoding_rs::{Encoding, WINDOWS_1252};

use super::colour::Rgb;
use super::error::ReadError;
use super::flow::Flow;
use super::inscription::{BOX, Look, Setting, is_drawn};
use super::placement::PrintedRow;
use super::sided::Sided;
use super::{Format, Limits};
use encoding::{of_charset, of_code_page};
use group::{Destination, Group, NUMBERINGS, Row, UNPRINTED, is_flat};
use token::{Token, Tokens};

/// Deepest nesting of groups.
const MAX_DEPTH: usize = 1_000;
/// Most fonts and colours.
const MAX_TABLE: usize = 10_000;
/// Code of a set of characters that are pictures.
const SYMBOLS: i32 = 2;

/// Reads an RTF into printed rows.
///
/// # Errors
/// [`ReadError::Damaged`], [`ReadError::TooDeep`] and the errors of limits.
pub fn read_rtf(bytes: &[u8], limits: &Limits) -> Result<Vec<PrintedRow>, ReadError> {
    let mut reader = Reader::new(limits.max_cells);
    for token in Tokens::new(bytes) {
        reader.token(token)?;
    }
    // Where it is cut off a number may be as well.
    if !reader.groups.is_empty() {
        return Err(ReadError::damaged(Format::Rtf.name(), "it ends before its time"));
    }
    reader.sided.finish()?.finish()
}

struct Reader {
    sided: Sided,
    groups: Vec<Group>,
    group: Group,
    /// `\*` was read: who does not know the destination that follows leaves it out.
    is_optional: bool,
    /// Bytes of text whose characters are not known yet.
    bytes: Vec<u8>,
    /// The first half of a character that takes two.
    half: Option<u16>,
    /// Bytes still to be left out, for they only repeat a character of Unicode.
    repeated: usize,
    encoding: &'static Encoding,
    charsets: HashMap<i32, i32>,
    font: i32,
    colours: Vec<Option<Rgb>>,
    colour: Option<Rgb>,
    code: String,
    /// Of the field that is read nothing is written yet but its code.
    has_no_result: bool,
    /// The rows of the tables within one another.
    rows: Vec<Row>,
}

impl Reader {
    fn new(max_cells: usize) -> Self {
        let group = Group::default();
        Self {
            sided: Sided::new(Flow::new(max_cells)),
            groups: Vec::new(),
            group,
            is_optional: false,
            bytes: Vec::new(),
            half: None,
            repeated: 0,
            encoding: WINDOWS_1252,
            charsets: HashMap::new(),
            font: 0,
            colours: Vec::new(),
            colour: None,
            code: String::new(),
            has_no_result: false,
            rows: Vec::new(),
        }
    }

    fn token(&mut self, token: Token<'_>) -> Result<(), ReadError> {
        match token {
            Token::Open => {
                self.flush()?;
                self.repeated = 0;
                if self.groups.len() >= MAX_DEPTH {
                    return Err(ReadError::TooDeep { limit: MAX_DEPTH });
                }
                self.groups.push(self.group);
                Ok(())
            }
            Token::Close => self.close(),
            Token::Word(word, number) => {
                if std::mem::take(&mut self.is_optional) && !self.is_known(word) {
                    self.group.destination = Destination::Unprinted;
                }
                if NUMBERINGS.contains(&word) {
                    // Of the paragraph around it.
                    self.groups.iter_mut().next_back().into_iter().for_each(|outer| outer.is_numbered = true);
                }
                if self.repeated > 0 && !matches!(word, "u" | "uc") {
                    self.repeated -= 1;
                    return Ok(());
                }
                self.word(word, number)
            }
            Token::Symbol(symbol) => self.symbol(symbol),
            Token::Hex(byte) | Token::Text(byte) => {
                if self.repeated > 0 {
                    self.repeated -= 1;
                    return Ok(());
                }
                match self.group.destination {
                    Destination::Body => self.bytes.push(byte),
                    Destination::Code => self.code.push(char::from(byte)),
                    Destination::Colours if byte == b';' && self.colours.len() < MAX_TABLE => {
                        self.colours.push(self.colour.take());
                    }
                    _ => {}
                }
                Ok(())
            }
        }
    }

    /// Destinations marked as optional that are known all the same.
    fn is_known(&self, word: &str) -> bool {
        matches!(word, "shppict" | "fldinst" | "nesttableprops" | "ud")
    }

    fn close(&mut self) -> Result<(), ReadError> {
        self.flush()?;
        self.repeated = 0;
        self.is_optional = false;
        let ended = self.group;
        if let Some(outer) = self.groups.pop() {
            self.group = outer;
        }
        if ended.destination == Destination::Code && self.group.destination != Destination::Code {
            let code = std::mem::take(&mut self.code);
            if is_drawn(&code) {
                self.write("①", Look::Strange)?;
            }
            // A place to type in may be empty.
            self.has_no_result = !code.trim_start().to_ascii_uppercase().starts_with("FORMTEXT");
        }
        // What it shows is made by the program that opens it.
        if ended.is_field && !self.group.is_field && std::mem::take(&mut self.has_no_result) {
            self.write("①", Look::Strange)?;
        }
        Ok(())
    }

    fn symbol(&mut self, symbol: u8) -> Result<(), ReadError> {
        match symbol {
            b'*' => self.is_optional = true,
            b'~' | b'_' => {
                // Behind what was read before it.
                self.flush()?;
                self.write_plain(if symbol == b'~' { " " } else { "-" })?;
            }
            b'\\' | b'{' | b'}' => self.bytes.push(symbol),
            b'\r' | b'\n' => self.end_paragraph()?,
            _ => {}
        }
        Ok(())
    }

    fn word(&mut self, word: &str, number: Option<i32>) -> Result<(), ReadError> {
        match (self.group.destination, word) {
            (_, "u") => return self.unicode(number.unwrap_or(0)),
            (_, "uc") => self.group.fallback = usize::try_from(number.unwrap_or(1)).unwrap_or(1),
            (_, "ansicpg") => self.encoding = of_code_page(number.unwrap_or(0)),
            (_, "fonttbl") => self.group.destination = Destination::Fonts,
            (_, "colortbl") => self.group.destination = Destination::Colours,
            (Destination::Body, "field") => self.group.is_field = true,
            (_, "fldinst") => self.group.destination = Destination::Code,
            (_, "nesttableprops") => self.group.destination = Destination::InnerRow,
            (_, word) if UNPRINTED.contains(&word) => self.group.destination = Destination::Unprinted,
            (Destination::Fonts, "f") => self.font = number.unwrap_or(0),
            (Destination::Fonts, "fcharset") if self.charsets.len() < MAX_TABLE => {
                self.charsets.insert(self.font, number.unwrap_or(0));
            }
            (Destination::Colours, "red" | "green" | "blue") => {
                let at = ["red", "green", "blue"].iter().position(|name| *name == word).unwrap_or(0);
                let channel = u8::try_from(number.unwrap_or(0)).unwrap_or(u8::MAX);
                if let Some(place) = self.colour.get_or_insert([0; 3]).get_mut(at) {
                    *place = channel;
                }
            }
            // A shape, of which the rest is not looked at, lies over the text and not behind it.
            (Destination::Unprinted, "shpfblwtxt") if number != Some(1) && self.group.depth() > 0 => {
                self.sided.text(self.group.depth(), BOX, Look::Cover)?;
            }
            // What stands in a frame or is drawn as a formula is not looked at; that something stands there is.
            (Destination::Unprinted, "shptxt" | "dptxbxtext" | "moMath") if self.group.depth() > 0 => {
                self.sided.text(self.group.depth(), "①", Look::Strange)?;
            }
            // Twice the same, of which the second is for programs that know Unicode.
            (_, "ud") => self.group.destination = Destination::Body,
            (Destination::InnerRow, word) => return self.row_word(word, number),
            (Destination::Body, "pict" | "object") => {
                self.flush()?;
                self.group.destination = Destination::Unprinted;
                if self.group.depth() > 0 {
                    self.sided.text(self.group.depth(), BOX, Look::Picture)?;
                }
            }
            (Destination::Body, word) => return self.body_word(word, number),
            _ => {}
        }
        Ok(())
    }

    fn body_word(&mut self, word: &str, number: Option<i32>) -> Result<(), ReadError> {
        self.flush()?;
        if self.group.characters.take(word, number) {
            return Ok(());
        }
        match word {
            "pard" => {
                (self.group.in_table, self.group.depth, self.group.ground) = (false, 0, 0);
                (self.group.is_numbered, self.group.is_flat) = (false, false);
            }
            // What is below nought is a height that stays, whatever stands there.
            "sl" => self.group.is_flat = number.is_some_and(is_flat),
            "ls" => self.group.is_numbered = number != Some(0),
            "intbl" => self.group.in_table = true,
            "itap" => {
                self.group.depth = usize::try_from(number.unwrap_or(0)).unwrap_or(0);
                self.group.in_table = self.group.depth > 0;
            }
            "cbpat" => self.group.ground = usize::try_from(number.unwrap_or(0)).unwrap_or(0),
            "par" => {
                self.tell_numbering()?;
                self.end_paragraph()?;
            }
            "sect" | "page" | "column" | "line" | "lbr" => self.end_paragraph()?,
            "tab" => self.write_plain(" ")?,
            "cell" => {
                self.tell_numbering()?;
                self.sided.end_cell(1)?;
            }
            "nestcell" => {
                self.tell_numbering()?;
                self.sided.end_cell(self.group.depth().max(2))?;
            }
            "row" => self.end_row(1)?,
            "nestrow" => self.end_row(self.group.depth().max(2))?,
            "emdash" => self.write_plain("—")?,
            "endash" => self.write_plain("–")?,
            "lquote" => self.write_plain("‘")?,
            "rquote" => self.write_plain("’")?,
            "ldblquote" => self.write_plain("“")?,
            "rdblquote" => self.write_plain("”")?,
            "bullet" => self.write_plain("•")?,
            // What the program counts or the clock says.
            "chdate" | "chdpl" | "chdpa" | "chtime" | "chpgn" | "sectnum" => self.write("①", Look::Strange)?,
            "emspace" | "enspace" | "qmspace" => self.write_plain(" ")?,
            _ => return self.row_word(word, number),
        }
        Ok(())
    }

    /// What is said of a row and its cells.
    fn row_word(&mut self, word: &str, number: Option<i32>) -> Result<(), ReadError> {
        let depth = if self.group.destination == Destination::InnerRow { self.group.depth().max(2) } else { 1 };
        if word == "nestrow" {
            return self.end_row(depth);
        }
        if depth > MAX_DEPTH {
            return Err(ReadError::TooDeep { limit: MAX_DEPTH });
        }
        while self.rows.len() < depth {
            self.rows.push(Row::default());
        }
        let Some(row) = self.rows.get_mut(depth - 1) else { return Ok(()) };
        row.take(word, number);
        Ok(())
    }

    fn end_row(&mut self, depth: usize) -> Result<(), ReadError> {
        match self.rows.get(depth - 1) {
            Some(row) => self.sided.end_row(depth, row.left, &row.sides),
            None => self.sided.end_row(depth, 0, &[]),
        }
    }

    fn end_paragraph(&mut self) -> Result<(), ReadError> {
        self.flush()?;
        if self.group.destination == Destination::Body {
            self.sided.end_paragraph(self.group.depth())?;
        }
        Ok(())
    }

    /// A character by its number, and the bytes behind it that only repeat it.
    fn unicode(&mut self, number: i32) -> Result<(), ReadError> {
        self.flush()?;
        self.repeated = self.group.fallback;
        let unit = u16::try_from(number.rem_euclid(0x1_0000)).unwrap_or(0xFFFD);
        let units: Vec<u16> = self.half.take().into_iter().chain([unit]).collect();
        match char::decode_utf16(units.iter().copied()).next() {
            Some(Ok(character)) => self.write_plain(&character.to_string()),
            _ if (0xD800..0xDC00).contains(&unit) => {
                self.half = Some(unit);
                Ok(())
            }
            _ => self.write_plain("\u{fffd}"),
        }
    }

    /// The bytes that were read, as characters of the font's code page.
    fn flush(&mut self) -> Result<(), ReadError> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        let bytes = std::mem::take(&mut self.bytes);
        let charset = self.charsets.get(&self.group.characters.font).copied();
        if charset == Some(SYMBOLS) {
            // Pictures: which of them are digits in rings, only their look tells.
            let has_digit = bytes.iter().any(|byte| byte.is_ascii_digit() || *byte >= 0x80);
            return self.write(if has_digit { "①" } else { "□" }, Look::Strange);
        }
        let encoding = charset.and_then(of_charset).unwrap_or(self.encoding);
        let (text, _) = encoding.decode_without_bom_handling(&bytes);
        self.write_plain(&text)
    }

    /// Of a paragraph in a table that ends here.
    fn tell_numbering(&mut self) -> Result<(), ReadError> {
        match self.group.depth() {
            depth if depth > 0 && self.group.is_numbered => self.sided.text(depth, BOX, Look::Numbering),
            _ => Ok(()),
        }
    }

    fn write_plain(&mut self, text: &str) -> Result<(), ReadError> {
        self.write_as(text, None)
    }

    fn write(&mut self, text: &str, look: Look) -> Result<(), ReadError> {
        self.write_as(text, Some(look))
    }

    fn write_as(&mut self, text: &str, look: Option<Look>) -> Result<(), ReadError> {
        let Group { destination: Destination::Body, ground, characters, is_flat, .. } = self.group else {
            return Ok(());
        };
        self.has_no_result &= text.trim().is_empty();
        let depth = self.group.depth();
        let row = depth.checked_sub(1).and_then(|at| self.rows.get(at));
        let cell = row.and_then(|row| row.grounds.get(self.sided.cells_before(depth)).copied());
        let behind = if ground == 0 { cell.unwrap_or(0) } else { ground };
        let setting = characters.setting(&self.colours, behind);
        let is_flat = is_flat || row.is_some_and(|row| row.is_flat);
        let setting = match look.or(is_flat.then_some(Look::Strange)) {
            Some(look) if setting.look == Look::Plain => Setting { look, ..setting },
            _ => setting,
        };
        self.sided.text(depth, text, setting)
    }
}
