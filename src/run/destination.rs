//! Where the files of a report go: to a folder in the workspace, or, by hand, the report alone to
//! one file or to standard output.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::AsFd as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use crate::inputs::{Inputs, Output};
use crate::report::scope::Scope;
use crate::system::files::{FileError, Folder, Hashing, Written, at};

/// Below these lies what others opened: a regular file that is found there is not ours to replace.
const OPENED: [&str; 2] = ["/dev", "/proc"];

/// Files like all others, though they lie below one of them.
const MEMORY: &str = "/dev/shm";

/// More links than a system follows.
const MOST_LINKS: usize = 40;

/// What standard output is called.
const STANDARD: &str = "standard output";

/// Where the files of a report go; found able to take them as far as that can be known.
#[derive(Debug)]
pub(crate) enum Destination {
    /// The folder in the workspace; the manifest lies beside the report.
    Folder(Folder),
    /// A file in that folder.
    File(Folder, String),
    /// Something that is there already and is written to as it is, such as a named pipe.
    Stream(PathBuf),
    /// Standard output.
    Standard,
}

impl Destination {
    /// The place that `inputs` ask for.
    pub(crate) fn open(inputs: &Inputs) -> Result<Self, FileError> {
        match &inputs.output {
            Output::Directory => {
                Folder::open(&inputs.workspace, &inputs.output_directory).map(Self::Folder)
            }
            Output::File(path) => Self::file(path),
            Output::Standard => Ok(Self::Standard),
        }
    }

    fn file(given: &Path) -> Result<Self, FileError> {
        // Links are followed here: whoever starts the command by hand made them.
        let mut path = given.to_owned();
        for _ in 0..MOST_LINKS {
            match fs::metadata(&path) {
                Ok(there) if there.is_dir() => {
                    return Err(at(given)(io::ErrorKind::IsADirectory.into()));
                }
                Ok(there) if !there.is_file() => return Ok(Self::Stream(given.to_owned())),
                _ => {}
            }
            let name = path.file_name().and_then(|name| name.to_str());
            let name = name.ok_or_else(|| at(given)(io::ErrorKind::InvalidFilename.into()))?;
            let parent = match path.parent() {
                Some(parent) if parent != Path::new("") => parent,
                _ => Path::new("."),
            };
            let parent = fs::canonicalize(parent).map_err(at(parent))?;
            if OPENED.iter().any(|opened| parent.starts_with(opened)) && !parent.starts_with(MEMORY)
            {
                return Ok(Self::Stream(given.to_owned()));
            }
            let Ok(target) = fs::read_link(&path) else {
                let folder = Folder::open(&parent, Path::new("."))?;
                return Ok(Self::File(folder, name.to_owned()));
            };
            path = parent.join(target);
        }
        Err(at(given)(io::Error::other("its links lead round")))
    }

    /// Whether a manifest is written beside the report.
    pub(crate) fn has_manifests(&self) -> bool {
        matches!(self, Self::Folder(_))
    }

    /// What is being done while the report of `scope` is written, for a run that is interrupted then.
    pub(crate) fn writing(&self, scope: &Scope) -> String {
        let part = "of which only a part may have arrived";
        match self {
            Self::Folder(_) | Self::File(..) => format!("writing the report of {scope}"),
            Self::Stream(path) => {
                let path = path.display();
                format!("writing the report of {scope} to {path}, {part}")
            }
            Self::Standard => format!("writing the report of {scope} to {STANDARD}, {part}"),
        }
    }

    /// Writes a report with `content`; in a folder under that name, whole or not at all. Whoever
    /// waits for a stream's reader can leave off waiting. Needs a tokio runtime.
    pub(crate) async fn write(
        &self,
        name: &str,
        content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<Written, FileError> {
        match self {
            Self::Folder(folder) => folder.write(name, content),
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
                let name = if leads_nowhere() {
                    format!("{STANDARD}, which leads to /dev/null")
                } else {
                    STANDARD.to_owned()
                };
                let pass = pass(name, || Ok(io::stdout().lock()), content).await;
                pass.map_err(at(Path::new(STANDARD)))
            }
        }
    }
}

/// Whether what is written to standard output is lost. A standard output that was closed looks like
/// this too: before a program begins, its runtime opens `/dev/null` in its place.
fn leads_nowhere() -> bool {
    let device = |file: io::Result<fs::Metadata>| {
        let there = file.ok()?;
        there.file_type().is_char_device().then(|| there.rdev())
    };
    let output = io::stdout().as_fd().try_clone_to_owned();
    let output = output.and_then(|output| File::from(output).metadata());
    let null = device(fs::metadata("/dev/null"));
    null.is_some() && device(output) == null
}

/// Writes to something that is read while it is written. A reader may take its time, or never come,
/// and neither opening nor writing can be left off; so a thread of its own does both, and a signal
/// is heard meanwhile.
async fn pass<W: Write>(
    name: String,
    open: impl FnOnce() -> io::Result<W> + Send + 'static,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<Written> {
    let mut bytes = Vec::new();
    let mut hashing = Hashing::new(&mut bytes);
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
