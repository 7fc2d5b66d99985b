//! The audit repository's folder of one scope: which files a report has there, and whether it is
//! to be recorded.
//!
//! The rule of the day: the day's first run always records. A later run of the day replaces the
//! day's report, and only where the state of a seat differs. A report older than the recorded one
//! changes nothing.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::Report;
use super::csv::{Recorded, RecordedError};
use super::manifest::RecordedManifest;
use super::scope::ScopeKind;

/// The newest report, in GitHub's own form.
pub const LATEST: &str = "latest.csv";

/// Where the day of `time` has its report and its manifest: `reports/2026/2026-11-22` and an
/// ending. The day is that of UTC.
///
/// ```
/// use copilot_activity_report::report::day::day_stem;
///
/// assert_eq!(day_stem("2027-01-01T01:30:00+02:00".parse()?), "reports/2026/2026-12-31");
/// # Ok::<(), jiff::Error>(())
/// ```
#[must_use]
pub fn day_stem(time: Timestamp) -> String {
    let date = date(time);
    format!("reports/{:04}/{date}", date.year())
}

/// The day of `time` in UTC.
#[must_use]
pub fn date(time: Timestamp) -> jiff::civil::Date {
    time.to_zoned(TimeZone::UTC).date()
}

/// What the folder of a scope holds already, as far as the rule of the day needs it. Nothing
/// stands for a file that is not there.
#[derive(Debug, Default, Clone)]
pub struct Folder {
    /// [`LATEST`].
    pub latest: Option<Vec<u8>>,
    /// The report of the same day.
    pub day_report: Option<Vec<u8>>,
    /// The manifest of the same day.
    pub day_manifest: Option<Vec<u8>>,
}

/// What is to be done with a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Whether the report is to be recorded, and why not.
    pub action: Action,
    /// Whether the seats' state differs from the last recorded report.
    pub changed: bool,
    /// What was found in the folder that should not be so; the person is told.
    pub warnings: Vec<String>,
}

/// Whether a report is to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Write it.
    Record,
    /// The day has a report that says the same.
    Unchanged,
    /// The folder holds a newer report, of that time.
    Older(Timestamp),
    /// The day has a report that is proved complete, and this one is not.
    LessComplete,
}

/// Why a report cannot go into a folder at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the folder holds the reports of an {recorded} of the same name, not of the {ours}")]
pub struct OtherScope {
    /// Whose reports are there.
    pub recorded: ScopeKind,
    /// What this report is about.
    pub ours: ScopeKind,
}

/// How far two machines' clocks may be apart. A recorded report from further in the future was
/// not made when it says.
const CLOCKS_APART: SignedDuration = SignedDuration::from_hours(1);

