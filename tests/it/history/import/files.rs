//! Which files are imported, and how the log describes the others.

use std::fs;

use simulator::seat::Row;
use simulator::{Seats, Simulator, Token};
use tempfile::TempDir;

use super::{FIVE, acme, assert_nothing_written, created, downloads, import, report, verify};
use crate::support::{Job, TOKEN, github};

/// Imports only `content`, which must fail, and returns the error.
fn error_of(content: &[u8]) -> String {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a.csv"), content).unwrap();
    let step = acme(&folder);
    step.failed(
        1,
        &[
            "1 file can't be imported. Nothing was written.",
            "\n  a.csv: ",
        ],
    );
    assert_nothing_written(&step);
    step.printed()
}

#[test]
fn a_file_cut_off_within_a_row_is_rejected_with_the_line() {
    let header = format!("{FIVE},Organization\n");
    // A row with a line break in a value has two lines.
    let rows = [
        "2026-06-01T08:00:00Z,hubot,None,None,None,acme\n",
        "2026-06-01T08:00:00Z,octocat,None,None,\"a \"\"b\"\", c\nd\",\"glo\nbex\"\n",
        "2026-06-01T08:00:00Z,monalisa,None,2026-05-30T11:00:00Z,copilot-cli,None\n",
    ];
    let whole = header.clone() + &rows.concat();
    let boundaries: Vec<usize> = (0..=rows.len())
        .map(|count| header.len() + rows[..count].concat().len())
        .collect();
    let folder = TempDir::new().unwrap();
    let cuts: Vec<usize> = (0..whole.len())
        .filter(|cut| !boundaries.contains(cut))
        .collect();
    for cut in &cuts {
        let path = folder.path().join(format!("cut-{cut:04}.csv"));
        fs::write(path, &whole[..*cut]).unwrap();
    }
    let step = acme(&folder);
    let all = format!(
        "{} files can't be imported. Nothing was written.",
        cuts.len()
    );
    step.failed(1, &[&all]);
    assert_nothing_written(&step);
    for cut in cuts {
        let text = step.printed();
        let start = format!("  cut-{cut:04}.csv: ");
        let line = text.lines().find(|line| line.starts_with(&start)).unwrap();
        let number = whole[..cut].matches('\n').count() + 1;
        let is_in_quotes = whole[..cut].matches('"').count() % 2 == 1;
        let opened = whole[..cut]
            .rfind('"')
            .map_or(0, |at| whole[..at].matches('\n').count() + 1);
        let reason = match cut {
            0 => "it's empty".to_owned(),
            _ if is_in_quotes => format!("opened in line {opened} is never closed"),
            _ => format!("line {number}, the last one, has no line ending"),
        };
        assert!(line.contains(&reason), "{reason:?}: {line}");
    }

    // GitHub's file doesn't contain the number of rows, so a file cut off between two rows is
    // valid.
    for (count, boundary) in boundaries.into_iter().enumerate().skip(1) {
        let folder = downloads(&[("a.csv", whole[..boundary].to_owned())]);
        let step = import(Job::alone(), folder.path(), &["--enterprise", "acme"]);
        step.succeeded();
        let files = created(&step, "copilot-activity/acme");
        assert_eq!(files["latest.csv"], whole[..boundary]);
        let people = files["people.csv"]
            .matches("2026-06-01T08:00:00Z,2026")
            .count();
        assert_eq!(people, count, "{}", files["people.csv"]);
    }
    assert!(error_of(header.as_bytes()).contains("a.csv: it has no rows"));
}

#[test]
fn a_file_with_other_columns_is_rejected_with_a_fix() {
    let good = report("2026-06-01T08:00:00Z", &["octocat,None,None,None"]);
    let row = |time: &str, request: &str| {
        format!("{FIVE}\n{time},octocat,None,{request},None\n").into_bytes()
    };
    let utf16: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked = [&b"\xff\xfe"[..], &utf16].concat();
    let spreadsheet = "Import the file as it was downloaded, before another program saved it";
    let download = "Import the file that you get from \"Get activity report\" on GitHub";
    let again = "Copy it again from an undamaged source";
    for (content, shape, way) in [
        (
            good.replace(',', ";").into_bytes(),
            "its values are separated by semicolons",
            spreadsheet,
        ),
        (
            good.replace(',', "\t").into_bytes(),
            "its values are separated by tabs",
            spreadsheet,
        ),
        (utf16, "it's text in UTF-16", spreadsheet),
        (marked, "it's text in UTF-16", spreadsheet),
        (
            [
                good.as_bytes(),
                b"2026-06-01T08:00:00Z,h\xfcbot,None,None,None\n",
            ]
            .concat(),
            "line 3 isn't UTF-8 text",
            spreadsheet,
        ),
        (
            row("6/1/2026 8:00", "None"),
            "the `Report Time` in line 2 is \"6/1/2026 8:00\" instead of a time such as",
            spreadsheet,
        ),
        (
            row("2026-06-01T08:00:00Z", "46173.33"),
            "the `Last Activity At` in line 2 is \"46173.33\"",
            spreadsheet,
        ),
        (
            b"report_time,login,last_authenticated_at,last_activity_at,last_surface_used\n".into(),
            "its header has field names such as `report_time`",
            download,
        ),
        (
            b"login;\"last_activity_at\"\noctocat;None\n".into(),
            "its header has field names such as `last_activity_at`",
            download,
        ),
        (
            b"<!DOCTYPE html>\n".into(),
            "its first line isn't the header",
            download,
        ),
        (
            [good.as_bytes(), b"2026-06-01T08:00:00Z,hubot\n"].concat(),
            "line 3 has 2 cells instead of 5",
            again,
        ),
    ] {
        let text = error_of(&content);
        assert!(
            text.contains(shape) && text.contains(way),
            "{shape:?}: {text}"
        );
    }
}

