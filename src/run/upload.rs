//! Uploads the files of all reports as one artifact.

use std::fmt;

use crate::inputs::ArtifactInputs;
use crate::runner::artifact::{ArtifactError, ArtifactService, File, Uploaded};
use crate::runner::log;
use crate::system::environment::Environment;
use crate::system::files::Written;

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
            let path = file.path.display();
            match file.is_unchanged() {
                Ok(true) => {}
                Ok(false) => {
                    let what = format!("{path} was changed after it was written");
                    return Err(UploadError::File(what));
                }
                Err(error) => {
                    let what = format!("{path} couldn't be read again: {error}");
                    return Err(UploadError::File(what));
                }
            }
        }
        let files: Vec<File<'_>> = files
            .iter()
            .map(|file| File {
                name: &file.name,
                path: &file.path,
            })
            .collect();
        let mut mask = |secret: &str| log::mask(environment, secret);
        let uploaded = self
            .service
            .upload(&self.inputs.name, &files, self.inputs.retention, &mut mask)
            .await;
        uploaded.map_err(UploadError::Service)
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
