use std::error::Error;

use super::Report;
use super::columns::{ColumnSet, family};
use super::completeness::{IncompleteReason, Reading};
use super::csv::{self, RecordedReport};
use super::day::day_stem;
use super::manifest::{Manifest, RecordedManifest};
use super::scope::{Scope, ScopeKind};
use super::seat::{Account, Seat, ordered, whole_seconds};

type Tested = Result<(), Box<dyn Error>>;

fn reading(totals: &[u64]) -> Result<Reading, jiff::Error> {
    let at = "2026-03-28T06:54:33Z".parse()?;
    Ok(Reading {
        started_at: at,
        ended_at: at,
        pages: totals.len(),
        totals: totals.iter().copied().map(Some).collect(),
        ..Reading::default()
    })
}

#[test]
fn the_day_of_a_report_is_in_utc() -> Tested {
    let stem = day_stem("2027-01-01T01:30:00+02:00".parse()?);
    assert_eq!(stem, "reports/2026/2026-12-31");
    Ok(())
}

#[test]
fn a_total_that_changes_between_pages_is_a_temporary_reason() -> Tested {
    let incomplete_reasons = reading(&[150, 149])?.incomplete_reasons(150, 0, 0);
    let moved = IncompleteReason::TotalMoved {
        first: 150,
        later: 149,
        page: 2,
    };
    assert_eq!(incomplete_reasons, [moved]);
    assert!(incomplete_reasons[0].is_transient());
    Ok(())
}

#[test]
fn a_seat_without_a_person_has_a_row() -> Tested {
    let scope = Scope::new(ScopeKind::Organization, "acme")?;
    let report = Report::new(scope, reading(&[1])?, vec![Seat::default()]);
    let mut file = Vec::new();
    csv::write(&report, ColumnSet::Github, &mut file)?;
    assert_eq!(
        String::from_utf8(file)?,
        "Report Time,Login,Last Authenticated At,Last Activity At,Last Surface Used\n\
         2026-03-28T06:54:33Z,None,None,None,None\n"
    );
    Ok(())
}

#[test]
fn a_downloaded_report_states_its_time() -> Tested {
    let downloaded = "Report Time,Login,Last Authenticated At,Last Activity At,Last Surface Used\n\
                      2026-03-28T06:54:33Z,octocat,None,2026-03-27T01:52:53Z,copilot-cli\n";
    let recorded = RecordedReport::read(downloaded.as_bytes())?;
    assert_eq!(recorded.time, Some("2026-03-28T06:54:33Z".parse()?));
    assert!(RecordedReport::read(b"name,last seen\n").is_err());
    Ok(())
}

#[test]
fn a_recorded_manifest_says_when_the_last_page_arrived() -> Tested {
    let scope = Scope::new(ScopeKind::Organization, "acme")?;
    let mut reading = reading(&[0])?;
    reading.ended_at = "2026-03-28T07:10:00Z".parse()?;
    let report = Report::new(scope, reading, Vec::new());
    let file = Manifest::new(&report, "https://api.github.com/", None, Vec::new()).to_file()?;
    let ended_at = RecordedManifest::read(&file)?.reading_ended_at();
    assert_eq!(ended_at, Some(report.reading().ended_at));
    Ok(())
}

#[test]
fn scopes_ignore_case_and_differ_by_kind() -> Tested {
    let acme = Scope::new(ScopeKind::Organization, "Acme")?;
    assert!(acme.is(&Scope::new(ScopeKind::Organization, "acme")?));
    assert!(!acme.is(&Scope::new(ScopeKind::Enterprise, "acme")?));
    assert!(Scope::new(ScopeKind::Organization, "../acme").is_err());
    Ok(())
}

#[test]
fn rows_are_sorted_and_a_repeated_seat_is_dropped() {
    let seat = |login: &str, id| Seat {
        assignee: Some(Account {
            id: Some(id),
            login: login.into(),
        }),
        ..Seat::default()
    };
    let read = vec![seat("octocat", 1), seat("Hubot", 2), seat("octocat", 1)];
    let (seats, twice) = ordered(read);
    let logins: Vec<_> = seats.iter().map(Seat::login).collect();
    assert_eq!(logins, ["Hubot", "octocat"]);
    assert_eq!(twice.len(), 1);
}

#[test]
fn times_are_truncated_to_whole_seconds() -> Tested {
    let time = whole_seconds("2026-03-28T08:54:33.9+02:00".parse()?);
    assert_eq!(time.to_string(), "2026-03-28T06:54:33Z");
    Ok(())
}

#[test]
fn a_surface_has_a_family_and_a_version() {
    let vscode = family(Some("vscode/1.113.0/copilot-chat/0.41.1"));
    assert_eq!(vscode, (Some("vscode"), Some("1.113.0")));
    assert_eq!(family(Some("copilot-cli")), (Some("copilot-cli"), None));
    assert_eq!(family(Some("/unknown")), (None, Some("unknown")));
}
