//! What must be true for any response of the artifact service.

use reqwest::Url;
use serde_json::Value;

use super::message::{
    CreateArtifactResponse, FinalizeArtifactResponse, ListArtifactsResponse, created, finalized,
    find, understood,
};
use super::name::ArtifactName;
use super::signed_address::SignedAddress;
use super::token::RuntimeToken;
use super::zip::Content;

/// Reads `body` as each response of the service, and as the runtime token.
pub(crate) fn answer(body: &[u8]) {
    if let Ok(text) = std::str::from_utf8(body)
        && let Ok(token) = RuntimeToken::parse(text)
    {
        assert!(token.bearer.is_sensitive());
        assert!(!token.run.is_empty() && !token.job.is_empty());
    }
    let Ok(answer) = serde_json::from_slice::<Value>(body) else {
        return;
    };
    let read = understood::<FinalizeArtifactResponse>(answer.clone(), String::new());
    if let Ok(id) = read.and_then(|answer| finalized(&answer, String::new())) {
        assert!(id.parse::<u64>().is_ok());
    }
    let content = Content {
        size: 10,
        sha256: "ab12".to_owned(),
    };
    let list = understood::<ListArtifactsResponse>(answer.clone(), String::new());
    if let (Ok(list), Ok(name)) = (list, ArtifactName::parse("report")) {
        let _ = find(&list, &name, &content);
    }
    let address = understood::<CreateArtifactResponse>(answer, String::new());
    let address = address.and_then(|answer| created(answer, String::new()));
    let service = Url::parse("https://results-receiver.actions.githubusercontent.com");
    if let (Ok(address), Ok(service)) = (address, service) {
        is_safe(&address, &service);
    }
}

fn is_safe(text: &str, service: &Url) {
    let mut masked = Vec::new();
    let mut mask = |secret: &str| masked.push(secret.to_owned());
    let Ok(address) = SignedAddress::accept(text.to_owned(), service, &mut mask) else {
        return;
    };
    assert_eq!(address.secrets(), masked);
    let url = Url::parse(text);
    assert!(url.is_ok());
    if let Ok(url) = url {
        assert!(url.username().is_empty() && url.password().is_none());
        let host = url.host_str().unwrap_or_default();
        let is_here = host == "localhost"
            || host.ends_with(".localhost")
            || host.starts_with("127.")
            || host == "[::1]";
        assert!(url.scheme() == "https" || is_here, "{url}");
        for (name, value) in url.query_pairs() {
            assert!(!name.eq_ignore_ascii_case("sig") || value.is_empty() || !masked.is_empty());
        }
    }
}
