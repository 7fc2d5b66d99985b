//! A report goes into a repository: to a branch of it, as the rule of the day wants it.

use anyhow::{Context as _, anyhow};
use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::folder::found;
use super::known::Held;
use super::{Delivery, Target};
use crate::github::commit::{Beginning, Change, Commit, Committer};
use crate::github::names::{BranchName, NameError, RepositoryPath};
use crate::github::pulls::PullRequest;
use crate::history::changes::Kind;
use crate::history::{self, Action, FolderFiles, HistoryUpdate, Revoked, UpdatePlan};
use crate::report::Report;
use crate::report::columns::ColumnSet;
use crate::report::csv;
use crate::report::day::date;

/// What became of a report in the repository.
#[derive(Debug)]
pub(crate) struct Recorded {
    /// How many seats came since the last recorded report.
    pub granted: usize,
    /// How many went.
    pub revoked: usize,
    /// Who was concerned by each change of a seat, by their login.
    pub changes: Vec<(Kind, String)>,
    /// Whether the seats' state differs from the last recorded report.
    pub changed: bool,
    /// What was found in the repository that should not be so.
    pub warnings: Vec<String>,
    /// The commit, where one was made.
    pub commit: Option<Commit>,
    /// The pull request that holds the report, where one was asked for and there is one.
    pub pull_request: Option<PullRequest>,
    /// What happened, for people.
    pub what: String,
    /// What was left undone after that.
    pub undone: Option<anyhow::Error>,
}

/// A report on its way into a repository.
pub(super) struct Offer<'r> {
    pub(super) report: &'r Report,
    /// The seats that count as revoked, where it does not show them.
    pub(super) revoked: Revoked<'r>,
    /// What the repository held when it was looked at last.
    pub(super) held: Option<Held>,
    pub(super) csv: Bytes,
    /// The folder of the scope.
    pub(super) folder: RepositoryPath,
    /// The commit's message.
    pub(super) message: Change,
}

/// A report that was brought to a branch, or was found to be there already.
pub(super) struct Placed {
    pub(super) branch: BranchName,
    pub(super) recording: UpdatePlan,
    pub(super) commit: Option<Commit>,
    /// Whether the branch exists now.
    pub(super) exists: bool,
}

