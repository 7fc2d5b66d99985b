//! Starts a history from reports that were downloaded from GitHub.
//!
//! All files are checked first, and nothing is recorded unless all of them are usable. The action's
//! next report fills in what the files don't include: IDs, teams, plans, and grants.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

use super::error::RecordError;
use super::folder_files::FolderFiles;
use super::page::DrawPages;
use super::plan::{HistoryUpdate, Revoked, UpdatePlan};
use super::record::record;
use crate::report::credible_until;
use crate::report::csv::{RecordedError, RecordedReport, ShapeError};
use crate::report::manifest::{Manifest, sha256};
use crate::report::scope::{Scope, ScopeKind};
use crate::report::seat::{Seat, without_times_after};
use crate::system::git::is_lfs_pointer;
use crate::system::text::shown;

/// The part that follows the slug in the names of the files that GitHub generates.
const IN_NAME: &str = "-seat-activity-";

/// A downloaded report that can be imported.
#[derive(Debug, Clone)]
pub(crate) struct Download {
    /// The file's name.
    pub name: String,
    /// The time of the report.
    pub time: Timestamp,
    kind: ScopeKind,
    /// The hash of the file, to detect whether it changes.
    sha256: String,
    /// The hash of the file reduced to GitHub's columns, which two files can have in common.
    form_sha256: String,
}

/// Why a file can't be imported.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadFile {
    /// It isn't a report, or it's damaged.
    #[error("{0}. {way}", way = way_out(.0))]
    Report(#[from] RecordedError),
    /// The rows have different times, but a report has only one.
    #[error("its rows have different times. Someone combined or changed the file")]
    SeveralTimes,
    /// A report without rows doesn't say when it was created.
    #[error(
        "it has no rows, so only a name that ends in `{IN_NAME}` and the seconds since 1970 could show its time"
    )]
    NoTime,
    /// The name is that of another scope's report.
    #[error("its name says that it's a report of {}", shown(.0, 100))]
    OtherScope(String),
    /// The report's time is in the future.
    #[error("it says that it's from {0}, which is in the future")]
    Future(Timestamp),
    /// It's impossible to know which of the two is right.
    #[error("it has the same time as {}, but has different content", shown(.0, 100))]
    Contradicts(String),
    /// An organization's report doesn't name other organizations.
    #[error(
        "it has the column `Organization` of an enterprise's report, but you set `--organization`"
    )]
    Enterprise,
    /// The content is in Git LFS.
    #[error("it's a Git LFS pointer instead of the file. Run `git lfs pull` where it comes from")]
    Lfs,
    /// The file can't be read.
    #[error("it can't be read: {0}")]
    Io(#[from] std::io::Error),
}

/// How to get a file that can be imported instead.
fn way_out(error: &RecordedError) -> &'static str {
    match error {
        RecordedError::Cells { .. }
        | RecordedError::Shape(
            ShapeError::Empty | ShapeError::CutOff { .. } | ShapeError::OpenQuote { .. },
        ) => "Copy it again from an undamaged source, or remove it",
        RecordedError::Shape(ShapeError::FieldNames(_) | ShapeError::Columns) => {
            "Import the file that you get from \"Get activity report\" on GitHub, or a CSV file of this action"
        }
        _ => {
            "Spreadsheet programs and editors save files that way. Import the file as it was downloaded, before another program saved it"
        }
    }
}

