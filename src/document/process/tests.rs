//! What holds of places and of the end of readers; the processes themselves are tried through the program's doors.

use std::path::PathBuf;
use std::time::Duration;

use proptest::prelude::*;

use super::frame::{Answer, answer, answered};
use super::{Fair, Read, Readers, Settings, Unread, Wanted};
use crate::document::read::{Limits, read_document};
use crate::form::{CellId, catalogue, edition};
use crate::report::{Cell, Figures, Message};

#[tokio::test]
async fn one_owner_leaves_a_place_to_others_and_is_served_in_turn() {
    let fair = Fair::new(2, 1, 10, Duration::from_millis(50));
    let first = fair.enter("one").await.unwrap();
    assert!(fair.enter("one").await.is_none(), "one owner took both places");
    let _other = fair.enter("other").await.unwrap();
    drop(first);
    fair.enter("one").await.unwrap();
}

#[tokio::test]
async fn no_more_wait_than_may() {
    let fair = Fair::new(1, 1, 1, Duration::from_secs(3600));
    let held = fair.enter("one").await.unwrap();
    let waiting = fair.enter("other");
    tokio::pin!(waiting);
    assert!(futures::poll!(&mut waiting).is_pending());
    assert!(fair.enter("third").await.is_none(), "more waited than may");
    drop(held);
    assert!(waiting.await.is_some());
}

#[tokio::test]
async fn a_program_that_is_not_ours_is_no_fault_of_the_document() {
    for program in ["/bin/false", "/no such program"] {
        let readers = Readers::new(Settings { program: PathBuf::from(program), ..Settings::default() });
        let read = readers.read("one", Wanted::Reading, "a.txt", b"text").await;
        assert!(matches!(read, Err(Unread::Failed(_))), "{program}: {read:?}");
    }
}

/// What comes out of a process of what went in there.
async fn through(read: Result<Read, Message>) -> Result<Read, Message> {
    let mut bytes = Vec::new();
    answer(&mut bytes, &Answer { read, is_last: false }, || panic!("it is short")).unwrap();
    answered(&mut bytes.as_slice()).await.unwrap().read
}

#[tokio::test]
async fn a_reading_comes_out_of_its_process_as_it_went_in() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/documents");
    for ending in ["html", "md", "docx", "xlsx", "pdf"] {
        let name = format!("district.{ending}");
        let reading = read_document(&std::fs::read(folder.join(&name)).unwrap(), &name, &Limits::default()).unwrap();
        let before = Read::Document(Box::new(reading));
        let after = through(Ok(before.clone())).await.unwrap();
        assert_eq!(format!("{after:?}"), format!("{before:?}"), "{name}");
    }
    let message = Message::new("坏了", "broken");
    assert_eq!(through(Err(message.clone())).await.unwrap_err(), message);
}

proptest! {
    #[test]
    fn figures_come_out_of_a_process_as_they_went_in(
        cells in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..4, any::<i64>()), 0..300),
        trial in any::<bool>(),
    ) {
        let mut figures = Figures::blank(edition(if trial { "trial_2019" } else { "format_2021" }).unwrap());
        for (at, kind, number) in cells {
            let value = [Cell::Blank, Cell::NotApplicable, Cell::Unread, Cell::Number(number)][kind];
            figures.set(at.get(&catalogue().cells).id, value);
        }
        let bytes = postcard::to_stdvec(&figures).unwrap();
        prop_assert_eq!(postcard::from_bytes::<Figures>(&bytes).unwrap(), figures);
    }

    #[test]
    fn no_bytes_of_an_answer_do_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = postcard::from_bytes::<Read>(&bytes);
        let _ = postcard::from_bytes::<CellId>(&bytes);
    }
}
