//! What a call says, kept as it passes by: where the call is refused, the journal says what was asked.

use std::borrow::Cow;
use std::future::poll_fn;
use std::io::Read as _;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use flate2::read::GzDecoder;
use http::Uri;
use http_body::Body as _;
use prost::bytes::Bytes;
use prost_reflect::{DynamicMessage, Value};
use tonic::body::Body;

use crate::service::Asked;
use crate::wire::contract;

/// As much of a message is kept, in bytes; of a longer one only its length is told.
const KEPT_BYTES: usize = 64 << 10;
/// Before each message: whether it is compressed, and its length.
const HEAD_BYTES: usize = 5;
/// As much of what was asked goes into the journal, in characters.
const ARGUMENTS_CHARACTERS: usize = 1000;
/// What is asked by an address begins with it.
const API: &str = "/v1/";
/// How long a message is waited for whose call is refused already.
const PATIENCE: Duration = Duration::from_secs(2);

/// Fields that name what a call is about, the first that is there.
const SUBJECTS: [&str; 6] = ["name", "parent", "principal", "jurisdiction", "agency", "form"];
/// Fields with a message that names what a call is about.
const OBJECTS: [&str; 7] = ["submission", "scope", "agency", "jurisdiction", "collection", "exception", "contacts"];
/// Fields that are secret or people's, and contents that a hash stands for: they are never put in words.
const LEFT_OUT: [&str; 8] = ["token", "code", "secret", "password", "content", "form", "narrative", "people"];

/// The first message of one call.
#[derive(Debug)]
pub(crate) struct Heard {
    /// Path of the call, or of the page with its query.
    uri: Uri,
    begun: Mutex<Vec<Bytes>>,
}

impl Heard {
    pub(crate) fn new(uri: &Uri) -> Self {
        Self { uri: uri.clone(), begun: Mutex::default() }
    }

    fn begun(&self) -> MutexGuard<'_, Vec<Bytes>> {
        // Pieces are pushed whole.
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the next piece of what is said, as far as any is kept.
    pub(crate) fn take(&self, data: &Bytes) {
        let mut begun = self.begun();
        if begun.iter().map(Bytes::len).sum::<usize>() < KEPT_BYTES {
            begun.push(data.clone());
        }
    }

    /// Waits for the message of a call that goes no further.
    pub(crate) async fn listen(&self, body: &mut Body) {
        let all = async {
            while let Some(Ok(frame)) = poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await {
                if let Some(data) = frame.data_ref() {
                    self.take(data);
                }
                if self.has_heard_all() {
                    break;
                }
            }
        };
        // What has come until then is what was heard.
        let _ = tokio::time::timeout(PATIENCE, all).await;
    }

    /// Whether the first message is there, or as much of it as is kept.
    fn has_heard_all(&self) -> bool {
        let heard: usize = self.begun().iter().map(Bytes::len).sum();
        heard >= KEPT_BYTES || self.length().is_some_and(|length| heard >= HEAD_BYTES + length)
    }

    /// How long the first message is, where that was heard.
    fn length(&self) -> Option<usize> {
        let head: Vec<u8> = self.begun().iter().flatten().copied().take(HEAD_BYTES).collect();
        let [_, length @ ..] = <[u8; HEAD_BYTES]>::try_from(head).ok()?;
        usize::try_from(u32::from_be_bytes(length)).ok()
    }

    /// The message, where it was heard whole; else how long it is, where that was heard.
    fn message(&self) -> Result<DynamicMessage, Option<usize>> {
        let length = self.length().ok_or(None)?;
        let heard = self.begun().concat();
        let message = heard.get(HEAD_BYTES..HEAD_BYTES + length).ok_or(Some(length))?;
        let message = if heard[0] == 0 { Cow::from(message) } else { unpacked(message).ok_or(Some(length))?.into() };
        let mut path = self.uri.path().trim_start_matches('/').split('/');
        let (service, method) = path.next().zip(path.next()).ok_or(None)?;
        let service = contract().ok().and_then(|pool| pool.get_service_by_name(service)).ok_or(None)?;
        let method = service.methods().find(|known| known.name() == method).ok_or(None)?;
        DynamicMessage::decode(method.input(), message.as_ref()).map_err(|_| Some(length))
    }
}

