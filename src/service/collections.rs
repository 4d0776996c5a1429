//! Opening, changing and reading collections.

use jiff::Timestamp;

use crate::registry::{Collection, CollectionError, Exception, RegistryChange, RegistryError};
use crate::report::{AgencyId, Hash, Message, ReportKey, ReportYear};
use crate::store::check_length;

use super::caller::Caller;
use super::page::Page;
use super::parts::{BEIJING, Service};
use super::problem::{Problem, Reason};
use super::registry::Planned;

impl Service {
    /// The collection of a year.
    ///
    /// # Errors
    /// COLLECTION_NOT_FOUND.
    pub fn collection(&self, year: ReportYear) -> Result<Collection, Problem> {
        self.live.read().registry.collection(year).cloned().ok_or_else(|| no_collection(year))
    }

    /// Collections after the year `token`, by year.
    pub fn collections(&self, size: usize, token: &str) -> Page<Collection> {
        let state = self.live.read();
        // Years have four digits each, so their order is that of their texts.
        let rest = state.registry.collections().filter(|collection| collection.year.to_string().as_str() > token);
        let items = rest.take(size.saturating_add(1)).cloned().collect();
        Page::cut(items, size, |collection| collection.year.to_string())
    }

    /// Opens a collection; the same one again changes nothing.
    ///
    /// # Errors
    /// COLLECTION_EXISTS with other values, COLLECTION_INVALID.
    pub async fn open_collection(
        &self,
        collection: Collection,
        validate_only: bool,
        caller: &Caller,
    ) -> Result<Collection, Problem> {
        let collection = collection.in_whole_microseconds();
        let _turn = self.registry_gate.lock().await;
        let planned_on = self.live.read().registry_sequence;
        if let Ok(present) = self.collection(collection.year) {
            // Time that agencies were given since is no other value.
            let opened = Collection { exceptions: Vec::new(), ..present.clone() };
            return if opened == collection { Ok(present) } else { Err(exists(&collection)) };
        }
        self.put((collection, planned_on), "collection.open", "collection", validate_only, caller).await
    }

    /// Puts a collection in place of the present one, which has the etag `replaced`.
    ///
    /// # Errors
    /// COLLECTION_NOT_FOUND, ETAG_MISMATCH, COLLECTION_INVALID.
    pub async fn replace_collection(
        &self,
        collection: Collection,
        replaced: &str,
        validate_only: bool,
        caller: &Caller,
    ) -> Result<Collection, Problem> {
        let collection = collection.in_whole_microseconds();
        let _turn = self.registry_gate.lock().await;
        let planned_on = self.live.read().registry_sequence;
        let present = self.collection(collection.year)?;
        if etag(&present) != replaced {
            return Err(etag_mismatch(&present));
        }
        self.put((collection, planned_on), "collection.update", "collection", validate_only, caller).await
    }

    /// Gives an agency more time; the same exception again changes nothing.
    ///
    /// # Errors
    /// COLLECTION_NOT_FOUND, AGENCY_NOT_FOUND, TOO_MANY, COLLECTION_INVALID.
    pub async fn grant_exception(
        &self,
        year: ReportYear,
        exception: Exception,
        validate_only: bool,
        caller: &Caller,
    ) -> Result<Collection, Problem> {
        let exception = exception.in_whole_microseconds();
        let _turn = self.registry_gate.lock().await;
        let planned_on = self.live.read().registry_sequence;
        let mut collection = self.collection(year)?;
        self.agency(&exception.agency)?;
        if collection.exceptions.contains(&exception) {
            return Ok(collection);
        }
        if exception.until.is_some_and(|until| until <= self.now()) {
            let description = Message::new("已过，延期不会生效", "has passed, so that the exception would not hold");
            return Err(Problem::field(Reason::FieldInvalid, "exception.expire_time", description));
        }
        collection.exceptions.push(exception);
        self.put((collection, planned_on), "collection.grant", "exception", validate_only, caller).await
    }

