//! Between the messages of the contract and our values, both ways; one file per subject.
//!
//! Used by every door. Nothing here decides anything.

mod access;
mod cell;
mod collection;
mod comparison;
mod contact;
mod diagnosis;
mod document;
mod exchange;
mod finding;
mod form;
mod journal;
mod json;
mod layout;
mod narrative;
mod operations;
mod problem;
mod reading;
mod registry;
mod registry_change;
mod registry_file;
mod reminder;
mod report;
mod rollup;
mod rule;
mod table;

pub(crate) use access::{
    credential_name_from_wire, credential_to_wire, exchanged_to_wire, new_credential_from_wire, principal_from_wire,
    principal_to_wire, proposal_name_from_wire, proposal_to_wire, replacement_to_wire, request_id_from_wire,
    role_from_wire, role_to_wire, word_of_role_kind,
};
pub(crate) use cell::computed_to_wire;
pub use cell::value_in_words;
pub(crate) use collection::{
    collection_from_wire, collection_merged, collection_to_wire, collection_year, deadlines_to_wire,
    exception_from_wire, optional_owner,
};
pub(crate) use comparison::{comparison_to_wire, freeze_from_wire, frozen_form_to_wire, reconciliation_to_wire};
pub use contact::contacts_to_wire;
pub(crate) use contact::{contacts_from_wire, contacts_name, known_contacts_to_wire};
pub(crate) use diagnosis::diagnoses_to_wire;
pub(crate) use document::{
    document_format_from_wire, document_format_to_wire, document_from_wire, read_format_to_wire,
    rendered_frozen_to_wire, rendered_report_to_wire, rendered_to_wire, template_to_wire,
};
pub use exchange::submission_of;
pub(crate) use exchange::{entry_from_wire, submission_from_entry};
pub(crate) use finding::{finding_from_wire, findings_to_wire, text_to_wire};
pub(crate) use form::{edition_from_wire, edition_to_wire, sums_to_wire};
pub use form::{figures_from_wire, figures_to_wire};
pub(crate) use journal::{
    entry_from_wire as journal_entry_from_wire, entry_to_wire, journal_actions_to_wire, journal_filter_from_wire,
    named_entry_to_wire,
};
pub use json::{contract, to_json};
pub(crate) use json::{descriptor, dynamic, from_json, message_from_dynamic};
pub(crate) use layout::layout_to_wire;
pub(crate) use narrative::narrative_from_wire;
pub use narrative::narrative_to_wire;
pub(crate) use operations::{
    condition_to_wire, head_from_wire, moment_from_wire, moment_to_wire, part_to_wire, service_info_to_wire, since,
    status_to_wire, verification_to_wire,
};
pub use problem::code_number;
pub(crate) use problem::{problem_to_wire, reason_to_wire};
pub use reading::source_to_wire;
pub(crate) use reading::{meant_from_wire, reading_to_wire};
pub(crate) use registry::{
    agency_from_wire, agency_id as agency_id_from_wire, agency_to_wire, code as code_from_wire, jurisdiction_from_wire,
    jurisdiction_to_wire, kind_from_wire, known_agency_to_wire, known_jurisdiction_to_wire, sum_change_to_wire,
    suspect_to_wire, year_from_wire,
};
pub(crate) use registry_change::etag_of_change;
pub use registry_change::{change_from_wire, change_to_wire};
pub(crate) use registry_file::{registry_file_to_wire, registry_format_from_wire, rendered_registry_to_wire};
pub(crate) use reminder::{remind_from_wire, reminder_to_wire, rendered_reminders_to_wire, sent_reminders_to_wire};
pub(crate) use report::{
    ReviewParts, accepted_to_wire, contrast_to_wire, event_to_wire, name_from_wire, report_in_view, report_to_wire,
    review_from_wire, reviewed_to_wire, states_from_wire, verdict_to_wire, view_from_wire,
};
pub use report::{submission_from_wire, timestamp_to_wire};
pub(crate) use rollup::{
    CoveragePage, anomaly_to_wire, answer_to_wire, coverage_answer_to_wire, coverage_question_from_wire,
    coverage_to_wire, following_from_wire, form_question_from_wire, question_from_wire, watched_coverage_from_wire,
    watched_coverage_to_wire, watched_rollup_from_wire, watched_rollup_to_wire,
};
pub use rollup::{form_to_wire, key_in_words};
pub(crate) use rule::{rule_count_to_wire, rules_to_wire};
pub(crate) use table::{Reader, Table, write_csv};
