//! Tests the history across consecutive reports.

#![allow(clippy::unwrap_used, clippy::panic)]

mod page;
mod people;
mod proptests;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::changes::Kind;
use super::folder_files::FolderFiles;
use super::plan::{Action, HistoryUpdate, Revoked, UpdatePlan};
use super::{RecordError, changes, record};
use crate::report::Report;
use crate::report::columns::ColumnSet;
use crate::report::completeness::{IncompleteReason, Reading};
use crate::report::csv;
use crate::report::day::day_stem;
use crate::report::manifest::{Manifest, sha256};
use crate::report::scope::{Scope, ScopeKind};
use crate::report::seat::{Account, Seat, Team};

/// The folder of a scope in a repository.
#[derive(Default, Clone)]
struct Repository(BTreeMap<String, Vec<u8>>);

const MONTH: SignedDuration = SignedDuration::from_hours(30 * 24);

impl Repository {
    fn folder(&self, time: Timestamp) -> FolderFiles {
        let day = format!("{}.json", day_stem(time));
        let files = FolderFiles::paths(time).map(|path| self.0.get(&path).cloned());
        let mut manifests = self.0.iter().filter(|(path, _)| path.ends_with(".json"));
        let previous = manifests.rfind(|(path, _)| **path < day);
        FolderFiles::from_files(
            files,
            previous.map(|(path, file)| (path.clone(), file.clone())),
        )
    }

    fn try_record(&mut self, report: &Report) -> Result<UpdatePlan, RecordError> {
        let mut file = Vec::new();
        csv::write(report, ColumnSet::Github, &mut file).unwrap();
        let update = HistoryUpdate {
            scope: report.scope(),
            time: report.time(),
            seats: report.credible_seats(),
            shows_every_seat: report.shows_every_seat(),
            complete: Some(report.is_complete()),
            csv: file.into(),
            manifest: Manifest::new(report, "https://api.github.com/", None, Vec::new()),
            inactive_after: MONTH,
            shortfall: report.reliable_shortfall(),
            draw: crate::pages::draw,
            revoked: if report.is_complete() {
                Revoked::All
            } else {
                Revoked::Only(&[])
            },
        };
        let now = "2027-12-31T00:00:00Z".parse().unwrap();
        let plan = record(update, &self.folder(report.time()), now)?;
        for (path, file) in &plan.files {
            self.0.insert(path.clone(), file.to_vec());
        }
        Ok(plan)
    }

    fn record(&mut self, report: &Report) -> UpdatePlan {
        self.try_record(report).unwrap()
    }

    /// Records a report, and expects no warnings.
    fn quietly(&mut self, report: &Report) -> UpdatePlan {
        let plan = self.record(report);
        assert_eq!(plan.warnings, Vec::<String>::new());
        plan
    }

    fn text(&self, path: &str) -> String {
        String::from_utf8(self.0.get(path).cloned().unwrap_or_default()).unwrap()
    }

    /// The lines of a file below its header.
    fn lines(&self, path: &str) -> Vec<String> {
        self.text(path).lines().skip(1).map(str::to_owned).collect()
    }
}

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

fn of_kind(kind: ScopeKind, time: &str, seats: Vec<Seat>) -> Report {
    let reading = Reading {
        started_at: at(time),
        ended_at: at(time),
        pages: 1,
        totals: vec![Some(0)],
        ..Reading::default()
    };
    Report::new(Scope::new(kind, "acme").unwrap(), reading, seats)
}

fn report(time: &str, seats: Vec<Seat>) -> Report {
    of_kind(ScopeKind::Organization, time, seats)
}

fn incomplete(report: Report) -> Report {
    report.with_reason(IncompleteReason::TotalMissing { page: 1 })
}

fn seat(login: &str, id: u64) -> Seat {
    Seat {
        assignee: Some(Account {
            id: Some(id),
            login: login.into(),
        }),
        plan_type: Some("business".into()),
        created_at: Some(at("2026-01-05T09:00:00Z")),
        ..Seat::default()
    }
}

fn octocat() -> Seat {
    seat("octocat", 1)
}

fn used(seat: Seat, time: &str, surface: &str) -> Seat {
    Seat {
        last_activity_at: Some(at(time)),
        last_surface_used: Some(surface.into()),
        ..seat
    }
}

const MORNING: &str = "2026-11-22T06:00:00Z";
const EVENING: &str = "2026-11-22T18:00:00Z";
const NEXT_DAY: &str = "2026-11-23T06:00:00Z";

