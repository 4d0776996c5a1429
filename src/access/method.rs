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
    /// Give an agency more time, or remind it: its reviewer, or who keeps the collections.
    Extend,
    /// Know and change whom to ask at an agency: itself, its reviewer, or who keeps the registry.
    Contacts,
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
            Self::Extend => matches!(role, Role::Reviewer(_) | Role::Power(Power::System)),
            Self::Contacts => {
                matches!(role, Role::Submitter(_) | Role::Reviewer(_) | Role::Power(Power::System))
            }
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
    /// What its callers must be allowed.
    pub right: Right,
    /// How its calls stand in the journal that were let in and changed nothing.
    pub told: Told,
}

macro_rules! methods {
    (@told) => { Told::Never };
    (@told $told:expr) => { $told };
    ($($service:literal { $($call:ident $name:literal, $action:expr, $right:expr $(, $told:expr)?;)* })*) => {
        /// Each method that is served, by a name of its own.
        pub mod call {
            use super::super::action::SUBMIT;
            use super::{Method, Power, Right, Told};

            $($(
                #[doc = concat!("`", $service, "/", $name, "`.")]
                pub const $call: &Method = &Method {
                    path: concat!("/", $service, "/", $name),
                    action: $action,
                    right: $right,
                    told: methods!(@told $($told)?),
                };
            )*)*
        }

        /// Every method that is served.
        pub const METHODS: &[Method] = &[$($(*call::$call,)*)*];
    };
}