/// A compressed message as it was before, where it is no longer than what is kept.
fn unpacked(message: &[u8]) -> Option<Vec<u8>> {
    let mut unpacked = Vec::new();
    let most = u64::try_from(KEPT_BYTES).ok()? + 1;
    GzDecoder::new(message).take(most).read_to_end(&mut unpacked).ok()?;
    (unpacked.len() <= KEPT_BYTES).then_some(unpacked)
}

/// The text of the first field that names a resource.
fn first_text(message: &DynamicMessage) -> Option<String> {
    SUBJECTS.iter().find_map(|field| match message.get_field_by_name(field)?.as_ref() {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        _ => None,
    })
}

fn subject(message: &DynamicMessage) -> Option<String> {
    first_text(message)
        .or_else(|| OBJECTS.iter().find_map(|field| subject(message.get_field_by_name(field)?.as_message()?)))
}

/// Which page of an answer is asked for makes no other question.
const PAGING: [&str; 3] = ["pageToken", "pageSize", "afterSequence"];

/// Puts a sign in the place of what is not to be told.
fn leave_out(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(members) => {
            members.retain(|name, _| !PAGING.contains(&name.as_str()));
            for (name, member) in members {
                if LEFT_OUT.contains(&name.as_str()) {
                    *member = "…".into();
                } else {
                    leave_out(member);
                }
            }
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(leave_out),
        _ => {}
    }
}

fn cut(text: &str) -> String {
    let mut characters = text.chars();
    let kept: String = characters.by_ref().take(ARGUMENTS_CHARACTERS).collect();
    if characters.next().is_some() { kept + "…" } else { kept }
}

impl Asked for Heard {
    fn subject(&self) -> String {
        self.message().ok().and_then(|message| subject(&message)).unwrap_or_default()
    }

    fn arguments(&self) -> String {
        match self.message() {
            Ok(message) => serde_json::to_value(&message).map_or_else(
                |_| String::new(),
                |mut value| {
                    leave_out(&mut value);
                    let says_something = value.as_object().is_none_or(|members| !members.is_empty());
                    if says_something { cut(&value.to_string()) } else { String::new() }
                },
            ),
            Err(Some(length)) => format!("({length} bytes)"),
            // A page says what it asks in its address.
            Err(None) => {
                // Addresses of other pages may hold secrets, such as those that an identity provider sends back.
                let path = self.uri.path();
                let query = self.uri.query().filter(|_| path.starts_with(API));
                query.map_or_else(String::new, |query| cut(&format!("{path}?{query}")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;
    use crate::pb;

    fn heard(path: &str, message: &[u8]) -> Heard {
        let heard = Heard::new(&path.parse().unwrap());
        let length = u32::try_from(message.len()).unwrap().to_be_bytes();
        for piece in [&[0][..], &length, message] {
            heard.take(&Bytes::copy_from_slice(piece));
        }
        heard
    }

    #[test]
    fn a_call_is_told_with_its_subject_and_its_arguments() {
        let role = pb::Role { kind: pb::RoleKind::Viewer.into(), scope: "jurisdictions/230000".to_owned() };
        let grant =
            pb::GrantRoleRequest { principal: "principals/a".to_owned(), role: Some(role), allow_missing: false };
        let told = heard("/huizong.v1.AccessService/GrantRole", &grant.encode_to_vec());
        assert_eq!(told.subject(), "principals/a");
        let arguments =
            r#"{"principal":"principals/a","role":{"kind":"ROLE_KIND_VIEWER","scope":"jurisdictions/230000"}}"#;
        assert_eq!(told.arguments(), arguments);
    }

    #[test]
    fn contents_are_not_told_and_long_messages_by_their_length_only() {
        let path = "/huizong.v1.ReportService/SubmitReport";
        let name = "agencies/a/reports/2022".to_owned();
        let submit = pb::SubmitReportRequest { name, form: Some(Box::default()), ..Default::default() };
        let told = heard(path, &submit.encode_to_vec());
        assert_eq!(told.subject(), "agencies/a/reports/2022");
        assert_eq!(told.arguments(), r#"{"form":"…","name":"agencies/a/reports/2022"}"#);
        let long = heard("/huizong.v1.AccessService/GrantRole", &vec![0; 2 * KEPT_BYTES]);
        long.begun().truncate(2);
        assert_eq!(long.arguments(), format!("({} bytes)", 2 * KEPT_BYTES));
        assert_eq!(
            Heard::new(&"/v1/reports?parent=agencies/-".parse().unwrap()).arguments(),
            "/v1/reports?parent=agencies/-"
        );
    }
}
