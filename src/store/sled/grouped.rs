//! Many transactions taken in groups: each costs a write, a sync or a header, and none is to hold too much in memory.

use crate::store::StoreError;
use crate::store::log::Logged;

/// Transactions taken together, and bytes.
pub(super) const TRANSACTIONS: usize = 1024;
const BYTES: usize = 4 << 20;

/// Takes transactions group by group, in their order.
///
/// # Errors
/// The first that comes among them, or that taking a group has; what came before it in the same group is not taken.
pub(super) fn in_groups(
    transactions: impl Iterator<Item = Result<Logged, StoreError>>,
    mut take: impl FnMut(Vec<Logged>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let (mut group, mut bytes) = (Vec::new(), 0);
    for logged in transactions {
        let logged = logged?;
        bytes += logged.records.iter().map(|record| record.value.len()).sum::<usize>();
        group.push(logged);
        if group.len() >= TRANSACTIONS || bytes >= BYTES {
            take(std::mem::take(&mut group))?;
            bytes = 0;
        }
    }
    if group.is_empty() { Ok(()) } else { take(group) }
}
