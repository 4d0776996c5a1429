//! From the parameters of an address to a request message: each parameter is a field of the message, by its name.

use prost::{Message, Name};
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value};

use crate::pb;
use crate::report::Message as Text;
use crate::service::{Problem, Reason};
use crate::wire::{descriptor, message_from_dynamic};

/// The parameters, in order.
pub(crate) type Parameters = Vec<(String, String)>;

/// The parameters of a query string.
pub(crate) fn parameters(query: Option<&str>) -> Parameters {
    form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect()
}

/// Takes a parameter out; the last one where there are several.
pub(crate) fn take(parameters: &mut Parameters, name: &str) -> Option<String> {
    let found = parameters.iter().rfind(|(known, _)| known == name).map(|(_, value)| value.clone());
    parameters.retain(|(known, _)| known != name);
    found
}

/// A field that can be given in an address: of the request, or of the scope within it, whose fields are written as if they
/// were the request's own.
pub(crate) struct Parameter {
    pub within: Option<FieldDescriptor>,
    pub field: FieldDescriptor,
}

/// What an address may give of a request.
pub(crate) fn parameters_of(request: &MessageDescriptor) -> Vec<Parameter> {
    let plain = |field: &FieldDescriptor| !field.is_map() && !matches!(field.kind(), Kind::Message(_) | Kind::Bytes);
    let mut found = Vec::new();
    for field in request.fields() {
        match field.kind() {
            Kind::Message(scope) if scope.full_name() == pb::Scope::full_name() => {
                let inner = scope.fields().filter(plain);
                found.extend(inner.map(|inner| Parameter { within: Some(field.clone()), field: inner }));
            }
            _ if plain(&field) => found.push(Parameter { within: None, field }),
            _ => {}
        }
    }
    found
}

/// The request that the parameters make; lists are repeated parameters or divided by commas.
///
/// # Errors
/// FIELD_INVALID for a parameter that the request does not have, that is there twice, or a value that it does not take.
pub(crate) fn request<Q: Message + Name + Default>(parameters: &Parameters) -> Result<Q, Problem> {
    let descriptor = descriptor::<Q>().map_err(|error| Problem::internal(&error))?;
    let known = parameters_of(&descriptor);
    let mut object = Map::new();
    for (name, value) in parameters {
        let Parameter { within, field } = parameter(&known, name)?;
        let mut one = Map::new();
        let given = match field.is_list() {
            true => Value::Array(value.split(',').map(|value| json(field, value)).collect()),
            false => json(field, value),
        };
        one.insert(field.name().to_owned(), given.clone());
        let nested = |inner: Map<String, Value>| match within {
            Some(within) => Map::from_iter([(within.name().to_owned(), Value::Object(inner))]),
            None => inner,
        };
        DynamicMessage::deserialize(descriptor.clone(), Value::Object(nested(one)))
            .map_err(|error| invalid(name, value, &error))?;
        let place = match within {
            Some(within) => {
                let inner = object.entry(within.name()).or_insert_with(|| Value::Object(Map::new()));
                inner.as_object_mut().ok_or_else(|| Problem::internal("a scope is no object"))?
            }
            None => &mut object,
        };
        match (place.get_mut(field.name()), given) {
            (Some(Value::Array(items)), Value::Array(more)) => items.extend(more),
            (Some(_), _) => return Err(twice(name)),
            (None, given) => {
                place.insert(field.name().to_owned(), given);
            }
        }
    }
    let whole = DynamicMessage::deserialize(descriptor, Value::Object(object));
    let whole = whole.map_err(|error| Problem::internal(&error.to_string()))?;
    message_from_dynamic(&whole).map_err(|error| Problem::internal(&error))
}

fn parameter<'a>(known: &'a [Parameter], name: &str) -> Result<&'a Parameter, Problem> {
    let is_meant = |one: &&Parameter| {
        let (prefix, rest) = name.rsplit_once('.').unwrap_or(("", name));
        let prefix_fits = prefix.is_empty() || one.within.as_ref().is_some_and(|within| within.name() == prefix);
        prefix_fits && (one.field.name() == rest || one.field.json_name() == rest)
    };
    known.iter().find(is_meant).ok_or_else(|| {
        let known: Vec<&str> = known.iter().map(|one| one.field.name()).collect();
        let known = known.join(", ");
        let text =
            Text::new(format!("没有此参数；可用 {known}"), format!("there is no such parameter; there are {known}"));
        Problem::field(Reason::FieldInvalid, name, text)
    })
}

fn twice(name: &str) -> Problem {
    Problem::field(Reason::FieldInvalid, name, Text::new("只能给出一次", "may be given once only"))
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
pub(crate) fn short_name(value: &str, of: &str) -> String {
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

    #[test]
    fn parameters_become_the_fields_of_the_request() {
        let asked = parameters(Some(
            "jurisdiction=jurisdictions/230000&firstYear=2022&group_by=year,requester-type&measures=requests.received&measures=requests.refused&include_vertical=true&as_of=9007199254740993",
        ));
        let request: pb::QueryRollupRequest = request(&asked).unwrap();
        let expected = pb::QueryRollupRequest {
            scope: Some(pb::Scope {
                jurisdiction: "jurisdictions/230000".to_owned(),
                include_vertical: true,
                as_of: 9_007_199_254_740_993,
                ..Default::default()
            }),
            first_year: 2022,
            group_by: vec![pb::Dimension::Year.into(), pb::Dimension::RequesterType.into()],
            measures: vec!["requests.received".to_owned(), "requests.refused".to_owned()],
            ..Default::default()
        };
        assert_eq!(request, expected);
    }

    #[test]
    fn a_parameter_at_fault_is_named() {
        for query in [
            "nonsense=1",
            "first_year=soon",
            "group_by=colour",
            "include_vertical=perhaps",
            "first_year=2022&first_year=2023",
            "scope.nonsense=1",
        ] {
            let problem = request::<pb::QueryRollupRequest>(&parameters(Some(query))).unwrap_err();
            let name = query.split('=').next().unwrap();
            assert!(problem.message.zh.starts_with(name) && problem.message.en.starts_with(name), "{problem:?}");
        }
    }
}
