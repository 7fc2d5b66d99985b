//! Tests of summaries that take too many organizations for a test from outside.

#![allow(clippy::unwrap_used)]

use super::*;

fn digest(idle: usize, reason: Option<&str>) -> Digest {
    Digest {
        seats: 1_000,
        counts: Counts {
            people: 1_000,
            active: 1_000 - idle,
            inactive: idle,
            ..Counts::default()
        },
        time: "2026-03-02T03:17:00Z".parse().unwrap(),
        reasons: reason.map(str::to_owned).into_iter().collect(),
        reading: String::new(),
        body: String::new(),
    }
}

fn written(digests: &[(String, Option<Digest>)], selection: Option<&SelectionState>) -> String {
    let sections = digests.iter().map(|(name, digest)| Section {
        name,
        digest: digest.as_ref(),
        lines: match digest {
            Some(_) => Vec::new(),
            None => vec![Line::bad(format!(
                "{name}: no report. GitHub says no to {name} (request ID {}:1)",
                name.len() + name.as_bytes().last().map_or(0, |last| usize::from(*last))
            ))],
        },
        warnings: Vec::new(),
        page: None,
    });
    let summary = Summary {
        sections: sections.collect(),
        page: None,
        counts: digest(1, None).counts,
        selection,
        general: Vec::new(),
        server: "https://github.com",
    };
    summary.write(1024 * 1024)
}

/// The names in the table, in its order.
fn rows(summary: &str) -> Vec<&str> {
    let cells = summary.lines().filter_map(|line| line.strip_prefix("| "));
    let names = cells.filter_map(|line| line.split(" |").next());
    names.skip(1).collect()
}

#[test]
fn the_table_has_failures_then_incomplete_reports_then_the_most_idle_people() {
    let mut digests: Vec<(String, Option<Digest>)> = (0..500)
        .map(|number| (format!("org-{number}"), Some(digest(number, None))))
        .collect();
    digests[3].1 = None;
    digests[4].1 = None;
    digests[5].1 = Some(digest(5, Some("the pages are short")));
    let summary = written(&digests, None);
    let rows = rows(&summary);
    assert_eq!(rows[..5], ["org-3", "org-4", "org-5", "org-499", "org-498"]);
    assert_eq!(rows.len(), 101);
    assert_eq!(rows[100], "and 400 more");
    assert!(
        summary.contains("| org-5 | 1,000 | 5 (1%) | ⚠️ incomplete |"),
        "{summary}"
    );
    assert!(
        summary.starts_with("# 498 of 500 organizations: "),
        "{summary}"
    );
    assert!(summary.len() < 10_000);
}

#[test]
fn an_error_of_many_organizations_is_shown_once_whatever_its_request_id() {
    let digests: Vec<(String, Option<Digest>)> = (0..300)
        .map(|number| (format!("org-{number:03}"), None))
        .collect();
    let summary = written(&digests, None);
    let failures = summary.lines().filter(|line| line.starts_with("- ❌"));
    let failures: Vec<&str> = failures.collect();
    assert_eq!(failures.len(), 1, "{failures:?}");
    let start = "- ❌ 300 organizations (org-000, org-001, ";
    assert!(failures[0].starts_with(start), "{failures:?}");
    assert!(failures[0].contains("org-009, and 290 more): org-000: no report."));
}

#[test]
fn a_hundred_different_errors_are_listed_and_the_others_counted() {
    let names: Vec<String> = (0..150).map(|number| format!("org-{number}")).collect();
    let sections = names.iter().enumerate().map(|(number, name)| Section {
        name,
        digest: None,
        lines: vec![Line::bad(format!("{name}: error {}", "x".repeat(number)))],
        warnings: Vec::new(),
        page: None,
    });
    let summary = Summary {
        sections: sections.collect(),
        page: None,
        counts: Counts::default(),
        selection: None,
        general: Vec::new(),
        server: "https://github.com",
    };
    let summary = summary.write(1024 * 1024);
    assert_eq!(summary.matches("- ❌").count(), 100);
    assert!(
        summary.contains("\n- and 50 more, which are in the log\n"),
        "{summary}"
    );
}

#[test]
fn the_selection_says_what_is_covered_and_what_is_not() {
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let selection = SelectionState {
        patterns: names(&["*", "!sandbox-*"]),
        covered: 300,
        new: Some(names(&["initech"])),
        vanished: Some(Vec::new()),
        suspended: names(&["hooli"]),
        unreadable: names(&["umbrella"]),
        excluded: (0..12)
            .map(|number| format!("sandbox-{number:02}"))
            .collect(),
    };
    let digests = [("acme".to_owned(), Some(digest(1, None)))];
    for count in [1, 2, 21] {
        let digests = digests.iter().cycle().take(count).cloned();
        let summary = written(&digests.collect::<Vec<_>>(), Some(&selection));
        let paragraph = "\nThe patterns `*`, `!sandbox-*` cover 300 organizations. New: initech. Suspended: hooli. Can't be read: umbrella. Left out: sandbox-00, ";
        assert!(summary.contains(paragraph), "{summary}");
        assert!(summary.contains("sandbox-09, and 2 more.\n"), "{summary}");
    }
}
