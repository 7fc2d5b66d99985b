//! Checks the audit repository itself: who can see it, what its branch allows, and who else changed
//! the folder since the last report.
//!
//! The result is part of the commit with the report, so it's about the moment before that commit.
//! Nothing here fails a run. What can't be read is unknown.

use super::repository::AuditRepository;
use crate::github::commit::{FolderCommit, FolderHistory, Protection, Snapshot};
use crate::github::names::RepositoryPath;
use crate::history::FolderFiles;
use crate::report::manifest::RecordedManifest;
use crate::report::repository::{Guard, OtherCommit, OtherCommits, RepositoryState, Visibility};
use crate::report::scope::Scope;

/// How many commits a warning names.
const MAX_NAMED: usize = 5;

/// What's known about the audit repository.
#[derive(Debug, Clone)]
pub(crate) struct RepositoryCheck {
    /// The facts, as the manifest has them.
    pub state: RepositoryState,
    /// Unsafe facts that are new, each with how to fix it.
    pub warnings: Vec<String>,
    /// Unsafe facts that the last manifest already has.
    pub known: Vec<String>,
}

/// What the newest manifest says about the commit of its report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LastReport<'m> {
    /// There's no report yet.
    Nothing,
    /// It doesn't say, because it's from an earlier version, or it's about another branch.
    Unknown,
    /// Its report was committed on top of this commit.
    OnTopOf(&'m str),
}

impl LastReport<'_> {
    /// Returns the commit that the last report was committed on top of, if that's known.
    fn parent(&self) -> Option<&str> {
        match self {
            Self::OnTopOf(parent) => Some(parent),
            Self::Nothing | Self::Unknown => None,
        }
    }

    /// Returns whether `commit` says that it's the one with the last report.
    fn is(&self, commit: &FolderCommit) -> bool {
        commit.is_delivery
            && matches!(&commit.parents[..], [only] if Some(&**only) == self.parent())
    }
}

/// How a report can get into the branch, as far as that hides its commit.
#[derive(Debug, Clone, Copy, Default)]
struct Path {
    /// By a pull request, which can be squashed or rebased.
    is_merged: bool,
    /// The folder had another name at the time of the last report.
    is_renamed: bool,
}

impl AuditRepository<'_> {
    /// Checks the repository as of this snapshot, whose branch has this `protection`. `found` has the files in the `folder` of `scope`.
    pub(super) async fn check(
        &self,
        snapshot: &Snapshot<'_>,
        protection: &Protection,
        (scope, folder): (&Scope, &RepositoryPath),
        found: &FolderFiles,
    ) -> RepositoryCheck {
        let newest = found.newest_manifest();
        let recorded = newest.as_ref().and_then(RecordedManifest::repository);
        let name = self.inputs.repository.to_string();
        let is_here = |recorded: &&RepositoryState| {
            recorded.name.eq_ignore_ascii_case(&name) && recorded.branch == self.branch.as_str()
        };
        let recorded = recorded.as_ref().filter(is_here);
        let last = match (found.is_empty(), recorded) {
            (true, _) => LastReport::Nothing,
            (false, Some(recorded)) => LastReport::OnTopOf(&recorded.parent),
            (false, None) => LastReport::Unknown,
        };
        let earlier = newest.as_ref().map(|manifest| &*manifest.scope.name);
        let earlier = earlier.filter(|earlier| !earlier.eq_ignore_ascii_case(scope.name()));
        let is_own_last = |commit: &FolderCommit| commit.is_own && last.is(commit);
        let mut history = snapshot.history(protection, folder, is_own_last).await;
        if let (Some(earlier), Some(history)) = (earlier, &mut history)
            && let Ok(before) = self.inputs.directory.join(&earlier.to_ascii_lowercase())
        {
            // Git's history of a folder starts when it was renamed.
            let before = snapshot.history(protection, &before, |_| false).await;
            add_earlier(history, before.unwrap_or_default());
        }
        let path = Path {
            is_merged: self.inputs.pull_request,
            is_renamed: earlier.is_some(),
        };
        let (others, rewritten) = match &history {
            Some(history) => compare(history, last, path),
            None => (None, None),
        };
        let state = RepositoryState {
            name,
            branch: self.branch.to_string(),
            parent: snapshot.head().to_owned(),
            visibility: self.visibility,
            other_commits: others,
            rewritten,
            ..guards(protection)
        };
        let mut check = RepositoryCheck::of(state, recorded, folder);
        // The manifest of the day's earlier report is replaced.
        if found.day_manifest.is_some()
            && let Some(earlier) = recorded
        {
            check.state.add_earlier_of_the_day(earlier);
        }
        check
    }
}

