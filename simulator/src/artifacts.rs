//! Artifacts from their creation to their download.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

/// A finished artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// Its ID, which exceeds 32 bits.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// The uploaded bytes.
    pub bytes: Vec<u8>,
    /// The digest from the client, `sha256:<hex>`. It matches the upload.
    pub digest: Option<String>,
    /// The size from the client. It matches the upload.
    pub size: u64,
    /// The content type from the client. Version 4 doesn't have one.
    pub mime_type: Option<String>,
    /// The version from the client.
    pub version: u32,
    /// The expiry date from the client.
    pub expires_at: Option<String>,
    /// When it was finished.
    pub created_at: String,
}

/// A created artifact. Its name is taken, even if the upload fails.
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    pub(crate) name: String,
    pub(crate) version: u32,
    pub(crate) mime_type: Option<String>,
    pub(crate) expires_at: Option<String>,
    /// The paths and queries of the signed URLs for the upload and the download.
    pub(crate) write_target: String,
    pub(crate) read_target: String,
    pub(crate) blocks: BTreeMap<String, Vec<u8>>,
    pub(crate) content: Option<Vec<u8>>,
    pub(crate) content_type: Option<String>,
}

/// All artifacts of the run.
#[derive(Debug, Default)]
pub(crate) struct Store {
    uploads: Vec<Upload>,
    finished: Vec<Artifact>,
}

/// The first ID. GitHub's IDs are long, too.
const FIRST_ID: u64 = 4_294_967_301;

impl Store {
    pub(crate) fn finished(&self) -> Vec<Artifact> {
        self.finished.clone()
    }

    /// The path and query of every signed URL.
    pub(crate) fn targets(&self) -> Vec<String> {
        let targets = |upload: &Upload| [upload.write_target.clone(), upload.read_target.clone()];
        self.uploads.iter().flat_map(targets).collect()
    }

    pub(crate) fn is_used(&self, name: &str) -> bool {
        self.uploads.iter().any(|upload| upload.name == name)
    }

    pub(crate) fn named(&mut self, name: &str) -> Option<&mut Upload> {
        self.uploads.iter_mut().find(|upload| upload.name == name)
    }

    /// The upload with this path, with any query.
    pub(crate) fn at_path(&mut self, path: &str) -> Option<&mut Upload> {
        self.uploads
            .iter_mut()
            .find(|upload| upload.write_target.split('?').next() == Some(path))
    }

    /// Reserves the name and creates the URLs. Only the content of a ZIP file has a URL that ends
    /// with `.zip`, because clients unpack what they download from one.
    pub(crate) fn create(
        &mut self,
        run: &str,
        job: &str,
        name: &str,
        mime_type: Option<String>,
    ) -> &mut Upload {
        let number = self.uploads.len();
        let hash = hex::encode(Sha256::digest(format!("{run} {job} {number} {name}")));
        let is_zip = mime_type
            .as_deref()
            .is_none_or(|kind| kind == "application/zip");
        let extension = if is_zip { ".zip" } else { "" };
        let path =
            format!("/actions-results/{run}/workflow-job-run-{job}/artifacts/{hash}{extension}");
        let at = |hours: i64| {
            jiff::Timestamp::from_second(jiff::Timestamp::now().as_second() + hours * 3600)
        };
        let time = |hours: i64| at(hours).map_or_else(|_| String::new(), |time| time.to_string());
        let target = |permissions: &str| {
            // Azure signs with characters that a client would encode differently if it parsed and
            // rebuilt the URL.
            format!(
                "{path}?se={}&sig={}%2B{}%2f{}%3D&ske={}&skoid=ca7593d4-ee42-46cd-af88-8b886a2f84eb&sks=b&skt={}&sktid=398a6654-997b-47e9-b12b-9515b896b4de&skv=2025-11-05&sp={permissions}&spr=https&sr=b&st={}&sv=2025-11-05",
                time(1).replace(':', "%3A"),
                &hash[..20],
                &hash[20..31],
                &hash[31..42],
                time(12).replace(':', "%3a"),
                time(-1).replace(':', "%3A"),
                time(0),
            )
        };
        self.uploads.push(Upload {
            name: name.to_owned(),
            version: 0,
            mime_type,
            expires_at: None,
            write_target: target("cw"),
            read_target: target("r"),
            blocks: BTreeMap::new(),
            content: None,
            content_type: None,
        });
        &mut self.uploads[number]
    }

    /// Finishes an upload and returns the artifact's ID. If it's called twice, it creates two
    /// artifacts, as users of GitHub report.
    pub(crate) fn finish(&mut self, name: &str, size: u64, digest: Option<String>) -> Option<u64> {
        let id = FIRST_ID + self.finished.len() as u64;
        let upload = self.uploads.iter().find(|upload| upload.name == name)?;
        self.finished.push(Artifact {
            id,
            name: name.to_owned(),
            bytes: upload.content.clone()?,
            digest,
            size,
            mime_type: upload.mime_type.clone(),
            version: upload.version,
            expires_at: upload.expires_at.clone(),
            created_at: jiff::Timestamp::now().to_string(),
        });
        Some(id)
    }
}
