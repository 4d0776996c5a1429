//! What every store promises (see `huizong::store::Store`), run against each store; then what only the embedded one
//! promises, that the past stays as it was, and that the stores agree with each other.

mod agreement;
pub mod contents;
pub mod embedded;
mod history;
mod plans;
mod promises;
pub mod samples;
mod space;
mod strikes;
mod takeover;
mod transfer;
mod verification;

/// Runs each promise against one store; none where it cannot be had.
macro_rules! promises_of {
    ($store:ident, $open:expr, [$($promise:ident),*]) => {
        mod $store {
            use crate::store_contract::{promises, samples::*};

            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $promise() {
                    if let Some(open) = $open {
                        promises::$promise(&open).await;
                    }
                }
            )*
        }
    };
}

/// Runs each promise against each store: copies in memory and on disk, each beside a log in memory, in files, and in
/// PostgreSQL.
macro_rules! every_store_promises {
    ($($promise:ident),* $(,)?) => {
        promises_of!(memory, Some(OpenMemory), [$($promise),*]);
        promises_of!(memory_over_files, Some(OpenMemoryOverFiles::default()), [$($promise),*]);
        promises_of!(sled_over_memory, Some(OpenSledOverMemory::default()), [$($promise),*]);
        promises_of!(sled, Some(OpenSled::default()), [$($promise),*]);
        promises_of!(shared, OpenShared::new(), [$($promise),*]);
    };
}

every_store_promises![
    a_new_store_is_empty,
    what_is_read_as_of_a_moment_knows_nothing_of_what_is_committed_meanwhile,
    a_transaction_becomes_visible_whole,
    several_changes_share_one_journal_entry,
    sequence_numbers_have_no_gaps_and_the_chain_holds,
    time_never_runs_backwards,
    a_repeated_request_gets_the_first_answer,
    a_request_id_with_another_digest_is_refused,
    of_concurrent_duplicates_one_is_committed,
    a_refusal_is_journalled_and_changes_nothing,
    a_refused_request_may_be_made_again,
    a_record_that_is_too_long_stores_nothing,
    a_stale_expectation_stores_nothing,
    every_expectation_of_a_transaction_counts,
    a_report_is_changed_once_in_a_transaction,
    only_the_newest_revision_is_reviewed,
    of_transactions_that_expect_the_same_head_one_wins,
    a_transaction_that_rests_on_a_report_is_stale_once_that_has_changed,
    of_reviews_and_revisions_offered_at_once_one_wins,
    a_changed_registry_makes_a_transaction_stale,
    a_retry_is_answered_although_its_expectation_has_become_stale,
    a_report_stands_as_its_reviews_say,
    a_review_is_kept_as_it_was_given,
    a_review_is_visible_as_of_its_sequence_and_not_before,
    consolidated_reports_are_apart_from_own_ones,
    frozen_forms_are_kept_and_read_page_by_page,
    a_frozen_form_is_never_replaced,
    the_accepted_revision_is_the_one_that_was_accepted,
    earlier_revisions_are_never_altered,
    revisions_are_read_newest_first_page_by_page,
    reports_are_read_in_order_of_their_owners_page_by_page,
    owners_are_in_order_whatever_the_length_of_their_ids,
    years_are_in_order,
    registry_changes_are_in_the_order_in_which_they_were_made,
    changes_of_access_are_in_the_order_in_which_they_were_made,
    the_journal_is_read_page_by_page,
    the_observer_is_told_before_the_acknowledgement,
    the_observer_is_told_in_order_and_of_how_reports_stood,
    commits_are_read_back_as_the_observer_was_told_of_them,
    the_observer_may_read_what_it_is_told_of,
    concurrent_writers_lose_nothing,
    what_a_read_shows_is_journalled,
    records_are_those_of_the_transactions_up_to_a_sequence,
    an_imported_store_is_the_one_that_it_came_from,
    transactions_since_a_moment_are_taken_by_whoever_stands_there,
    its_transactions_make_the_same_store,
    an_import_into_a_store_that_has_data_changes_nothing,
    an_import_that_fails_shows_nothing_and_stops_writes,
];
