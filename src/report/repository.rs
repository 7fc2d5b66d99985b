//! What the action knew about the audit repository when it committed a report: who can see it, what
//! its branch allows, and who else committed.

use serde::{Deserialize, Serialize};

/// How many commits of others a manifest lists.
const MAX_LISTED: usize = 50;

/// The state of the audit repository before a report was committed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositoryState {
    /// Its name, such as `acme/copilot-audit`.
    pub name: String,
    /// The branch with the history. A pull request goes into this branch.
    pub branch: String,
    /// The SHA of the commit that the report was committed on top of.
    pub parent: String,
    /// Who can see it.
    #[serde(default)]
    pub visibility: Visibility,
    /// Whether the branch can be force-pushed.
    #[serde(default)]
    pub force_pushes: Guard,
    /// Whether the branch can be deleted.
    #[serde(default)]
    pub deletion: Guard,
    /// Whether the branch can get commits without a verified signature.
    #[serde(default)]
    pub unsigned_commits: Guard,
    /// Who else committed. `None` if that's unknown.
    pub other_commits: Option<OtherCommits>,
    /// Whether the last report's commit is gone from the branch. `None` if that's unknown.
    pub rewritten: Option<bool>,
}

/// Who can see a repository.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// People with access.
    Private,
    /// The members of the enterprise.
    Internal,
    /// Everyone.
    Public,
    /// GitHub doesn't say, or says something that the action doesn't know.
    #[default]
    #[serde(other)]
    Unknown,
}

/// Whether a branch is protected from something. Accounts that can bypass a rule don't count,
/// because GitHub doesn't list them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Guard {
    /// A rule blocks it.
    Blocked,
    /// No rule blocks it.
    Allowed,
    /// Not everything that can block it could be read.
    #[default]
    #[serde(other)]
    Unknown,
}

/// The commits of others to the folder of a scope.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherCommits {
    /// The SHA of the last report's commit. `None` if there's none, or if it can't be recognized.
    pub since: Option<String>,
    /// The commits, newest first, but all unverified ones before the others.
    pub commits: Vec<OtherCommit>,
    /// How many more there are.
    #[serde(default)]
    pub more: usize,
    /// How many of all these commits aren't verified, listed or not.
    #[serde(default)]
    pub unverified: usize,
}

/// A commit that the action didn't make, as far as it can tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherCommit {
    /// Its SHA.
    pub sha: String,
    /// Whether GitHub verified its signature. `false` for a merge, because GitHub's signature says
    /// nothing about the commits that it merges.
    pub verified: bool,
}

impl RepositoryState {
    /// Adds what was known at an earlier report of the same day, whose manifest is replaced.
    pub(crate) fn add_earlier_of_the_day(&mut self, earlier: &Self) {
        if let (Some(later), Some(earlier)) = (&self.other_commits, &earlier.other_commits) {
            self.other_commits = Some(later.clone().and_before(earlier.clone()));
        }
        if earlier.rewritten == Some(true) {
            self.rewritten = Some(true);
        }
    }
}

impl OtherCommits {
    /// Lists `commits`, newest first.
    pub(crate) fn new(since: Option<String>, mut commits: Vec<OtherCommit>) -> Self {
        commits.sort_by_key(|commit| commit.verified);
        let more = commits.len().saturating_sub(MAX_LISTED);
        let unverified = commits.iter().filter(|commit| !commit.verified).count();
        commits.truncate(MAX_LISTED);
        Self {
            since,
            commits,
            more,
            unverified,
        }
    }

    /// Adds the commits before an earlier report of the same day, whose manifest is replaced.
    /// Someone may have edited that manifest.
    pub(crate) fn and_before(self, earlier: Self) -> Self {
        let unlisted = self.unlisted_unverified();
        let unlisted = unlisted.saturating_add(earlier.unlisted_unverified());
        let mut commits = self.commits;
        for commit in earlier.commits {
            if is_sha(&commit.sha) && commits.iter().all(|known| known.sha != commit.sha) {
                commits.push(commit);
            }
        }
        let all = Self::new(earlier.since.filter(|sha| is_sha(sha)), commits);
        let more = all.more.saturating_add(self.more);
        Self {
            more: more.saturating_add(earlier.more),
            unverified: all.unverified.saturating_add(unlisted),
            ..all
        }
    }

    /// Returns how many of the commits that aren't listed aren't verified.
    pub(crate) fn unlisted_unverified(&self) -> usize {
        let listed = self.unverified_commits().count();
        self.unverified.saturating_sub(listed)
    }

    /// Returns how many commits there are, listed or not.
    pub(crate) fn count(&self) -> usize {
        self.commits.len().saturating_add(self.more)
    }

    /// Returns the listed commits that aren't verified.
    pub(crate) fn unverified_commits(&self) -> impl Iterator<Item = &OtherCommit> {
        self.commits.iter().filter(|commit| !commit.verified)
    }
}

fn is_sha(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commits(range: std::ops::Range<u32>, verified: bool) -> Vec<OtherCommit> {
        let commit = |number: u32| OtherCommit {
            sha: format!("{number:040x}"),
            verified,
        };
        range.map(commit).collect()
    }

    #[test]
    fn unverified_commits_are_listed_first_and_the_rest_is_counted() {
        let mixed = [commits(0..60, true), commits(60..63, false)].concat();
        let listed = OtherCommits::new(None, mixed);
        assert_eq!(listed.unverified_commits().count(), 3);
        assert!(!listed.commits[0].verified && listed.commits[3].verified);
        assert_eq!((listed.commits.len(), listed.more), (MAX_LISTED, 13));
        let many = OtherCommits::new(None, commits(0..61, false));
        assert_eq!((many.count(), many.unverified), (61, 61));
    }

    #[test]
    fn a_days_later_report_keeps_what_the_earlier_one_listed() {
        let (first, second) = ("a".repeat(40), "b".repeat(40));
        let earlier = OtherCommits::new(Some(first.clone()), commits(0..2, false));
        let later = OtherCommits::new(Some(second), commits(1..3, true));
        let both = later.clone().and_before(earlier);
        assert_eq!(both.since, Some(first));
        assert_eq!((both.commits.len(), both.more, both.unverified), (3, 0, 1));
        let many = || OtherCommits::new(None, commits(0..61, false));
        assert_eq!(many().and_before(many()).unverified, 72);

        let edited = OtherCommits {
            since: Some("<b>".to_owned()),
            commits: vec![OtherCommit {
                sha: "octocat".to_owned(),
                verified: false,
            }],
            more: usize::MAX,
            unverified: usize::MAX,
        };
        let both = later.and_before(edited);
        assert_eq!((both.since, both.commits.len()), (None, 2));
    }

    #[test]
    fn a_value_that_a_later_version_wrote_counts_as_unknown() -> serde_json::Result<()> {
        let guard: Guard = serde_json::from_str("\"sometimes\"")?;
        assert_eq!(guard, Guard::Unknown);
        Ok(())
    }
}
