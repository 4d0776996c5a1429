//! DOC: documents of Word 97 to 2003, and WPS of the same making.

mod bytes;
mod file;
mod row;
mod set;
mod sprm;
mod styles;

use super::colour::Rgb;
use super::error::ReadError;
use super::flow::Flow;
use super::inscription::{BOX, Look, Setting, is_drawn};
use super::placement::PrintedRow;
use super::sided::Sided;
use super::{Format, Limits};
use file::{Change, File, Kept, Piece, Run, run_at};
use row::Paragraph;
use set::Characters;
use styles::Styles;

/// Most fields within one another.
const MAX_FIELDS: usize = 64;

/// Reads a document into printed rows.
///
/// # Errors
/// [`ReadError::Damaged`], [`ReadError::Protected`] and the errors of limits.
pub fn read_doc(bytes: &[u8], limits: &Limits) -> Result<Vec<PrintedRow>, ReadError> {
    let file = File::open(bytes)?;
    let mut reader = Reader {
        styles: Styles::parse(file.kept(Kept::Styles)),
        characters: file.runs(Kept::Characters)?,
        paragraphs: file.runs(Kept::Paragraphs)?,
        sided: Sided::new(Flow::new(limits.max_cells)),
        fields: Vec::new(),
        code: String::new(),
        half: None,
    };
    for piece in file.pieces()? {
        reader.piece(&file.main, &piece)?;
    }
    reader.sided.finish()?.finish()
}

fn damaged(detail: impl ToString) -> ReadError {
    ReadError::damaged(Format::Doc.name(), detail)
}

struct Reader {
    styles: Styles,
    characters: Vec<Run>,
    paragraphs: Vec<Run>,
    sided: Sided,
    /// Whether the code is being read of the fields that are open, or their result.
    fields: Vec<bool>,
    code: String,
    /// The first half of a character that takes two.
    half: Option<u16>,
}

/// What holds for the characters from one place to another.
struct Here {
    until: usize,
    setting: Setting,
    characters: Characters,
    paragraph: Paragraph,
}

impl Reader {
    fn piece(&mut self, main: &[u8], piece: &Piece) -> Result<(), ReadError> {
        let width = if piece.is_narrow { 1 } else { 2 };
        let mut here: Option<Here> = None;
        for number in 0..piece.characters.len() {
            let place = piece.at.saturating_add(number * width);
            let unit = match piece.is_narrow {
                true => main.get(place).map(|byte| narrow(*byte)),
                false => main.get(place..).and_then(|rest| rest.first_chunk::<2>()).map(|two| u16::from_le_bytes(*two)),
            };
            let Some(unit) = unit else { return Err(damaged("its text is cut off")) };
            if here.as_ref().is_none_or(|here| place >= here.until) {
                here = Some(self.here(place, piece));
            }
            if let Some(here) = &here {
                self.character(unit, here)?;
            }
        }
        Ok(())
    }

    /// What holds at a place.
    fn here(&self, place: usize, piece: &Piece) -> Here {
        let (run, paragraph) = (run_at(&self.characters, place), run_at(&self.paragraphs, place));
        let style = paragraph.map_or(0, |paragraph| paragraph.style);
        let own = run.map(|run| run.properties.as_slice()).unwrap_or_default();
        let changed = match &piece.change {
            Change::Known(list) => list.as_slice(),
            _ => &[],
        };
        let mut characters = Characters::default();
        self.styles.characters(style).into_iter().for_each(|list| characters.take(list));
        // The style of a run is named among its own properties, and goes before them.
        let mut named = Characters::default();
        named.take(own);
        if let Some(style) = named.style {
            self.styles.characters(style).into_iter().for_each(|list| characters.take(list));
        }
        characters.end_of_styles();
        characters.take(own);
        characters.take(changed);
        if piece.change == Change::Unknown {
            characters.mark_strange();
        }
        let lists = [paragraph.map(|run| run.properties.as_slice()).unwrap_or_default(), changed];
        let paragraph_of = Paragraph::of(&lists);
        let until = |run: Option<&Run>| run.map_or(place + 1, |run| run.places.end);
        let ground = paragraph_of.ground.or_else(|| self.ground_of_cell(place, &paragraph_of));
        Here {
            until: until(run).min(until(paragraph)),
            setting: characters.setting(ground),
            characters,
            paragraph: paragraph_of,
        }
    }

