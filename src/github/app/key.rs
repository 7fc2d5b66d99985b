//! The private key of a GitHub App, as it comes out of a secret.
//!
//! GitHub hands the key out as a file (PKCS#1 in the form PEM). On its way into a secret it loses
//! line breaks, or gets them written out as `\n`, or quotes, or is encoded in base64 as a whole.
//! What can only be meant in one way is taken; everything else is refused by what it is, and never
//! by what is in it.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};

/// An RSA key that signs for a GitHub App.
#[derive(Clone)]
pub(crate) struct PrivateKey(Arc<RsaKeyPair>);

/// Why a text is no key that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeyError {
    /// Nothing in it begins as a key in the form PEM does.
    #[error(
        "it is no private key: give the whole text of the `.pem` file that GitHub made for the App, from `-----BEGIN` on, and not the file's name or its fingerprint"
    )]
    NotAKey,
    /// Its end is missing.
    #[error(
        "the key is cut off: the line that begins with `-----END` is missing or belongs to another kind of key; save the whole file as the secret"
    )]
    CutOff,
    /// It has further text around it, or several keys.
    #[error(
        "it has more than one key, or other text beside the key; save nothing but the `.pem` file as the secret"
    )]
    MoreThanAKey,
    /// The text between its first line and its last is no base64, or is no key.
    #[error(
        "the key is damaged: what stands between its first line and its last is no RSA key; save the `.pem` file as the secret again"
    )]
    Damaged,
    /// It needs a password.
    #[error(
        "the key is encrypted with a password; save it as GitHub made it, or decrypt it with `openssl rsa`"
    )]
    Encrypted,
    /// The public half of a key.
    #[error(
        "it is a public key; the App signs with the private one, the `.pem` file that GitHub made"
    )]
    Public,
    /// A certificate.
    #[error("it is a certificate; give the App's private key, the `.pem` file that GitHub made")]
    Certificate,
    /// A key in the form of OpenSSH.
    #[error("it is a key of OpenSSH; give the App's private key, the `.pem` file that GitHub made")]
    OpenSsh,
    /// A key of another kind than RSA.
    #[error(
        "it is a key of another kind than RSA; give the App's private key, the `.pem` file that GitHub made"
    )]
    NotRsa,
    /// Too short or too long to sign with.
    #[error("it is an RSA key of a length that GitHub does not make; it makes keys of 2048 bits")]
    Length,
}

/// The form of what stands between a key's first line and its last.
#[derive(Clone, Copy)]
enum Form {
    Pkcs1,
    Pkcs8,
    /// The lines that say it are missing.
    Unsaid,
}

impl PrivateKey {
    /// Reads a key out of `text`.
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
            return Err(KeyError::Public);
        }
        let Some((before, rest)) = text.split_once("-----BEGIN") else {
            let body = decoded(text).ok_or(KeyError::NotAKey)?;
            return Self::from_der(Form::Unsaid, &body).map_err(|error| match error {
                KeyError::Damaged => KeyError::NotAKey,
                error => error,
            });
        };
        let (label, rest) = rest.split_once("-----").ok_or(KeyError::CutOff)?;
        let form = match label {
            "RSAPRIVATEKEY" => Form::Pkcs1,
            "PRIVATEKEY" => Form::Pkcs8,
            "ENCRYPTEDPRIVATEKEY" => return Err(KeyError::Encrypted),
            "PUBLICKEY" | "RSAPUBLICKEY" | "SSH2PUBLICKEY" => return Err(KeyError::Public),
            "CERTIFICATE" | "CERTIFICATEREQUEST" => return Err(KeyError::Certificate),
            "OPENSSHPRIVATEKEY" => return Err(KeyError::OpenSsh),
            _ => return Err(KeyError::NotRsa),
        };
        let end = format!("-----END{label}-----");
        let (body, after) = rest.split_once(&end).ok_or(KeyError::CutOff)?;
        if !before.is_empty() || !after.is_empty() || body.contains("-----") {
            return Err(KeyError::MoreThanAKey);
        }
        if body.contains("ENCRYPTED") {
            return Err(KeyError::Encrypted);
        }
        Self::from_der(form, &decoded(body).ok_or(KeyError::Damaged)?)
    }

    fn from_der(form: Form, der: &SecretSlice<u8>) -> Result<Self, KeyError> {
        let der = der.expose_secret();
        let read = match form {
            Form::Pkcs1 => RsaKeyPair::from_der(der),
            Form::Pkcs8 => RsaKeyPair::from_pkcs8(der),
            Form::Unsaid => RsaKeyPair::from_der(der).or_else(|_| RsaKeyPair::from_pkcs8(der)),
        };
        // The words of ring's `KeyRejected` are all that it tells apart.
        read.map(|key| Self(Arc::new(key))).map_err(|rejected| {
            match rejected.to_string().as_str() {
                "WrongAlgorithm" => KeyError::NotRsa,
                "TooSmall" | "TooLarge" => KeyError::Length,
                _ => KeyError::Damaged,
            }
        })
    }

    /// The signature of `text` by RS256, or nothing where the system gives no random numbers.
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

/// Prints nothing of the key.
impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(***)")
    }
}

/// The text without quotes around it and without anything that parts its lines: base64 has none of
/// it, and the words of the first and the last line are known without.
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

/// The key in the form PEM that was encoded as a whole, where `text` is that.
fn inner(text: &str) -> Option<SecretString> {
    let decoded = decoded(without_breaks(text).expose_secret())?;
    let text = std::str::from_utf8(decoded.expose_secret()).ok()?;
    text.contains("-----BEGIN").then(|| text.into())
}

fn decoded(text: &str) -> Option<SecretSlice<u8>> {
    BASE64_STANDARD.decode(text).ok().map(Into::into)
}
