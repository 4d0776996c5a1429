//! Pages of lists: how large they may be, and the tokens that say where the next one begins.
//!
//! A token names the last thing of its page, never a position, and the journal sequence of the first page. It holds for
//! the question that it was given out for, which may only change the size of its pages; any other is refused.

use prost::{Message, Name};

use crate::config::Limits;
use crate::pb;
use crate::report::{self, Hash};
use crate::service::{Page, PageEnd, Problem};

/// The sizes of every kind of page.
#[derive(Clone, Copy)]
pub(crate) struct Pages {
    /// Of resources.
    pub resources: Sizes,
    /// Of rows of sums.
    pub rows: Sizes,
}

impl Pages {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            resources: Sizes { default: limits.page_resources, max: limits.page_resources_max },
            rows: Sizes { default: limits.page_rows, max: limits.page_rows_max },
        }
    }
}

/// The sizes of one kind of page.
#[derive(Clone, Copy)]
pub(crate) struct Sizes {
    default: usize,
    max: usize,
}

impl Sizes {
    /// The largest page.
    pub(crate) fn max(self) -> usize {
        self.max
    }

    /// The page size to use: the default for 0, never more than the most.
    ///
    /// # Errors
    /// PAGE_INVALID for a negative size.
    fn of(self, asked: i32) -> Result<usize, Problem> {
        match usize::try_from(asked) {
            Ok(0) => Ok(self.default),
            Ok(size) => Ok(size.min(self.max)),
            Err(_) => Err(Problem::bad_page("page_size", report::Message::new("不得为负", "is negative"))),
        }
    }

    /// Which page a request asks for, while the journal stands at `newest`.
    ///
    /// # Errors
    /// PAGE_INVALID for a negative size, and for a token that was not given out for this question.
    pub(crate) fn page<Q: Paged>(self, request: &Q, newest: u64) -> Result<Asked, Problem> {
        let mut question = request.clone();
        let (size, token) = question.take_page();
        let size = self.of(size)?;
        let mut asked = Asked { size, sequence: newest, after: None, question: digest::<Q>(&question) };
        if !token.is_empty() {
            let mark = asked.mark(&token).filter(|mark| mark.sequence <= newest).ok_or_else(Problem::bad_page_token)?;
            asked.sequence = mark.sequence;
            asked.after = Some(mark);
        }
        Ok(asked)
    }
}

/// Which page of a list is asked for.
pub(crate) struct Asked {
    /// Things on the page at most.
    pub size: usize,
    /// Journal sequence of the first page: of the page before where there is one, else where the journal stands.
    pub sequence: u64,
    /// The last thing of the page before; none for the first page.
    pub after: Option<PageEnd>,
    /// Digest of the question without its page.
    question: Hash,
}

/// Bytes of a token before its key: the sequence, then so much of a digest of all that the token stands for.
const SEQUENCE_BYTES: usize = size_of::<u64>();
const SEAL_BYTES: usize = 16;

impl Asked {
    /// The key after which the page begins; empty for the first.
    pub(crate) fn key(&self) -> &str {
        self.after.as_ref().map_or("", |mark| &mark.key)
    }

    /// The token of the page after this one, whose last thing has the key `last`; empty after the last page.
    pub(crate) fn token(&self, last: Option<&str>) -> String {
        self.token_as_of(last, self.sequence)
    }

    /// As [`Asked::token`], where the answer says itself which journal sequence it is true as of.
    pub(crate) fn token_as_of(&self, last: Option<&str>, sequence: u64) -> String {
        let Some(key) = last else { return String::new() };
        let sequence = sequence.to_be_bytes();
        hex::encode([&sequence[..], &self.seal(sequence, key), key.as_bytes()].concat())
    }

    fn seal(&self, sequence: [u8; SEQUENCE_BYTES], key: &str) -> [u8; SEAL_BYTES] {
        let hash = Hash::of(&[&self.question.0[..], &sequence, key.as_bytes()].concat());
        std::array::from_fn(|at| hash.0[at])
    }

    fn mark(&self, token: &str) -> Option<PageEnd> {
        let bytes = hex::decode(token).ok()?;
        let (sequence, rest) = bytes.split_first_chunk::<SEQUENCE_BYTES>()?;
        let (seal, key) = rest.split_first_chunk::<SEAL_BYTES>()?;
        let key = std::str::from_utf8(key).ok()?;
        let mark = PageEnd { sequence: u64::from_be_bytes(*sequence), key: key.to_owned() };
        (self.seal(*sequence, key) == *seal).then_some(mark)
    }
}

/// The page of a whole list that comes after the thing with a key; the first page for none.
pub(crate) fn after_key<T>(
    all: impl Iterator<Item = T>,
    before: &str,
    size: usize,
    key: impl Fn(&T) -> String,
) -> Page<T> {
    let is_first = before.is_empty();
    let rest = all.skip_while(|one| !is_first && key(one) != before).skip(usize::from(!is_first));
    Page::cut(rest.take(size + 1).collect(), size, key)
}

fn digest<Q: Paged>(question: &Q) -> Hash {
    let mut bytes = Q::full_name().into_bytes();
    bytes.push(0);
    bytes.extend(question.encode_to_vec());
    Hash::of(&bytes)
}

/// A request for a page of a list.
pub(crate) trait Paged: Message + Name + Clone {
    type Answer: Message;

