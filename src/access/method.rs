//! The table: which right each method of the contract needs. A method without a line here is refused.

use super::role::{Power, Role};

/// What a caller must be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Right {
    /// Nothing: whoever can connect.
    Anyone,
    /// A one-time code, which the call itself shows.
    Code,
    /// To be a principal with any role.
    Known,
    /// Hand in the reports of an owner.
    Submit,
    /// Read the reports of an owner.
    Read,
    /// Take back a report: its submitter or its reviewer.
    Withdraw,
    /// Accept and return reports, and freeze sums.
    Review,
    /// Read sums over a jurisdiction and all below it.
    RollUp,
    /// Read the entries of agencies in the registry.
    ReadRegistry,
    /// One of the three powers.
    Power(Power),
    /// Read how the registry came to be: whoever administers anything.
    AnyPower,
}

impl Right {
    /// Whether a role gives the right for some subject; for which, `service` decides.
    pub fn is_given_by(self, role: &Role) -> bool {
        let power = matches!(role, Role::Power(_));
        match self {
            Self::Anyone | Self::Code | Self::Known => true,
            Self::Submit => matches!(role, Role::Submitter(_)),
            Self::Withdraw => matches!(role, Role::Submitter(_) | Role::Reviewer(_)),
            Self::Read => !power,
            Self::ReadRegistry => !power || *role != Role::Power(Power::Audit),
            Self::Review => matches!(role, Role::Reviewer(_)),
            Self::RollUp => matches!(role, Role::Reviewer(_) | Role::Viewer(_)),
            Self::Power(needed) => *role == Role::Power(needed),
            Self::AnyPower => power,
        }
    }
}

/// How calls that change nothing stand in the journal; those that change something always do, and refused ones, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// Not at all.
    Never,
    /// Counted, and told of where there are many in a minute.
    InBulk,
    /// Each; the same again within a minute is counted.
    Each,
}

/// A method of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Method {
    /// Path of the call, such as `/huizong.v1.ReportService/GetReport`.
    pub path: &'static str,
    /// The journal's word for it, such as `report.get`.
    pub action: &'static str,
    pub right: Right,
    /// How its calls stand in the journal that were let in and changed nothing.
    pub told: Told,
}

macro_rules! methods {
    (@told) => { Told::Never };
    (@told $told:expr) => { $told };
    ($($service:literal { $($name:literal, $action:literal, $right:expr $(, $told:expr)?;)* })*) => {
        /// Every method that is served.
        pub const METHODS: &[Method] = &[$($(Method {
            path: concat!("/", $service, "/", $name),
            action: $action,
            right: $right,
            told: methods!(@told $($told)?),
        },)*)*];
    };
}

methods! {
    "huizong.v1.ReportService" {
        "SubmitReport", "report.submit", Right::Submit;
        "SubmitReports", "report.submit", Right::Submit;
        "GetReport", "report.get", Right::Read, Told::InBulk;
        "ListReports", "report.list", Right::Read, Told::Each;
        "ListReportRevisions", "report.revisions", Right::Read, Told::InBulk;
        "ListReportEvents", "report.events", Right::Read, Told::InBulk;
        "AcceptReport", "report.accept", Right::Review;
        "ReturnReport", "report.return", Right::Review;
        "WithdrawReport", "report.withdraw", Right::Withdraw;
        "ReadDocument", "document.read", Right::Read;
        "GetFormLayout", "form.layout", Right::Known;
        "ListRules", "rule.list", Right::Known;
    }
    "huizong.v1.RollupService" {
        "QueryRollup", "rollup.query", Right::RollUp;
        "GetConsolidatedForm", "form.get", Right::RollUp;
        "RenderConsolidatedForm", "form.render", Right::RollUp, Told::Each;
        "GetCoverage", "coverage.get", Right::RollUp;
        "ListMissingAgencies", "coverage.missing", Right::RollUp;
        "WatchRollup", "rollup.watch", Right::RollUp;
        "WatchCoverage", "coverage.watch", Right::RollUp;
        "ReconcileReport", "report.reconcile", Right::RollUp;
        "FreezeForm", "form.freeze", Right::Review;
        "GetFrozenForm", "form.frozen", Right::RollUp;
        "ListFrozenForms", "form.frozen_list", Right::RollUp;
        "ListFrozenFormRevisions", "form.frozen_revisions", Right::RollUp, Told::InBulk;
        "CompareFrozenForm", "form.compare", Right::RollUp;
    }
    "huizong.v1.RegistryService" {
        "GetJurisdiction", "registry.jurisdiction", Right::Known;
        "ListJurisdictions", "registry.jurisdictions", Right::Known;
        "CreateJurisdiction", "registry.apply", Right::Power(Power::System);
        "GetAgency", "registry.agency", Right::ReadRegistry;
        "ListAgencies", "registry.agencies", Right::ReadRegistry;
        "CreateAgency", "registry.apply", Right::Power(Power::System);
        "ApplyRegistryChanges", "registry.apply", Right::Power(Power::System);
        "ListRegistryChanges", "registry.changes", Right::AnyPower, Told::Each;
        "GetCollection", "collection.get", Right::Known;
        "ListCollections", "collection.list", Right::Known;
        "CreateCollection", "collection.open", Right::Power(Power::System);
        "UpdateCollection", "collection.update", Right::Power(Power::System);
        "GrantCollectionException", "collection.grant", Right::Power(Power::System);
    }
    "huizong.v1.OperationsService" {
        "ListJournal", "journal.list", Right::Power(Power::Audit), Told::Each;
        "StrikeJournalWords", "journal.strike", Right::Power(Power::Audit);
        "GetStatus", "status.get", Right::Known;
        "CreateBackup", "backup.create", Right::Power(Power::System);
        "VerifyStore", "store.verify", Right::Power(Power::System);
        "GetCaller", "caller.get", Right::Known;
        "GrantRole", "access.grant", Right::Power(Power::Security);
        "RevokeRole", "access.withdraw", Right::Power(Power::Security);
        "ListPrincipals", "access.principals", Right::Power(Power::Security), Told::Each;
        "ListProposals", "access.proposals", Right::AnyPower;
        "ConfirmProposal", "access.confirm", Right::AnyPower;
        "DeclineProposal", "access.decline", Right::AnyPower;
        "CreateEnrolment", "credential.enrol", Right::Power(Power::Security);
        "ExchangeEnrolment", "credential.exchange", Right::Code;
        "CreateCredential", "credential.create", Right::Power(Power::Security);
        "ListCredentials", "credential.list", Right::Power(Power::Security), Told::Each;
        "RevokeCredential", "credential.revoke", Right::Power(Power::Security);
    }
    "grpc.health.v1.Health" {
        "Check", "health.check", Right::Anyone;
        "List", "health.list", Right::Anyone;
        "Watch", "health.watch", Right::Anyone;
    }
    "grpc.reflection.v1.ServerReflection" {
        "ServerReflectionInfo", "contract.read", Right::Known;
    }
    "grpc.reflection.v1alpha.ServerReflection" {
        "ServerReflectionInfo", "contract.read", Right::Known;
    }
}

/// The method at a path.
pub fn method_at(path: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.path == path)
}

/// The method of this name, such as `ReportService/GetReport`, of the contract's package.
pub fn method_of(name: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.path.strip_prefix("/huizong.v1.") == Some(name))
}