/// Returns a state with what the branch is protected from, and nothing else.
fn guards(protection: &Protection) -> RepositoryState {
    RepositoryState {
        force_pushes: protection.force_pushes,
        deletion: protection.deletion,
        unsigned_commits: protection.unsigned_commits,
        ..RepositoryState::default()
    }
}

/// Adds the commits of a renamed folder under its earlier name.
fn add_earlier(history: &mut FolderHistory, earlier: FolderHistory) {
    for commit in earlier.commits {
        if history.commits.iter().all(|known| known.sha != commit.sha) {
            history.commits.push(commit);
        }
    }
    history.is_whole &= earlier.is_whole;
}

/// Finds the commits since the last report that aren't certainly the action's own, and whether the
/// last report's commit is gone. `None` if that's unknown.
///
/// Anyone who can commit can edit the manifest that says where the last report's commit is. So what
/// it says never hides a commit: the list always goes back to a commit that's certainly the
/// action's own, if there's one.
fn compare(
    history: &FolderHistory,
    last: LastReport<'_>,
    path: Path,
) -> (Option<OtherCommits>, Option<bool>) {
    let FolderHistory { commits, is_whole } = history;
    let found = commits.iter().position(|commit| last.is(commit));
    let is_visible = *is_whole && !path.is_merged;
    // The last report's commit is newer than all others of the action. A folder that was moved has no
    // earlier reports in its history.
    let is_missed = commits.iter().any(|commit| commit.is_own)
        || (*is_whole && commits.iter().any(|commit| commit.is_delivery));
    let rewritten = match (last.parent(), found) {
        // A commit that isn't certainly the action's own may have replaced the last report's.
        (Some(_), Some(at)) => commits[at].is_own.then_some(false),
        (Some(_), None) if is_missed && !path.is_merged && !path.is_renamed => Some(true),
        _ => None,
    };
    // A commit that isn't certainly the action's own may have replaced the last report's, so it
    // counts as another's.
    let own = (found.unwrap_or(0)..commits.len()).find(|at| commits[*at].is_own);
    let since = own.map(|at| commits[at].sha.clone());
    let end = own.or(match found {
        Some(at) => Some(at + 1),
        None if last == LastReport::Unknown => None,
        None => (is_visible || (*is_whole && last == LastReport::Nothing)).then_some(commits.len()),
    });
    let others = end.map(|end| {
        let others = commits.iter().take(end).filter(|commit| !commit.is_own);
        let others = others.map(|commit| OtherCommit {
            sha: commit.sha.clone(),
            verified: commit.is_verified && commit.parents.len() < 2,
        });
        OtherCommits::new(since, others.collect())
    });
    (others, rewritten)
}

impl RepositoryCheck {
    /// Finds what's unsafe in `state`, and what of it is new since `recorded`.
    fn of(
        state: RepositoryState,
        recorded: Option<&RepositoryState>,
        folder: &RepositoryPath,
    ) -> Self {
        let (mut warnings, mut known) = (Vec::new(), Vec::new());
        if let Some(warning) = public(&state) {
            let was_public = recorded.is_some_and(|was| was.visibility == Visibility::Public);
            if was_public {
                &mut known
            } else {
                &mut warnings
            }
            .push(warning);
        }
        if let Some((warning, is_new)) = unprotected(&state, recorded) {
            if is_new { &mut warnings } else { &mut known }.push(warning);
        }
        warnings.extend(rewritten(&state).or_else(|| unverified(&state, folder)));
        Self {
            state,
            warnings,
            known,
        }
    }
}

fn public(state: &RepositoryState) -> Option<String> {
    (state.visibility == Visibility::Public).then(|| {
        format!(
            "The repository {} is public, which `allow-public: true` permits. Everyone can read who used Copilot when, now and in its Git history.\n  Fix: Make the repository private.",
            state.name
        )
    })
}

/// Returns the warning about what the branch allows, and whether some of it is new.
fn unprotected(
    state: &RepositoryState,
    recorded: Option<&RepositoryState>,
) -> Option<(String, bool)> {
    type Fact = fn(&RepositoryState) -> Guard;
    let facts: [(Fact, &str, &str); 3] = [
        (|it| it.force_pushes, "force pushes", "blocks force pushes"),
        (|it| it.deletion, "deletion", "restricts deletions"),
        (
            |it| it.unsigned_commits,
            "unsigned commits",
            "requires signed commits",
        ),
    ];
    let allowed = || {
        facts
            .iter()
            .filter(|(fact, ..)| fact(state) == Guard::Allowed)
    };
    let what: Vec<&str> = allowed().map(|(_, what, _)| *what).collect();
    let settings: Vec<&str> = allowed().map(|(.., setting)| *setting).collect();
    allowed().next()?;
    let is_new = allowed().any(|(fact, ..)| recorded.is_none_or(|was| fact(was) != Guard::Allowed));
    let RepositoryState { name, branch, .. } = state;
    let risk = match what[..] {
        ["unsigned commits"] => "can commit under another name",
        _ => "can rewrite its history",
    };
    let text = format!(
        "The branch {branch} of {name} allows {}, so someone with write access {risk}.\n  Fix: In the repository's settings, add a ruleset for {branch} that {}.",
        joined(&what),
        joined(&settings)
    );
    Some((text, is_new))
}