    /// The colour behind the cell that is being read, which the end of its row tells.
    fn ground_of_cell(&self, place: usize, paragraph: &Paragraph) -> Option<Rgb> {
        if paragraph.depth() != 1 {
            return None;
        }
        let from = self.paragraphs.partition_point(|run| run.places.end <= place);
        let rows =
            self.paragraphs.iter().skip(from).take(MAX_LOOKED_AHEAD).map(|run| Paragraph::of(&[&run.properties]));
        let row = rows.take_while(|one| one.depth() > 0).find(|one| one.ends_row)?;
        row.grounds.get(self.sided.cells_before(1)).copied().flatten()
    }

    fn character(&mut self, unit: u16, here: &Here) -> Result<(), ReadError> {
        let depth = here.paragraph.depth();
        let is_end = matches!(unit, 0x07 | 0x0D) && !here.paragraph.ends_row && !here.paragraph.ends_inner_row;
        if is_end && here.paragraph.is_numbered && depth > 0 {
            self.sided.text(depth, BOX, Look::Numbering)?;
        }
        match unit {
            0x13 if self.fields.len() < MAX_FIELDS => {
                self.fields.push(true);
                self.code.clear();
            }
            0x14 => self.fields.iter_mut().last().into_iter().for_each(|in_code| *in_code = false),
            0x15 => {
                self.fields.pop();
                if is_drawn(&self.code) {
                    self.sided.text(depth, "①", Setting { look: Look::Strange, ..here.setting })?;
                }
            }
            _ if self.fields.contains(&true) => self.code.extend(char::from_u32(u32::from(unit))),
            0x07 if here.paragraph.ends_row => {
                self.sided.end_row(depth.max(1), here.paragraph.left, &here.paragraph.sides)?;
            }
            0x07 => self.sided.end_cell(depth.max(1))?,
            0x0D if here.paragraph.ends_inner_row => {
                self.sided.end_row(depth.max(2), here.paragraph.left, &here.paragraph.sides)?;
            }
            0x0D if here.paragraph.ends_inner_cell => self.sided.end_cell(depth.max(2))?,
            0x0B..=0x0E => self.sided.end_paragraph(depth)?,
            0x09 | 0xA0 => self.sided.text(depth, " ", Look::Plain)?,
            0x1E => self.sided.text(depth, "-", here.setting)?,
            _ if here.characters.is_special => self.special(unit, here)?,
            0..=0x1F => {}
            _ => self.text(unit, here)?,
        }
        Ok(())
    }

    /// A character that stands for something else.
    fn special(&mut self, unit: u16, here: &Here) -> Result<(), ReadError> {
        let depth = here.paragraph.depth();
        match (unit, here.characters.symbol) {
            // Pictures, and shapes that float over the text.
            (0x01, _) if depth > 0 => self.sided.text(depth, BOX, Look::Picture),
            (0x08, _) if depth > 0 => self.sided.text(depth, BOX, Look::Cover),
            (0x28, Some(symbol)) => {
                let is_digit = matches!(symbol & 0xFF, 0x30..=0x39 | 0x80..=0x95);
                let text = if is_digit { "①" } else { "□" };
                self.sided.text(depth, text, Setting { look: Look::Strange, ..here.setting })
            }
            (0..=0x1F, _) => Ok(()),
            _ => self.text(unit, here),
        }
    }

    fn text(&mut self, unit: u16, here: &Here) -> Result<(), ReadError> {
        let units: Vec<u16> = self.half.take().into_iter().chain([unit]).collect();
        match char::decode_utf16(units.iter().copied()).next() {
            Some(Ok(character)) => {
                self.sided.text(here.paragraph.depth(), character.encode_utf8(&mut [0; 4]), here.setting)
            }
            _ if (0xD800..0xDC00).contains(&unit) => {
                self.half = Some(unit);
                Ok(())
            }
            _ => self.sided.text(here.paragraph.depth(), "\u{fffd}", here.setting),
        }
    }
}

/// Most paragraphs that are looked at for the end of a row.
const MAX_LOOKED_AHEAD: usize = 200;

/// A character of one byte: as in the code page of the West.
fn narrow(byte: u8) -> u16 {
    let text = encoding_rs::WINDOWS_1252.decode_without_bom_handling(&[byte]).0.chars().next();
    text.and_then(|character| u16::try_from(u32::from(character)).ok()).unwrap_or(u16::from(byte))
}
