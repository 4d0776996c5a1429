//! Decodes requests within bounds: an empty message within a message takes two bytes to send and some hundred in memory,
//! so what a long request holds is counted before any of it is made.

use std::marker::PhantomData;
use std::sync::LazyLock;

use prost::bytes::{Buf as _, Bytes};
use prost::encoding::{WireType, decode_key, decode_varint};
use prost::{Message, Name};
use prost_reflect::{DescriptorPool, Kind, MessageDescriptor};
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder};
use tonic_prost::ProstEncoder;

/// Requests up to so many bytes are not counted: what they can hold is little.
const UNCOUNTED_BYTES: usize = 16 << 10;

/// Messages nested deeper are refused when they are decoded.
const DEPTH_MAX: usize = 100;

/// What a request may hold.
#[derive(Clone, Copy)]
struct Bounds {
    /// Messages in it, at any depth.
    messages: usize,
    /// Fields and items of lists in it, at any depth.
    fields: usize,
}

/// Several times what the largest report, or any question, holds.
const USUAL: Bounds = Bounds { messages: 4_000, fields: 20_000 };
/// Several times what ten thousand changes of the registry hold.
const REGISTRY: Bounds = Bounds { messages: 100_000, fields: 1_000_000 };

fn bounds(request: &str) -> Bounds {
    if request == "huizong.v1.ApplyRegistryChangesRequest" { REGISTRY } else { USUAL }
}

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    // The same bytes are served as the contract; a test reads them.
    DescriptorPool::decode(super::FILE_DESCRIPTOR_SET).unwrap_or_default()
});

/// Why a request is not decoded.
#[derive(Debug, PartialEq, Eq)]
enum Refused {
    TooMuch,
    /// It is no message at all; decoding says so at the same place.
    Malformed,
}

/// What may still come.
struct Left(Bounds);

impl Left {
    fn take_fields(&mut self, count: usize) -> Result<(), Refused> {
        self.0.fields = self.0.fields.checked_sub(count).ok_or(Refused::TooMuch)?;
        Ok(())
    }

    fn message(&mut self, descriptor: &MessageDescriptor, mut bytes: Bytes, depth: usize) -> Result<(), Refused> {
        self.0.messages = self.0.messages.checked_sub(1).ok_or(Refused::TooMuch)?;
        let malformed = |_| Refused::Malformed;
        while bytes.has_remaining() {
            self.take_fields(1)?;
            let (number, wire_type) = decode_key(&mut bytes).map_err(malformed)?;
            let length = match wire_type {
                WireType::Varint => decode_varint(&mut bytes).map(|_| 0).map_err(malformed)?,
                WireType::SixtyFourBit => 8,
                WireType::ThirtyTwoBit => 4,
                WireType::LengthDelimited => decode_varint(&mut bytes).map_err(malformed)?,
                // Nothing in the contract is one.
                WireType::StartGroup | WireType::EndGroup => return Err(Refused::Malformed),
            };
            let length = usize::try_from(length).map_err(|_| Refused::Malformed)?;
            if length > bytes.remaining() {
                return Err(Refused::Malformed);
            }
            let content = bytes.split_to(length);
            if wire_type != WireType::LengthDelimited {
                continue;
            }
            let Some(field) = descriptor.get_field(number) else { continue };
            match field.kind() {
                Kind::Message(inner) if depth < DEPTH_MAX => self.message(&inner, content, depth + 1)?,
                Kind::Message(_) | Kind::String | Kind::Bytes => {}
                // Numbers in a row, of one byte each at least.
                _ => self.take_fields(length)?,
            }
        }
        Ok(())
    }
}

/// Counts what a request holds. `bytes` share their memory with the caller's.
fn check(name: &str, bytes: &Bytes) -> Result<(), Refused> {
    let Some(descriptor) = POOL.get_message_by_name(name) else { return Ok(()) };
    Left(bounds(name)).message(&descriptor, bytes.clone(), 0)
}

/// The first field of a message that the contract does not have, by its place: such as `form.requests.77`.
fn unknown_field(name: &str, bytes: &Bytes) -> Option<String> {
    fn within(descriptor: &MessageDescriptor, mut bytes: Bytes, depth: usize) -> Option<String> {
        while bytes.has_remaining() {
            let (number, wire_type) = decode_key(&mut bytes).ok()?;
            let Some(field) = descriptor.get_field(number) else { return Some(number.to_string()) };
            let length = match wire_type {
                WireType::Varint => decode_varint(&mut bytes).map(|_| 0).ok()?,
                WireType::SixtyFourBit => 8,
                WireType::ThirtyTwoBit => 4,
                WireType::LengthDelimited => decode_varint(&mut bytes).ok()?,
                WireType::StartGroup | WireType::EndGroup => return None,
            };
            let length = usize::try_from(length).ok().filter(|length| *length <= bytes.remaining())?;
            let content = bytes.split_to(length);
            if let (Kind::Message(inner), WireType::LengthDelimited) = (field.kind(), wire_type)
                && depth < DEPTH_MAX
                && let Some(found) = within(&inner, content, depth + 1)
            {
                return Some(format!("{}.{found}", field.name()));
            }
        }
        None
    }
    within(&POOL.get_message_by_name(name)?, bytes.clone(), 0)
}

