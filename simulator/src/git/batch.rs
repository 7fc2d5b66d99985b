//! A single `git cat-file` process for all reads of a repository's objects. A new process for each
//! read took longer than the rest of the simulator.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::command::GitError;

/// An object's ID, type, and size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Info {
    pub(super) oid: String,
    pub(super) kind: String,
    pub(super) size: u64,
}

/// The running command.
pub(super) struct Batch {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Batch {
    /// Starts `git`, a prepared command without arguments.
    pub(super) fn start(mut git: Command) -> Result<Self, GitError> {
        let mut child = git
            .args(["cat-file", "--batch-command"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(GitError::new("git cat-file: no pipes"));
        };
        Ok(Self {
            child,
            input,
            output: BufReader::new(output),
        })
    }

    /// The object that a Git revision names, if it exists.
    pub(super) fn info(&mut self, expression: &str) -> Result<Option<Info>, GitError> {
        self.request("info", expression)
    }

    /// The same, with the object's bytes.
    pub(super) fn contents(
        &mut self,
        expression: &str,
    ) -> Result<Option<(Info, Vec<u8>)>, GitError> {
        let Some(info) = self.request("contents", expression)? else {
            return Ok(None);
        };
        let mut bytes = vec![0; usize::try_from(info.size).unwrap_or_default()];
        self.output.read_exact(&mut bytes)?;
        self.output.read_exact(&mut [0])?;
        Ok(Some((info, bytes)))
    }

    fn request(&mut self, what: &str, expression: &str) -> Result<Option<Info>, GitError> {
        // Each input line is one revision, and an empty line is invalid.
        if expression.is_empty() || expression.contains(['\n', '\0']) {
            return Ok(None);
        }
        writeln!(self.input, "{what} {expression}")?;
        self.input.flush()?;
        let mut response = String::new();
        if self.output.read_line(&mut response)? == 0 {
            return Err(GitError::new("git cat-file ended"));
        }
        let mut words = response.trim_end_matches('\n').rsplitn(3, ' ');
        let (Some(size), Some(kind), Some(oid)) = (words.next(), words.next(), words.next()) else {
            return Ok(None);
        };
        Ok(size.parse().ok().map(|size| Info {
            oid: oid.to_owned(),
            kind: kind.to_owned(),
            size,
        }))
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        // It might have already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
