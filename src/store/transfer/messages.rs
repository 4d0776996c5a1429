//! The messages inside frames. Tags are never reused.

use prost::Message;

/// What the stream is of; in its first frame.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Beginning {
    #[prost(uint32, tag = "1")]
    pub stream_version: u32,
    /// Highest format version of the records.
    #[prost(uint32, tag = "2")]
    pub record_version: u32,
    /// The newest journal entry contained.
    #[prost(uint64, tag = "3")]
    pub sequence: u64,
    #[prost(bytes = "vec", tag = "4")]
    pub chain: Vec<u8>,
    #[prost(int64, tag = "5")]
    pub time_microseconds: i64,
    /// The entry before the first transaction; in a stream of transactions.
    #[prost(uint64, tag = "6")]
    pub since_sequence: u64,
    #[prost(bytes = "vec", tag = "7")]
    pub since_chain: Vec<u8>,
    #[prost(int64, tag = "8")]
    pub since_time_microseconds: i64,
}

/// Some transactions, in their order.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct TransactionsPart {
    /// Of each its records, the entry's first, each with two lengths, its key and its bytes.
    #[prost(bytes = "vec", repeated, tag = "1")]
    pub transactions: Vec<Vec<u8>>,
}

/// Some records, in order of their keys.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct RecordsPart {
    #[prost(message, repeated, tag = "1")]
    pub records: Vec<Exported>,
}

/// One record.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Exported {
    /// Of the transaction that wrote it.
    #[prost(uint64, tag = "1")]
    pub sequence: u64,
    #[prost(bytes = "vec", tag = "2")]
    pub key: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    pub value: Vec<u8>,
}

/// In the last frame.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct End {
    /// Records in the stream.
    #[prost(uint64, tag = "1")]
    pub records: u64,
    /// SHA-256 of every byte before this frame.
    #[prost(bytes = "vec", tag = "2")]
    pub total: Vec<u8>,
}
