//! The description of the HTTP API (OpenAPI 3.1), made from the contract: parameters, answers and words are those of
//! the messages. `docs/openapi.json` holds it for readers; a test compares the two.

use std::collections::BTreeMap;

use prost::Name as _;
use prost_reflect::{DescriptorPool, FieldDescriptor, FileDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value, json};

use crate::pb;
use crate::wire::contract;

use super::addresses::{Address, addresses, method};
use super::api::{Resource, resources};
use super::query::{Parameter, parameters_of, short_name};

/// `google.api.FieldBehavior`.
const REQUIRED: i32 = 2;

/// The description as JSON text, on several lines.
pub fn description() -> String {
    let described = contract().ok().and_then(describe);
    described.and_then(|described| serde_json::to_string_pretty(&described).ok()).unwrap_or_default() + "\n"
}

fn describe(contract: &DescriptorPool) -> Option<Value> {
    let mut schemas = BTreeMap::new();
    let mut paths = Map::new();
    add_schema(contract, &contract.get_message_by_name(&pb::Problem::full_name())?, &mut schemas);
    for resource in resources() {
        let response = contract.get_message_by_name(&resource.response)?;
        add_schema(contract, &response, &mut schemas);
        for (at, address) in addresses(resource.method).iter().enumerate() {
            let operation = operation(contract, &resource, &response, address, at)?;
            paths.insert(address.path.clone(), json!({ "get": operation }));
        }
    }
    Some(json!({
        "openapi": "3.1.0",
        "info": {
            "title": "汇总 Huizong",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Answers of the gRPC services (package huizong.v1) over HTTP: canonical proto3 JSON, in \
                which 64-bit integers are strings, and CSV, which has every page. Lists are repeated parameters or \
                divided by commas; values of enumerations may be written short and in lower case.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer" } },
        },
        "security": [{}, { "bearer": [] }],
    }))
}

/// What a method does at one of its addresses, by number.
fn operation(
    contract: &DescriptorPool,
    resource: &Resource,
    response: &MessageDescriptor,
    address: &Address,
    at: usize,
) -> Option<Value> {
    let request = contract.get_message_by_name(&resource.request)?;
    let method = method(resource.method)?;
    let service = method.parent_service();
    let parameter = |Parameter { field, .. }: Parameter| {
        json!({
            "name": field.name(),
            "in": "query",
            "required": is_required(contract, &field),
            "description": comment(&field.parent_message().parent_file(), field.path()),
            "schema": value_schema(contract, &field, true),
        })
    };
    let in_query = |parameter: &Parameter| address.field.as_deref() != Some(parameter.field.name());
    let mut parameters: Vec<Value> = parameters_of(&request).into_iter().filter(in_query).map(parameter).collect();
    parameters.extend(address.parts.iter().map(|(part, words)| {
        let schema = json!({ "type": "string" });
        json!({ "name": part, "in": "path", "required": true, "description": words, "schema": schema })
    }));
    let mut formats = vec!["json"];
    formats.extend(resource.formats);
    parameters.push(json!({
        "name": "format", "in": "query", "required": false, "description": "How the answer is written.",
        "schema": { "type": "string", "enum": formats, "default": "json" },
    }));
    let mut content = Map::new();
    content.insert("application/json".to_owned(), json!({ "schema": reference(response) }));
    content.insert("text/csv".to_owned(), json!({ "schema": { "type": "string" } }));
    // Each address needs an id of its own.
    let id = if at == 0 { method.name().to_owned() } else { format!("{}{}", method.name(), at + 1) };
    Some(json!({
        "operationId": id,
        "description": comment(&service.parent_file(), method.path()),
        "parameters": parameters,
        "responses": {
            "200": { "description": "The answer.", "content": content },
            "default": {
                "description": "A refusal, with its reason and what to do, in Chinese and English.",
                "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
            },
        },
    }))
}

