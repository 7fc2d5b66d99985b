//! The secrets of this run, and taking them out of texts that come from elsewhere.
//!
//! A server or a proxy may repeat what it was sent. The runner's masks hide a secret only if the
//! whole of it is in the log, so it has to be taken out before a text is cut or escaped. An App's
//! token has some 520 characters, more than of any text that is shown.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

/// What must never be shown, longest first. One process has one run, and so one list of these.
static SECRETS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// A shorter text is no secret, and replacing it would garble every text.
const MIN_SECRET_LENGTH: usize = 6;

/// Adds `secret` to what is never shown.
pub(crate) fn remember(secret: &str) {
    if secret.len() < MIN_SECRET_LENGTH {
        return;
    }
    let mut secrets = SECRETS.lock().unwrap_or_else(PoisonError::into_inner);
    if !secrets.iter().any(|known| known == secret) {
        secrets.push(secret.to_owned());
        // One secret may be a part of another.
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
