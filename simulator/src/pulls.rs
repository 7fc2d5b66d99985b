//! Pull requests: what there is, and what people do to them by hand.

use std::sync::{Mutex, MutexGuard};

use crate::git::{GitError, NewCommit, Person, Repo};
use crate::github::named;
use crate::world::{World, lock};

/// A pull request within one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequest {
    /// Its number in the repository.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// What it says of itself.
    pub body: String,
    /// The branch that holds its changes.
    pub head: String,
    /// The branch they shall go to.
    pub base: String,
    /// How it ended; nothing while it is open.
    pub ending: Option<Ending>,
    /// Whether its branch is that of a fork.
    pub of_fork: bool,
    pub(crate) repository: String,
    /// The commits of both branches at its end.
    pub(crate) ended_at: Option<(String, String)>,
}

/// How a pull request ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Its commits are merged.
    Merged,
    /// Its changes are merged as one commit.
    Squashed,
    /// It is closed.
    Closed,
}

/// All pull requests, in the order of their numbers.
#[derive(Default)]
pub(crate) struct Pulls(Mutex<Vec<PullRequest>>);

impl Pulls {
    pub(crate) fn all(&self) -> MutexGuard<'_, Vec<PullRequest>> {
        lock(&self.0)
    }

    /// Those of a repository.
    pub(crate) fn of(&self, repository: &str) -> Vec<PullRequest> {
        let all = self.all();
        all.iter()
            .filter(|pull| pull.repository.eq_ignore_ascii_case(repository))
            .cloned()
            .collect()
    }
}

/// Ends a pull request as a person would, past all rules: that with the number, or the oldest that is open.
pub(crate) fn end(
    world: &World,
    repository: &str,
    number: Option<u64>,
    ending: Ending,
) -> Result<(), GitError> {
    let declared = world.github(|github| {
        named(&github.repositories, repository).map(|(_, declared)| declared.clone())
    });
    let (Some(declared), Some(repo)) = (declared, world.repositories.get(repository)) else {
        return Err(GitError::new("there is no such repository"));
    };
    let mut all = world.pulls.all();
    let pull = all.iter_mut().find(|pull| {
        pull.repository.eq_ignore_ascii_case(repository)
            && pull.ending.is_none()
            && number.is_none_or(|number| pull.number == number)
    });
    let Some(pull) = pull else {
        return Err(GitError::new("there is no such open pull request"));
    };
    let _writing = repo.writing();
    let (Some(base), Some(head)) = (repo.head(&pull.base), repo.head(&pull.head)) else {
        return Err(GitError::new("one of its branches is gone"));
    };
    if ending != Ending::Closed {
        merge(&repo, pull, (&base, &head), ending)?;
        if declared.deletes_merged_branches {
            repo.delete_branch(&pull.head)?;
        }
    }
    pull.ending = Some(ending);
    pull.ended_at = Some((base, head));
    Ok(())
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
        committer: &crate::api::github_itself(),
        verified: true,
    })?;
    repo.set_branch(&pull.base, &oid, Some(base))
}

/// Deletes a branch as a person would; GitHub closes its pull requests.
pub(crate) fn delete_branch(world: &World, repository: &str, branch: &str) -> Result<(), GitError> {
    let Some(repo) = world.repositories.get(repository) else {
        return Err(GitError::new("there is no such repository"));
    };
    let mut all = world.pulls.all();
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
