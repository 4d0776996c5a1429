//! Texts of a workbook: shared ones and those within cells, plain or in runs that are set in different ways.

use quick_xml::events::Event;

use super::super::error::ReadError;
use super::super::inscription::Inscription;
use super::events;
use super::style::{CellStyle, Font};
use super::text_of;

/// A text in its runs; a run without a font has that of the cell.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RichText {
    runs: Vec<(String, Option<Font>)>,
}

impl RichText {
    pub fn plain(text: &str) -> Self {
        Self { runs: vec![(unescaped(text), None)] }
    }

    /// A run behind those that are there.
    pub fn push(&mut self, text: &str, font: Option<Font>) {
        self.runs.push((text.to_owned(), font));
    }

    /// The text as it is written in a cell.
    pub fn inscription(&self, cell: CellStyle) -> Inscription {
        let mut inscription = Inscription::default();
        for (text, font) in &self.runs {
            inscription.push(text, font.unwrap_or(cell.font).setting(cell.ground));
        }
        inscription
    }
}

/// A text while its elements are read.
#[derive(Debug, Default)]
pub struct TextReader {
    text: RichText,
    font: Option<Font>,
    is_text: bool,
    is_phonetic: bool,
    in_font: bool,
}

impl TextReader {
    /// Takes an event within `si` or `is`.
    pub fn take(&mut self, event: &Event<'_>) {
        match event {
            Event::Start(element) => match element.local_name().as_ref() {
                "r" => self.font = None,
                "rPr" => (self.in_font, self.font) = (true, Some(Font::default())),
                "rPh" => self.is_phonetic = true,
                "t" => {
                    self.is_text = true;
                    if !self.is_phonetic {
                        self.text.runs.push((String::new(), self.font));
                    }
                }
                _ if self.in_font => self.font.iter_mut().for_each(|font| font.take(element)),
                _ => {}
            },
            Event::End(element) => match element.local_name().as_ref() {
                "r" => self.font = None,
                "rPr" => self.in_font = false,
                "rPh" => self.is_phonetic = false,
                "t" => self.is_text = false,
                _ => {}
            },
            _ if self.is_text && !self.is_phonetic => {
                if let (Some((text, _)), Some(piece)) = (self.text.runs.last_mut(), text_of(event)) {
                    text.push_str(&piece);
                }
            }
            _ => {}
        }
    }

    pub fn finish(self) -> RichText {
        let runs = self.text.runs.into_iter().map(|(text, font)| (unescaped(&text), font));
        RichText { runs: runs.collect() }
    }
}

/// The texts that cells refer to by number.
pub fn shared_texts(part: &str) -> Result<Vec<RichText>, ReadError> {
    let mut texts = Vec::new();
    let mut open: Option<TextReader> = None;
    events(part, |event| {
        match &event {
            Event::Start(element) if element.local_name().as_ref() == "si" => open = Some(TextReader::default()),
            Event::End(element) if element.local_name().as_ref() == "si" => {
                texts.extend(open.take().map(TextReader::finish));
            }
            event => open.iter_mut().for_each(|reader| reader.take(event)),
        }
        Ok(())
    })?;
    Ok(texts)
}

/// Characters that have no place in XML are written `_x000D_`.
fn unescaped(text: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("_x") {
        result.push_str(before);
        let code = after.get(..4).filter(|_| after.as_bytes().get(4) == Some(&b'_'));
        let character = code.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32);
        match character {
            Some(character) => {
                result.push(character);
                rest = after.get(5..).unwrap_or_default();
            }
            None => {
                result.push_str("_x");
                rest = after;
            }
        }
    }
    result + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_characters_are_the_characters() {
        assert_eq!(unescaped("行政_x000D_\n许可_x005F_x"), "行政\r\n许可_x");
        assert_eq!(unescaped("_x00_xé000D__x"), "_x00_xé000D__x");
    }
}
