//! Draws the pages of a document: the templates behind and before them, their layers, and what is laid over them.

use super::super::error::ReadError;
use super::super::page::UNKNOWN;
use super::super::page::drawing::Drawing;
use super::super::page::geometry::Matrix;
use super::super::page::part::Part;
use super::Left;
use super::element::Element;
use super::outline;
use super::parts::Parts;
use super::resources::Resources;
use super::setting::{Setting, is_even_odd};
use super::text::characters;

/// Deepest nesting of drawings in drawings.
const MAX_DEPTH: usize = 16;
/// A4, in millimetres.
const SHEET: [f64; 4] = [0.0, 0.0, 210.0, 297.0];

pub struct Painter<'d> {
    templates: Vec<&'d Element>,
    area: Option<&'d Element>,
    resources: Resources,
    left: &'d mut Left,
}

/// Content of a page, by whether it lies before the rest.
struct Content {
    is_before: bool,
    element: Element,
}

impl<'d> Painter<'d> {
    /// For pages of these templates, of this area where they have none of their own.
    pub fn new(
        templates: impl Iterator<Item = &'d Element>,
        area: Option<&'d Element>,
        resources: Resources,
        left: &'d mut Left,
    ) -> Self {
        Self { templates: templates.collect(), area, resources, left }
    }

