//! From the parameters of an address to a request message: each parameter is a field of the message, by its name.

use prost::{Message, Name};
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value};

use crate::report::Message as Text;
use crate::service::{Problem, Reason};
use crate::wire::{descriptor, message_from_dynamic};

/// The parameters, in order.
pub type Parameters = Vec<(String, String)>;

/// The parameters of a query string.
pub fn parameters(query: Option<&str>) -> Parameters {
    form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect()
}

/// Takes a parameter out; the last one where there are several.
pub fn take(parameters: &mut Parameters, name: &str) -> Option<String> {
    let found = parameters.iter().rfind(|(known, _)| known == name).map(|(_, value)| value.clone());
    parameters.retain(|(known, _)| known != name);
    found
}

/// The request that the parameters make; lists are repeated parameters or divided by commas.
///
/// # Errors
/// FIELD_INVALID for a parameter that the request does not have, or a value that it does not take.
pub fn request<Q: Message + Name + Default>(parameters: &Parameters) -> Result<Q, Problem> {
    let descriptor = descriptor::<Q>().map_err(|error| Problem::internal(&error))?;
    let mut object = Map::new();
    for (name, value) in parameters {
        let field = field(&descriptor, name)?;
        if field.is_list() {
            let items = object.entry(field.name()).or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(items) = items {
                items.extend(value.split(',').map(|value| json(&field, value)));
            }
        } else {
            object.insert(field.name().to_owned(), json(&field, value));
        }
        let one = Value::Object(
            object.iter().filter(|(key, _)| *key == field.name()).map(|(k, v)| (k.clone(), v.clone())).collect(),
        );
        DynamicMessage::deserialize(descriptor.clone(), one).map_err(|error| invalid(name, value, &error))?;
    }
    let whole = DynamicMessage::deserialize(descriptor, Value::Object(object));
    let whole = whole.map_err(|error| Problem::internal(&error.to_string()))?;
    message_from_dynamic(&whole).map_err(|error| Problem::internal(&error))
}

/// Whether a field can be given in an address.
pub fn is_parameter(field: &FieldDescriptor) -> bool {
    !field.is_map() && !matches!(field.kind(), Kind::Message(_) | Kind::Bytes)
}

fn field(descriptor: &MessageDescriptor, name: &str) -> Result<FieldDescriptor, Problem> {
    let found = descriptor.get_field_by_name(name).or_else(|| descriptor.get_field_by_json_name(name));
    found.filter(is_parameter).ok_or_else(|| {
        let known: Vec<String> =
            descriptor.fields().filter(is_parameter).map(|field| field.name().to_owned()).collect();
        let known = known.join(", ");
        let text =
            Text::new(format!("没有此参数；可用 {known}"), format!("there is no such parameter; there are {known}"));
        Problem::field(Reason::FieldInvalid, name, text)
    })
}

fn invalid(name: &str, value: &str, error: &impl std::fmt::Display) -> Problem {
    let text = Text::new(format!("值 {value:?} 不合规"), format!("takes no {value:?}: {error}"));
    Problem::field(Reason::FieldInvalid, name, text)
}

/// A value as canonical JSON has it; values of an enum may be written without its name, in lower case.
fn json(field: &FieldDescriptor, value: &str) -> Value {
    match field.kind() {
        Kind::Bool => match value {
            "" | "1" | "true" => Value::Bool(true),
            "0" | "false" => Value::Bool(false),
            other => Value::String(other.to_owned()),
        },
        Kind::Enum(kind) => {
            let wanted = value.trim().replace('-', "_").to_ascii_uppercase();
            let known =
                kind.values().find(|known| known.name() == wanted || short_name(known.name(), kind.name()) == wanted);
            Value::String(known.map_or_else(|| value.to_owned(), |known| known.name().to_owned()))
        }
        _ => Value::String(value.to_owned()),
    }
}

/// `YEAR` of `DIMENSION_YEAR` in `Dimension`.
pub fn short_name(value: &str, of: &str) -> String {
    let mut prefix = String::new();
    for letter in of.chars() {
        if letter.is_ascii_uppercase() && !prefix.is_empty() {
            prefix.push('_');
        }
        prefix.push(letter.to_ascii_uppercase());
    }
    value.strip_prefix(&format!("{prefix}_")).unwrap_or(value).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pb;

    #[test]
    fn parameters_become_the_fields_of_the_request() {
        let asked = parameters(Some(
            "jurisdiction=jurisdictions/230000&firstYear=2022&group_by=year,requester-type&measures=received&measures=refused&include_vertical=true&as_of=9007199254740993",
        ));
        let request: pb::QueryRollupRequest = request(&asked).unwrap();
        let expected = pb::QueryRollupRequest {
            jurisdiction: "jurisdictions/230000".to_owned(),
            first_year: 2022,
            group_by: vec![pb::Dimension::Year.into(), pb::Dimension::RequesterType.into()],
            measures: vec!["received".to_owned(), "refused".to_owned()],
            include_vertical: true,
            as_of: 9_007_199_254_740_993,
            ..Default::default()
        };
        assert_eq!(request, expected);
    }

    #[test]
    fn a_parameter_at_fault_is_named() {
        for query in ["nonsense=1", "first_year=soon", "group_by=colour", "include_vertical=perhaps"] {
            let problem = request::<pb::QueryRollupRequest>(&parameters(Some(query))).unwrap_err();
            let name = query.split('=').next().unwrap();
            assert!(problem.message.zh.starts_with(name) && problem.message.en.starts_with(name), "{problem:?}");
        }
    }
}