    /// Takes out the size and the token: what is left is the question.
    fn take_page(&mut self) -> (i32, String);

    /// Asks for so many things at most.
    fn set_page_size(&mut self, size: i32);

    /// How many things are on a page.
    fn listed(page: &Self::Answer) -> usize;
}

/// A page fills no more, so that a client with gRPC's own limit of 4 MiB for an answer takes it.
pub(crate) const PAGE_BYTES: usize = 2 << 20;

/// How many things to ask for instead, where those on a page fill more than they may; one is sent whatever it fills.
pub(crate) fn fewer<Q: Paged>(page: &Q::Answer) -> Option<i32> {
    let (listed, bytes) = (Q::listed(page), page.encoded_len());
    if bytes <= PAGE_BYTES || listed <= 1 {
        return None;
    }
    let fitting = listed.saturating_mul(PAGE_BYTES) / bytes;
    i32::try_from(fitting.clamp(1, listed - 1)).ok()
}

macro_rules! paged {
    ($($request:ident => $answer:ident.$list:ident),* $(,)?) => {$(
        impl Paged for pb::$request {
            type Answer = pb::$answer;

            fn take_page(&mut self) -> (i32, String) {
                (std::mem::take(&mut self.page_size), std::mem::take(&mut self.page_token))
            }

            fn set_page_size(&mut self, size: i32) {
                self.page_size = size;
            }

            fn listed(page: &Self::Answer) -> usize {
                page.$list.len()
            }
        }
    )*};
}

paged!(
    GetCoverageRequest => GetCoverageResponse.children,
    ListAnomaliesRequest => ListAnomaliesResponse.anomalies,
    ListAgencyContactsRequest => ListAgencyContactsResponse.contacts,
    ListRemindersRequest => ListRemindersResponse.reminders,
    ListAgenciesRequest => ListAgenciesResponse.agencies,
    ListCollectionsRequest => ListCollectionsResponse.collections,
    ListCredentialsRequest => ListCredentialsResponse.credentials,
    ListFrozenFormRevisionsRequest => ListFrozenFormRevisionsResponse.revisions,
    ListFrozenFormsRequest => ListFrozenFormsResponse.frozen_forms,
    ListJournalRequest => ListJournalResponse.entries,
    ListJurisdictionsRequest => ListJurisdictionsResponse.jurisdictions,
    ListMissingAgenciesRequest => ListMissingAgenciesResponse.agencies,
    ListPrincipalsRequest => ListPrincipalsResponse.principals,
    ListProposalsRequest => ListProposalsResponse.proposals,
    ListRegistryChangesRequest => ListRegistryChangesResponse.changes,
    ListRegistrySuspectsRequest => ListRegistrySuspectsResponse.suspects,
    ListReportEventsRequest => ListReportEventsResponse.events,
    ListReportRevisionsRequest => ListReportRevisionsResponse.reports,
    ListReportsRequest => ListReportsResponse.reports,
    ListRuleFailuresRequest => ListRuleFailuresResponse.failures,
    ListRulesRequest => ListRulesResponse.rules,
    QueryRollupRequest => QueryRollupResponse.rows,
);

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: Sizes = Sizes { default: 50, max: 1000 };

    fn request(jurisdiction: &str, page_token: String) -> pb::QueryRollupRequest {
        let scope = pb::Scope { jurisdiction: jurisdiction.to_owned(), ..Default::default() };
        pb::QueryRollupRequest { scope: Some(scope), page_token, ..Default::default() }
    }

    #[test]
    fn a_token_goes_on_from_its_key_at_its_sequence_whatever_the_size_of_pages() {
        let first = SIZES.page(&request("jurisdictions/230000", String::new()), 7).unwrap();
        assert_eq!((first.key(), first.sequence, first.size), ("", 7, 50));
        assert_eq!(first.token(None), "");
        let next = request("jurisdictions/230000", first.token(Some("甲")));
        let second = SIZES.page(&pb::QueryRollupRequest { page_size: 9000, ..next }, 12).unwrap();
        assert_eq!((second.key(), second.sequence, second.size), ("甲", 7, 1000));
    }

    #[test]
    fn a_token_of_another_question_or_another_list_or_a_later_journal_or_a_forged_one_is_refused() {
        let first = SIZES.page(&request("jurisdictions/230000", String::new()), 7).unwrap();
        let token = first.token(Some("key"));
        let refused = |request: &pb::QueryRollupRequest, newest| {
            SIZES.page(request, newest).err().map(|problem| problem.reason.as_str())
        };
        assert_eq!(refused(&request("jurisdictions/230000", token.clone()), 7), None);
        assert_eq!(refused(&request("jurisdictions/230100", token.clone()), 7), Some("PAGE_INVALID"));
        assert_eq!(refused(&request("jurisdictions/230000", token.clone()), 6), Some("PAGE_INVALID"));
        for at in 0..token.len() {
            let mut forged = token.clone().into_bytes();
            forged[at] = if forged[at] == b'0' { b'1' } else { b'0' };
            let forged = String::from_utf8(forged).unwrap();
            assert_eq!(refused(&request("jurisdictions/230000", forged), u64::MAX), Some("PAGE_INVALID"), "{at}");
        }
        let other_list = pb::ListPrincipalsRequest { page_token: token, ..Default::default() };
        assert!(SIZES.page(&other_list, 7).is_err());
    }
}
