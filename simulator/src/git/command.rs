//! The `git` command.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::{fmt, io};

/// An error from the `git` command, with its message.
#[derive(Debug)]
pub(crate) struct GitError(String);

impl GitError {
    pub(crate) fn new(why: &str) -> Self {
        Self(why.to_owned())
    }
}

impl fmt::Display for GitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for GitError {}

impl From<io::Error> for GitError {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

/// A `git` command in the repository `dir`, without this machine's configuration.
pub(super) fn command(dir: &Path) -> Command {
    let mut git = Command::new(program());
    git.args(["-c", "gc.auto=0", "-c", "core.fsync=none"])
        .current_dir(dir)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("GIT_DIR", dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_LITERAL_PATHSPECS", "1")
        .env("LC_ALL", "C.UTF-8");
    git
}

/// The path of the `git` command. With a full path, the process starts without a fork of this one,
/// which saves time with hundreds of calls.
pub(crate) fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
            .map(|folder| folder.join("git"))
            .find(|path| path.is_file())
            .unwrap_or_else(|| PathBuf::from("git"))
    })
}

pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
