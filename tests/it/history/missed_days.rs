//! A run says which days or weeks have no report since the last one.

use simulator::{Seats, Simulator};

use crate::support::{Job, Step, github};

fn record(simulator: &Simulator, day: &str) -> Step {
    let step = Job::on(simulator)
        .input("deliver-to", "repository")
        .variable("TEST_TIME", &format!("{day}T03:00:00Z"))
        .run();
    step.succeeded();
    step
}

/// The warnings of a run on the last day about missed reports.
fn missed(days: &[&str]) -> Vec<String> {
    let simulator = Simulator::start(github(Seats::people(2))).unwrap();
    let mut warnings = Vec::new();
    for day in days {
        let step = record(&simulator, day);
        let lines = step.all_warnings().into_iter();
        warnings = lines
            .filter(|line| line.contains("No report was recorded"))
            .map(str::to_owned)
            .collect();
        for warning in &warnings {
            let said = warning.split(": No report").nth(1).unwrap();
            assert!(
                step.summary.contains(&format!("No report{said}")),
                "{}",
                step.summary
            );
        }
    }
    warnings
}

#[test]
fn a_run_warns_about_the_days_missed_since_the_last_report() {
    let found = missed(&["2026-11-01", "2026-11-02", "2026-11-03", "2026-11-07"]);
    let sentence = "No report was recorded for 3 days since the last one: 2026-11-04 to 2026-11-06. GitHub's list shows only the present, so what's missing can't be recorded later.";
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].ends_with(sentence), "{found:?}");
}

#[test]
fn a_weekly_workflow_is_told_about_weeks_instead_of_days() {
    assert!(missed(&["2026-11-02", "2026-11-09", "2026-11-16"]).is_empty());
    let found = missed(&["2026-11-02", "2026-11-09", "2026-11-23"]);
    assert_eq!(found.len(), 1, "{found:?}");
    let sentence = "for 1 week since the last one: 2026-11-16 to 2026-11-22.";
    assert!(found[0].contains(sentence), "{found:?}");
}

#[test]
fn no_run_warns_if_nothing_was_missed_or_the_reports_have_no_rhythm() {
    for days in [
        &["2026-11-01"][..],
        &["2026-11-01", "2026-11-20"],
        &["2026-11-01", "2026-11-02", "2026-11-03"],
        &["2026-09-01", "2026-10-01", "2026-11-15"],
    ] {
        let found = missed(days);
        assert!(found.is_empty(), "{days:?}: {found:?}");
    }
}
