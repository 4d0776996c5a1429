//! Every method that this program answers, by name, and which of them answer with a stream.

use std::collections::HashSet;
use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, MethodDescriptor};

use crate::pb;

/// Everything that is answered, as its contracts describe it.
static CONTRACTS: LazyLock<DescriptorPool> = LazyLock::new(|| {
    let mut pool = DescriptorPool::new();
    let sets = [
        pb::FILE_DESCRIPTOR_SET,
        tonic_health::pb::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
    ];
    for set in sets {
        // A set that is not understood leaves its methods without names of their own, which a test would notice.
        if let Err(error) = pool.decode_file_descriptor_set(set) {
            tracing::error!(%error, "a compiled contract cannot be read");
        }
    }
    pool
});

/// Full name of the service, name of the method.
static METHODS: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let of_service = |service: prost_reflect::ServiceDescriptor| {
        let names: Vec<_> =
            service.methods().map(|method| (service.full_name().to_owned(), method.name().to_owned())).collect();
        names
    };
    CONTRACTS.services().flat_map(of_service).collect()
});

/// Paths of the methods that answer with a stream.
static STREAMS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let methods = CONTRACTS.services().flat_map(|service| service.methods().collect::<Vec<_>>());
    let streams = methods.filter(MethodDescriptor::is_server_streaming);
    streams.map(|method| format!("/{}/{}", method.parent_service().full_name(), method.name())).collect()
});

/// Whether a call of this path is answered with a stream.
pub(crate) fn answers_with_stream(path: &str) -> bool {
    STREAMS.contains(path)
}

/// What the contract says of the method that a path calls.
pub(crate) fn described(path: &str) -> Option<MethodDescriptor> {
    let (service, name) = path.strip_prefix('/')?.split_once('/')?;
    CONTRACTS.get_service_by_name(service)?.methods().find(|known| known.name() == name)
}

/// Full name of the service, name of the method; in no order.
pub(crate) fn methods() -> impl Iterator<Item = (&'static str, &'static str)> {
    METHODS.iter().map(|(service, method)| (service.as_str(), method.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_of_the_contract_of_health_and_of_reflection_are_known() {
        for named in [
            ("huizong.v1.ReportService", "SubmitReport"),
            ("huizong.v1.OperationsService", "GetStatus"),
            ("grpc.health.v1.Health", "Watch"),
            ("grpc.reflection.v1.ServerReflection", "ServerReflectionInfo"),
            ("grpc.reflection.v1alpha.ServerReflection", "ServerReflectionInfo"),
        ] {
            assert!(methods().any(|method| method == named), "{named:?}");
        }
    }

    #[test]
    fn streams_are_told_from_calls_with_one_answer() {
        for path in ["/huizong.v1.RollupService/WatchRollup", "/grpc.health.v1.Health/Watch"] {
            assert!(answers_with_stream(path), "{path}");
        }
        for path in ["/huizong.v1.ReportService/SubmitReport", "/grpc.health.v1.Health/Check", "/"] {
            assert!(!answers_with_stream(path), "{path}");
        }
    }
}
