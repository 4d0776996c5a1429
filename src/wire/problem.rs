//! Problems.

use crate::pb;
use crate::service::{Code, Problem};

use super::{diagnoses_to_wire, findings_to_wire, text_to_wire};

/// The number of a class in `google.rpc.Code`.
pub fn code_number(code: Code) -> i32 {
    match code {
        Code::InvalidArgument => 3,
        Code::DeadlineExceeded => 4,
        Code::NotFound => 5,
        Code::AlreadyExists => 6,
        Code::PermissionDenied => 7,
        Code::ResourceExhausted => 8,
        Code::FailedPrecondition => 9,
        Code::Aborted => 10,
        Code::OutOfRange => 11,
        Code::Internal => 13,
        Code::Unavailable => 14,
        Code::DataLoss => 15,
        Code::Unauthenticated => 16,
    }
}

pub fn problem_to_wire(problem: &Problem) -> pb::Problem {
    let violations = problem.violations.iter().map(|violation| pb::FieldViolation {
        field: violation.field.clone(),
        description: Some(text_to_wire(&violation.description)),
    });
    pb::Problem {
        reason: problem.reason.as_str().to_owned(),
        message: Some(text_to_wire(&problem.message)),
        remedy: Some(text_to_wire(&problem.remedy)),
        metadata: problem.metadata.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        field_violations: violations.collect(),
        findings: findings_to_wire(&problem.findings),
        code: code_number(problem.reason.code()),
        diagnoses: diagnoses_to_wire(&problem.diagnoses),
    }
}
