//! Stable reasons of refusals, each with its class.

/// The class of a problem; each door maps it to its own status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// The request is wrong whatever the state of the service.
    InvalidArgument,
    /// The answer took longer than a call may.
    DeadlineExceeded,
    /// What is asked about is not there.
    NotFound,
    /// Who calls is not known.
    Unauthenticated,
    /// Who calls may not do it.
    PermissionDenied,
    /// What is to be made is there already.
    AlreadyExists,
    /// The state of the service does not allow it; trying again does not help.
    FailedPrecondition,
    /// Something came between; reading again and trying again does.
    Aborted,
    /// A number is beyond what there is, or what the answer holds.
    OutOfRange,
    /// There is no such call.
    Unimplemented,
    /// Too much is asked for.
    ResourceExhausted,
    /// It cannot be done now; trying again later helps.
    Unavailable,
    /// What was stored cannot be read.
    DataLoss,
    /// A defect of the service.
    Internal,
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $code:ident;)*) => {
        /// Stable reasons, with their class.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Reason { $($(#[$doc])* $name,)* }

        impl Reason {
            /// All reasons there are.
            pub const ALL: &'static [Self] = &[$(Reason::$name,)*];

            /// As it is sent, in UPPER_SNAKE_CASE.
            pub fn as_str(self) -> &'static str {
                match self { $(Reason::$name => $text,)* }
            }

            /// The class that it belongs to.
            pub fn code(self) -> Code {
                match self { $(Reason::$name => Code::$code,)* }
            }
        }
    };
}