    /// Draws a page, which the document at the first path names, and which is at the other.
    ///
    /// # Errors
    /// As [`Parts::part`], and the errors of limits.
    pub fn page<'a>(
        &mut self,
        parts: &mut Parts<'_>,
        (document, path): (&str, &str),
        page: &Element,
        laid: impl Iterator<Item = &'a Element>,
    ) -> Result<Drawing, ReadError> {
        self.resources(parts, path, page)?;
        let mut templates = Vec::new();
        for named in page.all("Template") {
            let id = named.value("TemplateID").unwrap_or_default();
            let Some(template) = self.templates.iter().copied().find(|known| known.value("ID") == Some(id)) else {
                continue;
            };
            let place = template.value("BaseLoc").unwrap_or_default();
            let Some((path, element)) = parts.part(document, place)? else { continue };
            self.resources(parts, &path, &element)?;
            let order = named.value("ZOrder").or(template.value("ZOrder")).unwrap_or_default();
            templates.push(Content { is_before: order.eq_ignore_ascii_case("Foreground"), element });
        }
        let setting = Setting::of_page(self.sheet(page, &templates));
        let mut drawing = Drawing { edge: Some(setting.clip.bounds()), ..Drawing::default() };
        let (before, behind): (Vec<_>, Vec<_>) = templates.iter().partition(|template| template.is_before);
        let all = behind.iter().map(|template| &template.element).chain([page]);
        for content in all.chain(before.iter().map(|template| &template.element)) {
            self.layers(content, &setting, &mut drawing)?;
        }
        for annotation in laid.flat_map(|laid| laid.all("Annot")) {
            self.annotation(annotation, &setting, &mut drawing)?;
        }
        Ok(drawing)
    }

    fn resources(&mut self, parts: &mut Parts<'_>, path: &str, page: &Element) -> Result<(), ReadError> {
        for place in page.all("PageRes") {
            self.resources.add(parts, path, place.text.trim())?;
        }
        Ok(())
    }

    /// The area of a page: its own, its template's or the document's.
    fn sheet(&self, page: &Element, templates: &[Content]) -> [f64; 4] {
        let own = std::iter::once(page).chain(templates.iter().map(|template| &template.element));
        let areas = own.filter_map(|element| element.child("Area")).chain(self.area);
        let is_sheet = |[_, _, width, height]: &[f64; 4]| *width > 0.0 && *height > 0.0;
        areas.filter_map(|area| area.numbers("PhysicalBox")).find(is_sheet).unwrap_or(SHEET)
    }

    /// The layers of a page, from the hindmost.
    fn layers(&mut self, page: &Element, setting: &Setting<'_>, drawing: &mut Drawing) -> Result<(), ReadError> {
        let order = |layer: &&Element| match layer.value("Type") {
            Some(kind) if kind.eq_ignore_ascii_case("Background") => 0,
            Some(kind) if kind.eq_ignore_ascii_case("Foreground") => 2,
            _ => 1,
        };
        let mut layers: Vec<&Element> = page.all("Content").flat_map(|content| content.all("Layer")).collect();
        layers.sort_by_key(order);
        for layer in layers {
            self.block(layer, &setting.clone().in_layer(layer), 0, drawing)?;
        }
        Ok(())
    }

    /// What is laid over a page: watermarks, and stamps, lines and notes of those who read it.
    fn annotation(&mut self, annotation: &Element, page: &Setting<'_>, drawing: &mut Drawing) -> Result<(), ReadError> {
        let mut setting = page.clone();
        let is_watermark = annotation.value("Type").is_some_and(|kind| kind.eq_ignore_ascii_case("Watermark"));
        let is_off = annotation.flag("Visible") == Some(false);
        setting.part = Part { is_off, is_watermark, is_laid: !is_watermark, is_running: false };
        for look in annotation.all("Appearance") {
            self.block(look, &setting.within(look), 0, drawing)?;
        }
        Ok(())
    }

    /// Draws objects one after the other.
    fn block(
        &mut self,
        block: &Element,
        setting: &Setting<'_>,
        depth: usize,
        drawing: &mut Drawing,
    ) -> Result<(), ReadError> {
        if depth > MAX_DEPTH {
            return Err(ReadError::TooDeep { limit: MAX_DEPTH });
        }
        for object in &block.children {
            self.left.object()?;
            match object.name.to_ascii_lowercase().as_str() {
                "pageblock" | "layer" => self.block(object, setting, depth + 1, drawing)?,
                "textobject" => self.text(object, &setting.within(object), drawing)?,
                "pathobject" => self.path(object, &setting.within(object), drawing),
                "imageobject" => self.picture(object, setting, drawing),
                "compositeobject" => {
                    let id = object.value("ResourceID").unwrap_or_default().to_owned();
                    let Some(unit) = self.resources.take(&id) else { continue };
                    let inner = setting.within(object);
                    let mut drawn = Ok(());
                    for content in unit.all("Content") {
                        drawn = drawn.and_then(|()| self.block(content, &inner, depth + 1, drawing));
                    }
                    self.resources.give_back(id, unit);
                    drawn?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn text(&mut self, object: &Element, setting: &Setting<'_>, drawing: &mut Drawing) -> Result<(), ReadError> {
        let paints = setting.paints(object, &self.resources, (true, false));
        let brush = setting.brush(object, &self.resources, paints);
        let paint = paints.fill.or(paints.stroke).unwrap_or(brush.fill);
        let is_of_pictures = self.resources.is_of_pictures(object.value("Font").unwrap_or_default());
        for placed in characters(object, setting.matrix) {
            self.left.character()?;
            let text = if is_of_pictures { UNKNOWN.to_owned() } else { placed.character.to_string() };
            if let Some(mark) = brush.write(text, placed.width, placed.place, paint, drawing) {
                mark.is_doubtful |= placed.is_loose || setting.is_beyond(mark.body());
            }
        }
        Ok(())
    }

    fn path(&self, object: &Element, setting: &Setting<'_>, drawing: &mut Drawing) {
        let path = outline::path(object.value("AbbreviatedData").unwrap_or_default(), setting.matrix);
        let paints = setting.paints(object, &self.resources, (false, true));
        let mut brush = setting.brush(object, &self.resources, paints);
        // Without a colour of its own an area is drawn by some and not by others.
        let is_beyond = || path.bounds().is_some_and(|bounds| setting.is_beyond(bounds));
        brush.is_in_doubt |= paints.fill.is_some() && (!paints.has_fill_colour || is_beyond());
        brush.paint(&path, paints.stroke.is_some(), paints.fill.map(|_| is_even_odd(object)), drawing);
    }

    /// A picture, which stands in the unit square, or fills its frame.
    fn picture(&self, object: &Element, setting: &Setting<'_>, drawing: &mut Drawing) {
        let inner = setting.within(object);
        let frame = match (object.value("CTM"), object.numbers::<4>("Boundary")) {
            (None, Some([.., width, height])) => Matrix([width, 0.0, 0.0, height, 0.0, 0.0]),
            _ => Matrix::IDENTITY,
        };
        let paints = inner.paints(object, &self.resources, (true, false));
        let is_opaque = self.resources.is_opaque(object.value("ResourceID").unwrap_or_default());
        let is_opaque = is_opaque && object.value("ImageMask").is_none();
        inner.brush(object, &self.resources, paints).picture(frame.then(inner.matrix), is_opaque, drawing);
    }
}
