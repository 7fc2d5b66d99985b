//! Decides where the files of a report go, and writes them there: to a folder in the workspace or,
//! outside a workflow, only the report to a file or to standard output.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::inputs::{Inputs, Output};
use crate::report::scope::Scope;
use crate::system::files::{FileError, HashingWriter, Workspace, Written, at};

/// These are names of open files that another process reads or writes, so such a file must not be
/// replaced by a new one.
const OPENED: [&str; 4] = ["/dev/stdout", "/dev/stderr", "/dev/fd", "/proc"];

/// The name of standard output in messages.
const STANDARD: &str = "standard output";

/// Where the files of a report go. Checked as far as possible before anything is sent.
#[derive(Debug)]
pub(crate) enum Destination {
    /// The folder in the workspace, with the manifest beside the report.
    Workspace(Workspace),
    /// A file in that folder.
    File(Workspace, String),
    /// An existing file that isn't replaced, such as a named pipe.
    Stream(PathBuf),
    /// Standard output.
    Standard,
}

impl Destination {
    /// Opens the destination in `inputs`.
    pub(crate) fn open(inputs: &Inputs) -> Result<Self, FileError> {
        match &inputs.output {
            Output::Directory => {
                Workspace::open(&inputs.workspace, &inputs.output_directory).map(Self::Workspace)
            }
            Output::File(path) => Self::file(path),
            Output::Standard => Ok(Self::Standard),
        }
    }

    fn file(given: &Path) -> Result<Self, FileError> {
        let is_opened = OPENED.iter().any(|opened| given.starts_with(opened));
        match fs::metadata(given) {
            Ok(found) if found.is_dir() => {
                return Err(at(given)(io::ErrorKind::IsADirectory.into()));
            }
            Ok(found) if is_opened || !found.is_file() => {
                return Ok(Self::Stream(given.to_owned()));
            }
            _ => {}
        }
        // Keeps a link, and replaces the file that it points to.
        let path = match fs::canonicalize(given) {
            Ok(path) => path,
            Err(error) if given.is_symlink() => return Err(at(given)(error)),
            Err(_) => given.to_owned(),
        };
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| at(given)(io::ErrorKind::InvalidFilename.into()))?;
        let parent = match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let folder = Workspace::open(parent, Path::new("."))?;
        Ok(Self::File(folder, name.to_owned()))
    }

    /// Returns whether a manifest is written beside the report.
    pub(crate) fn has_manifests(&self) -> bool {
        matches!(self, Self::Workspace(_))
    }

    /// Returns what to say if the run is interrupted while it writes the report of `scope`.
    pub(crate) fn writing(&self, scope: &Scope) -> String {
        let part = "which may have only a part of it";
        match self {
            Self::Workspace(_) | Self::File(..) => format!("writing the report of {scope}"),
            Self::Stream(path) => {
                let path = path.display();
                format!("writing the report of {scope} to {path}, {part}")
            }
            Self::Standard => format!("writing the report of {scope} to {STANDARD}, {part}"),
        }
    }

    /// Writes a report with `content`. In a folder, the file gets that name, and is either complete
    /// or doesn't exist. Waiting for the reader of a stream can be canceled. Needs a Tokio runtime.
    pub(crate) async fn write(
        &self,
        name: &str,
        content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<Written, FileError> {
        match self {
            Self::Workspace(folder) => folder.write(name, content),
            Self::File(folder, name) => folder.replace(name, content),
            Self::Stream(path) => {
                let open = {
                    let path = path.clone();
                    move || File::options().append(true).open(path)
                };
                let pass = pass(path.display().to_string(), open, content).await;
                pass.map_err(at(path))
            }
            Self::Standard => {
                let pass = pass(STANDARD.to_owned(), || Ok(io::stdout().lock()), content).await;
                pass.map_err(at(Path::new(STANDARD)))
            }
        }
    }
}

/// Writes to a stream that's possibly read slowly, or never. Opening and writing can't be canceled,
/// so they run in another thread, and a signal still ends the run.
async fn pass<W: Write>(
    name: String,
    open: impl FnOnce() -> io::Result<W> + Send + 'static,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<Written> {
    let mut bytes = Vec::new();
    let mut hashing = HashingWriter::new(&mut bytes);
    content(&mut hashing)?;
    let (size, sha256) = hashing.finish()?;
    let write = move || {
        let mut out = open()?;
        match out.write_all(&bytes).and_then(|()| out.flush()) {
            // `head` exits before it reads the whole report.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            done => done,
        }
    };
    let written = tokio::task::spawn_blocking(write).await;
    written.map_err(io::Error::other)??;
    Ok(Written {
        path: PathBuf::new(),
        below_workspace: name.clone(),
        name,
        size,
        sha256,
    })
}
