//! Pseudonyms: names in place of logins that stay the same for a person and don't reveal who it is.
//!
//! A pseudonym is `person-` and the first 20 hexadecimal digits of HMAC-SHA-256 over GitHub's user
//! ID, in decimal digits, with a key that only its owner has. It's the same in every run and every
//! scope, and doesn't change if the login does. Without the key, nobody can find out whose it is.
//! If GitHub doesn't say a person's user ID, `login:` and the lowercase login are used instead.

use ring::hmac;
use secrecy::{ExposeSecret as _, SecretString};

use super::seat::{Account, Seat};

/// The start of every pseudonym, and the number of hexadecimal digits after it.
const PREFIX: &str = "person-";
const DIGITS: usize = 20;

/// Shorter keys could be found by brute force.
pub(crate) const MIN_KEY_CHARS: usize = 20;

/// The key for pseudonyms.
#[derive(Debug, Clone)]
pub(crate) struct PseudonymKey(SecretString);

/// Why a text can't be a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a key must have at least {MIN_KEY_CHARS} characters, so that no one can guess it. To create a good one, run `openssl rand -hex 32`"
)]
pub(crate) struct PseudonymKeyError;

impl PseudonymKey {
    /// Creates a key.
    ///
    /// # Errors
    /// Fails if it's too short.
    pub(crate) fn new(key: SecretString) -> Result<Self, PseudonymKeyError> {
        if key.expose_secret().chars().count() < MIN_KEY_CHARS {
            return Err(PseudonymKeyError);
        }
        Ok(Self(key))
    }

    /// Returns the pseudonym of the person with this user ID.
    pub(crate) fn of_id(&self, id: u64) -> String {
        self.name(&id.to_string())
    }

    /// Returns a fingerprint that shows whether two histories were written with the same key. It
    /// reveals nothing about the key.
    pub(crate) fn fingerprint(&self) -> String {
        self.digits("fingerprint", 8)
    }

    /// Replaces the person with a seat by their pseudonym, and removes their user ID.
    pub(crate) fn replace(&self, seat: &mut Seat) {
        if let Some(Account { id, login }) = &mut seat.assignee {
            let name = match id.take() {
                Some(id) => self.of_id(id),
                None => self.name(&format!("login:{}", login.to_lowercase())),
            };
            *login = name.into();
        }
    }

    fn name(&self, person: &str) -> String {
        format!("{PREFIX}{}", self.digits(person, DIGITS))
    }

    fn digits(&self, text: &str, count: usize) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.expose_secret().as_bytes());
        let mut digits = hex::encode(hmac::sign(&key, text.as_bytes()));
        digits.truncate(count);
        digits
    }
}

/// Returns whether a login looks like a pseudonym.
pub(crate) fn is_pseudonym(login: &str) -> bool {
    login.strip_prefix(PREFIX).is_some_and(|digits| {
        digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn key(text: &str) -> PseudonymKey {
        PseudonymKey::new(SecretString::from(text)).unwrap()
    }

    fn seat(login: &str, id: Option<u64>) -> Seat {
        Seat {
            assignee: Some(Account {
                id,
                login: login.into(),
            }),
            ..Seat::default()
        }
    }

    /// The same result as `printf 583231 | openssl dgst -sha256 -hmac 'a key of twenty and more'`.
    #[test]
    fn a_pseudonym_is_what_other_tools_compute_too() {
        assert_eq!(
            key("a key of twenty and more").of_id(583_231),
            "person-8fa32ea3fc18c161fa92"
        );
    }

    #[test]
    fn a_pseudonym_survives_a_rename_and_changes_with_the_key() {
        let one = key("a key of twenty and more");
        let (mut before, mut after) = (seat("octocat", Some(1)), seat("monalisa", Some(1)));
        one.replace(&mut before);
        one.replace(&mut after);
        assert_eq!(before, after);
        assert_eq!(before.assignee.unwrap().id, None);
        let other = key("another key of twenty and more");
        assert_ne!(one.of_id(1), other.of_id(1));
        assert_ne!(one.fingerprint(), other.fingerprint());
    }

    #[test]
    fn people_without_an_id_are_distinguished_by_their_login() {
        let key = key("a key of twenty and more");
        let (mut one, mut same, mut other) = (
            seat("Octocat", None),
            seat("octocat", None),
            seat("1", None),
        );
        for seat in [&mut one, &mut same, &mut other] {
            key.replace(seat);
        }
        assert_eq!(one, same);
        assert_ne!(one, other);
        assert_ne!(other.login(), key.of_id(1));
        let mut nobody = Seat::default();
        key.replace(&mut nobody);
        assert_eq!(nobody, Seat::default());
    }

    #[test]
    fn a_key_that_is_too_short_is_refused() {
        assert!(PseudonymKey::new(SecretString::from("0123456789012345678")).is_err());
        assert!(PseudonymKey::new(SecretString::from("01234567890123456789")).is_ok());
    }
}
