//! Uploads the content to Azure Blob Storage in blocks.
//!
//! Like the official client (actions/toolkit,
//! `packages/artifact/src/internal/upload/blob-upload.ts`), it always uses Put Block and Put Block
//! List, even for a few bytes. Servers that replace GitHub's store (nektos/act, Gitea) support
//! nothing else.

use std::fmt::Write as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::StatusCode;
use reqwest::header::CONTENT_TYPE;
use secrecy::{ExposeSecret as _, SecretString};
use tracing::debug;

use super::error::ArtifactError;
use super::request_failure::{self, RequestFailure};
use super::retries::{Retries, store_may_recover};
use super::signed_address::{SignedAddress, encoded};
use super::zip::Archive;
use crate::system::clock::Clock;
use crate::system::http::Http;

/// The size of every block except the last, in bytes.
const BLOCK_SIZE: usize = 8 << 20;

/// The maximum number of concurrent block uploads. Each keeps its block in memory.
const MAX_IN_FLIGHT: usize = 4;

/// The timeout of one request.
const TIMEOUT: Duration = Duration::from_secs(300);

/// The version of the store's protocol. No feature used here is newer. The official client sends
/// the current version.
const VERSION: &str = "2025-01-05";

/// A client for the blob store.
pub(super) struct Store<'a> {
    pub(super) http: &'a Http,
    pub(super) clock: &'a Clock,
    pub(super) address: &'a SignedAddress,
}