/// Decides at the time `now` whether `report` is to be recorded in `folder`.
///
/// # Errors
/// Where the folder belongs to another scope: an organization and an enterprise may have the same
/// name, and the one must not overwrite the other.
pub fn decide(report: &Report, folder: &Folder, now: Timestamp) -> Result<Decision, OtherScope> {
    let mut warnings = Vec::new();
    let mut read = |what: &str, file: Option<&Vec<u8>>| -> Option<Recorded> {
        Recorded::read(file?)
            .map_err(|error: RecordedError| {
                warnings.push(format!(
                    "the recorded {what} cannot be read as a report ({error}); it is written anew, its old form stays in the repository's history"
                ));
            })
            .ok()
    };
    let latest = read(LATEST, folder.latest.as_ref());
    let day = read("report of the day", folder.day_report.as_ref());
    let manifest = folder
        .day_manifest
        .as_deref()
        .and_then(|file| RecordedManifest::read(file).ok());

    let ours = report.scope().kind();
    let kinds = [
        manifest.as_ref().map(|m| m.scope.kind),
        latest.as_ref().map(Recorded::kind),
    ];
    if let Some(recorded) = kinds.into_iter().flatten().find(|kind| *kind != ours) {
        return Err(OtherScope { recorded, ours });
    }

    let day_complete = manifest.as_ref().and_then(|m| m.complete);
    let recorded_time = [
        manifest.map(|m| m.report_time),
        latest.as_ref().and_then(Recorded::time),
        day.as_ref().and_then(Recorded::time),
    ]
    .into_iter()
    .flatten()
    .max();
    let recorded_time = recorded_time.filter(|time| {
        let possible = time.duration_since(now) <= CLOCKS_APART;
        if !possible {
            warnings.push(format!(
                "the recorded report says that it is of {time}, which is yet to come; it does not count as newer"
            ));
        }
        possible
    });
    let changed = !latest
        .as_ref()
        .is_some_and(|latest| latest.says_the_same_as(report));
    let action = match recorded_time {
        Some(time) if time > report.time() => Action::Older(time),
        _ if day_complete == Some(true) && !report.is_complete() => Action::LessComplete,
        _ if day_complete == Some(false) && report.is_complete() => Action::Record,
        _ if day.is_some_and(|day| day.says_the_same_as(report)) && !changed => Action::Unchanged,
        _ => Action::Record,
    };
    Ok(Decision {
        action,
        changed,
        warnings,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::completeness::{Doubt, Reading};
    use super::super::csv;
    use super::super::scope::Scope;
    use super::super::seat::{Account, Seat};
    use super::*;

    fn report(time: &str, logins: &[&str]) -> Report {
        let at: Timestamp = time.parse().unwrap();
        let reading = Reading {
            started_at: at,
            ended_at: at,
            pages: 1,
            totals: vec![Some(logins.len() as u64)],
            partial: false,
        };
        let seats = logins.iter().map(|login| Seat {
            assignee: Some(Account {
                id: None,
                login: (*login).into(),
            }),
            ..Seat::default()
        });
        let scope = Scope::new(ScopeKind::Organization, "acme").unwrap();
        Report::new(scope, reading, seats.collect())
    }

    fn file(report: &Report) -> Option<Vec<u8>> {
        let mut file = Vec::new();
        csv::write(report, &mut file).unwrap();
        Some(file)
    }

    fn recorded(report: &Report) -> Folder {
        Folder {
            latest: file(report),
            day_report: file(report),
            day_manifest: None,
        }
    }

    fn action(report: &Report, folder: &Folder) -> (Action, bool) {
        let decision = decide(report, folder, now()).unwrap();
        assert_eq!(decision.warnings, Vec::<String>::new());
        (decision.action, decision.changed)
    }

    fn now() -> Timestamp {
        "2026-11-22T20:00:00Z".parse().unwrap()
    }

    fn manifest(complete: bool) -> Option<Vec<u8>> {
        let manifest = format!(
            r#"{{"scope":{{"kind":"organization","name":"acme"}},"report_time":"{MORNING}","complete":{complete}}}"#
        );
        Some(manifest.into_bytes())
    }

    const MORNING: &str = "2026-11-22T06:00:00Z";
    const EVENING: &str = "2026-11-22T18:00:00Z";

    #[test]
    fn the_days_first_run_always_records() {
        let morning = report(MORNING, &["octocat"]);
        assert_eq!(action(&morning, &Folder::default()), (Action::Record, true));
        let same_as_yesterday = Folder {
            latest: file(&report("2026-11-21T06:00:00Z", &["octocat"])),
            ..Folder::default()
        };
        assert_eq!(
            action(&morning, &same_as_yesterday),
            (Action::Record, false)
        );
    }

    #[test]
    fn a_later_run_of_the_day_records_only_a_change() {
        let folder = recorded(&report(MORNING, &["octocat"]));
        assert_eq!(
            action(&report(EVENING, &["octocat"]), &folder),
            (Action::Unchanged, false)
        );
        assert_eq!(
            action(&report(EVENING, &["octocat", "hubot"]), &folder),
            (Action::Record, true)
        );
    }

    #[test]
    fn an_older_report_changes_nothing() {
        let evening = report(EVENING, &["octocat"]);
        assert_eq!(
            action(&report(MORNING, &["hubot"]), &recorded(&evening)),
            (Action::Older(evening.time()), true)
        );
    }

    #[test]
    fn an_older_report_than_one_of_nobody_changes_nothing() {
        let folder = Folder {
            day_manifest: Some(
                format!(r#"{{"scope":{{"kind":"organization","name":"acme"}},"report_time":"{EVENING}"}}"#).into(),
            ),
            ..recorded(&report(EVENING, &[]))
        };
        assert_eq!(
            action(&report(MORNING, &["hubot"]), &folder).0,
            Action::Older(EVENING.parse().unwrap())
        );
    }

    #[test]
    fn a_report_from_the_future_stops_no_other() {
        let folder = recorded(&report("2062-11-22T06:00:00Z", &["octocat"]));
        let decision = decide(&report(EVENING, &["hubot"]), &folder, now()).unwrap();
        assert_eq!(decision.action, Action::Record);
        assert!(decision.warnings[0].contains("2062"), "{decision:?}");
    }

    #[test]
    fn an_incomplete_report_does_not_replace_the_days_complete_one() {
        let complete = Folder {
            day_manifest: manifest(true),
            ..recorded(&report(MORNING, &["hubot", "octocat"]))
        };
        let mut short = report(EVENING, &["hubot"]);
        short.doubts.push(Doubt::TotalMissing { page: 1 });
        assert_eq!(action(&short, &complete).0, Action::LessComplete);

        let incomplete = Folder {
            day_manifest: manifest(false),
            ..recorded(&report(MORNING, &["hubot"]))
        };
        assert_eq!(
            action(&report(EVENING, &["hubot"]), &incomplete),
            (Action::Record, false)
        );
    }

    #[test]
    fn a_damaged_file_is_told_of_and_written_anew() {
        let folder = Folder {
            latest: Some(b"who,knows\n".to_vec()),
            ..recorded(&report(MORNING, &["octocat"]))
        };
        let decision = decide(&report(EVENING, &["octocat"]), &folder, now()).unwrap();
        assert_eq!(decision.action, Action::Record);
        assert!(decision.warnings[0].contains("latest.csv"), "{decision:?}");
    }

    #[test]
    fn an_organization_does_not_overwrite_an_enterprise_of_the_same_name() {
        let folder = Folder {
            latest: Some(csv::columns(ScopeKind::Enterprise).join(",").into_bytes()),
            ..Folder::default()
        };
        assert_eq!(
            decide(&report(MORNING, &[]), &folder, now())
                .unwrap_err()
                .recorded,
            ScopeKind::Enterprise
        );
    }

    #[test]
    fn a_day_is_that_of_utc() {
        assert_eq!(
            day_stem("2027-01-01T00:30:00+01:00".parse().unwrap()),
            "reports/2026/2026-12-31"
        );
    }
}
