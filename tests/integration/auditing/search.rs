//! Searching the journal through the real door.

use huizong::pb;
use tonic::Request;
use tonic::metadata::MetadataValue;

use crate::support::{AGENCIES, CITY, COUNTY, PROVINCE, Server, problem, report, submission};

/// A journal of a registry, a report of each agency by a principal of its own, and a refused one.
async fn server() -> Server {
    let server = Server::with_registry().await;
    for (number, agency) in AGENCIES.iter().enumerate() {
        let mut request = Request::new(submission(report(agency, 3)));
        let principal = ["bureau", "office"][number % 2];
        request.metadata_mut().insert("huizong-principal", MetadataValue::from_static(principal));
        server.reports().submit_report(request).await.unwrap();
    }
    server.submit(submission(report("agencies/unknown-office", 3))).await.unwrap_err();
    server
}

async fn all(server: &Server, request: pb::ListJournalRequest) -> Vec<pb::JournalEntry> {
    let mut request = request;
    let mut entries = Vec::new();
    loop {
        let page = server.journals().list_journal(request.clone()).await.unwrap().into_inner();
        assert!(request.page_size == 0 || page.entries.len() <= request.page_size as usize);
        entries.extend(page.entries);
        if page.next_page_token.is_empty() {
            return entries;
        }
        request.page_token = page.next_page_token;
    }
}

fn sequences(entries: &[pb::JournalEntry]) -> Vec<i64> {
    entries.iter().map(|entry| entry.sequence).collect()
}

#[tokio::test]
async fn entries_are_found_by_person_address_action_and_place() {
    let server = server().await;
    let whole = all(&server, pb::ListJournalRequest::default()).await;
    assert_eq!(sequences(&whole), (1..=8).collect::<Vec<_>>());
    let found = async |request: pb::ListJournalRequest| sequences(&all(&server, request).await);
    let principal = |principal: &str| pb::ListJournalRequest { principal: principal.to_owned(), ..Default::default() };
    assert_eq!(found(principal("claimed:bureau")).await, [2, 4, 6]);
    assert_eq!(found(principal("claimed:bur")).await, [0i64; 0]);
    let address = |address: &str| pb::ListJournalRequest { address: address.to_owned(), ..Default::default() };
    assert_eq!(found(address("127.0.0.1")).await.len(), 8);
    assert_eq!(found(address("127.0.")).await.len(), 8);
    assert_eq!(found(address("127.0")).await.len(), 0);
    let action = |action: &str| pb::ListJournalRequest { action: action.to_owned(), ..Default::default() };
    assert_eq!(found(action("report")).await, [2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(found(action("report.submit")).await, [2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(found(action("rep")).await, [0i64; 0]);

    // The registry's call names its entries only in what was stored with it.
    let place = |place: &str| pb::ListJournalRequest { place: place.to_owned(), ..Default::default() };
    assert_eq!(found(place(AGENCIES[2])).await, [1, 4]);
    assert_eq!(found(place(COUNTY)).await, [1, 4, 5]);
    assert_eq!(found(place(CITY)).await, [1, 2, 3, 4, 5]);
    assert_eq!(found(place(PROVINCE)).await, [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(found(place("agencies/unknown-office")).await, [8], "also what is not registered");
    let both = pb::ListJournalRequest { principal: "claimed:office".to_owned(), ..place(CITY) };
    assert_eq!(found(both).await, [3, 5]);
    let refused = server.journals().list_journal(place("city")).await.unwrap_err();
    assert_eq!(problem(&refused).reason().as_str_name(), "FIELD_INVALID");
}

#[tokio::test]
async fn pages_are_together_the_answer_whichever_way_they_go() {
    let server = server().await;
    let questions = [
        pb::ListJournalRequest::default(),
        pb::ListJournalRequest { place: CITY.to_owned(), ..Default::default() },
        pb::ListJournalRequest { principal: "claimed:office".to_owned(), after_sequence: 3, ..Default::default() },
    ];
    for question in questions {
        let forwards = sequences(&all(&server, question.clone()).await);
        for page_size in [1, 2, 3, 100] {
            let sized = pb::ListJournalRequest { page_size, ..question.clone() };
            assert_eq!(sequences(&all(&server, sized.clone()).await), forwards);
            let backwards = all(&server, pb::ListJournalRequest { newest_first: true, ..sized }).await;
            assert!(sequences(&backwards).iter().rev().eq(&forwards), "{page_size} of {question:?}");
        }
    }
    // Between two times, from either end.
    let whole = all(&server, pb::ListJournalRequest::default()).await;
    let between = pb::ListJournalRequest { start_time: whole[2].time, end_time: whole[5].time, ..Default::default() };
    let expected: Vec<i64> = whole
        .iter()
        .filter(|entry| {
            let at = |time: Option<prost_types::Timestamp>| time.map(|time| (time.seconds, time.nanos));
            (at(whole[2].time)..at(whole[5].time)).contains(&at(entry.time))
        })
        .map(|entry| entry.sequence)
        .collect();
    assert_eq!(sequences(&all(&server, between.clone()).await), expected);
    let backwards = all(&server, pb::ListJournalRequest { newest_first: true, page_size: 1, ..between }).await;
    assert!(sequences(&backwards).iter().rev().eq(&expected));
}

#[tokio::test]
async fn a_page_token_is_of_its_question_alone() {
    let server = server().await;
    let first = pb::ListJournalRequest { page_size: 1, principal: "claimed:office".to_owned(), ..Default::default() };
    let page = server.journals().list_journal(first.clone()).await.unwrap().into_inner();
    let next = pb::ListJournalRequest { page_token: page.next_page_token, ..first };
    assert!(server.journals().list_journal(next.clone()).await.is_ok());
    let changes: [fn(&mut pb::ListJournalRequest); 5] = [
        |request| request.principal = "claimed:bureau".to_owned(),
        |request| request.address = "127.0.0.1".to_owned(),
        |request| request.place = CITY.to_owned(),
        |request| request.newest_first = true,
        |request| request.action = "report".to_owned(),
    ];
    for change in changes {
        let mut other = next.clone();
        change(&mut other);
        let refused = server.journals().list_journal(other).await.unwrap_err();
        assert_eq!(problem(&refused).reason().as_str_name(), "PAGE_INVALID");
    }
}

#[tokio::test]
async fn what_an_entry_names_is_told_with_its_name() {
    let server = server().await;
    let entry =
        all(&server, pb::ListJournalRequest { place: AGENCIES[0].to_owned(), ..Default::default() }).await.remove(1);
    let request = pb::GetAgencyRequest { name: AGENCIES[0].to_owned() };
    let called = server.registry().get_agency(request).await.unwrap().into_inner().agency.unwrap().display_name;
    assert_eq!(entry.names, [pb::NamedResource { name: AGENCIES[0].to_owned(), display_name: called }]);
}
