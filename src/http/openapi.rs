//! The description of the HTTP API (OpenAPI 3.1), made from the contract: parameters, answers and words are those of
//! the messages. `docs/openapi.json` holds it for readers; a test compares the two.

use std::collections::BTreeMap;

use prost::Name as _;
use prost_reflect::{DescriptorPool, FieldDescriptor, FileDescriptor, Kind, MessageDescriptor, MethodDescriptor};
use serde_json::{Map, Value, json};

use crate::pb;
use crate::report::ReportYear;
use crate::wire::contract;

use super::addresses::{Address, addresses, method};
use super::api::{Resource, content_type, resources};
use super::query::{Parameter, parameters_of, short_name};

/// What is described.
const PACKAGE: &str = "huizong.v1";

/// The last year that can be named.
const LAST_YEAR: i32 = ReportYear::LAST.get() as i32;

/// The least and the greatest of numbers, by the names of their fields; 0 stands for none.
const BOUNDS: [(&str, i32, i32); 6] = [
    ("page_size", 0, i32::MAX),
    ("year", 0, LAST_YEAR),
    ("first_year", 0, LAST_YEAR),
    ("last_year", 0, LAST_YEAR),
    ("hierarchy_year", 0, LAST_YEAR),
    ("years", 0, LAST_YEAR),
];

/// Name of the schema of a refusal of a call that is posted.
const CONNECT_ERROR: &str = "ConnectError";

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
    for service in contract.services().filter(|service| service.parent_file().package_name() == PACKAGE) {
        for method in service.methods().filter(|method| !method.is_server_streaming() && !method.is_client_streaming())
        {
            add_schema(contract, &method.input(), &mut schemas);
            add_schema(contract, &method.output(), &mut schemas);
            let path = format!("/{}/{}", service.full_name(), method.name());
            paths.insert(path, json!({ "post": posted(&method) }));
        }
    }
    schemas.insert(CONNECT_ERROR.to_owned(), connect_error());
    Some(json!({
        "openapi": "3.1.0",
        "info": {
            "title": "汇总 Huizong",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The gRPC services (package huizong.v1) over HTTP. POST: each call with one answer, as JSON \
                (the Connect protocol). GET: answers for tools that ask by an address, as JSON, and as CSV, which has every \
                page. JSON is canonical proto3 JSON, in which 64-bit integers are strings. In an address, lists are repeated \
                parameters or divided by commas; values of enumerations may be written short and in lower case.",
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
    for format in resource.formats {
        let schema = match *format {
            "docx" | "xlsx" | "ofd" => json!({ "type": "string", "contentMediaType": content_type(format) }),
            _ => json!({ "type": "string" }),
        };
        content.insert(content_type(format).to_owned(), json!({ "schema": schema }));
    }
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

/// What a call does that is posted as JSON.
fn posted(method: &MethodDescriptor) -> Value {
    let service = method.parent_service();
    let json = |schema: Value| json!({ "application/json": { "schema": schema } });
    json!({
        // Methods of two services may have one name.
        "operationId": format!("{}.{}", service.name(), method.name()),
        "tags": [service.name()],
        "description": comment(&service.parent_file(), method.path()),
        "requestBody": { "required": true, "content": json(reference(&method.input())) },
        "responses": {
            "200": { "description": "The answer.", "content": json(reference(&method.output())) },
            "default": {
                "description": "A refusal; the detail huizong.v1.Problem has its reason and what to do, in Chinese and English.",
                "content": json(json!({ "$ref": format!("#/components/schemas/{CONNECT_ERROR}") })),
            },
        },
    })
}

/// A refusal of the Connect protocol.
fn connect_error() -> Value {
    json!({
        "type": "object",
        "description": "A refusal, as the Connect protocol tells it.",
        "properties": {
            "code": { "type": "string", "description": "The status code, such as \"invalid_argument\"." },
            "message": { "type": "string", "description": "One line in English." },
            "details": { "type": "array", "description": "The details of the status.", "items": {
                "type": "object",
                "properties": {
                    "type": { "type": "string", "description": "Full name of the message, such as \"google.rpc.ErrorInfo\"." },
                    "value": { "type": "string", "contentEncoding": "base64", "description": "The message in protobuf." },
                    "debug": { "$ref": "#/components/schemas/Problem" },
                },
            } },
        },
    })
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
            && text_format(&inner).is_none()
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
    let mut schema = json!({ "type": "object", "description": words, "properties": properties });
    // What is answered may have less in it; what is asked may not.
    let is_request = message.name().ends_with("Request");
    let required = message.fields().filter(|field| is_request && is_required(contract, field));
    let required: Vec<String> = required.map(|field| field.json_name().to_owned()).collect();
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schemas.insert(message.name().to_owned(), schema);
}

/// Messages of others that are a text in JSON, with the format of it.
const TEXTS: [(&str, &str); 3] = [
    ("google.protobuf.Timestamp", "date-time"),
    ("google.protobuf.Duration", "duration"),
    ("google.protobuf.FieldMask", "field-mask"),
];

fn text_format(message: &MessageDescriptor) -> Option<&'static str> {
    TEXTS.iter().find(|(name, _)| *name == message.full_name()).map(|(_, format)| *format)
}

fn value_schema(contract: &DescriptorPool, field: &FieldDescriptor, is_parameter: bool) -> Value {
    if field.is_map() {
        return json!({ "type": "object", "additionalProperties": { "type": "string" } });
    }
    let one = match field.kind() {
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Int32 | Kind::Uint32 | Kind::Sint32 => {
            let mut number = json!({ "type": "integer", "format": "int32" });
            if let Some((_, least, most)) = BOUNDS.iter().find(|(name, ..)| *name == field.name()) {
                (number["minimum"], number["maximum"]) = (json!(least), json!(most));
            }
            number
        }
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
        Kind::Message(message) => match text_format(&message) {
            Some(format) => json!({ "type": "string", "format": format }),
            None => reference(&message),
        },
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
