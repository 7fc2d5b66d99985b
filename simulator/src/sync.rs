//! Locks.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks even after a panic elsewhere, because values behind locks are only replaced as a whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