#[test]
fn the_first_report_is_a_baseline_without_changes() {
    let mut repository = Repository::default();
    let plan = repository.quietly(&report(MORNING, vec![octocat()]));
    assert_eq!((plan.action, plan.changed), (Action::Record, true));
    assert_eq!((plan.granted, plan.revoked), (0, 0));
    let paths: Vec<&str> = repository.0.keys().map(String::as_str).collect();
    assert_eq!(
        paths,
        [
            ".gitattributes",
            "README.md",
            "latest.csv",
            "people.csv",
            "reports/2026/2026-11-22.csv",
            "reports/2026/2026-11-22.json",
            "seats.csv",
            "totals.csv",
            "trend-dark.svg",
            "trend-light.svg",
        ]
    );
    assert_eq!(
        repository.lines("seats.csv"),
        ["octocat,1,,,,,business,2026-01-05T09:00:00Z,,,,"]
    );
    assert_eq!(
        repository.lines("people.csv"),
        ["1,octocat,2026-11-22T06:00:00Z,2026-11-22T06:00:00Z,2026-11-22T06:00:00Z,true,,,"]
    );
    assert_eq!(
        repository.lines("totals.csv"),
        ["2026-11-22T06:00:00Z,1,1,0,1,0,0,0,0,true"]
    );
}

#[test]
fn the_first_report_of_a_day_is_always_recorded_and_later_ones_if_different() {
    let mut repository = Repository::default();
    repository.quietly(&report("2026-11-21T06:00:00Z", vec![octocat()]));
    let same = repository.quietly(&report(MORNING, vec![octocat()]));
    assert_eq!((same.action, same.changed), (Action::Record, false));
    let written: Vec<&str> = same.files.iter().map(|(path, _)| path.as_str()).collect();
    assert!(!written.contains(&"seats.csv"), "{written:?}");

    let again = repository.quietly(&report("2026-11-22T12:00:00Z", vec![octocat()]));
    assert_eq!((again.action, again.changed), (Action::Unchanged, false));
    assert!(again.files.is_empty());

    let more = vec![octocat(), seat("hubot", 2)];
    let more = repository.quietly(&report(EVENING, more));
    assert_eq!((more.action, more.changed), (Action::Record, true));
    repository.quietly(&report("2026-11-22T20:00:00Z", vec![seat("hubot", 2)]));
    let totals = repository.lines("totals.csv");
    assert_eq!(totals.len(), 2);
    assert_eq!(totals[1], "2026-11-22T20:00:00Z,1,1,0,1,0,0,1,1,true");
    assert_eq!(repository.lines("changes/2026.csv").len(), 2);
}

#[test]
fn an_older_report_changes_nothing_even_if_the_newest_one_is_empty() {
    for seats in [vec![octocat()], vec![]] {
        let mut repository = Repository::default();
        repository.quietly(&report(EVENING, seats));
        let before = repository.clone();
        for time in [MORNING, "2026-11-20T00:00:00Z"] {
            let plan = repository.quietly(&report(time, vec![seat("hubot", 2)]));
            assert_eq!(plan.action, Action::Older(at(EVENING)));
            assert!(!plan.changed && plan.changes.is_empty());
            assert_eq!((plan.granted, plan.revoked), (0, 0));
        }
        assert_eq!(repository.0, before.0);
    }
}

#[test]
fn what_a_newer_report_wrote_is_not_reported_as_an_edit() {
    let mut repository = Repository::default();
    repository.quietly(&report(MORNING, vec![octocat()]));
    let active = used(octocat(), "2026-11-22T12:00:00Z", "copilot-cli");
    repository.quietly(&report("2026-11-25T06:00:00Z", vec![active]));
    for late in [EVENING, NEXT_DAY] {
        let plan = repository.quietly(&report(late, vec![octocat()]));
        assert!(matches!(plan.action, Action::Older(_)), "{late}");
    }
}

#[test]
fn no_report_is_recorded_before_one_from_the_future() {
    let mut repository = Repository::default();
    repository.quietly(&report("2062-11-22T06:00:00Z", vec![octocat()]));
    let before = repository.0.clone();
    let error = repository.try_record(&report(EVENING, vec![seat("hubot", 2)]));
    let error = error.unwrap_err().to_string();
    assert!(error.contains("is from 2062-11-22T06:00:00Z"), "{error}");
    assert_eq!(repository.0, before);
}

#[test]
fn a_totals_line_from_the_future_does_not_stop_a_report() {
    let mut repository = Repository::default();
    repository.quietly(&report(MORNING, vec![octocat()]));
    let totals = repository
        .text("totals.csv")
        .replace("2026-11-22", "2062-11-22");
    repository.0.insert("totals.csv".to_owned(), totals.into());
    let plan = repository.record(&report(NEXT_DAY, vec![octocat()]));
    assert_eq!(plan.action, Action::Record);
    let message = plan.warnings.join("\n");
    assert!(
        message.contains("2062-11-22T06:00:00Z, which is in the future"),
        "{message}"
    );
}