methods! {
    "huizong.v1.ReportService" {
        SUBMIT_REPORT "SubmitReport", SUBMIT, Right::Submit;
        SUBMIT_REPORTS "SubmitReports", SUBMIT, Right::Submit;
        GET_REPORT "GetReport", "report.get", Right::Read, Told::InBulk;
        LIST_REPORTS "ListReports", "report.list", Right::Read, Told::Each;
        LIST_REPORT_REVISIONS "ListReportRevisions", "report.revisions", Right::Read, Told::InBulk;
        COMPARE_REPORTS "CompareReports", "report.contrast", Right::Read, Told::InBulk;
        LIST_REPORT_EVENTS "ListReportEvents", "report.events", Right::Read, Told::InBulk;
        RENDER_REPORT "RenderReport", "report.render", Right::Read, Told::InBulk;
        ACCEPT_REPORT "AcceptReport", "report.accept", Right::Review;
        ACCEPT_REPORTS "AcceptReports", "report.accept", Right::Review;
        RETURN_REPORT "ReturnReport", "report.return", Right::Review;
        WITHDRAW_REPORT "WithdrawReport", "report.withdraw", Right::Withdraw;
    }
    "huizong.v1.FormService" {
        GET_FORM_LAYOUT "GetFormLayout", "form.layout", Right::Known;
        LIST_RULES "ListRules", "rule.list", Right::Known;
        CHECK_REPORT "CheckReport", "report.check", Right::Submit;
        READ_DOCUMENT "ReadDocument", "document.read", Right::Read;
        RENDER_TEMPLATE "RenderTemplate", "form.template", Right::Read;
    }
    "huizong.v1.RollupService" {
        QUERY_ROLLUP "QueryRollup", "rollup.query", Right::RollUp;
        GET_CONSOLIDATED_FORM "GetConsolidatedForm", "form.get", Right::RollUp;
        RENDER_CONSOLIDATED_FORM "RenderConsolidatedForm", "form.render", Right::RollUp, Told::Each;
        GET_COVERAGE "GetCoverage", "coverage.get", Right::RollUp;
        LIST_MISSING_AGENCIES "ListMissingAgencies", "coverage.missing", Right::RollUp;
        WATCH_ROLLUP "WatchRollup", "rollup.watch", Right::RollUp;
        WATCH_COVERAGE "WatchCoverage", "coverage.watch", Right::RollUp;
        RECONCILE_REPORT "ReconcileReport", "report.reconcile", Right::RollUp;
        LIST_ANOMALIES "ListAnomalies", "rollup.anomalies", Right::RollUp, Told::InBulk;
        LIST_RULE_FAILURES "ListRuleFailures", "rule.failures", Right::RollUp;
    }
    "huizong.v1.FrozenFormService" {
        FREEZE_FORM "FreezeForm", "form.freeze", Right::Review;
        GET_FROZEN_FORM "GetFrozenForm", "form.frozen", Right::RollUp;
        RENDER_FROZEN_FORM "RenderFrozenForm", "form.render_frozen", Right::RollUp, Told::InBulk;
        LIST_FROZEN_FORMS "ListFrozenForms", "form.frozen_list", Right::RollUp;
        LIST_FROZEN_FORM_REVISIONS "ListFrozenFormRevisions", "form.frozen_revisions", Right::RollUp, Told::InBulk;
        COMPARE_FROZEN_FORM "CompareFrozenForm", "form.compare", Right::RollUp;
    }
    "huizong.v1.RegistryService" {
        GET_JURISDICTION "GetJurisdiction", "registry.jurisdiction", Right::Known;
        LIST_JURISDICTIONS "ListJurisdictions", "registry.jurisdictions", Right::Known;
        CREATE_JURISDICTION "CreateJurisdiction", "registry.apply", Right::Power(Power::System);
        GET_AGENCY "GetAgency", "registry.agency", Right::ReadRegistry;
        LIST_AGENCIES "ListAgencies", "registry.agencies", Right::ReadRegistry;
        CREATE_AGENCY "CreateAgency", "registry.apply", Right::Power(Power::System);
        APPLY_REGISTRY_CHANGES "ApplyRegistryChanges", "registry.apply", Right::Power(Power::System);
        LIST_REGISTRY_CHANGES "ListRegistryChanges", "registry.changes", Right::AnyPower, Told::Each;
        READ_REGISTRY_FILE "ReadRegistryFile", "registry.read_file", Right::Power(Power::System);
        RENDER_REGISTRY "RenderRegistry", "registry.render", Right::AnyPower, Told::Each;
        LIST_REGISTRY_SUSPECTS "ListRegistrySuspects", "registry.suspects", Right::AnyPower, Told::Each;
        GET_AGENCY_CONTACTS "GetAgencyContacts", "registry.contacts_get", Right::Contacts, Told::InBulk;
        LIST_AGENCY_CONTACTS "ListAgencyContacts", "registry.contacts_list", Right::Contacts, Told::Each;
        UPDATE_AGENCY_CONTACTS "UpdateAgencyContacts", "registry.contacts", Right::Contacts;
        GET_COLLECTION "GetCollection", "collection.get", Right::Known;
        LIST_COLLECTIONS "ListCollections", "collection.list", Right::Known;
        CREATE_COLLECTION "CreateCollection", "collection.open", Right::Power(Power::System);
        UPDATE_COLLECTION "UpdateCollection", "collection.update", Right::Power(Power::System);
        GRANT_COLLECTION_EXCEPTION "GrantCollectionException", "collection.grant", Right::Extend;
        REVOKE_COLLECTION_EXCEPTION "RevokeCollectionException", "collection.revoke", Right::Power(Power::System);
    }
    "huizong.v1.ReminderService" {
        LIST_REMINDERS "ListReminders", "reminder.list", Right::Extend, Told::InBulk;
        RENDER_REMINDERS "RenderReminders", "reminder.render", Right::Extend, Told::Each;
        SEND_REMINDERS "SendReminders", "reminder.send", Right::Extend;
    }
    "huizong.v1.AccessService" {
        GET_CALLER "GetCaller", "caller.get", Right::Known;
        GRANT_ROLE "GrantRole", "access.grant", Right::Power(Power::Security);
        REVOKE_ROLE "RevokeRole", "access.withdraw", Right::Power(Power::Security);
        LIST_PRINCIPALS "ListPrincipals", "access.principals", Right::Power(Power::Security), Told::Each;
        LIST_PROPOSALS "ListProposals", "access.proposals", Right::AnyPower;
        CONFIRM_PROPOSAL "ConfirmProposal", "access.confirm", Right::AnyPower;
        DECLINE_PROPOSAL "DeclineProposal", "access.decline", Right::AnyPower;
        CREATE_ENROLMENT "CreateEnrolment", "credential.enrol", Right::Power(Power::Security);
        EXCHANGE_ENROLMENT "ExchangeEnrolment", "credential.exchange", Right::Code;
        CREATE_CREDENTIAL "CreateCredential", "credential.create", Right::Power(Power::Security);
        LIST_CREDENTIALS "ListCredentials", "credential.list", Right::Power(Power::Security), Told::Each;
        REVOKE_CREDENTIAL "RevokeCredential", "credential.revoke", Right::Power(Power::Security);
    }
    "huizong.v1.JournalService" {
        LIST_JOURNAL "ListJournal", "journal.list", Right::Power(Power::Audit), Told::Each;
        FIND_MOMENT "FindMoment", "journal.moment", Right::Known;
        STRIKE_JOURNAL_WORDS "StrikeJournalWords", "journal.strike", Right::Power(Power::Audit);
    }
    "huizong.v1.OperationsService" {
        GET_SERVICE_INFO "GetServiceInfo", "service.info", Right::Anyone;
        GET_STATUS "GetStatus", "status.get", Right::Known;
        CREATE_BACKUP "CreateBackup", "backup.create", Right::Power(Power::System);
        VERIFY_STORE "VerifyStore", "store.verify", Right::Power(Power::System);
    }
    "grpc.health.v1.Health" {
        HEALTH_CHECK "Check", "health.check", Right::Anyone;
        HEALTH_LIST "List", "health.list", Right::Anyone;
        HEALTH_WATCH "Watch", "health.watch", Right::Anyone;
    }
    "grpc.reflection.v1.ServerReflection" {
        REFLECTION "ServerReflectionInfo", "contract.read", Right::Known;
    }
    "grpc.reflection.v1alpha.ServerReflection" {
        REFLECTION_ALPHA "ServerReflectionInfo", "contract.read", Right::Known;
    }
}

/// The method at a path.
pub fn method_at(path: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.path == path)
}
