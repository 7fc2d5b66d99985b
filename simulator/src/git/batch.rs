//! One `git cat-file` that answers all questions about a repository's objects. Starting one for each question took
//! longer than anything else that the simulator does.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::command::GitError;

/// An object's id, its type and its size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Info {
    pub(super) oid: String,
    pub(super) kind: String,
    pub(super) size: u64,
}

/// The running command.
pub(super) struct Batch {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Batch {
    /// Starts `git`, a command that is ready but for its arguments.
    pub(super) fn start(mut git: Command) -> Result<Self, GitError> {
        let mut child = git
            .args(["cat-file", "--batch-command"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (Some(questions), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(GitError::new("git cat-file: no pipes"));
        };
        Ok(Self {
            child,
            questions,
            answers: BufReader::new(answers),
        })
    }

    /// What an expression of git's names, if it names anything.
    pub(super) fn info(&mut self, expression: &str) -> Result<Option<Info>, GitError> {
        self.ask("info", expression)
    }

    /// The same with the object's bytes.
    pub(super) fn contents(
        &mut self,
        expression: &str,
    ) -> Result<Option<(Info, Vec<u8>)>, GitError> {
        let Some(info) = self.ask("contents", expression)? else {
            return Ok(None);
        };
        let mut bytes = vec![0; usize::try_from(info.size).unwrap_or_default()];
        self.answers.read_exact(&mut bytes)?;
        self.answers.read_exact(&mut [0])?;
        Ok(Some((info, bytes)))
    }

    fn ask(&mut self, what: &str, expression: &str) -> Result<Option<Info>, GitError> {
        // A line is a question, and nothing is named by nothing.
        if expression.is_empty() || expression.contains(['\n', '\0']) {
            return Ok(None);
        }
        writeln!(self.questions, "{what} {expression}")?;
        self.questions.flush()?;
        let mut answer = String::new();
        if self.answers.read_line(&mut answer)? == 0 {
            return Err(GitError::new("git cat-file ended"));
        }
        let mut words = answer.trim_end_matches('\n').rsplitn(3, ' ');
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
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
