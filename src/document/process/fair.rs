//! Places for work, limited in number: each owner holds some of them at most, so that nobody keeps all others waiting;
//! who waits is served in turn, and is refused where too many wait or it takes too long.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Owners that are remembered before those without work are forgotten.
const OWNERS_TIDY: usize = 1024;

/// The places.
#[derive(Debug)]
pub struct Fair {
    all: Arc<Semaphore>,
    each: usize,
    owners: Mutex<HashMap<String, Weak<Semaphore>>>,
    waiting: AtomicUsize,
    waiting_max: usize,
    patience: Duration,
}

/// One place; it is free again when this is dropped.
#[derive(Debug)]
pub struct Place {
    _of_all: OwnedSemaphorePermit,
    _own: OwnedSemaphorePermit,
}

/// Counts one who waits for as long as it lives.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Fair {
    /// So many places, `each` of them for one owner at most; `waiting_max` may wait for one, and for `patience`.
    pub fn new(places: usize, each: usize, waiting_max: usize, patience: Duration) -> Self {
        let all = Arc::new(Semaphore::new(places.clamp(1, Semaphore::MAX_PERMITS)));
        let each = each.clamp(1, Semaphore::MAX_PERMITS);
        Self { all, each, owners: Mutex::default(), waiting: AtomicUsize::new(0), waiting_max, patience }
    }

    fn owner(&self, name: &str) -> Arc<Semaphore> {
        // A map of weak references cannot be left half-changed.
        let mut owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        if owners.len() >= OWNERS_TIDY {
            owners.retain(|_, places| places.strong_count() > 0);
        }
        if let Some(places) = owners.get(name).and_then(Weak::upgrade) {
            return places;
        }
        let places = Arc::new(Semaphore::new(self.each));
        owners.insert(name.to_owned(), Arc::downgrade(&places));
        places
    }

    /// A place for an owner; none where too many wait, or none came free in time.
    pub async fn enter(&self, owner: &str) -> Option<Place> {
        let own = self.owner(owner);
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= self.waiting_max.max(1) {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        let _waiting = Waiting(&self.waiting);
        // First one's own, so that of those who wait for any place each owner is few.
        let places = async { Some((own.acquire_owned().await.ok()?, self.all.clone().acquire_owned().await.ok()?)) };
        let (own, of_all) = timeout(self.patience, places).await.ok()??;
        Some(Place { _own: own, _of_all: of_all })
    }
}
