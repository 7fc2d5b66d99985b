//! Where the files of a report go: to a folder in the workspace, or, by hand, the report alone to
//! one file or to standard output.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::files::{FileError, Folder, Hashing, Written, at};
use crate::inputs::{Inputs, Output};

/// Where the files of a report go; found able to take them as far as that can be known.
#[derive(Debug)]
pub enum Destination {
    /// The folder in the workspace; the manifest lies beside the report.
    Folder(Folder),
    /// A file in that folder.
    File(Folder, String),
    /// Something that is there already and no file, such as a named pipe.
    Pipe(PathBuf),
    /// Standard output.
    Standard,
}

impl Destination {
    /// The place that `inputs` ask for.
    ///
    /// # Errors
    /// Where it cannot be made, or leads out of the workspace.
    pub fn open(inputs: &Inputs) -> Result<Self, FileError> {
        match &inputs.output {
            Output::Directory => {
                Folder::open(&inputs.workspace, &inputs.output_directory).map(Self::Folder)
            }
            Output::File(path) => Self::file(path),
            Output::Standard => Ok(Self::Standard),
        }
    }

    fn file(path: &Path) -> Result<Self, FileError> {
        // A link is followed here: whoever starts the command by hand made it.
        let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        match fs::metadata(&real) {
            Ok(there) if there.is_dir() => {
                return Err(at(path)(io::Error::from(io::ErrorKind::IsADirectory)));
            }
            Ok(there) if !there.is_file() => return Ok(Self::Pipe(real)),
            _ => {}
        }
        let name = real.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| at(path)(io::Error::from(io::ErrorKind::InvalidFilename)))?;
        let parent = match real.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let folder = Folder::open(parent, Path::new("."))?;
        Ok(Self::File(folder, name.to_owned()))
    }

    /// Whether a manifest is written beside the report.
    #[must_use]
    pub fn has_manifests(&self) -> bool {
        matches!(self, Self::Folder(_))
    }

    /// Writes a report with `content`; in a folder under that name, whole or not at all.
    ///
    /// # Errors
    /// Where it could not be written. A reader who has seen enough is none.
    pub fn write(
        &self,
        name: &str,
        content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<Written, FileError> {
        match self {
            Self::Folder(folder) => folder.write(name, content),
            Self::File(folder, name) => folder.write(name, content),
            Self::Pipe(path) => {
                let open = fs::OpenOptions::new().write(true).open(path);
                let pass = open.and_then(|pipe| pass(path, pipe, content));
                pass.map_err(at(path))
            }
            Self::Standard => {
                let path = Path::new("standard output");
                pass(path, io::stdout().lock(), content).map_err(at(path))
            }
        }
    }
}

/// Writes to something that is read while it is written.
fn pass(
    path: &Path,
    out: impl Write,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<Written> {
    let mut out = Hashing::new(io::BufWriter::new(ForAsLong::as_it_is_read(out)));
    content(&mut out)?;
    let (size, sha256) = out.finish()?;
    Ok(Written {
        name: path.display().to_string(),
        path: path.to_owned(),
        below_workspace: path.display().to_string(),
        size,
        sha256,
    })
}

/// Writes as long as somebody reads; `head` ends before the report does.
struct ForAsLong<W> {
    out: W,
    is_read: bool,
}

impl<W: Write> ForAsLong<W> {
    fn as_it_is_read(out: W) -> Self {
        Self { out, is_read: true }
    }

    fn try_to<T>(
        &mut self,
        otherwise: T,
        act: impl FnOnce(&mut W) -> io::Result<T>,
    ) -> io::Result<T> {
        if !self.is_read {
            return Ok(otherwise);
        }
        match act(&mut self.out) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.is_read = false;
                Ok(otherwise)
            }
            done => done,
        }
    }
}

impl<W: Write> Write for ForAsLong<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.try_to(bytes.len(), |out| out.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.try_to((), Write::flush)
    }
}