    /// Takes back all exceptions of an agency.
    ///
    /// # Errors
    /// COLLECTION_NOT_FOUND, EXCEPTION_NOT_FOUND.
    pub async fn revoke_exception(
        &self,
        year: ReportYear,
        agency: &AgencyId,
        validate_only: bool,
        caller: &Caller,
    ) -> Result<Collection, Problem> {
        let _turn = self.registry_gate.lock().await;
        let planned_on = self.live.read().registry_sequence;
        let mut collection = self.collection(year)?;
        let granted = collection.exceptions.len();
        collection.exceptions.retain(|exception| exception.agency != *agency);
        if collection.exceptions.len() == granted {
            return Err(no_exception(&collection, agency));
        }
        self.put((collection, planned_on), "collection.revoke", "agency", validate_only, caller).await
    }

    /// Stores a collection that was made on the registry as of the journal sequence beside it; the caller holds the registry's gate.
    async fn put(
        &self,
        (collection, planned_on): (Collection, u64),
        action: &'static str,
        field: &str,
        validate_only: bool,
        caller: &Caller,
    ) -> Result<Collection, Problem> {
        let change = RegistryChange::PutCollection(collection.clone());
        check_length(&change)?;
        let plan = self.live.read().registry.plan(std::slice::from_ref(&change));
        let plan = plan.map_err(|(_, error)| invalid(field, &error))?;
        if !validate_only && !plan.effective.is_empty() {
            let content: Hash = collection.digest();
            let planned = Planned::new(plan.effective, planned_on, action, collection.name(), content);
            self.store_planned(planned, caller).await?;
        }
        Ok(collection)
    }
}

/// What names a collection as it is.
pub fn etag(collection: &Collection) -> String {
    collection.digest().to_hex().chars().take(32).collect()
}

/// A report comes in after the lock time, which was set by whom the words say.
pub(super) fn locked(report: &ReportKey, since: Timestamp, set_by: &Message) -> Problem {
    let name = format!("collections/{}", report.year);
    let beijing = BEIJING.to_datetime(since).strftime("%Y-%m-%d %H:%M");
    Problem::new(
        Reason::CollectionLocked,
        Message::new(
            format!("{}年度报送任务已于{beijing}（北京时间）停止接收（{}）", report.year, set_by.zh),
            format!("{name} does not take {report} from {since} on ({})", set_by.en),
        ),
        Message::new(
            "请联系审核单位或组织报送的政府办公厅（室）准予延期，再行报送",
            "have a reviewer, or the office that runs the collection, grant more time, then submit",
        ),
    )
    .with("collection", name)
    .with("lock_time", since)
}

fn no_collection(year: ReportYear) -> Problem {
    Problem::new(
        Reason::CollectionNotFound,
        Message::new(format!("{year}年度报送任务尚未启动"), format!("there is no collection of {year}")),
        Message::new("请核对年度，或先启动该年度报送任务", "check the year, or open the collection first"),
    )
    .with("name", format!("collections/{year}"))
}

fn no_exception(collection: &Collection, agency: &AgencyId) -> Problem {
    let (name, agency) = (collection.name(), format!("agencies/{agency}"));
    Problem::new(
        Reason::ExceptionNotFound,
        Message::new(format!("{name} 没有准予 {agency} 的延期"), format!("{name} has no exception for {agency}")),
        Message::new(
            "请查看报送任务中的延期，核对年度和单位",
            "look at the exceptions of the collection; check year and agency",
        ),
    )
    .with("collection", name)
    .with("agency", agency)
}

fn exists(collection: &Collection) -> Problem {
    let name = collection.name();
    Problem::new(
        Reason::CollectionExists,
        Message::new(
            format!("{}年度报送任务已启动，且内容不同", collection.year),
            format!("{name} is open with other values"),
        ),
        Message::new("请先读取现有内容，再作更改", "read it, then update it with its etag"),
    )
    .with("name", name)
}

fn etag_mismatch(present: &Collection) -> Problem {
    let (name, etag) = (present.name(), etag(present));
    Problem::new(
        Reason::EtagMismatch,
        Message::new(
            format!("{name} 已被他人更改（当前 etag 为 {etag}）"),
            format!("{name} has the etag {etag} now, another than was given"),
        ),
        Message::new(
            "请重新打开，核对当前内容后再更改（以其 etag 提交）",
            "read it as it is now, then update it with its etag",
        ),
    )
    .with("etag", etag)
    .with("name", name)
}

fn invalid(field: &str, error: &RegistryError) -> Problem {
    match error {
        RegistryError::Collection(CollectionError::AgencyUnknown(name)) => Problem::no_agency(name),
        error => Problem::field(Reason::CollectionInvalid, field, error.message()),
    }
}
