//! Who may do what: principals, the roles that they hold, their credentials, and the right that each call needs.
//!
//! Values in, values out, except for [`TokenKey`], which is a file. Who calls is found out at the doors; `service`
//! keeps the directory and decides.

mod action;
mod change;
mod directory;
mod enrolment;
mod key_file;
mod method;
mod principal;
mod proposal;
mod role;
mod token;

pub use action::{
    ACTIONS, Action, CLOCK, ENTRIES_LEFT_OUT, MEND, RECOUNT, REFUSALS_LEFT_OUT, RESTORE, SETTINGS, SIGN_IN, SIGN_OUT,
    START, STOP, SUBMIT, UNKNOWN_CALL, action,
};
pub use change::{AccessChange, Credential, CredentialId, CredentialIdError, Denied};
pub use directory::{Directory, Principal};
pub use enrolment::{Enrolled, Enrolment, EnrolmentCode, EnrolmentState};
pub use key_file::KeyFile;
pub use method::{METHODS, Method, Right, Told, call, method_at};
pub use principal::{PRINCIPAL_MAX_BYTES, PrincipalName, PrincipalNameError};
pub use proposal::{Asked, NotSecond, Proposal, ProposalId};
pub use role::{Power, Role, RoleError};
pub use token::{KeyId, TOKEN_PREFIX, Token, TokenKey, random_bytes};

#[cfg(test)]
mod tests;
