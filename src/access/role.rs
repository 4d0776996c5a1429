//! What a principal may be: for a part of the tree, or for the service as a whole.

use std::fmt;

use crate::report::{JurisdictionCode, Message, ReportOwner};

/// A role, with the part of the tree that it holds for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Hands in and reads the reports of one owner: an agency, or a government for its consolidated report.
    Submitter(ReportOwner),
    /// Reviews, reads and freezes what belongs to a jurisdiction and all below it.
    Reviewer(JurisdictionCode),
    /// Reads what belongs to a jurisdiction and all below it.
    Viewer(JurisdictionCode),
    /// One of the three powers over the service.
    Power(Power),
}

/// The three powers over the service (三员分立): no principal holds two of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Power {
    /// 系统管理: the registry, collections, backups, checks.
    System,
    /// 安全管理: principals, roles, credentials.
    Security,
    /// 审计管理: the journal.
    Audit,
}

/// Why a word and a scope are no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RoleError {
    /// The word is none of the six.
    #[error("a role is submitter, reviewer, viewer, system-administrator, security-administrator or auditor")]
    Unknown,
    /// The scope of a submitter is no agency and no jurisdiction.
    #[error("a submitter has the scope agencies/ID or jurisdictions/CODE")]
    SubmitterScope,
    /// The scope of a reviewer or viewer is no jurisdiction.
    #[error("a reviewer or viewer has the scope jurisdictions/CODE")]
    SubtreeScope,
    /// A power was given a scope.
    #[error("a power over the service has no scope")]
    PowerScope,
}

impl RoleError {
    /// In both languages.
    pub fn message(&self) -> Message {
        let zh = match self {
            Self::Unknown => {
                "角色为 submitter、reviewer、viewer、system-administrator、security-administrator 或 auditor"
            }
            Self::SubmitterScope => "submitter 的范围为 agencies/代码 或 jurisdictions/代码",
            Self::SubtreeScope => "reviewer 和 viewer 的范围为 jurisdictions/代码",
            Self::PowerScope => "管理员和审计员没有范围",
        };
        Message::new(zh, self.to_string())
    }
}

impl Role {
    /// The role of this word and scope; the scope is empty for a power.
    ///
    /// # Errors
    /// [`RoleError`] where there is no such role, or the scope does not go with it.
    pub fn parse(word: &str, scope: &str) -> Result<Self, RoleError> {
        let jurisdiction = || -> Option<JurisdictionCode> { scope.strip_prefix("jurisdictions/")?.parse().ok() };
        let subtree = || jurisdiction().ok_or(RoleError::SubtreeScope);
        let power = |power| if scope.is_empty() { Ok(Self::Power(power)) } else { Err(RoleError::PowerScope) };
        match word {
            "submitter" => {
                let agency = scope.strip_prefix("agencies/").and_then(|id| id.parse().ok()).map(ReportOwner::Agency);
                let owner = agency.or_else(|| jurisdiction().map(ReportOwner::Jurisdiction));
                owner.map(Self::Submitter).ok_or(RoleError::SubmitterScope)
            }
            "reviewer" => subtree().map(Self::Reviewer),
            "viewer" => subtree().map(Self::Viewer),
            "system-administrator" => power(Power::System),
            "security-administrator" => power(Power::Security),
            "auditor" => power(Power::Audit),
            _ => Err(RoleError::Unknown),
        }
    }

    /// Its word, such as `submitter`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Submitter(_) => "submitter",
            Self::Reviewer(_) => "reviewer",
            Self::Viewer(_) => "viewer",
            Self::Power(Power::System) => "system-administrator",
            Self::Power(Power::Security) => "security-administrator",
            Self::Power(Power::Audit) => "auditor",
        }
    }

    /// The resource that it holds for; empty for a power.
    pub fn scope(&self) -> String {
        match self {
            Self::Submitter(owner) => owner.to_string(),
            Self::Reviewer(code) | Self::Viewer(code) => code.name(),
            Self::Power(_) => String::new(),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        let scope = self.scope();
        if scope.is_empty() { Ok(()) } else { write!(f, " {scope}") }
    }
}