impl Store<'_> {
    /// Uploads the whole archive and commits it as the content of the blob.
    pub(super) async fn put(&self, archive: &Archive, mime: &str) -> Result<(), ArtifactError> {
        let blocks = Blocks::of(archive.content.size, random_id()?);
        stream::iter(0..blocks.count)
            .map(|number| self.put_block(archive, &blocks, number))
            .buffer_unordered(MAX_IN_FLIGHT)
            .try_collect::<()>()
            .await?;

        let list = Bytes::from(blocks.list());
        let what = format!("Put Block List of {} blocks", blocks.count);
        self.send(what, &self.address.with("comp=blocklist"), |request| {
            request
                .header(CONTENT_TYPE, "application/xml")
                .header("x-ms-blob-content-type", mime)
                .body(list.clone())
        })
        .await
    }

    async fn put_block(
        &self,
        archive: &Archive,
        blocks: &Blocks,
        number: u64,
    ) -> Result<(), ArtifactError> {
        let (start, length) = blocks.span(number);
        let bytes = archive.read(start, length).await?;
        let what = format!("Put Block {} of {}", number + 1, blocks.count);
        let query = format!("comp=block&blockid={}", encoded(&blocks.id(number)));
        self.send(what, &self.address.with(&query), |request| {
            request
                .header(CONTENT_TYPE, "application/octet-stream")
                .body(bytes.clone())
        })
        .await
    }

    /// Sends a request, and retries it as long as that might help.
    async fn send(
        &self,
        what: String,
        address: &SecretString,
        fill: impl Fn(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
    ) -> Result<(), ArtifactError> {
        let mut retries = Retries::of_store(self.clock, what.clone());
        loop {
            let request = self
                .http
                .client()
                .put(address.expose_secret())
                .timeout(self.clock.patience(TIMEOUT))
                .header("x-ms-version", VERSION);
            match self.answer(fill(request)).await {
                Ok(()) => {
                    debug!("{what}: done");
                    return Ok(());
                }
                Err(failure) if failure.status == Some(403) => {
                    let failure = Box::new(failure);
                    return Err(ArtifactError::AddressRefused { what, failure });
                }
                Err(failure) => retries.after(failure).await?,
            }
        }
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Result<(), RequestFailure> {
        let mut response = request
            .send()
            .await
            .map_err(|error| RequestFailure::no_answer(self.http, error))?;
        let status = response.status();
        // Both requests create something, so any other success doesn't come from the store.
        if status == StatusCode::CREATED {
            return Ok(());
        }
        // The message is optional, so a body that can't be read isn't an error.
        let body = request_failure::read(&mut response)
            .await
            .unwrap_or_default();
        let body = String::from_utf8_lossy(&body);
        let code = element(&body, "Code").unwrap_or_default();
        let message = element(&body, "Message").unwrap_or(if code.is_empty() { &body } else { "" });
        Err(RequestFailure::answered(
            status.as_u16(),
            response.headers(),
            (code, message),
            status.is_success() || store_may_recover(status.as_u16()),
            &self.address.secrets(),
        ))
    }
}

/// How the content is split into blocks, and their IDs.
struct Blocks {
    size: u64,
    count: u64,
    prefix: String,
}

impl Blocks {
    fn of(size: u64, prefix: String) -> Self {
        Self {
            size,
            count: size.div_ceil(BLOCK_SIZE as u64),
            prefix,
        }
    }

    /// The offset and the length of a block.
    fn span(&self, number: u64) -> (u64, usize) {
        let start = number * BLOCK_SIZE as u64;
        let left = usize::try_from(self.size - start).unwrap_or(BLOCK_SIZE);
        (start, left.min(BLOCK_SIZE))
    }

    /// The ID of a block. All IDs of a blob must have the same length, 64 bytes at most.
    fn id(&self, number: u64) -> String {
        STANDARD.encode(format!("{}{number:012}", self.prefix))
    }

    /// The body of Put Block List.
    fn list(&self) -> String {
        let mut list = String::from(r#"<?xml version="1.0" encoding="utf-8"?><BlockList>"#);
        for number in 0..self.count {
            let _ = write!(list, "<Latest>{}</Latest>", self.id(number));
        }
        list.push_str("</BlockList>");
        list
    }
}

/// 36 random characters that are unique to this upload.
fn random_id() -> Result<String, ArtifactError> {
    let mut bytes = [0; 18];
    getrandom::fill(&mut bytes).map_err(|error| {
        ArtifactError::Temporary(format!("the system provides no random numbers: {error}"))
    })?;
    Ok(hex::encode(bytes))
}

/// The text of the first XML element with that name.
fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    Some(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn blocks(size: usize) -> Blocks {
        Blocks::of(size as u64, random_id().unwrap())
    }

    #[test]
    fn content_is_split_into_blocks_without_gaps() {
        let spans = |size: usize| {
            let blocks = blocks(size);
            let spans: Vec<_> = (0..blocks.count)
                .map(|number| blocks.span(number))
                .collect();
            spans
        };
        assert_eq!(spans(0), []);
        assert_eq!(spans(1), [(0, 1)]);
        assert_eq!(spans(BLOCK_SIZE), [(0, BLOCK_SIZE)]);
        assert_eq!(
            spans(2 * BLOCK_SIZE + 123),
            [
                (0, BLOCK_SIZE),
                (BLOCK_SIZE as u64, BLOCK_SIZE),
                (2 * BLOCK_SIZE as u64, 123)
            ]
        );
    }

    #[test]
    fn block_ids_have_equal_length_and_differ_between_uploads() {
        let (one, other) = (blocks(1), blocks(1));
        assert_ne!(one.id(0), other.id(0));
        assert_ne!(one.id(0), one.id(1));
        for number in [0, 9, 10, 49_999] {
            let id = one.id(number);
            assert_eq!(id.len(), 64);
            assert_eq!(STANDARD.decode(id).unwrap().len(), 48);
        }
    }

    #[test]
    fn empty_content_has_an_empty_block_list() {
        assert_eq!(
            blocks(0).list(),
            r#"<?xml version="1.0" encoding="utf-8"?><BlockList></BlockList>"#
        );
        let two = blocks(BLOCK_SIZE + 1);
        assert!(two.list().ends_with(&format!(
            "<BlockList><Latest>{}</Latest><Latest>{}</Latest></BlockList>",
            two.id(0),
            two.id(1)
        )));
    }

    #[test]
    fn the_error_text_of_the_store_is_found() {
        let xml = "<?xml version=\"1.0\"?><Error><Code>AuthenticationFailed</Code><Message>No.\nTime:1</Message><Detail>sig</Detail></Error>";
        assert_eq!(element(xml, "Code"), Some("AuthenticationFailed"));
        assert_eq!(element(xml, "Message"), Some("No.\nTime:1"));
        assert_eq!(element("<html>", "Message"), None);
    }
}