impl Delivery<'_> {
    /// Commits a report, as the rule of the day wants it, to the branch or by a pull request into
    /// it; nothing where that was not asked for. What was `held` when the repository was looked at
    /// last is not read again where nobody committed since.
    pub(crate) async fn record(
        &self,
        report: &Report,
        revoked: Revoked<'_>,
        held: Option<Held>,
    ) -> anyhow::Result<Option<Recorded>> {
        let Some(target) = &self.repository else {
            return Ok(None);
        };
        // The repository keeps GitHub's own form, whatever the files of this run are like.
        let mut content = Vec::new();
        csv::write(report, ColumnSet::Github, &mut content)?;
        let offer = Offer {
            report,
            revoked,
            held,
            folder: target.folder(report.scope())?,
            message: self.message(&target.inputs.message, report, &content),
            csv: Bytes::from(content),
        };
        let (placed, proposed) = if target.inputs.pull_request {
            let (placed, proposed) = self.propose(target, &offer).await?;
            (placed, Some(proposed))
        } else {
            let branch = (target.branch.clone(), Beginning::Default);
            (self.place(target, &offer, branch).await?, None)
        };
        for warning in &placed.recording.warnings {
            let (folder, repository) = (&offer.folder, &target.inputs.repository);
            tracing::warn!("{folder} of {repository}: {warning}");
        }
        let what = placed.told(target);
        let (pull_request, undone) = match proposed {
            None | Some(Ok(None)) => (None, None),
            Some(Ok(Some(mut found))) => {
                found.url = self.page_at_home(found.url);
                (Some(found), None)
            }
            Some(Err(error)) => (None, Some(error)),
        };
        Ok(Some(Recorded {
            granted: placed.recording.granted,
            revoked: placed.recording.revoked,
            changes: placed.recording.changes,
            changed: placed.recording.changed,
            warnings: placed.recording.warnings,
            commit: placed.commit,
            pull_request,
            what,
            undone,
        }))
    }

    /// Brings a report to a branch.
    pub(super) async fn place(
        &self,
        target: &Target<'_>,
        offer: &Offer<'_>,
        branch: (BranchName, Beginning),
    ) -> anyhow::Result<Placed> {
        let (name, report) = (branch.0.clone(), offer.report);
        let committer = self.committer(target, branch)?;
        let mut decided: Option<(UpdatePlan, bool)> = None;
        let commit = committer
            .commit(async |snapshot| {
                let read;
                let is_held = |held: &&Held| {
                    held.head == snapshot.head() && held.paths == FolderFiles::paths(report.time())
                };
                let folder = match offer.held.as_ref().filter(is_held) {
                    Some(held) => &held.folder,
                    None => {
                        read = found(&snapshot, target, report).await?;
                        &read
                    }
                };
                let api = target.client.address().as_str();
                let entry = HistoryUpdate {
                    scope: report.scope(),
                    time: report.time(),
                    seats: report.credible_seats(),
                    shows_every_seat: report.shows_every_seat(),
                    complete: Some(report.is_complete()),
                    csv: offer.csv.clone(),
                    manifest: self.manifest(report, api, Vec::new()),
                    inactive_after: self.inactive_after,
                    shortfall: report.reliable_shortfall(),
                    revoked: offer.revoked,
                    draw: crate::pages::draw,
                };
                let made = history::record(entry, folder, self.clock.now())
                    .with_context(|| format!("{} of {}", offer.folder, target.inputs.repository))?;
                let (change, _) = decided.insert((made, snapshot.exists()));
                if change.files.is_empty() {
                    return Ok(None);
                }
                let files = std::mem::take(&mut change.files).into_iter();
                let files = files.map(|(path, file)| Ok((offer.folder.join(&path)?, file)));
                Ok(Some(Change {
                    files: files.collect::<Result<_, NameError>>()?,
                    ..offer.message.clone()
                }))
            })
            .await?;
        let (recording, existed) = decided.ok_or_else(|| anyhow!("nothing was decided"))?;
        Ok(Placed {
            branch: name,
            recording,
            exists: existed || commit.is_some(),
            commit: commit.map(|commit| self.at_home(commit)),
        })
    }

    /// Commits to a branch of the target.
    pub(super) fn committer<'c>(
        &'c self,
        target: &'c Target<'_>,
        branch: (BranchName, Beginning),
    ) -> anyhow::Result<Committer<'c>> {
        let first_file = (
            target.inputs.directory.join("README.md")?,
            Bytes::from_static(FIRST_FILE.as_bytes()),
        );
        Ok(Committer::new(
            &target.client,
            self.clock,
            target.inputs.repository.clone(),
            branch,
            first_file,
            self.mark()?,
        ))
    }

    /// The same commit; without its page where that is not on the GitHub of this run.
    fn at_home(&self, commit: Commit) -> Commit {
        Commit {
            url: self.page_at_home(commit.url),
            ..commit
        }
    }

    /// The address of a page; none where that is not on the GitHub of this run.
    pub(super) fn page_at_home(&self, url: String) -> String {
        let home = self.run.as_ref().map(|run| format!("{}/", run.server));
        match home {
            Some(home) if !url.starts_with(&home) => String::new(),
            _ => url,
        }
    }

    fn message(&self, template: &str, report: &Report, file: &[u8]) -> Change {
        let date = date(report.time()).to_string();
        let message = template
            .replace("{scope}", report.scope().name())
            .replace("{date}", &date);
        let (headline, rest) = message.split_once('\n').unwrap_or((&message, ""));
        let mut body = Vec::new();
        if !rest.trim().is_empty() {
            body.push(rest.trim().to_owned());
        }
        let complete = if report.is_complete() {
            "complete"
        } else {
            "NOT PROVED COMPLETE"
        };
        body.push(format!(
            "{} seats, {} people, {complete}\nReport time: {}\nSHA-256: {}",
            report.seats().len(),
            report.people(),
            report.time(),
            hex::encode(Sha256::digest(file))
        ));
        body.push(self.made_by());
        Change {
            headline: headline.trim().to_owned(),
            body: body.join("\n\n"),
            files: Vec::new(),
        }
    }

    /// Which program made something, and in which run.
    pub(super) fn made_by(&self) -> String {
        let made_by = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));
        match &self.run {
            Some(run) => format!(
                "Made by {made_by} in {}/{}/actions/runs/{}/attempts/{}",
                run.server, run.repository, run.id, run.attempt
            ),
            None => format!("Made by {made_by}"),
        }
    }

    /// A mark that names run and attempt, and that no other delivery has.
    fn mark(&self) -> anyhow::Result<String> {
        let mut random = [0; 8];
        getrandom::fill(&mut random)
            .map_err(|error| anyhow!("the system gives no random numbers: {error}"))?;
        let random = hex::encode(random);
        Ok(match &self.run {
            Some(run) => format!("run {} attempt {} {random}", run.id, run.attempt),
            None => format!("by hand {random}"),
        })
    }
}

impl Placed {
    /// What happened, for people.
    fn told(&self, target: &Target<'_>) -> String {
        // A branch that was not begun, because it would hold nothing new.
        let branch = if self.exists {
            &self.branch
        } else {
            &target.branch
        };
        let place = format!("{} (branch {branch})", target.inputs.repository);
        match (&self.commit, &self.recording.action) {
            (Some(commit), _) => {
                format!(
                    "committed to {place} as {}, {}",
                    commit.sha, commit.verification
                )
            }
            (None, Action::Older(time)) => {
                format!("nothing committed to {place}: it has a newer report, of {time}")
            }
            (None, Action::SameTime) => format!(
                "nothing committed to {place}: another run recorded a report of the same second"
            ),
            (None, Action::LessComplete) => format!(
                "nothing committed to {place}: the day's report there is complete, and this one is not"
            ),
            (None, _) => {
                format!("nothing committed to {place}: no seat differs from the day's report there")
            }
        }
    }
}

/// What a repository without commits begins with.
const FIRST_FILE: &str = "# Copilot activity reports\n\nOne folder for each organization or enterprise. The files in them are written by a workflow; edits by hand may be overwritten.\n\nWho used Copilot when is personal data: keep this repository private.\n";