#[test]
fn of_two_reports_in_the_same_second_the_first_one_stays() {
    let mut repository = Repository::default();
    repository.quietly(&report(MORNING, vec![octocat(), seat("hubot", 2)]));
    let before = repository.0.clone();
    let other = repository.quietly(&report(MORNING, vec![octocat()]));
    assert_eq!(other.action, Action::SameTime);
    assert_eq!((other.changed, other.revoked), (false, 0));
    let same = report(MORNING, vec![octocat(), seat("hubot", 2)]);
    assert_eq!(repository.quietly(&same).action, Action::Unchanged);
    assert_eq!(repository.0, before);
}

#[test]
fn without_its_manifest_a_history_proves_only_grants_with_a_date() {
    let mut repository = Repository::default();
    repository.quietly(&report(MORNING, vec![octocat()]));
    repository.0.remove("reports/2026/2026-11-22.json");
    let dated = Seat {
        created_at: Some(EVENING.parse().unwrap()),
        ..seat("dated", 3)
    };
    let all = vec![octocat(), seat("hubot", 2), dated];
    let plan = repository.record(&report(NEXT_DAY, all));
    assert_eq!(plan.granted, 1);
    assert_eq!(repository.lines("seats.csv").len(), 3);
    assert!(
        repository
            .text("changes/2026.csv")
            .contains(",dated,,,granted,")
    );
}

#[test]
fn an_incomplete_report_revokes_no_seats() {
    let mut repository = Repository::default();
    let both = vec![octocat(), seat("hubot", 2)];
    repository.quietly(&report(MORNING, both.clone()));
    let short = repository.quietly(&incomplete(report(NEXT_DAY, vec![octocat()])));
    assert_eq!((short.changed, short.revoked), (false, 0));
    assert_eq!(repository.text("changes/2026.csv"), "");
    assert_eq!(repository.lines("seats.csv").len(), 2);
    assert!(
        repository.lines("people.csv")[0].contains("hubot")
            && repository.lines("people.csv")[0].contains(",true,")
    );
    assert!(
        repository
            .text("README.md")
            .contains("couldn't be verified as complete")
    );

    let less = repository.quietly(&report("2026-11-24T06:00:00Z", vec![octocat()]));
    assert_eq!((less.changed, less.revoked), (true, 1));
    let complete = incomplete(report("2026-11-24T08:00:00Z", vec![]));
    assert_eq!(repository.quietly(&complete).action, Action::LessComplete);

    let mut repository = Repository::default();
    repository.quietly(&incomplete(report(MORNING, both.clone())));
    let whole = repository.quietly(&report(EVENING, both));
    assert_eq!((whole.action, whole.changed), (Action::Record, false));
}

#[test]
fn an_organization_does_not_overwrite_an_enterprise_of_the_same_name() {
    let mut repository = Repository::default();
    repository.quietly(&of_kind(ScopeKind::Enterprise, MORNING, vec![]));
    for time in [EVENING, NEXT_DAY] {
        let error = repository.try_record(&report(time, vec![])).unwrap_err();
        assert!(matches!(
            error,
            RecordError::OtherKind {
                recorded: ScopeKind::Enterprise,
                ..
            }
        ));
    }
}

#[test]
fn manifests_name_their_predecessor_and_list_every_file() {
    let mut repository = Repository::default();
    repository.quietly(&report(MORNING, vec![octocat()]));
    let first: serde_json::Value =
        serde_json::from_slice(&repository.0["reports/2026/2026-11-22.json"]).unwrap();
    assert!(first["previous"].is_null());
    repository.quietly(&report(NEXT_DAY, vec![octocat()]));
    repository.quietly(&report("2026-11-23T18:00:00Z", vec![seat("hubot", 2)]));
    let last: serde_json::Value =
        serde_json::from_slice(&repository.0["reports/2026/2026-11-23.json"]).unwrap();
    assert_eq!(last["previous"]["name"], "reports/2026/2026-11-22.json");
    let sha = sha256(&repository.0["reports/2026/2026-11-22.json"]);
    assert_eq!(last["previous"]["sha256"], sha);
    let named = last["files"].as_array().unwrap();
    for file in named {
        let content = &repository.0[file["name"].as_str().unwrap()];
        assert_eq!(file["sha256"], sha256(content), "{file}");
        assert_eq!(file["size"], content.len());
    }
    // All files except the previous day's report and the manifests.
    assert_eq!(named.len(), repository.0.len() - 3);
}

