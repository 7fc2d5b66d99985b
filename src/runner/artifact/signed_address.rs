//! Checks and extends the signed URL that the artifact's content is uploaded to.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use crate::system::http::is_loopback;

/// The characters to percent-encode in a query value: all but the unreserved ones.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The URL that the service signed, kept exactly as sent. The signature covers the encoding, so the
/// URL is never decoded and encoded again. Parameters are only appended.
#[derive(Debug)]
pub(super) struct SignedAddress {
    text: SecretString,
    signatures: Vec<SecretString>,
}

impl SignedAddress {
    /// Checks a URL from the service at `service`. On failure, returns what's wrong with the URL.
    /// Anyone who has the signature can write the artifact, so each form of it is passed to
    /// `on_secret` first.
    ///
    /// Plain http is allowed only on this machine and at the service's own origin. Runners without
    /// GitHub, such as nektos/act, are both the service and the store.
    pub(super) fn accept(
        text: String,
        service: &Url,
        on_secret: &mut dyn FnMut(&str),
    ) -> Result<Self, &'static str> {
        let signatures = signatures(&text);
        for signature in &signatures {
            on_secret(signature);
        }
        let accepted = check(&text, service);
        let address = Self {
            text: text.into(),
            signatures: signatures.into_iter().map(SecretString::from).collect(),
        };
        accepted.map(|()| address)
    }

    /// The URL with `query` appended to its query string.
    pub(super) fn with(&self, query: &str) -> SecretString {
        let text = self.text.expose_secret();
        let separator = if !text.contains('?') {
            "?"
        } else if text.ends_with(['?', '&']) {
            ""
        } else {
            "&"
        };
        format!("{text}{separator}{query}").into()
    }

    /// All forms of the signature, so that they can be redacted.
    pub(super) fn secrets(&self) -> Vec<&str> {
        self.signatures
            .iter()
            .map(ExposeSecret::expose_secret)
            .collect()
    }
}

/// Percent-encodes a query value.
pub(super) fn encoded(value: &str) -> String {
    utf8_percent_encode(value, ENCODED).to_string()
}

fn check(text: &str, service: &Url) -> Result<(), &'static str> {
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) || text.contains('#') {
        return Err("the signed URL has characters that URLs can't have");
    }
    let url = Url::parse(text).map_err(|_| "the signed URL isn't a valid URL")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the signed URL has a user name");
    }
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(&url) || url.origin() == service.origin() => Ok(()),
        "http" => Err("the signed URL isn't encrypted (plain http)"),
        _ => Err("the signed URL is neither https nor http"),
    }
}

/// Each form of the value of `sig` that a log could show: as sent, decoded, and encoded again.
fn signatures(address: &str) -> Vec<String> {
    let query = address.split_once('?').map_or("", |(_, query)| query);
    let mut forms = Vec::new();
    for pair in query.split(['&', '#']) {
        let Some((name, raw)) = pair.split_once('=') else {
            continue;
        };
        if !name.eq_ignore_ascii_case("sig") {
            continue;
        }
        let decoded = percent_decode_str(raw)
            .decode_utf8()
            .unwrap_or(Cow::Borrowed(raw))
            .into_owned();
        for form in [raw.to_owned(), encoded(&decoded), decoded] {
            if !form.is_empty() && !forms.contains(&form) {
                forms.push(form);
            }
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;
    use crate::arbitrary_text;

    fn accept(text: &str) -> (Result<SignedAddress, &'static str>, Vec<String>) {
        let service = Url::parse("http://192.168.1.7:9000").unwrap();
        let mut masked = Vec::new();
        let result = SignedAddress::accept(text.to_owned(), &service, &mut |secret| {
            masked.push(secret.to_owned());
        });
        (result, masked)
    }

    fn with(text: &str, query: &str) -> String {
        let (address, _) = accept(text);
        address.unwrap().with(query).expose_secret().to_owned()
    }

    #[test]
    fn a_query_is_appended_and_nothing_else_changed() {
        let signed = "https://a.blob.core.windows.net/c/x%20y.zip?se=2026-11-22T10%3A00%3A00Z&sig=a%2Bb%3D&sp=c%20w";
        assert_eq!(with(signed, "comp=block"), format!("{signed}&comp=block"));
        assert_eq!(with("https://a/b", "comp=block"), "https://a/b?comp=block");
        assert_eq!(with("https://a/b?", "comp=block"), "https://a/b?comp=block");
        assert_eq!(
            with("https://a/b?c&", "comp=block"),
            "https://a/b?c&comp=block"
        );
    }

    #[test]
    fn reqwest_keeps_the_encoding_of_an_address() {
        for text in [
            "https://a.net/c/x%20y.zip?sig=a%2Bb%3D&x=%20&y=%2f%2F+1&comp=block&blockid=YQ%3D%3D",
            "https://a.net/c?sig=a+b/c=&z=~!*();:@,$[]|",
        ] {
            assert_eq!(Url::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn every_form_of_the_signature_is_masked_even_in_a_refused_address() {
        let (result, masked) = accept("ftp://a/b?sig=a%2Bb%2f1%3D&se=1");
        assert!(result.is_err());
        assert_eq!(masked, ["a%2Bb%2f1%3D", "a%2Bb%2F1%3D", "a+b/1="]);
        assert!(accept("https://a/b?sig=&se=1").1.is_empty());
    }

    #[test]
    fn plain_http_is_only_for_this_machine_and_the_service_itself() {
        for taken in [
            "https://store.example/x",
            "http://127.0.0.1:1/x",
            "http://[::1]:1/x",
            "http://localhost/x",
            "http://192.168.1.7:9000/x",
        ] {
            assert!(accept(taken).0.is_ok(), "{taken}");
        }
        for refused in [
            "http://store.example/x",
            "http://192.168.1.7:9001/x",
            "http://127.0.0.1.example/x",
            "file:///etc/passwd",
            "store",
            "",
            "https://user@store.example/x",
            "https://store.example/x#y",
            "https://store.example/\nx",
        ] {
            assert!(accept(refused).0.is_err(), "{refused}");
        }
    }

    #[test]
    fn debug_output_of_an_address_has_no_secret() {
        let (address, _) = accept("https://a/b?sig=s3cr3t");
        assert!(!format!("{address:?}").contains("s3cr3t"));
    }

    proptest! {
        #![proptest_config(arbitrary_text::config())]

        #[test]
        fn any_signature_is_masked_and_any_accepted_address_leads_where_it_says(text in arbitrary_text::text()) {
            for text in [text.clone(), format!("https://a/b?sig={text}"), format!("http://{text}?sig=abc")] {
                let (address, masked) = accept(&text);
                if let Ok(address) = address {
                    let url = Url::parse(address.with("comp=block").expose_secret()).unwrap();
                    let home = is_loopback(&url) || url.host_str() == Some("192.168.1.7");
                    prop_assert!(url.scheme() == "https" || home, "{}", url);
                    prop_assert!(url.username().is_empty() && url.password().is_none());
                    for (name, value) in url.query_pairs().filter(|(name, _)| name == "sig") {
                        prop_assert!(value.is_empty() || !masked.is_empty(), "{}={}", name, value);
                    }
                }
            }
        }
    }
}
