//! The program that makes a report, and the action that it's from, as far as that's known.

use serde::Serialize;

use crate::system::text::is_hex;

/// The commit that the program was built from. `release/image` sets it when it builds an image.
const COMMIT: Option<&str> = option_env!("SOURCE_COMMIT");

/// The program that makes a report.
#[derive(Debug, Serialize)]
pub(crate) struct Generator<'a> {
    name: &'static str,
    version: &'static str,
    /// The commit that it was built from. `None` if it isn't from a release.
    commit: Option<&'static str>,
    /// The image that it's from, with its digest. `None` if it isn't from a release.
    pub(crate) image: Option<&'a str>,
}

impl Default for Generator<'_> {
    fn default() -> Self {
        Self {
            name: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
            commit: COMMIT.filter(|commit| is_hex(commit, 40)),
            image: None,
        }
    }
}

/// Returns whether this is the name of an image with its digest.
pub(crate) fn is_image(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-/:".contains(c);
    text.split_once("@sha256:").is_some_and(|(name, digest)| {
        !name.is_empty() && name.len() <= 300 && name.chars().all(is_plain) && is_hex(digest, 64)
    })
}

/// The action that a workflow uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct ActionReference {
    /// Its repository.
    pub repository: String,
    /// The branch, tag, or commit that the workflow names. `None` if it's unknown.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_image_with_its_digest_is_recorded() {
        let digest = "0a".repeat(32);
        assert!(is_image(&format!("ghcr.io/octocat/report@sha256:{digest}")));
        assert!(is_image(&format!(
            "containers.acme.ghe.com/octocat/report@sha256:{digest}"
        )));
        for other in [
            "ghcr.io/octocat/report:v1".to_owned(),
            format!("@sha256:{digest}"),
            format!("ghcr.io/octocat/report@sha256:{digest}0"),
            format!("ghcr.io/octocat/report@sha256:{}", digest.to_uppercase()),
            format!("octo cat@sha256:{digest}"),
            String::new(),
        ] {
            assert!(!is_image(&other), "{other}");
        }
    }
}
