//! Problems.

use crate::pb;
use crate::service::{Code, Problem, Reason};

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
        Code::Unimplemented => 12,
        Code::Internal => 13,
        Code::Unavailable => 14,
        Code::DataLoss => 15,
        Code::Unauthenticated => 16,
    }
}

/// The contract's value for a reason: they have the same names, which a test holds.
pub(crate) fn reason_to_wire(reason: Reason) -> pb::ErrorReason {
    pb::ErrorReason::from_str_name(reason.as_str()).unwrap_or_default()
}

/// A problem as the contract tells it, without the id of the call.
pub(crate) fn problem_to_wire(problem: &Problem) -> pb::Problem {
    let violations = problem.violations.iter().map(|violation| pb::FieldViolation {
        field: violation.field.clone(),
        description: Some(text_to_wire(&violation.description)),
    });
    pb::Problem {
        reason: reason_to_wire(problem.reason).into(),
        message: Some(text_to_wire(&problem.message)),
        remedy: Some(text_to_wire(&problem.remedy)),
        metadata: problem.metadata.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        field_violations: violations.collect(),
        findings: findings_to_wire(&problem.findings),
        code: code_number(problem.reason.code()),
        diagnoses: diagnoses_to_wire(&problem.diagnoses),
        retry_delay: problem.retry_after.and_then(|wait| wait.try_into().ok()),
        // The door that answers knows what the call is known by, and how much of it has room.
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_has_every_reason_and_no_other() {
        for reason in Reason::ALL {
            assert_eq!(reason_to_wire(*reason).as_str_name(), reason.as_str());
        }
        let in_contract = (1..).map_while(|number| pb::ErrorReason::try_from(number).ok());
        assert_eq!(in_contract.count(), Reason::ALL.len());
    }
}
