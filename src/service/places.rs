//! Places for watches: so many in all, and so many of one principal, so that nobody takes those of all others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::access::PrincipalName;
use crate::report::Message;

use super::caller::{Authority, Caller};
use super::problem::{Problem, Reason};
use super::settings::WatchLimits;

pub(super) struct Places {
    limits: WatchLimits,
    free: Arc<Semaphore>,
    /// How many each principal has that has any.
    taken: Mutex<HashMap<PrincipalName, usize>>,
}

/// One place; it is free again when this is dropped.
pub(super) struct Place {
    places: Arc<Places>,
    /// Whose it is, where callers show who they are.
    principal: Option<PrincipalName>,
    _permit: OwnedSemaphorePermit,
}

impl Places {
    pub(crate) fn new(limits: WatchLimits) -> Self {
        let free = Arc::new(Semaphore::new(limits.watchers.min(Semaphore::MAX_PERMITS)));
        Self { limits, free, taken: Mutex::default() }
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<PrincipalName, usize>> {
        // Counts cannot be left half-changed.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a caller.
    ///
    /// # Errors
    /// TOO_MANY where all are taken, or the caller has as many as one may.
    pub(crate) fn take(self: &Arc<Self>, caller: &Caller) -> Result<Place, Problem> {
        let Ok(permit) = self.free.clone().try_acquire_owned() else {
            let limit = self.limits.watchers;
            return Err(too_many(Message::new(
                format!("已有{limit}处在实时查看，达到上限"),
                format!("{limit} watchers are the most at a time"),
            )));
        };
        let principal = match &caller.authority {
            Authority::Principal { name, .. } => Some(name.clone()),
            Authority::Open | Authority::Nobody => None,
        };
        if let Some(name) = &principal {
            let limit = self.limits.watchers_per_principal;
            let mut taken = self.taken();
            let own = taken.entry(name.clone()).or_default();
            if *own >= limit {
                return Err(too_many(Message::new(
                    format!("{name} 已有{limit}处在实时查看，达到单个账号的上限"),
                    format!("{name} has {limit} watchers, the most of one principal at a time"),
                )));
            }
            *own += 1;
        }
        Ok(Place { places: self.clone(), principal, _permit: permit })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(name) = &self.principal else { return };
        let mut taken = self.places.taken();
        if let Some(own) = taken.get_mut(name) {
            *own -= 1;
            if *own == 0 {
                taken.remove(name);
            }
        }
    }
}

fn too_many(message: Message) -> Problem {
    let remedy = Message::new("请稍后重试，或改为定时查询", "try again later, or ask from time to time instead");
    Problem::new(Reason::TooMany, message, remedy)
}
