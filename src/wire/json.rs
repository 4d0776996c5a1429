//! Messages of the contract as canonical proto3 JSON, and back.

use std::sync::LazyLock;

use prost::{Message, Name};
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};

use crate::pb;

/// The compiled contract.
///
/// # Errors
/// Where it cannot be read, which would be a defect of the build.
pub fn contract() -> Result<&'static DescriptorPool, String> {
    static POOL: LazyLock<Result<DescriptorPool, String>> =
        LazyLock::new(|| DescriptorPool::decode(pb::FILE_DESCRIPTOR_SET).map_err(|error| error.to_string()));
    POOL.as_ref().map_err(Clone::clone)
}

/// What the contract says of a message.
///
/// # Errors
/// Where the contract cannot be read.
pub(crate) fn descriptor<M: Name>() -> Result<MessageDescriptor, String> {
    contract()?.get_message_by_name(&M::full_name()).ok_or_else(|| format!("no message {}", M::full_name()))
}

/// A message whose fields can be asked for by name.
///
/// # Errors
/// Where the contract cannot be read.
pub(crate) fn dynamic<M: Message + Name>(message: &M) -> Result<DynamicMessage, String> {
    DynamicMessage::decode(descriptor::<M>()?, message.encode_to_vec().as_slice()).map_err(|error| error.to_string())
}

/// The message that `dynamic` holds.
///
/// # Errors
/// Where it holds another.
pub(crate) fn message_from_dynamic<M: Message + Default>(dynamic: &DynamicMessage) -> Result<M, String> {
    M::decode(dynamic.encode_to_vec().as_slice()).map_err(|error| error.to_string())
}

/// Canonical proto3 JSON, on one line.
///
/// # Errors
/// Where the contract cannot be read.
pub fn to_json<M: Message + Name>(message: &M) -> Result<String, String> {
    serde_json::to_string(&dynamic(message)?).map_err(|error| error.to_string())
}

/// A message from canonical proto3 JSON.
///
/// # Errors
/// What is wrong with the text.
pub(crate) fn from_json<M: Message + Name + Default>(text: &str) -> Result<M, String> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let message = DynamicMessage::deserialize(descriptor::<M>()?, &mut reader);
    let message = message.and_then(|message| reader.end().map(|()| message)).map_err(|error| error.to_string())?;
    message_from_dynamic(&message)
}
