//! Principals, roles and credentials.

use jiff::Timestamp;
use uuid::Uuid;

use crate::access::{Asked, CredentialId, PrincipalName, Proposal, ProposalId, Role};
use crate::pb;
use crate::report::Message;
use crate::service::{CredentialView, Exchanged, NewCredential, PrincipalView, Problem, Reason, Replacement};

use super::timestamp_to_wire;

const KINDS: [(&str, pb::RoleKind); 6] = [
    ("submitter", pb::RoleKind::Submitter),
    ("reviewer", pb::RoleKind::Reviewer),
    ("viewer", pb::RoleKind::Viewer),
    ("system-administrator", pb::RoleKind::SystemAdministrator),
    ("security-administrator", pb::RoleKind::SecurityAdministrator),
    ("auditor", pb::RoleKind::Auditor),
];

pub(crate) fn role_to_wire(role: &Role) -> pb::Role {
    let kind = KINDS.iter().find(|(word, _)| *word == role.word()).map(|(_, kind)| *kind);
    pb::Role { kind: kind.unwrap_or_default().into(), scope: role.scope() }
}

/// The word for the wire's value of a role, for clients.
pub(crate) fn word_of_role_kind(kind: pb::RoleKind) -> &'static str {
    KINDS.iter().find(|(_, known)| *known == kind).map_or("", |(word, _)| word)
}

pub(crate) fn role_from_wire(role: Option<&pb::Role>, field: &str) -> Result<Role, Problem> {
    let role = role.ok_or_else(|| Problem::required(field))?;
    Role::parse(word_of_role_kind(role.kind()), &role.scope).map_err(|error| {
        let zh =
            "填报员（submitter）须指定单位或地区，审核员（reviewer）、查看员（viewer）须指定地区，三类管理员不指定范围";
        Problem::field(Reason::RoleInvalid, field, Message::new(zh, error.to_string()))
    })
}

pub(crate) fn principal_from_wire(name: &str, field: &str) -> Result<PrincipalName, Problem> {
    let id = name.strip_prefix("principals/").and_then(|id| id.parse().ok());
    id.ok_or_else(|| bad_name(field, "principals/{id}"))
}

/// A principal and a credential of it.
pub(crate) fn credential_name_from_wire(name: &str, field: &str) -> Result<(PrincipalName, CredentialId), Problem> {
    let parts = name.split_once("/credentials/");
    let parts = parts
        .and_then(|(principal, id)| Some((principal.strip_prefix("principals/")?.parse().ok()?, id.parse().ok()?)));
    parts.ok_or_else(|| bad_name(field, "principals/{id}/credentials/{id}"))
}

fn bad_name(field: &str, shape: &str) -> Problem {
    let description = Message::new(
        format!("名称形如 {shape}，账号标识为1至64位 a-z、0-9、-、_、."),
        format!("the name has the form {shape}; a principal is 1 to 64 of a-z, 0-9, -, _ and ."),
    );
    Problem::bad_name(field, description)
}

pub(crate) fn principal_to_wire(principal: &PrincipalView) -> pb::Principal {
    pb::Principal {
        name: principal.name.name(),
        roles: principal.roles.iter().map(role_to_wire).collect(),
        credentials: principal.credentials.try_into().unwrap_or(i32::MAX),
    }
}

pub(crate) fn proposal_name_from_wire(name: &str, field: &str) -> Result<ProposalId, Problem> {
    let id = name.strip_prefix("proposals/").and_then(|id| id.parse().ok());
    id.ok_or_else(|| {
        let description =
            Message::new("名称形如 proposals/{id}", "the name has the form proposals/{id}, 16 hexadecimal digits");
        Problem::bad_name(field, description)
    })
}

pub(crate) fn proposal_to_wire(proposal: &Proposal) -> pb::Proposal {
    let (role, credential) = match &proposal.asked {
        Asked::Grant(role) => (Some(role_to_wire(role)), String::new()),
        Asked::Enrolment(id) => (None, format!("{}/credentials/{id}", proposal.principal.name())),
    };
    pb::Proposal {
        name: proposal.name(),
        principal: proposal.principal.name(),
        role,
        credential,
        asked_by: proposal.by.name(),
        create_time: Some(timestamp_to_wire(proposal.created)),
        expire_time: Some(timestamp_to_wire(proposal.ends)),
    }
}

pub(crate) fn replacement_to_wire(replacement: &Replacement) -> pb::CredentialReplacement {
    pb::CredentialReplacement {
        time: Some(timestamp_to_wire(replacement.at)),
        enrolled_by: replacement.by.clone(),
        confirmed_by: replacement.confirmed_by.as_ref().map(ToString::to_string).unwrap_or_default(),
        credentials: replacement.credentials.try_into().unwrap_or(i32::MAX),
    }
}

pub(crate) fn exchanged_to_wire(exchanged: &Exchanged) -> pb::ExchangeEnrolmentResponse {
    pb::ExchangeEnrolmentResponse {
        credential: Some(credential_to_wire(&exchanged.credential)),
        token: exchanged.token.reveal(),
        replacement: exchanged.replacement.as_ref().map(replacement_to_wire),
    }
}

/// The id of a request that may be sent again; none where it is empty.
pub(crate) fn request_id_from_wire(text: &str) -> Result<Option<Uuid>, Problem> {
    if text.is_empty() {
        return Ok(None);
    }
    let no_uuid = |_| Problem::field(Reason::FieldInvalid, "request_id", Message::new("须为 UUID", "is no UUID"));
    Uuid::parse_str(text).map(Some).map_err(no_uuid)
}

pub(crate) fn credential_to_wire(credential: &CredentialView) -> pb::Credential {
    pb::Credential {
        name: credential.name(),
        note: credential.note.clone(),
        create_time: Some(timestamp_to_wire(credential.created)),
        expire_time: Some(timestamp_to_wire(credential.expires)),
        revoke_time: credential.revoked.map(timestamp_to_wire),
        enrolled_by: credential.enrolled_by.clone().unwrap_or_default(),
        code_expire_time: credential.code_ends.map(timestamp_to_wire),
    }
}

pub(crate) fn new_credential_from_wire(
    parent: &str,
    credential: Option<pb::Credential>,
) -> Result<NewCredential, Problem> {
    let principal = principal_from_wire(parent, "parent")?;
    let credential = credential.ok_or_else(|| Problem::required("credential"))?;
    let expires = credential.expire_time.ok_or_else(|| Problem::required("credential.expire_time"))?;
    let expires = Timestamp::new(expires.seconds, expires.nanos).map_err(|error| {
        let description = Message::new("不是有效时间", error.to_string());
        Problem::field(Reason::FieldInvalid, "credential.expire_time", description)
    })?;
    Ok(NewCredential { principal, note: credential.note, expires })
}
