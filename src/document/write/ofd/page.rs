//! Text and lines on pages, from the top of the first to the end of the last. Lengths are in micrometres.

/// A4.
pub const PAGE: (i64, i64) = (210_000, 297_000);
/// Free at each side.
pub const MARGIN: i64 = 20_000;
/// Width of what is set.
pub const WIDTH: i64 = PAGE.0 - 2 * MARGIN;
/// How much of a line's height is above the foot of its characters, in hundredths of their size.
const ASCENT: i64 = 86;
/// Height of a line, in hundredths of the size of its characters.
const LINE: i64 = 135;

/// What text is set in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Face {
    /// Number of the font.
    pub font: usize,
    /// Height of a character.
    pub size: i64,
    pub is_bold: bool,
}

impl Face {
    /// Height of a line.
    pub fn line(self) -> i64 {
        self.size * LINE / 100
    }

    /// Width of a character in a Chinese font.
    pub fn width(self, character: char) -> i64 {
        if character.is_ascii() { self.size / 2 } else { self.size }
    }

    pub fn width_of(self, text: &str) -> i64 {
        text.chars().map(|character| self.width(character)).sum()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    Left,
    Centre,
}

/// A rectangle from its upper left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    pub x: i64,
    pub y: i64,
    pub width: i64,
    pub height: i64,
}

/// What is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Object {
    /// One line of text, as wide and high as its area.
    Text { area: Area, face: Face, text: String },
    /// A rectangle of lines.
    Frame(Area),
}

/// Text in lines of at most a width, the first of which is set in. Lines break between any two characters, but not in Latin words
/// and numbers, as far as these fit on a line.
pub fn lines(text: &str, face: Face, width: i64, first_line: i64) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut left = width - first_line;
    for piece in pieces(text) {
        let piece_width = face.width_of(piece);
        if piece_width > left && piece_width <= width {
            lines.push(String::new());
            left = width;
        }
        for character in piece.chars() {
            let character_width = face.width(character);
            if character_width > left {
                lines.push(String::new());
                left = width;
            }
            left -= character_width;
            if let Some(line) = lines.last_mut() {
                line.push(character);
            }
        }
    }
    lines
}

/// Words of Latin letters and digits, and every other character by itself.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let end = match first.is_ascii_graphic() {
            true => rest.find(|c: char| !c.is_ascii_graphic()).unwrap_or(rest.len()),
            false => first.len_utf8(),
        };
        let (piece, behind) = rest.split_at(end);
        rest = behind;
        Some(piece)
    })
}

/// Pages being set.
pub struct Pages {
    pages: Vec<Vec<Object>>,
    /// Where the next thing is set.
    y: i64,
    footer: Vec<String>,
    footer_face: Face,
}

impl Pages {
    /// One empty page; what stands at the foot of each is said before.
    pub fn new(footer: &[String], footer_face: Face) -> Self {
        let footer = footer.iter().flat_map(|text| lines(text, footer_face, WIDTH, 0)).collect();
        Self { pages: vec![Vec::new()], y: MARGIN, footer, footer_face }
    }

    /// Where the foot of the pages begins.
    fn bottom(&self) -> i64 {
        let lines = i64::try_from(self.footer.len() + 1).unwrap_or(1);
        PAGE.1 - MARGIN - self.footer_face.line() * lines
    }

    /// Height that is left on this page.
    pub fn left(&self) -> i64 {
        self.bottom() - self.y
    }

    /// Height of an empty page.
    pub fn height(&self) -> i64 {
        self.bottom() - MARGIN
    }

    pub fn begin_page(&mut self) {
        self.pages.push(Vec::new());
        self.y = MARGIN;
    }

    /// Goes to the next page where less than a height is left, if that fits on any.
    pub fn keep(&mut self, height: i64) {
        if height > self.left() && height <= self.height() {
            self.begin_page();
        }
    }

    /// Leaves room, but not at the top of a page.
    pub fn skip(&mut self, height: i64) {
        if self.y > MARGIN {
            self.y += height;
        }
    }

    /// Goes down, past what was drawn.
    pub fn advance(&mut self, height: i64) {
        self.y += height;
    }

