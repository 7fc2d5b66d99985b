//! Parses the artifact service's responses.
//!
//! Responses are Protobuf JSON in either spelling: github.com uses snake_case, and nektos/act and
//! Gitea use camelCase. A missing field has its type's default, so a missing `ok` means failure.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::ArtifactError;
use super::name::ArtifactName;
use super::zip::Content;

/// Doesn't implement `Debug`, because it contains a secret.
#[derive(Deserialize)]
pub(super) struct CreateArtifactResponse {
    ok: Option<bool>,
    #[serde(alias = "signedUploadUrl")]
    signed_upload_url: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct FinalizeArtifactResponse {
    ok: Option<bool>,
    #[serde(alias = "artifactId")]
    artifact_id: Option<Number>,
}

#[derive(Deserialize)]
pub(super) struct ListArtifactsResponse {
    artifacts: Option<Vec<Listed>>,
}

#[derive(Deserialize)]
struct Listed {
    #[serde(alias = "databaseId")]
    database_id: Option<Number>,
    name: Option<String>,
    size: Option<Number>,
    digest: Option<String>,
}

/// A 64-bit number. Protobuf JSON encodes it as a string, but some servers send a number.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Bare(u64),
    Quoted(String),
}

impl Number {
    fn value(&self) -> Option<u64> {
        match self {
            Self::Bare(number) => Some(*number),
            Self::Quoted(text) => text.parse().ok(),
        }
    }
}

pub(super) fn understood<T: DeserializeOwned>(
    answer: Value,
    what: String,
) -> Result<T, ArtifactError> {
    // The parser's error could quote a signed URL.
    serde_json::from_value(answer).map_err(|_| ArtifactError::Unusable {
        what,
        problem: "the response doesn't have the expected format",
    })
}

pub(super) fn created(
    answer: CreateArtifactResponse,
    what: String,
) -> Result<String, ArtifactError> {
    let problem = match (answer.ok, answer.signed_upload_url) {
        (Some(true), Some(address)) if !address.is_empty() => return Ok(address),
        (Some(true), _) => "without a URL to upload the content to",
        _ => "the response says that the request failed",
    };
    Err(ArtifactError::Unusable { what, problem })
}

pub(super) fn finalized(
    answer: &FinalizeArtifactResponse,
    what: String,
) -> Result<String, ArtifactError> {
    let problem = match (answer.ok, &answer.artifact_id) {
        (Some(true), Some(id)) => match id.value() {
            Some(id) => return Ok(id.to_string()),
            None => "the artifact's ID isn't a number",
        },
        (Some(true), None) => "without the artifact's ID",
        _ => "the response says that the request failed",
    };
    Err(ArtifactError::Unusable { what, problem })
}

/// The ID of the newest artifact with this name and content.
pub(super) fn find(
    answer: &ListArtifactsResponse,
    name: &ArtifactName,
    content: &Content,
) -> Option<u64> {
    let digest_fits = |listed: &Listed| {
        let stated = listed.digest.as_deref().unwrap_or_default();
        let stated = stated.strip_prefix("sha256:").unwrap_or(stated);
        stated.is_empty() || stated.eq_ignore_ascii_case(&content.sha256)
    };
    answer
        .artifacts
        .iter()
        .flatten()
        .filter(|listed| listed.name.as_deref() == Some(name.as_str()))
        .filter(|listed| listed.size.as_ref().and_then(Number::value) == Some(content.size))
        .filter(|listed| digest_fits(listed))
        .filter_map(|listed| listed.database_id.as_ref().and_then(Number::value))
        .max()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    fn finalize(answer: Value) -> Result<String, ArtifactError> {
        finalized(&understood(answer, String::new())?, String::new())
    }

    #[test]
    fn answers_are_accepted_in_either_spelling_and_ids_in_either_type() {
        for answer in [
            json!({"ok": true, "artifact_id": "12345678901"}),
            json!({"ok": true, "artifactId": 12_345_678_901_u64, "more": []}),
        ] {
            assert_eq!(finalize(answer).unwrap(), "12345678901");
        }
        for answer in [
            json!({"ok": true, "signed_upload_url": "https://a"}),
            json!({"ok": true, "signedUploadUrl": "https://a"}),
        ] {
            let answer = understood(answer, String::new()).unwrap();
            assert_eq!(created(answer, String::new()).unwrap(), "https://a");
        }
    }

    #[test]
    fn an_answer_without_ok_is_not_a_success() {
        for answer in [
            json!({}),
            json!([]),
            json!({"artifact_id": "1"}),
            json!({"ok": null, "artifact_id": "1"}),
            json!({"ok": false, "artifact_id": "1"}),
            json!({"ok": true}),
            json!({"ok": true, "artifact_id": "1\n2"}),
        ] {
            assert!(finalize(answer.clone()).is_err(), "{answer}");
        }
    }

    #[test]
    fn only_an_artifact_with_our_name_and_content_is_ours() {
        let name = ArtifactName::parse("report").unwrap();
        let content = Content {
            size: 10,
            sha256: "ab12".to_owned(),
        };
        let found = |list: Value| {
            let list: ListArtifactsResponse = serde_json::from_value(list).unwrap();
            find(&list, &name, &content)
        };
        assert_eq!(found(json!({})), None);
        assert_eq!(
            found(json!({"artifacts": [
                {"name": "report", "size": "10", "database_id": "7"},
                {"name": "report", "size": 10, "databaseId": 8, "digest": "sha256:AB12"},
                {"name": "report", "size": "10", "database_id": "9", "digest": "sha256:ff"},
                {"name": "report", "size": "11", "database_id": "10"},
                {"name": "report-2", "size": "10", "database_id": "11"},
                {"name": "report", "database_id": "12"},
            ]})),
            Some(8)
        );
    }
}