/// The file with the given `columns` that the action creates for `scope` at this time.
fn export(
    simulator: &Simulator,
    scope: (&str, &str),
    columns: &str,
    time: &str,
) -> (String, String) {
    let step = Job::on(simulator)
        .input(scope.0, scope.1)
        .input("deliver-to", "none")
        .input("columns", columns)
        .variable("TEST_TIME", time)
        .run();
    step.succeeded();
    let name = step
        .output("report-path")
        .rsplit('/')
        .next()
        .unwrap()
        .to_owned();
    (name, String::from_utf8(step.report()).unwrap())
}

#[test]
fn the_actions_own_files_with_all_columns_are_imported_in_githubs_format() {
    let reads = Token::new()
        .copilot(["acme"])
        .enterprise(["octocorp"])
        .scopes("read:enterprise, read:org");
    let seats = Seats::rows([
        Row::of("octocat", 1)
            .organization("acme", 7)
            .enterprise_team("a, \"b\"\nc", 9),
        Row::of("hubot", 2)
            .organization("globex", 8)
            .surface("x, \"y\"/1"),
    ]);
    let github = github(Seats::people(3))
        .enterprise("octocorp", seats)
        .token(TOKEN, reads);
    let simulator = Simulator::start(github).unwrap();
    let time = "2026-06-01T08:00:00Z";
    for scope in [("organization", "acme"), ("enterprise", "octocorp")] {
        let (name, all) = export(&simulator, scope, "all", time);
        let (_, form) = export(&simulator, scope, "github", time);
        assert!(all.contains("Last Known Activity At") && !form.contains("Last Known"));
        // The import recognizes the file with GitHub's columns as the same report.
        let folder = downloads(&[(&name, all.clone()), ("z.csv", form.clone())]);
        let step = import(
            Job::alone(),
            folder.path(),
            &[&format!("--{}", scope.0), scope.1],
        );
        step.succeeded();
        let text = format!("of the {} {}, 1 day", scope.0, scope.1);
        assert!(step.stdout.contains(&text), "{}", step.stdout);
        let same = format!("Skipped z.csv: it's the same as {name}.");
        assert!(step.stdout.contains(&same), "{}", step.stdout);
        let files = created(&step, &format!("copilot-activity/{}", scope.1));
        assert_eq!(files["latest.csv"], form);
        assert_eq!(files["reports/2026/2026-06-01.csv"], form);
        verify(&step.workspace);

        // A truncated file is rejected.
        let folder = downloads(&[(&name, all[..all.len() - 2].to_owned())]);
        let step = import(
            Job::alone(),
            folder.path(),
            &[&format!("--{}", scope.0), scope.1],
        );
        step.failed(1, &["the last one, has no line ending"]);
    }

    // An enterprise can have the same name as its only organization.
    let (name, all) = export(&simulator, ("organization", "acme"), "all", time);
    let later = report("2026-06-02T08:00:00Z", &["octocat,None,None,None,acme"]);
    for (files, flag, columns) in [
        (vec![(&*name, all.clone())], "--organization", 5),
        (vec![(&*name, all.clone())], "--enterprise", 6),
        (vec![(&*name, all), ("later.csv", later)], "--enterprise", 6),
    ] {
        let folder = downloads(&files);
        let step = import(Job::alone(), folder.path(), &[flag, "acme"]);
        step.succeeded();
        let created = created(&step, "copilot-activity/acme");
        let header = created["reports/2026/2026-06-01.csv"]
            .lines()
            .next()
            .unwrap();
        assert_eq!(header.split(',').count(), columns, "{flag}");
        verify(&step.workspace);
    }
}
