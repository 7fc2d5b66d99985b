//! All pull requests, and how people merge and close them.

use std::sync::{Mutex, MutexGuard};

use crate::git::{GitError, NewCommit, Person, Repo, github_itself};
use crate::github::Repository;
use crate::pull_request::{Ending, PullRequest};
use crate::sync::lock;

/// All pull requests, by number.
#[derive(Default)]
pub(crate) struct Pulls(Mutex<Vec<PullRequest>>);

impl Pulls {
    pub(crate) fn all(&self) -> MutexGuard<'_, Vec<PullRequest>> {
        lock(&self.0)
    }

    /// The pull requests of a repository.
    pub(crate) fn of(&self, repository: &str) -> Vec<PullRequest> {
        let all = self.all();
        all.iter()
            .filter(|pull| pull.repository.eq_ignore_ascii_case(repository))
            .cloned()
            .collect()
    }

    /// Ends the pull request with this number, or the oldest open one.
    pub(crate) fn end(
        &self,
        repo: &Repo,
        declared: &Repository,
        repository: &str,
        number: Option<u64>,
        ending: Ending,
    ) -> Result<(), GitError> {
        let mut all = self.all();
        let pull = all.iter_mut().find(|pull| {
            pull.repository.eq_ignore_ascii_case(repository)
                && pull.ending.is_none()
                && number.is_none_or(|number| pull.number == number)
        });
        let Some(pull) = pull else {
            return Err(GitError::new("no open pull request with this number"));
        };
        let _writing = repo.writing();
        let (Some(base), Some(head)) = (repo.head(&pull.base), repo.head(&pull.head)) else {
            return Err(GitError::new("one of its branches no longer exists"));
        };
        if ending != Ending::Closed {
            merge(repo, pull, (&base, &head), ending)?;
            if declared.deletes_merged_branches {
                repo.delete_branch(&pull.head)?;
            }
        }
        pull.ending = Some(ending);
        pull.ended_at = Some((base, head));
        Ok(())
    }

    /// Deletes a branch and closes its pull requests.
    pub(crate) fn delete_branch(
        &self,
        repo: &Repo,
        repository: &str,
        branch: &str,
    ) -> Result<(), GitError> {
        let mut all = self.all();
        let _writing = repo.writing();
        let head = repo.head(branch).unwrap_or_default();
        repo.delete_branch(branch)?;
        for pull in all.iter_mut() {
            let is_open = pull.ending.is_none() && pull.head == branch;
            if is_open && pull.repository.eq_ignore_ascii_case(repository) {
                pull.ending = Some(Ending::Closed);
                pull.ended_at = Some((repo.head(&pull.base).unwrap_or_default(), head.clone()));
            }
        }
        Ok(())
    }
}

fn merge(
    repo: &Repo,
    pull: &PullRequest,
    (base, head): (&String, &String),
    ending: Ending,
) -> Result<(), GitError> {
    let tree = repo.merged_tree(base, head)?;
    let person = Person::of("Mona Lisa", "monalisa@example.com");
    let parents = match ending {
        Ending::Merged => vec![base.clone(), head.clone()],
        Ending::Squashed | Ending::Closed => vec![base.clone()],
    };
    let oid = repo.commit(&NewCommit {
        tree: &tree,
        parents: &parents,
        message: &format!("{} (#{})", pull.title, pull.number),
        author: &person,
        committer: &github_itself(),
        verified: true,
    })?;
    repo.set_branch(&pull.base, &oid, Some(base))
}