/// Whether a request without the field is refused.
fn is_required(contract: &DescriptorPool, field: &FieldDescriptor) -> bool {
    let Some(behavior) = contract.get_extension_by_name("google.api.field_behavior") else { return false };
    let options = field.options();
    let said = options.get_extension(&behavior);
    said.as_list().is_some_and(|said| said.iter().any(|one| one.as_enum_number() == Some(REQUIRED)))
}

fn option_number(contract: &DescriptorPool, field: &FieldDescriptor, option: &str) -> Option<i32> {
    let option = contract.get_extension_by_name(option)?;
    let options = field.options();
    if options.has_extension(&option) { options.get_extension(&option).as_i32() } else { None }
}

fn reference(message: &MessageDescriptor) -> Value {
    json!({ "$ref": format!("#/components/schemas/{}", message.name()) })
}

/// Adds a message and all that it is made of.
fn add_schema(contract: &DescriptorPool, message: &MessageDescriptor, schemas: &mut BTreeMap<String, Value>) {
    if schemas.contains_key(message.name()) {
        return;
    }
    schemas.insert(message.name().to_owned(), Value::Null);
    let mut properties = Map::new();
    for field in message.fields() {
        if let Kind::Message(inner) = field.kind()
            && !field.is_map()
            && !is_timestamp(&inner)
        {
            add_schema(contract, &inner, schemas);
        }
        let mut schema = value_schema(contract, &field, false);
        let words = comment(&message.parent_file(), field.path());
        if let Value::Object(schema) = &mut schema {
            schema.insert("description".to_owned(), Value::String(words));
        }
        properties.insert(field.json_name().to_owned(), schema);
    }
    let words = comment(&message.parent_file(), message.path());
    let schema = json!({ "type": "object", "description": words, "properties": properties });
    schemas.insert(message.name().to_owned(), schema);
}

fn is_timestamp(message: &MessageDescriptor) -> bool {
    message.full_name() == "google.protobuf.Timestamp"
}

fn value_schema(contract: &DescriptorPool, field: &FieldDescriptor, is_parameter: bool) -> Value {
    if field.is_map() {
        return json!({ "type": "object", "additionalProperties": { "type": "string" } });
    }
    let one = match field.kind() {
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Int32 | Kind::Uint32 | Kind::Sint32 => json!({ "type": "integer", "format": "int32" }),
        Kind::Int64 | Kind::Uint64 | Kind::Sint64 => json!({ "type": "string", "format": "int64" }),
        Kind::Bytes => json!({ "type": "string", "contentEncoding": "base64" }),
        Kind::Enum(kind) => {
            let name = |name: &str| match is_parameter {
                true => short_name(name, kind.name()).to_lowercase(),
                false => name.to_owned(),
            };
            let values: Vec<String> = kind.values().map(|value| name(value.name())).collect();
            // There will be more values, which a reader that takes only these would refuse.
            let listed = if is_parameter { "enum" } else { "examples" };
            json!({ "type": "string", listed: values })
        }
        Kind::Message(message) if is_timestamp(&message) => json!({ "type": "string", "format": "date-time" }),
        Kind::Message(message) => reference(&message),
        _ => match option_number(contract, field, "huizong.v1.max_characters") {
            Some(most) => json!({ "type": "string", "maxLength": most }),
            None => json!({ "type": "string" }),
        },
    };
    match option_number(contract, field, "huizong.v1.max_items").filter(|_| field.is_list()) {
        Some(most) => json!({ "type": "array", "items": one, "maxItems": most }),
        None if field.is_list() => json!({ "type": "array", "items": one }),
        None => one,
    }
}

/// The comment that stands above an element of the contract, on one line.
fn comment(file: &FileDescriptor, path: &[i32]) -> String {
    let info = file.file_descriptor_proto().source_code_info.as_ref();
    let found = info.and_then(|info| info.location.iter().find(|location| location.path == path));
    let lines = found.map(|location| location.leading_comments().trim()).unwrap_or_default();
    lines.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_description_in_docs_is_the_one_that_is_served() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json");
        let served = super::description();
        if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
            std::fs::write(path, &served).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(written == served, "run this test with INSTA_UPDATE=always, and look at what changed");
    }
}
