//! Keys of GitHub Apps, in every format.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::signature::{KeyPair as _, RsaKeyPair};

/// The client ID of the App in tests.
pub const CLIENT_ID: &str = "Iv23liTestingApp0001";

/// The 2048-bit RSA key that RFC 9500 publishes for tests (section 2.1). Its file says `TESTING`
/// instead of `PRIVATE`, so that no one takes it for a secret.
pub fn pem() -> String {
    include_str!("testing-key.pem").replace("TESTING", "PRIVATE")
}

/// The decoded contents.
pub fn der() -> Vec<u8> {
    let body = pem();
    let body: String = body
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .collect();
    BASE64_STANDARD.decode(body).unwrap()
}

/// The same key in PKCS#8: the version, the algorithm, and the key.
pub fn pkcs8_pem() -> String {
    let rsa = [
        0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 1, 5, 0,
    ];
    let inner = [&[2, 1, 0][..], &rsa, &element(4, &der())].concat();
    armored("PRIVATE KEY", &element(0x30, &inner))
}

/// PEM with this label.
pub fn armored(label: &str, der: &[u8]) -> String {
    let body = BASE64_STANDARD.encode(der);
    let lines: Vec<&str> = (0..body.len())
        .step_by(64)
        .map(|from| &body[from..body.len().min(from + 64)])
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

/// A DER element of 256 to 65,535 bytes.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x82, high, low], content].concat()
}

/// The public key, as GitHub stores it.
pub fn public() -> Vec<u8> {
    let key = RsaKeyPair::from_der(&der()).unwrap();
    key.public_key().as_ref().to_owned()
}