fn rewritten(state: &RepositoryState) -> Option<String> {
    (state.rewritten == Some(true)).then(|| {
        format!(
            "The branch {} of {} was rewritten: the commit of the last report is no longer in it.\n  Fix: Compare the branch with an earlier clone, and restore what's missing. A ruleset that blocks force pushes prevents this.",
            state.branch, state.name
        )
    })
}

fn unverified(state: &RepositoryState, folder: &RepositoryPath) -> Option<String> {
    let others = state.other_commits.as_ref()?;
    let shas: Vec<&str> = others
        .unverified_commits()
        .map(|commit| short(&commit.sha))
        .collect();
    let named = shas.iter().take(MAX_NAMED).copied().collect::<Vec<_>>();
    let more = match others.unverified.saturating_sub(named.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (!shas.is_empty()).then(|| {
        format!(
            "Commits to {folder} of {} since the last report aren't verified, so anyone can have made them: {}{more}.\n  Fix: Look at each of them, and revert what's wrong. A ruleset that requires signed commits blocks such commits.",
            state.name,
            named.join(", ")
        )
    })
}

/// Returns the beginning of a SHA, which is enough to find the commit.
fn short(sha: &str) -> &str {
    sha.get(..12).unwrap_or(sha)
}

fn joined(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [one, other] => format!("{one} and {other}"),
        [all @ .., last] => format!("{}, and {last}", all.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A commit on top of the one with the next letter.
    fn commit(sha: &str, is_delivery: bool, is_own: bool) -> FolderCommit {
        let parent = sha.bytes().map(|byte| char::from(byte + 1)).collect();
        FolderCommit {
            sha: sha.to_owned(),
            parents: vec![parent],
            is_delivery,
            is_own,
            is_verified: is_own,
        }
    }

    fn listed(others: Option<&OtherCommits>) -> Option<String> {
        let commits = others?.commits.iter();
        Some(commits.map(|commit| &*commit.sha).collect())
    }

    #[test]
    fn what_the_commits_do_not_show_is_unknown() {
        let theirs = |sha| commit(sha, false, false);
        let (forged, own) = (commit("c", true, false), commit("e", true, true));
        let last = LastReport::OnTopOf("d");
        let direct = Path::default();
        let (merged, renamed) = (
            Path {
                is_merged: true,
                ..direct
            },
            Path {
                is_renamed: true,
                ..direct
            },
        );
        for (commits, is_whole, last, path, others, rewritten) in [
            // There are more commits, and the last report isn't among these.
            (
                vec![theirs("a"), theirs("b")],
                false,
                last,
                direct,
                None,
                None,
            ),
            // It would be newer than the action's other commits.
            (
                vec![theirs("a"), own.clone()],
                false,
                last,
                direct,
                Some("a"),
                Some(true),
            ),
            // It's there, but isn't certainly the action's own.
            (
                vec![theirs("a"), forged.clone()],
                false,
                last,
                direct,
                Some("ac"),
                None,
            ),
            // It's gone.
            (
                vec![theirs("a"), own.clone()],
                true,
                last,
                direct,
                Some("a"),
                Some(true),
            ),
            (
                vec![theirs("a"), own.clone()],
                true,
                last,
                merged,
                Some("a"),
                None,
            ),
            (
                vec![theirs("a"), own.clone()],
                true,
                last,
                renamed,
                Some("a"),
                None,
            ),
            // The folder was moved there, or its history was replaced by a single commit.
            (vec![theirs("a")], true, last, direct, Some("a"), None),
            (vec![theirs("a")], true, last, merged, None, None),
            (
                vec![theirs("a")],
                true,
                LastReport::Unknown,
                direct,
                None,
                None,
            ),
            (
                vec![theirs("a"), own],
                true,
                LastReport::Unknown,
                direct,
                Some("a"),
                None,
            ),
            (
                vec![theirs("a")],
                true,
                LastReport::Nothing,
                merged,
                Some("a"),
                None,
            ),
            (
                Vec::new(),
                true,
                LastReport::Nothing,
                direct,
                Some(""),
                None,
            ),
        ] {
            let what = format!("{commits:?} {is_whole} {last:?} {path:?}");
            let history = FolderHistory { commits, is_whole };
            let (found, was_rewritten) = compare(&history, last, path);
            assert_eq!(listed(found.as_ref()).as_deref(), others, "{what}");
            assert_eq!(was_rewritten, rewritten, "{what}");
        }
    }
}
