//! Brings reports to a branch, which keeps one report per day and scope.
//!
//! All reports go into one commit, or as few as possible if they're too large for one. Each commit
//! has all files of its reports. A report that its history refuses is left out, and doesn't stop
//! the others.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::join_all;

use super::check::RepositoryCheck;
use super::directory::Directory;
use super::error::AuditError;
use super::folder::read_folder;
use super::repository::{AuditRepository, LastRead};
use crate::github::commit::{
    Commit, CommitContent, CommitError, MAX_MUTATION_SIZE, MissingBranch, Snapshot,
};
use crate::github::names::{BranchName, NameError, RepositoryPath};
use crate::history::{self, Action, FolderFiles, HistoryUpdate, Revoked, UpdatePlan};
use crate::pages::index::{self, END, Row, START};
use crate::report::Report;
use crate::report::columns::ColumnSet;
use crate::report::csv;
use crate::system::text::thousands;

/// How much of a commit's size is reserved for the list of all scopes. A row has some 120 bytes.
const MAX_LIST_SIZE: usize = 1_000_000;

/// How many files a commit has at most after GitHub refused one with more. GitHub documents no
/// limit, but others report this one.
const FEW_FILES: usize = 100;

/// The files of a commit.
type Files = Vec<(RepositoryPath, Bytes)>;

/// A report that's being recorded.
pub(super) struct PendingReport<'r> {
    pub(super) report: &'r Report,
    /// The seats that count as revoked if the report doesn't have them.
    revoked: Revoked<'r>,
    /// The content of the ledger when it was last read, or why it couldn't be read.
    last_read: Result<Option<LastRead>, Arc<AuditError>>,
    /// The state of the repository before the commit.
    check: Option<RepositoryCheck>,
    pub(super) csv: Bytes,
    /// The folder of the scope.
    pub(super) folder: RepositoryPath,
}

/// A report that is now on a branch, or already was.
pub(super) struct PlacedReport {
    pub(super) plan: UpdatePlan,
    pub(super) commit: Option<Commit>,
    pub(super) check: RepositoryCheck,
}

/// What became of each of several reports.
pub(super) type PlacedReports = Vec<Result<PlacedReport, Arc<AuditError>>>;

/// What one commit does with the first reports of a list.
#[derive(Default)]
struct Batch {
    /// How many files the commit that was tried last has.
    file_count: usize,
    /// What happens to each of them.
    plans: Vec<Result<UpdatePlan, AuditError>>,
    /// The positions of those in the last commit that was tried. If there's nothing left to commit
    /// afterwards, its response was lost.
    written: HashSet<usize>,
    /// Whether the branch existed before.
    existed: bool,
    has_foreign_index: bool,
}

