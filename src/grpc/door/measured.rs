//! The messages of a request are measured as they come, by what their call may need: a message that is longer is
//! refused by its first bytes, before memory is taken for the rest.

use tonic::Status;

/// Before each message: whether it is compressed, and its length.
const HEAD_BYTES: usize = 5;

/// Longest messages of the calls that take long ones, in bytes: the others ask for something, or hand in one report.
const LONG: &[(&str, usize)] = &[
    // As long as a document may be, and its name.
    (super::DOCUMENT_CALL, (8 << 20) + (64 << 10)),
    ("/huizong.v1.RegistryService/ApplyRegistryChanges", usize::MAX),
    ("/huizong.v1.RegistryService/ReadRegistryFile", usize::MAX),
];

/// Longest message of all other calls, in bytes: several times the largest report that is stored.
const SHORT_BYTES: usize = 1 << 20;

/// The longest message that a call takes, where none may be longer than `message_bytes`.
pub(crate) fn most_bytes(path: &str, message_bytes: usize) -> usize {
    let long = LONG.iter().find(|(call, _)| *call == path);
    long.map_or(SHORT_BYTES, |(_, bytes)| *bytes).min(message_bytes)
}

/// Follows the messages in a body.
pub(crate) struct Measured {
    most_bytes: usize,
    /// What has come of the next message's head.
    head: Vec<u8>,
    /// What is still to come of the message under way.
    left: usize,
}

impl Measured {
    pub(crate) fn new(most_bytes: usize) -> Self {
        Self { most_bytes, head: Vec::with_capacity(HEAD_BYTES), left: 0 }
    }

    /// # Errors
    /// OUT_OF_RANGE where a message begins that is too long.
    pub(crate) fn measure(&mut self, mut data: &[u8]) -> Result<(), Status> {
        while !data.is_empty() {
            let (_, rest) = data.split_at(self.left.min(data.len()));
            self.left -= data.len() - rest.len();
            let (head, rest) = rest.split_at((HEAD_BYTES - self.head.len()).min(rest.len()));
            self.head.extend_from_slice(head);
            data = rest;
            if let [_, length @ ..] = self.head.as_slice()
                && let Ok(length) = <[u8; 4]>::try_from(length)
            {
                self.left = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
                self.head.clear();
                if self.left > self.most_bytes {
                    return Err(too_long(self.left, self.most_bytes));
                }
            }
        }
        Ok(())
    }
}

fn too_long(found: usize, most: usize) -> Status {
    Status::out_of_range(format!(
        "请求消息有{found}字节，此调用至多{most}字节；请分次发送 / the message has {found} bytes, and this call takes {most} at most: send less at a time"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(length: usize) -> Vec<u8> {
        let head = u32::try_from(length).unwrap().to_be_bytes();
        [&[0][..], &head, &vec![b'x'; length]].concat()
    }

    #[test]
    fn a_message_is_measured_however_it_is_cut() {
        let stream = [message(10), message(0), message(11)].concat();
        for cut in 1..stream.len() {
            let measured = |most| {
                let mut measured = Measured::new(most);
                stream.chunks(cut).try_for_each(|part| measured.measure(part)).is_ok()
            };
            assert!(measured(11) && !measured(10), "cut every {cut} bytes");
        }
    }

    #[test]
    fn only_documents_and_registries_are_long() {
        let most = |path| most_bytes(path, 16 << 20);
        assert_eq!(most("/huizong.v1.ReportService/SubmitReport"), 1 << 20);
        assert_eq!(most(super::super::DOCUMENT_CALL), (8 << 20) + (64 << 10));
        assert_eq!(most("/huizong.v1.RegistryService/ApplyRegistryChanges"), 16 << 20);
        assert_eq!(most_bytes(super::super::DOCUMENT_CALL, 1024), 1024);
    }
}