fn undecodable() -> Status {
    Status::invalid_argument("请求内容无法解码 / the message cannot be decoded")
}

/// The usual encoding, with requests decoded within their bounds.
pub(crate) struct BoundedCodec<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for BoundedCodec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> Codec for BoundedCodec<T, U>
where
    T: Message + Send + 'static,
    U: Message + Name + Default + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = ProstEncoder<T>;
    type Decoder = BoundedDecoder<U>;

    fn encoder(&mut self) -> Self::Encoder {
        ProstEncoder::default()
    }

    fn decoder(&mut self) -> Self::Decoder {
        BoundedDecoder(PhantomData)
    }
}

/// Decodes messages, requests within their bounds.
pub(crate) struct BoundedDecoder<U>(PhantomData<U>);

impl<U: Message + Name + Default> Decoder for BoundedDecoder<U> {
    type Item = U;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        let bytes = from.copy_to_bytes(from.remaining());
        let is_request = U::NAME.ends_with("Request");
        if is_request && bytes.len() > UNCOUNTED_BYTES && check(&U::full_name(), &bytes) == Err(Refused::TooMuch) {
            return Err(Status::out_of_range(
                "请求内容的项数过多；请分次发送 / the message holds too many items: send fewer at a time",
            ));
        }
        // Bytes share their memory, so that keeping them costs nothing.
        let message = U::decode(bytes.clone()).map_err(|_| undecodable())?;
        // What is decoded and encoded again is as long as it was, unless something in it was not understood (or was written
        // at length: an explicit nought, a field twice).
        if is_request
            && message.encoded_len() != bytes.len()
            && let Some(field) = unknown_field(&U::full_name(), &bytes)
        {
            return Err(Status::invalid_argument(format!(
                "请求含有本服务不认识的字段 {field}，未予处理；请升级服务，或勿发送该字段 / the message has a field that this service does not know, {field}: nothing was done; upgrade the service, or leave the field out"
            )));
        }
        Ok(Some(message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pb;

    fn check_message<M: Message + Name>(message: &M) -> Result<(), Refused> {
        check(&M::full_name(), &message.encode_to_vec().into())
    }

    #[test]
    fn the_contract_is_known() {
        assert!(POOL.get_message_by_name("huizong.v1.SubmitReportRequest").is_some());
    }

    #[test]
    fn the_largest_calls_are_within_their_bounds() {
        let agency =
            pb::Agency { name: "agencies/a".into(), jurisdiction: "jurisdictions/1".into(), ..Default::default() };
        let change = pb::RegistryChange { change: Some(pb::registry_change::Change::CreateAgency(agency)) };
        let changes = vec![change; 10_000];
        assert_eq!(
            check_message(&pb::ApplyRegistryChangesRequest { changes, validate_only: false, ..Default::default() }),
            Ok(())
        );
        let mut form = pb::Form::default();
        for index in 0..pb::FORM_CELL_PATHS.len() {
            pb::set_form_cell(&mut form, index, pb::FormCell::Count(1));
            pb::set_form_cell(&mut form, index, pb::FormCell::Amount("1"));
        }
        let answers = vec![pb::Answer::default(); 1000];
        let request = pb::SubmitReportRequest { form: Some(form.into()), answers, ..Default::default() };
        assert_eq!(check_message(&request), Ok(()));
        let content = vec![b'x'; 8 << 20];
        assert_eq!(check_message(&pb::ReadDocumentRequest { content, ..Default::default() }), Ok(()));
    }

    #[test]
    fn a_field_that_the_contract_does_not_have_is_named_wherever_it_stands() {
        let request = pb::SubmitReportRequest {
            name: "agencies/a/reports/2022".to_owned(),
            form: Some(Box::new(pb::Form { requests: Some(pb::Requests::default()), ..Default::default() })),
            ..Default::default()
        };
        let name = pb::SubmitReportRequest::full_name();
        let mut bytes = request.encode_to_vec();
        assert_eq!(unknown_field(&name, &bytes.clone().into()), None);
        // Field 900, of one byte.
        bytes.extend([0xa0, 0x38, 1]);
        assert_eq!(unknown_field(&name, &bytes.into()), Some("900".to_owned()));
        // The same within the form, whose field 3 (requests) takes it in.
        let form = [0x1a, 5, 0x1a, 3, 0xa0, 0x38, 1];
        assert_eq!(unknown_field(&name, &form.to_vec().into()), Some("form.requests.900".to_owned()));
    }

    #[test]
    fn many_empty_messages_are_refused_before_they_are_made() {
        let changes = vec![pb::RegistryChange::default(); 100_001];
        let refused =
            check_message(&pb::ApplyRegistryChangesRequest { changes, validate_only: false, ..Default::default() });
        assert_eq!(refused, Err(Refused::TooMuch));
        let answers = vec![pb::Answer::default(); 4_000];
        let refused = check_message(&pb::SubmitReportRequest { answers, ..Default::default() });
        assert_eq!(refused, Err(Refused::TooMuch));
        let states = vec![1; 20_001];
        let refused = check_message(&pb::ListReportsRequest { states, ..Default::default() });
        assert_eq!(refused, Err(Refused::TooMuch), "numbers in a row count too");
    }
}
