//! Packs the files of an artifact into a ZIP file, or copies a single file.

use std::fs::File;
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::task::spawn_blocking;
use tracing::debug;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::error::ArtifactError;
use super::name::check_entry;
use crate::system::files::digest;

/// The size from which a file needs ZIP64.
const LARGE: u64 = u32::MAX as u64;

/// The content of an artifact in an unnamed temporary file, which is deleted on drop.
pub(super) struct Archive {
    file: Arc<Mutex<File>>,
    pub(super) content: Content,
}

/// What the artifact service identifies the content by.
pub(super) struct Content {
    /// In bytes.
    pub(super) size: u64,
    /// In lowercase hex.
    pub(super) sha256: String,
}

impl Archive {
    /// Packs the files into a ZIP file, each with its name in it and its path on disk. The same
    /// files with the same names always produce the same ZIP file, because timestamps are fixed and
    /// no data about the system is included. Writes the ZIP file to the first of these directories that's writable: `temporary`, the system's temporary
    /// directory, and the directory of the first file.
    pub(super) async fn pack(
        files: Vec<(String, PathBuf)>,
        temporary: Option<PathBuf>,
    ) -> Result<Self, ArtifactError> {
        spawn_blocking(move || pack(&files, temporary))
            .await
            .map_err(|error| temporary_failed(&error))?
    }

    /// Copies a file as it is, so that a change during the upload doesn't matter. For `temporary`,
    /// see [`Self::pack`].
    pub(super) async fn copy(
        path: PathBuf,
        temporary: Option<PathBuf>,
    ) -> Result<Self, ArtifactError> {
        spawn_blocking(move || {
            let mut copy = temporary_file(temporary, &path)?;
            let copied = File::open(&path).and_then(|mut file| io::copy(&mut file, &mut copy));
            copied.map_err(|error| ArtifactError::Packing {
                path: path.clone(),
                reason: error.to_string(),
            })?;
            finished(copy)
        })
        .await
        .map_err(|error| temporary_failed(&error))?
    }

    /// Reads `length` bytes from the offset `start`.
    pub(super) async fn read(&self, start: u64, length: usize) -> Result<Bytes, ArtifactError> {
        let file = Arc::clone(&self.file);
        spawn_blocking(move || {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            let mut bytes = vec![0; length];
            file.seek(SeekFrom::Start(start))?;
            file.read_exact(&mut bytes)?;
            Ok(Bytes::from(bytes))
        })
        .await
        .unwrap_or_else(|error| Err(io::Error::other(error)))
        .map_err(|error| temporary_failed(&error))
    }
}

fn pack(files: &[(String, PathBuf)], temporary: Option<PathBuf>) -> Result<Archive, ArtifactError> {
    for (name, _) in files {
        check_entry(name).map_err(|problem| ArtifactError::BadEntry {
            name: name.clone(),
            problem,
        })?;
    }
    let (_, first) = files.first().ok_or(ArtifactError::NoFiles)?;

    let mut zip = ZipWriter::new(temporary_file(temporary, first)?);
    for (name, path) in files {
        add(&mut zip, name, path).map_err(|reason| ArtifactError::Packing {
            path: path.clone(),
            reason: reason.to_string(),
        })?;
    }
    finished(zip.finish().map_err(|error| temporary_failed(&error))?)
}

fn finished(mut file: File) -> Result<Archive, ArtifactError> {
    file.rewind().map_err(|error| temporary_failed(&error))?;
    let (size, sha256) = digest(&mut file).map_err(|error| temporary_failed(&error))?;
    Ok(Archive {
        file: Arc::new(Mutex::new(file)),
        content: Content { size, sha256 },
    })
}

fn add(zip: &mut ZipWriter<File>, name: &str, path: &Path) -> io::Result<()> {
    let file = File::open(path)?;
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::DEFAULT)
        .unix_permissions(0o644)
        .large_file(file.metadata()?.len() >= LARGE);
    zip.start_file(name, options)?;
    io::copy(&mut BufReader::with_capacity(1 << 16, file), zip)?;
    Ok(())
}

