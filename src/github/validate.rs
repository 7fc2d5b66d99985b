//! Validates SHAs and URLs from responses before they're used in URLs, outputs, and pages.

use reqwest::Url;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// Reads the SHA of a commit, tree, or blob: 40 hexadecimal digits, or 64 in a repository of the
/// newer kind.
pub(super) fn sha<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let sha = String::deserialize(deserializer)?;
    if matches!(sha.len(), 40 | 64) && sha.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(sha)
    } else {
        Err(D::Error::custom("it isn't the SHA of a Git object"))
    }
}

/// Reads the URL of a commit's page. The commit already exists by then, so an invalid URL, or one
/// with characters that no such URL needs, is left out rather than rejected. Later steps put it
/// into shells and pages.
pub(super) fn page<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let address = String::deserialize(deserializer)?;
    let is_plain = address
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._~:/%".contains(&byte));
    let is_page = Url::parse(&address)
        .is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.has_host());
    Ok(if is_plain && is_page {
        address
    } else {
        String::new()
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn a_sha_is_hexadecimal_and_nothing_else() {
        for fine in ["0a".repeat(20), "F".repeat(64)] {
            assert_eq!(sha(json!(fine)).unwrap(), fine);
        }
        for other in [
            String::new(),
            "0".repeat(39),
            "g".repeat(40),
            format!("{}\n", "0".repeat(39)),
            "../".repeat(20),
        ] {
            assert!(sha(json!(other)).is_err(), "{other:?}");
        }
    }

    #[test]
    fn a_page_address_with_a_meaning_in_a_shell_or_markdown_is_omitted() {
        let fine = "https://github.com/octo/audit.log/commit/0a1b";
        assert_eq!(page(json!(fine)).unwrap(), fine);
        for other in [
            "",
            "javascript:alert(1)",
            "https://",
            "//example.com/x",
            "https://example.com/$(id)",
            "https://example.com/`id`",
            "https://example.com/a b",
            "https://example.com/a\nhttps://example.com/b",
            "https://example.com/a)](b",
            "https://example.com/a;id",
            "https://octocat@example.com/a",
        ] {
            assert_eq!(page(json!(other)).unwrap(), "", "{other:?}");
        }
    }
}
