//! Parses the private key of a GitHub App from a secret.
//!
//! GitHub provides the key as a file (PKCS#1 in PEM format). On its way into a secret, it may lose
//! its line breaks, get them escaped as `\n`, get quotes around it, or be encoded in base64 as a
//! whole. If a text can mean only one thing, it's accepted. Otherwise, the error says what kind of
//! text it is, and never shows what's in it.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::error::KeyRejected;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};

/// An RSA key that signs for a GitHub App.
#[derive(Clone)]
pub(crate) struct PrivateKey(Arc<RsaKeyPair>);

/// Why a string can't be used as a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeyError {
    #[error(
        "it isn't a private key. Use the whole text of the `.pem` file that GitHub created for the App, starting with `-----BEGIN`, and not the file's name or fingerprint."
    )]
    NotAKey,
    #[error(
        "the key is cut off or damaged between its `-----BEGIN` line and the matching `-----END` line. Save the whole `.pem` file as the secret again."
    )]
    CutOff,
    #[error(
        "it has more than one key, or other text in addition to the key. Save only the `.pem` file as the secret."
    )]
    MoreThanAKey,
    #[error(
        "the key is encrypted with a password. Save it as you downloaded it from GitHub, or decrypt it with `openssl rsa`."
    )]
    Encrypted,
    #[error(
        "it's not the App's private RSA key, but a public key, a certificate, or another kind of key. Use the `.pem` file that GitHub created for the App."
    )]
    NotTheAppsKey,
}

/// Reads the text between a key's first line and its last, in one encoding.
type Decode = fn(&[u8]) -> Result<RsaKeyPair, KeyRejected>;

impl PrivateKey {
    /// Parses a key from `text`.
    pub(crate) fn parse(text: &str) -> Result<Self, KeyError> {
        match Self::parse_plain(text) {
            Err(KeyError::NotAKey) => match inner(text) {
                Some(text) => Self::parse_plain(text.expose_secret()),
                None => Err(KeyError::NotAKey),
            },
            parsed => parsed,
        }
    }

    fn parse_plain(text: &str) -> Result<Self, KeyError> {
        let text = without_breaks(text);
        let text = text.expose_secret();
        if text.starts_with("ssh-") {
            return Err(KeyError::NotTheAppsKey);
        }
        let Some((before, rest)) = text.split_once("-----BEGIN") else {
            let body = decoded(text).ok_or(KeyError::NotAKey)?;
            // The first and last lines, which name the encoding, are missing.
            let any = |der: &_| RsaKeyPair::from_der(der).or_else(|_| RsaKeyPair::from_pkcs8(der));
            return Self::from_der(any, &body).map_err(|error| match error {
                KeyError::CutOff => KeyError::NotAKey,
                error => error,
            });
        };
        let (label, rest) = rest.split_once("-----").ok_or(KeyError::CutOff)?;
        let decode: Decode = match label {
            "RSAPRIVATEKEY" => RsaKeyPair::from_der,
            "PRIVATEKEY" => RsaKeyPair::from_pkcs8,
            "ENCRYPTEDPRIVATEKEY" => return Err(KeyError::Encrypted),
            _ => return Err(KeyError::NotTheAppsKey),
        };
        let end = format!("-----END{label}-----");
        let (body, after) = rest.split_once(&end).ok_or(KeyError::CutOff)?;
        if !before.is_empty() || !after.is_empty() || body.contains("-----") {
            return Err(KeyError::MoreThanAKey);
        }
        if body.contains("ENCRYPTED") {
            return Err(KeyError::Encrypted);
        }
        Self::from_der(decode, &decoded(body).ok_or(KeyError::CutOff)?)
    }

    fn from_der(decode: Decode, der: &SecretSlice<u8>) -> Result<Self, KeyError> {
        match decode(der.expose_secret()) {
            Ok(key) => Ok(Self(Arc::new(key))),
            // ring's `KeyRejected` distinguishes its reasons only by their text.
            Err(rejected) => Err(match rejected.to_string().as_str() {
                "WrongAlgorithm" | "TooSmall" | "TooLarge" => KeyError::NotTheAppsKey,
                _ => KeyError::CutOff,
            }),
        }
    }

    /// Returns the RS256 signature of `text`. `None` if the system provides no random numbers.
    pub(super) fn sign(&self, text: &str) -> Option<Vec<u8>> {
        let mut signature = vec![0; self.0.public().modulus_len()];
        self.0
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                text.as_bytes(),
                &mut signature,
            )
            .ok()?;
        Some(signature)
    }
}

/// Never prints the key.
impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(***)")
    }
}

/// Removes the quotes around the text and everything that separates its lines. Base64 contains none
/// of that, and the first and last lines are recognizable without it.
fn without_breaks(text: &str) -> SecretString {
    let text = text.trim();
    let text = ['"', '\'']
        .iter()
        .find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote))
        .unwrap_or(text);
    let text = text.replace("\\r", "").replace("\\n", "");
    let text = text.trim_start_matches('\u{feff}');
    text.split_whitespace().collect::<String>().into()
}

/// Returns the PEM key, if `text` is one that was encoded in base64 as a whole.
fn inner(text: &str) -> Option<SecretString> {
    let decoded = decoded(without_breaks(text).expose_secret())?;
    let text = std::str::from_utf8(decoded.expose_secret()).ok()?;
    text.contains("-----BEGIN").then(|| text.into())
}

fn decoded(text: &str) -> Option<SecretSlice<u8>> {
    BASE64_STANDARD.decode(text).ok().map(Into::into)
}