impl AuditRepository<'_> {
    /// Prepares a report for a commit.
    pub(super) fn pending<'r>(
        &self,
        report: &'r Report,
        revoked: Revoked<'r>,
        last_read: Option<LastRead>,
    ) -> Result<PendingReport<'r>, AuditError> {
        // The repository always has GitHub's own columns, even if the files of this run have
        // others.
        let mut content = Vec::new();
        csv::write(report, ColumnSet::Github, &mut content)
            .map_err(|error| AuditError::Other(error.to_string()))?;
        Ok(PendingReport {
            report,
            revoked,
            last_read: Ok(last_read),
            check: None,
            folder: self.folder(report.scope())?,
            csv: Bytes::from(content),
        })
    }

    /// Brings reports to a branch. Returns whether the branch already existed, and adds what became
    /// of each report to `placed`.
    ///
    /// Fails if the branch of a pull request is gone. The first reports may be placed by then.
    pub(super) async fn place(
        &self,
        pending: &mut [PendingReport<'_>],
        branch: &(BranchName, MissingBranch),
        placed: &mut PlacedReports,
    ) -> Result<bool, AuditError> {
        let (mut branch, mut existed) = (branch.clone(), None);
        let mut max_files = usize::MAX;
        let mut left = pending;
        while !left.is_empty() {
            let mut batch = Batch::default();
            let to = (branch.clone(), max_files);
            let committed = self.commit_first(left, to, &mut batch).await;
            let (commit, failure) = match committed {
                Ok(commit) => (commit, None),
                Err(AuditError::Commit(gone @ CommitError::Gone { .. })) => {
                    return Err(gone.into());
                }
                Err(AuditError::Commit(error))
                    if batch.file_count > FEW_FILES.min(max_files)
                        && error.may_be_for_its_size() =>
                {
                    tracing::warn!(
                        "GitHub refused a commit of {} files. The action tries again with up to {FEW_FILES} files in a commit. {error}",
                        thousands(batch.file_count)
                    );
                    max_files = FEW_FILES;
                    continue;
                }
                Err(error) => (None, Some(Arc::new(error))),
            };
            existed.get_or_insert(batch.existed);
            let exists = batch.existed || commit.is_some();
            if exists && matches!(branch.1, MissingBranch::From(_)) {
                // Another branch with the same name wouldn't have the first reports.
                branch.1 = MissingBranch::Never;
            }
            if batch.has_foreign_index {
                self.explain_foreign_index()?;
            }
            let (first, rest) = left.split_at_mut(batch.plans.len());
            let plans = batch.plans.into_iter().enumerate();
            placed.extend(plans.zip(first).map(|((number, plan), pending)| {
                let is_written = batch.written.contains(&number);
                let plan = plan.map_err(Arc::new)?;
                match &failure {
                    Some(failure) if is_written => Err(Arc::clone(failure)),
                    _ => {
                        let commit = commit.clone().filter(|_| is_written);
                        PlacedReport::new(plan, commit, pending)
                    }
                }
            }));
            if let Some(failure) = failure {
                // The others would fail in the same way.
                placed.extend(rest.iter().map(|_| Err(Arc::clone(&failure))));
                break;
            }
            left = rest;
        }
        Ok(existed.unwrap_or_default())
    }

    /// Commits as many of the first reports as fit in a commit.
    async fn commit_first(
        &self,
        pending: &mut [PendingReport<'_>],
        (branch, max_files): ((BranchName, MissingBranch), usize),
        batch: &mut Batch,
    ) -> Result<Option<Commit>, AuditError> {
        let committer = self.committer(branch)?;
        let commit = committer.commit(async |snapshot| {
            let directory = self.directory(&snapshot).await?;
            if directory.is_file {
                return Err(self.in_the_way(&self.inputs.directory));
            }
            self.read_again(&snapshot, &directory, pending).await;
            self.check_all(&snapshot, pending).await;
            batch.existed = snapshot.exists();
            batch.plans.clear();
            let (mut files, mut rows, mut included) = (Files::new(), Vec::new(), Vec::new());
            let (mut size, mut written) = (0, HashSet::new());
            for (number, pending) in pending.iter().enumerate() {
                let planned = self.plan(pending, &directory);
                let (plan, new) = match planned {
                    Ok(planned) => planned,
                    Err(error) => {
                        batch.plans.push(Err(error));
                        continue;
                    }
                };
                let new_size: usize = new.iter().map(|(_, file)| file.len()).sum();
                // One more file is the list of all scopes.
                let is_full = size + new_size > MAX_MUTATION_SIZE - MAX_LIST_SIZE
                    || files.len() + new.len() >= max_files;
                if is_full && !files.is_empty() && !new.is_empty() {
                    break;
                }
                size += new_size;
                if let Some(day) = &plan.day {
                    written.insert(number);
                    rows.push(Row::new(pending.report.scope(), day));
                    included.push(pending);
                }
                files.extend(new);
                batch.plans.push(Ok(plan));
            }
            if files.is_empty() {
                return Ok::<_, AuditError>(None);
            }
            batch.written = written;
            let list = self.list(rows, &directory)?;
            batch.has_foreign_index = list.is_none();
            files.extend(list.flatten());
            batch.file_count = files.len();
            Ok(Some(self.message(&included, files)))
        });
        let commit = commit.await?;
        Ok(commit.map(|commit| Commit {
            url: self.trusted_url(commit.url),
            ..commit
        }))
    }

    /// Reads the folders again that changed since they were read, or for which the day has.
    async fn read_again(
        &self,
        snapshot: &Snapshot<'_>,
        directory: &Directory,
        pending: &mut [PendingReport<'_>],
    ) {
        let changed = pending.iter_mut().filter_map(|pending| {
            let id = directory.folder_id(&pending.folder);
            let is_current = |read: &LastRead| {
                let is_same = read.head == snapshot.head()
                    || (id.is_some() && read.folder_id.as_deref() == id);
                is_same && read.paths == FolderFiles::paths(pending.report.time())
            };
            match &pending.last_read {
                Ok(Some(read)) if is_current(read) => None,
                _ => Some((pending, id)),
            }
        });
        join_all(changed.map(async |(pending, id)| {
            let read = read_folder(snapshot, self, pending.report).await;
            pending.last_read = match read {
                Ok(files) => Ok(Some(LastRead {
                    head: snapshot.head().to_owned(),
                    folder_id: id.map(str::to_owned),
                    files,
                    paths: FolderFiles::paths(pending.report.time()),
                })),
                Err(error) => Err(Arc::new(error)),
            };
        }))
        .await;
    }

    /// Checks the repository for each report, as of this snapshot.
    async fn check_all(&self, snapshot: &Snapshot<'_>, pending: &mut [PendingReport<'_>]) {
        let is_of_head = |check: &RepositoryCheck| check.state.parent == snapshot.head();
        let unchecked = pending
            .iter_mut()
            .filter(|pending| !pending.check.as_ref().is_some_and(is_of_head));
        let unchecked: Vec<_> = unchecked.collect();
        if unchecked.is_empty() {
            return;
        }
        let protection = snapshot.protection(&self.branch).await;
        join_all(unchecked.into_iter().map(async |pending| {
            if let Ok(Some(LastRead { files, .. })) = &pending.last_read {
                let place = (pending.report.scope(), &pending.folder);
                pending.check = Some(self.check(snapshot, &protection, place, files).await);
            }
        }))
        .await;
    }

    /// Plans the update of one history. Returns the files to write.
    fn plan(
        &self,
        pending: &PendingReport<'_>,
        directory: &Directory,
    ) -> Result<(UpdatePlan, Files), AuditError> {
        if directory.is_in_the_way(&pending.folder) {
            return Err(self.in_the_way(&pending.folder));
        }
        let read = match &pending.last_read {
            Ok(Some(read)) => read,
            Ok(None) => return Err(AuditError::Other("nothing was read".to_owned())),
            Err(error) => return Err(AuditError::Shared(Arc::clone(error))),
        };
        let mut entry = self.entry(pending);
        entry.manifest.repository = pending.check.as_ref().map(|check| check.state.clone());
        let recorded = history::record(entry, &read.files, self.clock.now());
        let mut plan = recorded.map_err(|error| self.refused(&pending.folder, error))?;
        let files = std::mem::take(&mut plan.files).into_iter();
        let files = files.map(|(path, file)| Ok((pending.folder.join(&path)?, file)));
        let files = files.collect::<Result<Files, NameError>>()?;
        CommitContent::check(&files)?;
        Ok((plan, files))
    }

    fn in_the_way(&self, path: &RepositoryPath) -> AuditError {
        AuditError::InTheWay {
            path: path.clone(),
            repository: self.inputs.repository.clone(),
        }
    }

    /// Returns the list of all scopes if it has to change for these rows, or `None` if the file
    /// isn't the action's.
    ///
    /// A pull request doesn't change the list. Otherwise those of two runs would always conflict,
    /// and only a person could merge the second one.
    fn list(
        &self,
        rows: Vec<Row>,
        directory: &Directory,
    ) -> Result<Option<Option<(RepositoryPath, Bytes)>>, NameError> {
        if self.inputs.pull_request {
            return Ok(Some(None));
        }
        let file = directory.index.as_deref();
        let new: HashSet<String> = rows.iter().map(Row::folder).collect();
        let has_folder = |name: &str| directory.has(name) || new.contains(name);
        let Some(list) = index::update(file, rows, self.once.borrow().as_ref(), has_folder) else {
            return Ok(None);
        };
        let is_new = file != Some(list.as_bytes());
        let change = is_new.then(|| Ok((self.index()?, Bytes::from(list))));
        change.transpose().map(Some)
    }

    fn explain_foreign_index(&self) -> Result<(), NameError> {
        tracing::info!(
            "{} of {} has no list of the reports, because the action didn't create the file. To add the list, add these two lines to it: `{START}` and `{END}`.",
            self.index()?,
            self.inputs.repository
        );
        Ok(())
    }

    /// Describes the report as an update of the history.
    fn entry<'e>(&'e self, pending: &'e PendingReport<'_>) -> HistoryUpdate<'e> {
        let report = pending.report;
        let api = self.client.address().as_str();
        HistoryUpdate {
            scope: report.scope(),
            time: report.time(),
            seats: report.credible_seats(),
            shows_every_seat: report.shows_every_seat(),
            complete: Some(report.is_complete()),
            csv: pending.csv.clone(),
            manifest: self.provenance.manifest(report, api, Vec::new()),
            inactive_after: self.inactive_after,
            shortfall: report.reliable_shortfall(),
            revoked: pending.revoked,
            draw: crate::pages::draw,
        }
    }
}

impl PlacedReport {
    fn new(
        plan: UpdatePlan,
        commit: Option<Commit>,
        pending: &PendingReport<'_>,
    ) -> Result<Self, Arc<AuditError>> {
        let check = pending.check.clone();
        let check = check.ok_or_else(|| AuditError::Other("nothing was decided".to_owned()));
        Ok(Self {
            plan,
            commit,
            check: check?,
        })
    }

    /// Describes the result. `branch` is the branch with the report, which exists only if there was
    /// something to commit.
    pub(super) fn summary(&self, repository: &AuditRepository<'_>, branch: &BranchName) -> String {
        let place = format!("{} (branch {branch})", repository.inputs.repository);
        if let Some(Commit {
            sha, verification, ..
        }) = &self.commit
        {
            return format!("committed to {place} as {sha}, {verification}");
        }
        let why = match self.plan.action {
            Action::Older(time) => &format!("it has a newer report, from {time}"),
            Action::SameTime => "another run recorded a report from the same second",
            Action::LessComplete => "the day's report there is complete, and this one is not",
            _ => "no seat differs from the day's report there",
        };
        format!("nothing committed to {place}: {why}")
    }
}