#[test]
fn damaged_missing_or_edited_files_are_reported_and_lose_no_lines() {
    let recorded = || {
        let mut repository = Repository::default();
        repository.quietly(&report(MORNING, vec![octocat(), seat("gone", 5)]));
        repository.quietly(&report(NEXT_DAY, vec![octocat()]));
        repository
    };
    let edits: [(&str, Option<&str>); 12] = [
        ("latest.csv", Some("who,knows\n")),
        ("latest.csv", None),
        ("seats.csv", Some("<<<<<<< HEAD\n")),
        ("seats.csv", None),
        ("people.csv", Some("\"")),
        ("people.csv", None),
        ("totals.csv", Some("Report Time\nyesterday\n")),
        ("totals.csv", None),
        ("changes/2026.csv", Some("a line of mine")),
        ("changes/2026.csv", None),
        ("reports/2026/2026-11-23.json", Some("{}")),
        ("reports/2026/2026-11-23.csv", Some("")),
    ];
    for (path, content) in edits {
        for time in ["2026-11-23T20:00:00Z", "2026-11-24T06:00:00Z"] {
            let mut repository = recorded();
            match content {
                Some(content) => repository.0.insert(path.to_owned(), content.into()),
                None => repository.0.remove(path),
            };
            let new = Seat {
                created_at: Some("2026-11-23T12:00:00Z".parse().unwrap()),
                ..seat("new", 6)
            };
            let plan = repository.record(&report(time, vec![octocat(), new.clone()]));
            let message = plan.warnings.join("\n");
            let of_another_day = path.ends_with("11-23.csv") && time.contains("-24T");
            assert!(
                message.contains(path.trim_end_matches(".json")) || of_another_day,
                "{path}: {message}"
            );
            assert_eq!(plan.action, Action::Record, "{path}");
            assert_eq!(repository.lines("latest.csv").len(), 2, "{path}");
            assert_eq!(repository.lines("seats.csv").len(), 2, "{path}");
            assert!(repository.lines("people.csv").len() >= 2, "{path}");
            assert!(
                repository.text("totals.csv").contains("\n2026-11-2"),
                "{path}"
            );
            let changes = repository.text("changes/2026.csv");
            assert_eq!(
                changes.matches(",new,,,granted,").count(),
                1,
                "{path}: {changes}"
            );
            if let Some(content) = content.filter(|_| path.starts_with("changes")) {
                assert!(changes.starts_with(content), "{changes}");
            }
            let next = report("2026-11-25T06:00:00Z", vec![octocat(), new]);
            let next = repository.record(&next);
            // Lines that are kept as they are stay damaged, and cause warnings until someone fixes
            // them.
            let stays = content.is_some_and(|_| ["totals", "change"].contains(&&path[..6]));
            assert_eq!(!next.warnings.is_empty(), stays, "{path}: {next:?}");
            assert!(!next.changed);
        }
    }
}

#[test]
fn an_altered_report_of_the_day_is_written_again() {
    for path in [
        "latest.csv",
        "reports/2026/2026-11-22.csv",
        "reports/2026/2026-11-22.json",
    ] {
        let mut repository = Repository::default();
        repository.quietly(&report(MORNING, vec![octocat()]));
        repository.0.insert(path.to_owned(), b"{}".to_vec());
        let plan = repository.record(&report(EVENING, vec![octocat()]));
        assert_eq!(plan.action, Action::Record, "{path}");
        assert!(!plan.changed);
    }
}

#[test]
fn a_folder_that_has_only_reports_continues_from_the_newest_one() {
    let mut repository = Repository::default();
    let active = used(octocat(), "2026-11-20T00:00:00Z", "copilot-cli");
    repository.quietly(&report(MORNING, vec![active, seat("gone", 5)]));
    for path in ["seats.csv", "people.csv", "totals.csv", "README.md"] {
        repository.0.remove(path);
    }
    let plan = repository.record(&report(NEXT_DAY, vec![octocat(), seat("new", 6)]));
    assert!(
        plan.warnings
            .iter()
            .any(|w| w.contains("has less detail about seats"))
    );
    let changes = repository.lines("changes/2026.csv");
    assert_eq!(
        changes,
        [
            "2026-11-23T06:00:00Z,gone,,,revoked,,",
            "2026-11-23T06:00:00Z,new,,,granted,,2026-01-05T09:00:00Z"
        ]
    );
    let people = repository.lines("people.csv");
    assert_eq!(people.len(), 3);
    assert_eq!(
        people[2],
        "1,octocat,2026-11-22T06:00:00Z,2026-11-23T06:00:00Z,2026-11-22T06:00:00Z,true,2026-11-20T00:00:00Z,copilot-cli,"
    );
}

#[test]
fn each_year_starts_a_new_changes_file() {
    let mut repository = Repository::default();
    repository.quietly(&report("2026-12-31T23:00:00Z", vec![octocat()]));
    repository.quietly(&report("2027-01-01T01:00:00Z", vec![seat("hubot", 2)]));
    assert_eq!(repository.text("changes/2026.csv"), "");
    assert_eq!(repository.lines("changes/2027.csv").len(), 2);
}
