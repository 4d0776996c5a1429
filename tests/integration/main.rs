//! Everything that is promised to those outside: the service behind its real doors (gRPC, HTTP, the program), its stores,
//! and the shape of the source. One program, so that a change is linked once.

mod access;
mod architecture;
mod auditing;
mod check_documents;
mod cli_pages;
mod conformance;
mod document_formats;
mod document_processes;
mod documents;
mod examples;
mod flood;
mod full_disk;
mod grpc;
mod http_api;
mod instances;
mod languages;
mod model;
mod operator;
mod posted;
mod readme;
mod recount;
mod recovery;
mod reminders;
mod replay;
mod service_history;
mod shutdown;
mod sign_in;
mod store_contract;
mod terminal;
mod unsteady;
mod verify;

// The fault tests use the rest of it.
#[allow(dead_code)]
#[path = "../support/mod.rs"]
mod support;
