//! The contents of repositories, as plain data.

/// The author or committer of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) email: String,
    /// In any format that Git reads. The default is the current time.
    pub(crate) date: Option<String>,
}

impl Person {
    pub(crate) fn of(name: &str, email: &str) -> Self {
        Self {
            name: name.to_owned(),
            email: email.to_owned(),
            date: None,
        }
    }
}

/// A commit in the repository.
#[derive(Debug, Clone)]
pub(crate) struct Commit {
    pub(crate) oid: String,
    pub(crate) tree: String,
    pub(crate) parents: Vec<String>,
    pub(crate) author: Person,
    pub(crate) committer: Person,
    pub(crate) message: String,
}

/// An entry of a tree.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) mode: String,
    pub(crate) kind: String,
    pub(crate) oid: String,
    pub(crate) size: u64,
    pub(crate) name: String,
}

/// The contents of a new commit.
pub(crate) struct NewCommit<'a> {
    pub(crate) tree: &'a str,
    pub(crate) parents: &'a [String],
    pub(crate) message: &'a str,
    pub(crate) author: &'a Person,
    pub(crate) committer: &'a Person,
    /// Whether GitHub is the committer.
    pub(crate) verified: bool,
}

/// A change of one path in a tree.
pub(crate) enum Edit {
    Put {
        path: String,
        mode: String,
        oid: String,
    },
    Remove {
        path: String,
    },
}

/// GitHub itself, the committer of commits from its web pages and API.
pub(crate) fn github_itself() -> Person {
    Person::of("GitHub", "noreply@github.com")
}
