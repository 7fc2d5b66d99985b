//! Uploads the files of all reports as one artifact, and each page as its own artifact.

use std::fmt;

use crate::inputs::ArtifactInputs;
use crate::runner::artifact::{ArtifactError, ArtifactService, File, Uploaded};
use crate::runner::log;
use crate::system::environment::Environment;
use crate::system::files::Written;

/// The MIME type of a page.
const PAGE: &str = "text/html";

/// The requested artifact.
pub(crate) struct ArtifactPlace<'a> {
    pub(crate) service: ArtifactService,
    pub(crate) inputs: &'a ArtifactInputs,
}

/// Why the upload failed.
#[derive(Debug)]
pub(crate) enum UploadError {
    /// A file has changed since it was written.
    File(String),
    /// The artifact service refused it or couldn't be reached.
    Service(ArtifactError),
}

impl ArtifactPlace<'_> {
    /// Uploads `files`, if they haven't changed since they were written.
    pub(crate) async fn upload(
        &self,
        environment: &Environment,
        files: &[&Written],
    ) -> Result<Uploaded, UploadError> {
        for file in files {
            check(file)?;
        }
        let files: Vec<File<'_>> = files.iter().map(|file| entry(file)).collect();
        let mut mask = |secret: &str| log::mask(environment, secret);
        let uploaded = self
            .service
            .upload(&self.inputs.name, &files, self.inputs.retention, &mut mask)
            .await;
        uploaded.map_err(UploadError::Service)
    }

    /// Uploads a page as it is, if it hasn't changed since it was written, so that people can open
    /// it from the page of the run. Returns `None` if the service supports only ZIP files.
    pub(crate) async fn upload_page(
        &self,
        environment: &Environment,
        page: &Written,
    ) -> Result<Option<Uploaded>, UploadError> {
        check(page)?;
        let mut mask = |secret: &str| log::mask(environment, secret);
        let uploaded = self
            .service
            .upload_raw(entry(page), PAGE, self.inputs.retention, &mut mask)
            .await;
        let uploaded = uploaded.map_err(UploadError::Service)?;
        if uploaded.is_none() {
            tracing::info!(
                "The artifact service supports only ZIP files, so {} is only in the ZIP file.",
                page.name
            );
        }
        Ok(uploaded)
    }
}

/// Fails if a file has changed since it was written.
fn check(file: &Written) -> Result<(), UploadError> {
    let path = file.path.display();
    match file.is_unchanged() {
        Ok(true) => Ok(()),
        Ok(false) => {
            let what = format!("{path} was changed after it was written");
            Err(UploadError::File(what))
        }
        Err(error) => {
            let what = format!("{path} couldn't be read again: {error}");
            Err(UploadError::File(what))
        }
    }
}

fn entry(file: &Written) -> File<'_> {
    File {
        name: &file.name,
        path: &file.path,
    }
}

impl UploadError {
    /// Returns the title of the error.
    pub(crate) fn title(&self) -> &'static str {
        if self.may_have_uploaded() {
            "The artifact may be missing"
        } else {
            "No artifact was uploaded"
        }
    }

    /// Returns whether the artifact may exist anyway.
    pub(crate) fn may_have_uploaded(&self) -> bool {
        matches!(self, Self::Service(ArtifactError::Unknown { .. }))
    }
}

impl fmt::Display for UploadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(what) => f.write_str(what),
            Self::Service(error) => error.fmt(f),
        }
    }
}
