//! The addresses of methods, as the contract gives them (`google.api.http`).

use prost_reflect::{DynamicMessage, MethodDescriptor, Value};

use crate::wire::contract;

/// A part of a resource's name, and what it is.
pub(crate) type Part = (&'static str, &'static str);

/// What the parts of a resource's name stand for, by the collections that they are in.
const PARTS: [(&str, Part); 5] = [
    ("agencies", ("agency", "Id of the agency.")),
    ("jurisdictions", ("jurisdiction", "Code of the jurisdiction.")),
    ("reports", ("year", "Report year.")),
    ("frozenForms", ("frozen_form", "Report year and number of the frozen form: 2022-1.")),
    ("revisions", ("revision", "Number of the revision.")),
];

/// An address, such as `/v1/{name=agencies/*/reports/*}`: the variable is the field of the request that is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// With each part of the name as a variable of its own: `/v1/agencies/{agency}/reports/{year}`.
    pub path: String,
    /// The field of the request that a part of the address is.
    pub field: Option<String>,
    /// Variables of `path`.
    pub parts: Vec<Part>,
}

impl Address {
    /// # Errors
    /// None for a template that has more than one variable, or one of an unknown collection.
    fn parse(template: &str) -> Option<Self> {
        let Some((before, rest)) = template.split_once('{') else {
            return Some(Self { path: template.to_owned(), field: None, parts: Vec::new() });
        };
        let (variable, after) = rest.split_once('}')?;
        let (field, pattern) = variable.split_once('=')?;
        let mut parts = Vec::new();
        let mut segments: Vec<String> = Vec::new();
        for segment in pattern.split('/') {
            if segment == "*" {
                let collection = segments.last()?;
                let (_, part) = PARTS.iter().find(|(known, _)| known == collection)?;
                parts.push(*part);
                segments.push(format!("{{{}}}", part.0));
            } else {
                segments.push(segment.to_owned());
            }
        }
        let path = format!("{before}{}{after}", segments.join("/"));
        Some(Self { path, field: Some(field.to_owned()), parts })
    }

    /// What comes before the variable.
    pub(crate) fn prefix(&self) -> &str {
        self.path
            .find('{')
            .and_then(|at| self.path[..at].rmatch_indices('/').nth(1))
            .map_or("", |(at, _)| &self.path[..=at])
    }
}

/// A method of the contract by the path of its call.
pub(crate) fn method(path: &str) -> Option<MethodDescriptor> {
    let (service, name) = path.trim_start_matches('/').split_once('/')?;
    contract().ok()?.get_service_by_name(service)?.methods().find(|known| known.name() == name)
}

/// The addresses at which a method answers GET; none where the contract gives none.
pub(crate) fn addresses(path: &str) -> Vec<Address> {
    let rule = contract().ok().and_then(|pool| {
        let http = pool.get_extension_by_name("google.api.http")?;
        Some(method(path)?.options().get_extension(&http).as_message()?.clone())
    });
    rule.map(|rule| of_rule(&rule)).unwrap_or_default()
}

fn of_rule(rule: &DynamicMessage) -> Vec<Address> {
    let get =
        rule.get_field_by_name("get").and_then(|get| Address::parse(get.as_str().filter(|text| !text.is_empty())?));
    let more = rule.get_field_by_name("additional_bindings");
    let more = more.iter().filter_map(|more| more.as_list()).flatten().filter_map(Value::as_message).flat_map(of_rule);
    get.into_iter().chain(more.collect::<Vec<_>>()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::METHODS;

    #[test]
    fn a_name_in_an_address_is_divided_into_what_its_parts_stand_for() {
        let address = Address::parse("/v1/{name=agencies/*/reports/*}").unwrap();
        assert_eq!(address.path, "/v1/agencies/{agency}/reports/{year}");
        let parts: Vec<&str> = address.parts.iter().map(|part| part.0).collect();
        assert_eq!((address.field.as_deref(), parts), (Some("name"), vec!["agency", "year"]));
        assert_eq!(address.prefix(), "/v1/");
        assert_eq!(Address::parse("/v1/rollup").unwrap().path, "/v1/rollup");
        assert_eq!(Address::parse("/v1/{name=unheard/*}"), None);
    }

    #[test]
    fn every_address_of_the_contract_is_understood_and_is_there_once() {
        let http = contract().unwrap().get_extension_by_name("google.api.http").unwrap();
        let mut all = Vec::new();
        for known in METHODS {
            let found = addresses(known.path);
            let described = method(known.path).is_some_and(|method| method.options().has_extension(&http));
            assert_eq!(described, !found.is_empty(), "{}", known.path);
            all.extend(found.into_iter().map(|address| address.path));
        }
        let given = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), given);
    }
}