reasons! {
    /// The report breaks rules of severity error.
    ReportInvalid = "REPORT_INVALID", InvalidArgument;
    /// Warnings without a reason.
    WarningsUnanswered = "WARNINGS_UNANSWERED", FailedPrecondition;
    /// The revision to be replaced is not the newest one.
    EtagMismatch = "ETAG_MISMATCH", Aborted;
    /// A report that stands is replaced by itself.
    ContentUnchanged = "CONTENT_UNCHANGED", AlreadyExists;
    /// A revision is replaced without a reason.
    CorrectionReasonRequired = "CORRECTION_REASON_REQUIRED", InvalidArgument;
    /// A request id came again with other content.
    RequestIdReused = "REQUEST_ID_REUSED", AlreadyExists;
    /// Others changed the same report again and again.
    Contended = "CONTENDED", Aborted;
    /// The action does not follow from the state of the report.
    StateConflict = "STATE_CONFLICT", FailedPrecondition;
    /// A reviewer does not review what they submitted.
    OwnSubmission = "OWN_SUBMISSION", PermissionDenied;
    /// A review without a reason, or with a comment on no cell.
    ReviewInvalid = "REVIEW_INVALID", InvalidArgument;
    /// The caller did not say who it is.
    CredentialsRequired = "CREDENTIALS_REQUIRED", Unauthenticated;
    /// The credential is none, or is garbled.
    CredentialInvalid = "CREDENTIAL_INVALID", Unauthenticated;
    /// The credential is past its time.
    CredentialExpired = "CREDENTIAL_EXPIRED", Unauthenticated;
    /// The credential was ended.
    CredentialRevoked = "CREDENTIAL_REVOKED", Unauthenticated;
    /// The caller's roles do not include the call, or its subject is not there.
    PermissionDenied = "PERMISSION_DENIED", PermissionDenied;
    /// The page that calls shows somebody else than who is signed in.
    CallerChanged = "CALLER_CHANGED", Unauthenticated;
    /// The identity provider named somebody who is no principal here.
    PrincipalUnknown = "PRINCIPAL_UNKNOWN", PermissionDenied;
    /// Signing in with the identity provider came to nothing.
    SignInRefused = "SIGN_IN_REFUSED", Unauthenticated;
    /// The identity provider does not answer, or not so that it can be understood.
    ProviderUnavailable = "PROVIDER_UNAVAILABLE", Unavailable;
    /// The request is for a host that is not the service's own.
    HostUnknown = "HOST_UNKNOWN", PermissionDenied;
    /// The answer would be made of reports that the caller may not read.
    BeyondSight = "BEYOND_SIGHT", PermissionDenied;
    /// Two of the three powers over the service for one principal.
    TwoPowers = "TWO_POWERS", FailedPrecondition;
    /// Nobody changes their own roles.
    OwnRoles = "OWN_ROLES", PermissionDenied;
    /// The role and its scope do not go together, or do not exist.
    RoleInvalid = "ROLE_INVALID", InvalidArgument;
    /// The principal does not hold the role.
    RoleNotHeld = "ROLE_NOT_HELD", FailedPrecondition;
    /// A security administrator makes no secret for another; they are enrolled.
    SecretOfAnother = "SECRET_OF_ANOTHER", PermissionDenied;
    /// The one-time code is none, or was not given out by this service.
    EnrolmentInvalid = "ENROLMENT_INVALID", Unauthenticated;
    /// The one-time code was exchanged already.
    EnrolmentUsed = "ENROLMENT_USED", FailedPrecondition;
    /// The one-time code is past its time, or was ended.
    EnrolmentEnded = "ENROLMENT_ENDED", FailedPrecondition;
    /// A second person has yet to agree to the one-time code.
    EnrolmentUnconfirmed = "ENROLMENT_UNCONFIRMED", FailedPrecondition;
    /// Whoever agrees to a proposal is somebody else than who asked for it, and holds another power.
    SecondPersonRequired = "SECOND_PERSON_REQUIRED", PermissionDenied;
    /// There is no such proposal, or it has ended.
    ProposalNotFound = "PROPOSAL_NOT_FOUND", NotFound;
    /// There is no such credential.
    CredentialNotFound = "CREDENTIAL_NOT_FOUND", NotFound;
    /// Nobody of that name holds a role or a credential.
    PrincipalNotFound = "PRINCIPAL_NOT_FOUND", NotFound;
    /// More calls than a principal or an address may make.
    RateExceeded = "RATE_EXCEEDED", ResourceExhausted;
    /// More calls at a time than the service takes.
    Overloaded = "OVERLOADED", Unavailable;
    /// The service ends, and with it a stream.
    Stopping = "STOPPING", Unavailable;
    /// The answer takes longer than a call may.
    DeadlineExceeded = "DEADLINE_EXCEEDED", DeadlineExceeded;
    /// A journal sequence that is not there.
    AsOfInvalid = "AS_OF_INVALID", OutOfRange;
    /// There is no such frozen form.
    FrozenFormNotFound = "FROZEN_FORM_NOT_FOUND", NotFound;
    /// There is no such agency.
    AgencyNotFound = "AGENCY_NOT_FOUND", NotFound;
    /// There is no such jurisdiction.
    JurisdictionNotFound = "JURISDICTION_NOT_FOUND", NotFound;
    /// There is no such report or revision.
    ReportNotFound = "REPORT_NOT_FOUND", NotFound;
    /// The agency does not owe a report for that year.
    AgencyNotDue = "AGENCY_NOT_DUE", FailedPrecondition;
    /// The agency is there with other values.
    AgencyExists = "AGENCY_EXISTS", AlreadyExists;
    /// The jurisdiction is there with other values.
    JurisdictionExists = "JURISDICTION_EXISTS", AlreadyExists;
    /// A change of the registry does not fit the tree.
    RegistryInvalid = "REGISTRY_INVALID", FailedPrecondition;
    /// What is registered looks like what is registered already.
    RegistrySuspect = "REGISTRY_SUSPECT", FailedPrecondition;
    /// No collection of that year is open.
    CollectionNotFound = "COLLECTION_NOT_FOUND", NotFound;
    /// The agency has no exception in the collection.
    ExceptionNotFound = "EXCEPTION_NOT_FOUND", NotFound;
    /// Nothing is set up to deliver reminders.
    RemindersOff = "REMINDERS_OFF", FailedPrecondition;
    /// The collection is open with other values.
    CollectionExists = "COLLECTION_EXISTS", AlreadyExists;
    /// Values of a collection do not go together.
    CollectionInvalid = "COLLECTION_INVALID", InvalidArgument;
    /// A report comes in after the lock time of its collection.
    CollectionLocked = "COLLECTION_LOCKED", FailedPrecondition;
    /// A required field is missing.
    FieldRequired = "FIELD_REQUIRED", InvalidArgument;
    /// A field has no valid value.
    FieldInvalid = "FIELD_INVALID", InvalidArgument;
    /// A resource name is none.
    NameInvalid = "NAME_INVALID", InvalidArgument;
    /// A report year is none.
    YearInvalid = "YEAR_INVALID", InvalidArgument;
    /// Cells of the report could not be read in the document that it comes from.
    CellsUnread = "CELLS_UNREAD", InvalidArgument;
    /// A cell that the edition does not have, or a value that is none.
    CellInvalid = "CELL_INVALID", InvalidArgument;
    /// An answer to a warning that names no rule or gives no reason.
    AnswerInvalid = "ANSWER_INVALID", InvalidArgument;
    /// A page size below 0, or a token that was not given out for this question.
    PageInvalid = "PAGE_INVALID", InvalidArgument;
    /// A measure that is no line, group or cell of the form, is no whole path, or is asked for twice.
    MeasureUnknown = "MEASURE_UNKNOWN", InvalidArgument;
    /// A dimension that is asked for twice, or does not go with the measures.
    GroupingInvalid = "GROUPING_INVALID", InvalidArgument;
    /// The last year is before the first, or there are more than 20.
    YearsInvalid = "YEARS_INVALID", InvalidArgument;
    /// A sum does not fit the answer.
    SumTooLarge = "SUM_TOO_LARGE", OutOfRange;
    /// More of something than a call may have.
    TooMany = "TOO_MANY", ResourceExhausted;
    /// There is no such method.
    MethodUnknown = "METHOD_UNKNOWN", Unimplemented;
    /// A message is longer than its call takes.
    MessageTooLarge = "MESSAGE_TOO_LARGE", OutOfRange;
    /// What was sent is no message of the call.
    MessageInvalid = "MESSAGE_INVALID", InvalidArgument;
    /// A document cannot be read.
    DocumentUnreadable = "DOCUMENT_UNREADABLE", InvalidArgument;
    /// Writes are stopped; reads go on.
    StoreReadOnly = "STORE_READ_ONLY", Unavailable;
    /// This instance cannot use the store that it shares now.
    StoreUnavailable = "STORE_UNAVAILABLE", Unavailable;
    /// A write failed and may or may not be stored.
    OutcomeUnknown = "OUTCOME_UNKNOWN", Unavailable;
    /// A record cannot be read.
    StoreDamaged = "STORE_DAMAGED", DataLoss;
    /// Records of another store are taken only by an empty one.
    StoreNotEmpty = "STORE_NOT_EMPTY", FailedPrecondition;
    /// A defect of the service; the id of the call finds it in the log.
    Internal = "INTERNAL", Internal;
}
