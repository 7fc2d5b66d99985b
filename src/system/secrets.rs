//! Redacts the secrets of this run from untrusted text.
//!
//! A server or a proxy might return the secrets that it was sent. The runner masks a secret only if
//! the log contains all of it, so secrets must be redacted before text is truncated or escaped. An
//! App's token has about 520 characters, which is more than we show of any text.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

/// The secrets to redact, longest first. The list is global, because a process has only one run.
static SECRETS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The minimum length of a secret. A shorter string isn't secret, and redacting it would garble
/// messages.
const MIN_SECRET_LENGTH: usize = 6;

/// Adds `secret` to the secrets that [`redact`] replaces.
pub(crate) fn remember(secret: &str) {
    if secret.len() < MIN_SECRET_LENGTH {
        return;
    }
    let mut secrets = SECRETS.lock().unwrap_or_else(PoisonError::into_inner);
    if !secrets.iter().any(|known| known == secret) {
        secrets.push(secret.to_owned());
        // One secret can be part of another.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    }
}

/// `text` with every known secret replaced by `***`.
pub(crate) fn redact(text: &str) -> Cow<'_, str> {
    let secrets = SECRETS.lock().unwrap_or_else(PoisonError::into_inner);
    let mut redacted = Cow::Borrowed(text);
    for secret in secrets.iter() {
        if redacted.contains(secret) {
            redacted = redacted.replace(secret, "***").into();
        }
    }
    redacted
}
