//! Decides where the files of a report go, and writes them there: to a folder in the workspace or,
//! if a person starts the command, the report alone to one file or to standard output.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::inputs::{Inputs, Output};
use crate::report::scope::Scope;
use crate::system::files::{FileError, HashingWriter, Workspace, Written, at};

/// These name files that are open already. Someone else reads or writes them, so a file behind such
/// a name must not be replaced by another one.
const OPENED: [&str; 4] = ["/dev/stdout", "/dev/stderr", "/dev/fd", "/proc"];

/// What standard output is called.
const STANDARD: &str = "standard output";

/// Where the files of a report go, checked as far as possible before anything is sent.
#[derive(Debug)]
pub(crate) enum Destination {
    /// The folder in the workspace, with the manifest beside the report.
    Workspace(Workspace),
    /// A file in that folder.
    File(Workspace, String),
    /// Something that exists and isn't replaced, such as a named pipe.
    Stream(PathBuf),
    /// Standard output.
    Standard,
}

impl Destination {
    /// The place that `inputs` ask for.
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
        // A link stays, and the file that it leads to is replaced.
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

    /// Whether a manifest is written beside the report.
    pub(crate) fn has_manifests(&self) -> bool {
        matches!(self, Self::Workspace(_))
    }

    /// What is being done while the report of `scope` is written, for a run that is interrupted then.
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

    /// Writes a report with `content`. In a folder, the file gets that name, and is whole or isn't
    /// there at all. Waiting for the reader of a stream can be canceled. Needs a tokio runtime.
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

/// Writes to something that a reader might read slowly, or never. Neither opening nor writing can
/// be canceled, so another thread does both, and a signal still ends the run.
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
            // `head` ends before the report does.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            done => done,
        }
    };
    let written = tokio::task::spawn_blocking(write).await;
    written.map_err(io::Error::other)??;
    Ok(Written {
        path: PathBuf::from(&name),
        below_workspace: name.clone(),
        name,
        size,
        sha256,
    })
}
