//! Keys of GitHub Apps, in every form in which they come.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::signature::{KeyPair as _, RsaKeyPair};

/// The client ID of the App in tests.
pub const CLIENT_ID: &str = "Iv23liTestingApp0001";

/// The RSA key of 2048 bits that RFC 9500 publishes for tests (section 2.1). Its file says `TESTING` in place of
/// `PRIVATE`, so that nobody takes it for a secret.
pub fn pem() -> String {
    include_str!("testing-key.pem").replace("TESTING", "PRIVATE")
}

/// What stands in it.
pub fn der() -> Vec<u8> {
    let body = pem();
    let body: String = body
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .collect();
    BASE64_STANDARD.decode(body).unwrap()
}

/// The same key as PKCS#8 has it: the number of the version, the kind of key, and the key.
pub fn pkcs8_pem() -> String {
    let rsa = [
        0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 1, 5, 0,
    ];
    let inner = [&[2, 1, 0][..], &rsa, &element(4, &der())].concat();
    armored("PRIVATE KEY", &element(0x30, &inner))
}

/// Bytes between the first and the last line of that kind of key.
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

/// An element of DER that has between 256 and 65 535 bytes.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x82, high, low], content].concat()
}

/// The public half, as GitHub keeps it.
pub fn public() -> Vec<u8> {
    let key = RsaKeyPair::from_der(&der()).unwrap();
    key.public_key().as_ref().to_owned()
}