/// Creates an unnamed file in the first directory that's writable. `RUNNER_TEMP` doesn't always
/// exist, because runners before autumn 2025 gave containers its path on the host (actions/runner,
/// `src/Runner.Worker/Handlers/ContainerActionHandler.cs`). A small image might not have `/tmp`.
fn temporary_file(temporary: Option<PathBuf>, first: &Path) -> Result<File, ArtifactError> {
    let beside = match first.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let mut reasons = Vec::new();
    for folder in temporary.into_iter().chain([std::env::temp_dir(), beside]) {
        match tempfile::tempfile_in(&folder) {
            Ok(file) => return Ok(file),
            Err(error) => {
                debug!(
                    "Couldn't create a temporary file in {}: {error}",
                    folder.display()
                );
                reasons.push(error.to_string());
            }
        }
    }
    Err(ArtifactError::Temporary(reasons.join("; ")))
}

fn temporary_failed(error: &impl ToString) -> ArtifactError {
    ArtifactError::Temporary(error.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use sha2::{Digest as _, Sha256};

    use super::*;

    /// Creates a directory with a file for each content. Returns it with the arguments for packing.
    fn files(contents: &[(&str, &[u8])]) -> (tempfile::TempDir, Vec<(String, PathBuf)>) {
        let folder = tempfile::tempdir().unwrap();
        let files = contents
            .iter()
            .enumerate()
            .map(|(number, (name, content))| {
                let path = folder.path().join(number.to_string());
                std::fs::write(&path, content).unwrap();
                ((*name).to_owned(), path)
            })
            .collect();
        (folder, files)
    }

    async fn whole(archive: &Archive) -> Bytes {
        let size = usize::try_from(archive.content.size).unwrap();
        archive.read(0, size).await.unwrap()
    }

    #[tokio::test]
    async fn files_unpack_as_they_were_packed() {
        let (_folder, files) = files(&[("a/report.csv", b"Login\n"), ("empty.json", b"")]);
        let archive = Archive::pack(files, None).await.unwrap();
        let bytes = whole(&archive).await;
        assert_eq!(hex::encode(Sha256::digest(&bytes)), archive.content.sha256);

        let mut zip = zip::ZipArchive::new(io::Cursor::new(&bytes)).unwrap();
        assert_eq!(zip.len(), 2);
        let mut text = String::new();
        let mut entry = zip.by_name("a/report.csv").unwrap();
        assert_eq!(entry.unix_mode(), Some(0o100_644));
        entry.read_to_string(&mut text).unwrap();
        assert_eq!(text, "Login\n");
        // The flag for sizes that follow the content instead of preceding it.
        assert_eq!(bytes[6] & 0x08, 0);
    }

    #[tokio::test]
    async fn equal_files_make_equal_zips() {
        let (_one, first) = files(&[("report.csv", b"Login\noctocat\n")]);
        let (_two, second) = files(&[("report.csv", b"Login\noctocat\n")]);
        let first = Archive::pack(first, None).await.unwrap();
        let second = Archive::pack(second, None).await.unwrap();
        assert_eq!(first.content.sha256, second.content.sha256);
    }

    #[tokio::test]
    async fn a_missing_temporary_folder_is_skipped() {
        let (folder, files) = files(&[("report.csv", b"x")]);
        let nowhere = folder.path().join("nowhere");
        assert!(Archive::pack(files, Some(nowhere)).await.is_ok());
        let left = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 1, "the zip has no name");
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_packed_is_named() {
        let (folder, _) = files(&[]);
        let missing = folder.path().join("missing.csv");
        let error = Archive::pack(vec![("a.csv".into(), missing)], None).await;
        let text = error.err().unwrap().to_string();
        assert!(text.contains("missing.csv"), "{text}");

        let (_folder, twice) = files(&[("a.csv", b"1"), ("a.csv", b"2")]);
        let error = Archive::pack(twice, None).await.err().unwrap();
        assert!(matches!(error, ArtifactError::Packing { .. }), "{error}");
    }
}
