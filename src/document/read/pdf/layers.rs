//! Parts of a page that are marked: layers that are switched off, and what is printed beside the text on each page.

use std::collections::HashSet;

use lopdf::{Dictionary, Document, Object, ObjectId};

use super::super::page::part::Part;

/// Most references from one membership to its layers.
const MAX_GROUPS: usize = 1000;

/// The layers of a document that are switched off when it is opened.
#[derive(Debug, Default)]
pub struct Layers {
    off: HashSet<ObjectId>,
}

impl Layers {
    pub fn of(document: &Document) -> Self {
        let properties =
            document.catalog().and_then(|root| root.get_deref(b"OCProperties", document)).and_then(Object::as_dict);
        let Ok(properties) = properties else { return Self::default() };
        let groups = |dictionary: &Dictionary, key: &[u8]| -> Vec<ObjectId> {
            let groups = dictionary.get_deref(key, document).and_then(Object::as_array);
            groups.into_iter().flatten().filter_map(|group| group.as_reference().ok()).collect()
        };
        let Ok(shown) = properties.get_deref(b"D", document).and_then(Object::as_dict) else { return Self::default() };
        let all_off = shown.get(b"BaseState").and_then(Object::as_name).is_ok_and(|state| state == b"OFF");
        let mut off: HashSet<_> = if all_off { groups(properties, b"OCGs") } else { Vec::new() }.into_iter().collect();
        for on in groups(shown, b"ON") {
            off.remove(&on);
        }
        off.extend(groups(shown, b"OFF"));
        Self { off }
    }

    /// Whether a layer, or a membership in several, is not shown.
    pub fn is_off(&self, layer: &Object, document: &Document) -> bool {
        if self.off.is_empty() {
            return false;
        }
        if layer.as_reference().is_ok_and(|id| self.off.contains(&id)) {
            return true;
        }
        let Ok((_, Object::Dictionary(membership))) = document.dereference(layer) else { return false };
        let members = match membership.get(b"OCGs") {
            Ok(Object::Reference(id)) => match document.get_object(*id) {
                Ok(Object::Array(members)) => members.iter().filter_map(|member| member.as_reference().ok()).collect(),
                _ => vec![*id],
            },
            Ok(Object::Array(members)) => members.iter().filter_map(|member| member.as_reference().ok()).collect(),
            _ => return false,
        };
        let mut states = members.iter().take(MAX_GROUPS).map(|id| self.off.contains(id));
        match membership.get(b"P").and_then(Object::as_name).unwrap_or(b"AnyOn") {
            b"AllOn" => states.any(|off| off),
            b"AnyOff" => !members.is_empty() && !states.any(|off| off),
            b"AllOff" => !states.all(|off| off),
            _ => !members.is_empty() && states.all(|off| off),
        }
    }

    /// What a marked part is, by its tag and properties (`BDC`, `BMC`).
    pub fn part(&self, operands: &[Object], resources: Option<&Dictionary>, document: &Document) -> Part {
        let tag = operands.first().and_then(|tag| tag.as_name().ok()).unwrap_or_default();
        let properties = match operands.get(1) {
            Some(Object::Name(name)) => {
                let all =
                    resources.and_then(|all| all.get_deref(b"Properties", document).and_then(Object::as_dict).ok());
                all.and_then(|all| all.get(name).ok())
            }
            inline => inline,
        };
        let Some(properties) = properties else { return Part::default() };
        match tag {
            b"OC" => Part { is_off: self.is_off(properties, document), ..Part::default() },
            b"Artifact" => {
                let artifact = document.dereference(properties).and_then(|(_, artifact)| artifact.as_dict());
                let name = |key: &[u8]| artifact.as_ref().ok()?.get(key).and_then(Object::as_name).ok();
                Part {
                    is_watermark: name(b"Subtype") == Some(b"Watermark"),
                    is_running: matches!(name(b"Subtype"), Some(b"Header" | b"Footer")),
                    ..Part::default()
                }
            }
            _ => Part::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use lopdf::dictionary;

    use super::*;

    #[test]
    fn a_layer_is_off_as_the_document_says() {
        let mut document = Document::new();
        let [on, off] = [0; 2].map(|_| document.add_object(dictionary! { "Type" => "OCG" }));
        let shown = dictionary! { "OFF" => vec![off.into()] };
        let properties = dictionary! { "OCGs" => vec![on.into(), off.into()], "D" => shown };
        let root = document.add_object(dictionary! { "OCProperties" => properties });
        document.trailer.set("Root", root);
        let layers = Layers::of(&document);
        let of = |policy: &str| dictionary! { "OCGs" => vec![on.into(), off.into()], "P" => policy }.into();
        let is_off = |layer: Object| layers.is_off(&layer, &document);
        assert_eq!([is_off(on.into()), is_off(off.into())], [false, true]);
        assert_eq!(["AnyOn", "AllOn", "AnyOff", "AllOff"].map(|policy| is_off(of(policy))), [false, true, false, true]);
    }

    #[test]
    fn watermarks_and_running_heads_are_told_by_their_marks() {
        let (layers, document) = (Layers::default(), Document::new());
        let artifact = |subtype: &str| [Object::from("Artifact"), dictionary! { "Subtype" => subtype }.into()];
        assert!(layers.part(&artifact("Watermark"), None, &document).is_watermark);
        assert!(layers.part(&artifact("Footer"), None, &document).is_running);
        assert_eq!(layers.part(&["P".into(), dictionary! { "MCID" => 1 }.into()], None, &document), Part::default());
    }
}