impl Download {
    /// Checks the file `name` at the time `now`, to import it for the scope `slug`.
    pub(crate) fn read(
        name: &str,
        file: &[u8],
        slug: &str,
        now: Timestamp,
    ) -> Result<Self, BadFile> {
        if is_lfs_pointer(file) {
            return Err(BadFile::Lfs);
        }
        let recorded = RecordedReport::read_download(file, slug)?;
        let (of, seconds) = match name.rsplit_once(IN_NAME) {
            Some((of, rest)) => (Some(of), seconds(rest)),
            None => (None, None),
        };
        if let Some(of) = of
            && !of.eq_ignore_ascii_case(slug)
        {
            return Err(BadFile::OtherScope(of.to_owned()));
        }
        if !recorded.is_of_one_time {
            return Err(BadFile::SeveralTimes);
        }
        let time = recorded.time.or(seconds).ok_or(BadFile::NoTime)?;
        if time > now {
            return Err(BadFile::Future(time));
        }
        let kind = recorded.kind;
        let (_, form) = recorded.into_github_form(Bytes::copy_from_slice(file), kind)?;
        Ok(Self {
            name: name.to_owned(),
            time,
            kind,
            sha256: sha256(file),
            form_sha256: sha256(&form),
        })
    }

    /// Records the report in `folder`. `file` is the file that [`Download::read`] checked.
    pub(crate) fn record(
        &self,
        file: Bytes,
        scope: &Scope,
        inactive_after: SignedDuration,
        folder: &FolderFiles,
        (draw, now): (DrawPages, Timestamp),
    ) -> Result<UpdatePlan, ImportError> {
        if sha256(&file) != self.sha256 {
            return Err(ImportError::Changed);
        }
        let recorded = RecordedReport::read_download(&file, scope.name())?;
        let (recorded, csv) = recorded.into_github_form(file, scope.kind())?;
        let mut seats = recorded.seats();
        seats.sort_by(Seat::order);
        if let Some(credible) = without_times_after(&seats, credible_until(self.time)) {
            seats = credible;
        }
        let entry = HistoryUpdate {
            scope,
            time: self.time,
            seats: &seats,
            shows_every_seat: true,
            complete: None,
            csv,
            manifest: Manifest::imported(scope, &self.name, self.time, &seats),
            inactive_after,
            shortfall: Some(0),
            revoked: Revoked::All,
            draw,
        };
        Ok(record(entry, folder, now)?)
    }
}

/// Why a usable file couldn't be recorded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ImportError {
    /// The file differs from the one that was checked.
    #[error("the file changed during the import")]
    Changed,
    /// The file can't be read anymore. This never happens in practice, because it's the file that
    /// was checked.
    #[error(transparent)]
    Report(#[from] RecordedError),
    /// The folder doesn't accept the report.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// What to import.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The reports to record, in order of time.
    pub downloads: Vec<Download>,
    /// Files whose GitHub columns are byte for byte the same as those of one of `downloads`. Each
    /// has its name and the name of that download.
    pub same: Vec<(String, String)>,
    /// Files that can't be imported together with the others, and why.
    pub bad: Vec<(String, BadFile)>,
}

/// Sorts `downloads` of a scope of that `kind` by time, and separates duplicates and conflicts.
pub(crate) fn plan(mut downloads: Vec<Download>, kind: ScopeKind) -> Plan {
    downloads.sort_by(|one, other| (one.time, &one.name).cmp(&(other.time, &other.name)));
    let mut plan = Plan {
        downloads: Vec::with_capacity(downloads.len()),
        same: Vec::new(),
        bad: Vec::new(),
    };
    for download in downloads {
        if kind == ScopeKind::Organization && download.kind == ScopeKind::Enterprise {
            plan.bad.push((download.name, BadFile::Enterprise));
            continue;
        }
        match plan.downloads.last() {
            Some(last)
                if last.time == download.time && last.form_sha256 == download.form_sha256 =>
            {
                plan.same.push((download.name, last.name.clone()));
            }
            Some(last) if last.time == download.time => {
                let bad = BadFile::Contradicts(last.name.clone());
                plan.bad.push((download.name, bad));
            }
            _ => plan.downloads.push(download),
        }
    }
    plan
}

/// The time at the end of a file's name.
fn seconds(rest: &str) -> Option<Timestamp> {
    let (seconds, ending) = rest.split_once('.')?;
    let is_number = !seconds.is_empty() && seconds.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || !ending.eq_ignore_ascii_case("csv") {
        return None;
    }
    Timestamp::from_second(seconds.parse().ok()?).ok()
}