    /// Draws on this page; the area counts from where the next thing is set.
    pub fn draw(&mut self, object: Object) {
        let down = self.y;
        let object = match object {
            Object::Text { area, face, text } => Object::Text { area: Area { y: area.y + down, ..area }, face, text },
            Object::Frame(area) => Object::Frame(Area { y: area.y + down, ..area }),
        };
        if let Some(page) = self.pages.last_mut() {
            page.push(object);
        }
    }

    /// Draws lines of text within an area.
    pub fn text(&mut self, lines: &[String], face: Face, align: Align, within: Area) {
        for (line, at) in lines.iter().zip(0..) {
            let width = face.width_of(line);
            let x = match align {
                Align::Left => within.x,
                Align::Centre => within.x + (within.width - width) / 2,
            };
            let area = Area { x, y: within.y + at * face.line(), width, height: face.line() };
            self.draw(Object::Text { area, face, text: line.clone() });
        }
    }

    /// Sets a paragraph, over pages where it takes them.
    pub fn paragraph(&mut self, text: &str, face: Face, align: Align, first_line: i64) {
        for (at, line) in lines(text, face, WIDTH, first_line).into_iter().enumerate() {
            self.keep(face.line());
            let inset = if at == 0 { first_line } else { 0 };
            let within = Area { x: MARGIN + inset, y: 0, width: WIDTH - inset, height: face.line() };
            self.text(&[line], face, align, within);
            self.advance(face.line());
        }
    }

    /// The pages, each with its foot.
    pub fn end(mut self) -> Vec<Vec<Object>> {
        let (face, footer, bottom) = (self.footer_face, std::mem::take(&mut self.footer), self.bottom_of(0));
        let height = face.line();
        for (number, page) in (1..).zip(&mut self.pages) {
            let numbered = footer.iter().cloned().chain([format!("— {number} —")]);
            let top = bottom - height * i64::try_from(footer.len() + 1).unwrap_or(1);
            for (text, at) in numbered.zip(0..) {
                let width = face.width_of(&text);
                let is_number = at == i64::try_from(footer.len()).unwrap_or(0);
                let x = if is_number { MARGIN + (WIDTH - width) / 2 } else { MARGIN };
                page.push(Object::Text { area: Area { x, y: top + at * height, width, height }, face, text });
            }
        }
        self.pages
    }

    fn bottom_of(&self, above: i64) -> i64 {
        PAGE.1 - MARGIN - above
    }
}

/// How far below the top of its line a character's foot is.
pub fn ascent(face: Face) -> i64 {
    (face.line() - face.size) / 2 + face.size * ASCENT / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACE: Face = Face { font: 0, size: 1_000, is_bold: false };

    #[test]
    fn lines_break_between_chinese_characters_and_not_within_numbers() {
        assert_eq!(lines("收到12345件", FACE, 3_000, 0), ["收到", "12345", "件"]);
        assert_eq!(lines("1234567890", FACE, 3_000, 0), ["123456", "7890"], "longer than a line");
        assert_eq!(lines("收到申请", FACE, 3_000, 2_000), ["收", "到申请"]);
        assert_eq!(lines("", FACE, 3_000, 0), [""]);
    }

    #[test]
    fn what_does_not_fit_goes_overleaf_and_every_page_has_its_foot() {
        let mut pages = Pages::new(&["说明".to_owned()], FACE);
        let lines = pages.height() / FACE.line() + 3;
        (0..lines).for_each(|_| pages.paragraph("一行", FACE, Align::Left, 0));
        let pages = pages.end();
        assert_eq!(pages.len(), 2);
        for (number, page) in (1..).zip(&pages) {
            let texts: Vec<&str> = page
                .iter()
                .filter_map(|object| match object {
                    Object::Text { text, .. } => Some(text.as_str()),
                    Object::Frame(_) => None,
                })
                .collect();
            assert_eq!(
                texts.iter().rev().take(2).rev().copied().collect::<Vec<_>>(),
                ["说明", &format!("— {number} —")]
            );
        }
    }
}
