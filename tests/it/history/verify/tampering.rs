//! Altered, removed, and added files, and where `verify` reports them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::{append, assert_problems, clone, edit, verify};
use crate::support::copy_of;

type Meddling = (&'static str, fn(&Path), &'static [&'static str]);

/// Edits in the folder of acme, and how the reported problems start.
const MEDDLING: &[Meddling] = &[
    (
        "a report is edited",
        |acme| edit(&acme.join("reports/2025/2025-12-31.csv"), "hubot", "robot"),
        &["reports/2025/2025-12-31.csv was changed: reports/2025/2025-12-31.json says "],
    ),
    (
        "a manifest is edited",
        |acme| {
            edit(
                &acme.join("reports/2025/2025-12-31.json"),
                "octocat",
                "nobody",
            );
        },
        &["reports/2025/2025-12-31.json was changed: reports/2026/2026-01-01.json says "],
    ),
    (
        "a report is edited, and its manifest made to fit",
        |acme| {
            edit(&acme.join("reports/2025/2025-12-31.csv"), "hubot", "robot");
            let report = fs::read(acme.join("reports/2025/2025-12-31.csv")).unwrap();
            let manifest = acme.join("reports/2025/2025-12-31.json");
            let text = fs::read_to_string(&manifest).unwrap();
            let mut json: serde_json::Value = serde_json::from_str(&text).unwrap();
            for file in json["files"].as_array_mut().unwrap() {
                if file["name"] == "reports/2025/2025-12-31.csv" {
                    file["sha256"] = crate::support::sha256(&report).into();
                }
            }
            fs::write(manifest, json.to_string()).unwrap();
        },
        &["reports/2025/2025-12-31.json was changed: reports/2026/2026-01-01.json says "],
    ),
    (
        "a report is removed",
        |acme| fs::remove_file(acme.join("reports/2026/2026-01-01.csv")).unwrap(),
        &["reports/2026/2026-01-01.csv is missing, but reports/2026/2026-01-01.json lists it"],
    ),
    (
        "a manifest is removed",
        |acme| fs::remove_file(acme.join("reports/2026/2026-01-01.json")).unwrap(),
        &[
            "reports/2026/2026-01-01.json is missing, but the day has a report",
            "reports/2026/2026-01-01.json is missing: reports/2026/2026-01-02.json names it as the previous manifest",
        ],
    ),
    (
        "two days are removed",
        |acme| {
            for day in ["2025/2025-12-31", "2026/2026-01-01"] {
                fs::remove_file(acme.join(format!("reports/{day}.csv"))).unwrap();
                fs::remove_file(acme.join(format!("reports/{day}.json"))).unwrap();
            }
        },
        &[
            // No manifest of 2025 with changes is left.
            "changes/2025.csv isn't listed in any manifest",
            "reports/2026/2026-01-01.json is missing: reports/2026/2026-01-02.json names it as the previous manifest; so are those of 2025-12-31",
        ],
    ),
    (
        "the first day is removed",
        |acme| {
            fs::remove_file(acme.join("reports/2025/2025-12-30.csv")).unwrap();
            fs::remove_file(acme.join("reports/2025/2025-12-30.json")).unwrap();
        },
        &[
            "reports/2025/2025-12-30.json is missing: reports/2025/2025-12-31.json names it as the previous manifest",
        ],
    ),
    (
        "the newest day is removed",
        |acme| {
            fs::remove_file(acme.join("reports/2026/2026-01-03.csv")).unwrap();
            fs::remove_file(acme.join("reports/2026/2026-01-03.json")).unwrap();
        },
        &[
            "README.md was changed: reports/2026/2026-01-02.json says ",
            "changes/2026.csv was changed: ",
            "latest.csv was changed: ",
            "people.csv was changed: ",
            "reports/2026/2026-01-03.json is missing: totals.csv has a line for the day",
            "seats.csv was changed: ",
            "totals.csv was changed: ",
            "trend-dark.svg was changed: ",
            "trend-light.svg was changed: ",
        ],
    ),
    (
        "a day is put in before the first",
        |acme| {
            for ending in ["csv", "json"] {
                fs::copy(
                    acme.join(format!("reports/2025/2025-12-30.{ending}")),
                    acme.join(format!("reports/2025/2025-12-29.{ending}")),
                )
                .unwrap();
            }
        },
        &[
            "reports/2025/2025-12-29.csv isn't listed in reports/2025/2025-12-29.json",
            "reports/2025/2025-12-29.json describes a report of 2025-12-30T03:00:0",
            "reports/2025/2025-12-30.json names no previous manifest, but reports/2025/2025-12-29.json exists",
        ],
    ),
    (
        "a manifest is moved to another day",
        |acme| {
            for day in ["2025-12-30", "2025-12-31"] {
                fs::remove_file(acme.join(format!("reports/2025/{day}.csv"))).unwrap();
            }
            fs::rename(
                acme.join("reports/2025/2025-12-31.json"),
                acme.join("reports/2025/2025-12-29.json"),
            )
            .unwrap();
        },
        &[
            "reports/2025/2025-12-29.json describes a report of 2025-12-31T20:00:0",
            "reports/2025/2025-12-29.json is the first, but says that it follows reports/2025/2025-12-30.json",
            "reports/2025/2025-12-29.json lists no report of its day",
            "reports/2025/2025-12-30.csv is missing, but reports/2025/2025-12-30.json lists it",
            "reports/2025/2025-12-30.json names no previous manifest, but reports/2025/2025-12-29.json exists",
            "reports/2025/2025-12-31.json is missing: reports/2026/2026-01-01.json names it as the previous manifest",
        ],
    ),
    (
        "a day is put behind the newest",
        |acme| {
            fs::copy(
                acme.join("reports/2026/2026-01-03.json"),
                acme.join("reports/2026/2026-01-05.json"),
            )
            .unwrap();
        },
        &[
            "reports/2026/2026-01-05.json follows reports/2026/2026-01-03.json, but says that it follows reports/2026/2026-01-02.json",
            "reports/2026/2026-01-05.json lists no report of its day",
            "reports/2026/2026-01-05.json describes a report of 2026-01-03T03:00:0",
        ],
    ),
    (
        "something else lies among the reports",
        |acme| fs::write(acme.join("reports/2026/notes\u{1b}[31m.txt"), "").unwrap(),
        &["reports/2026/notes\\u{1b}[31m.txt is neither the report nor the manifest of a day"],
    ),
    (
        "a manifest is no manifest any more",
        |acme| fs::write(acme.join("reports/2026/2026-01-01.json"), "<<<<<<< HEAD\n").unwrap(),
        &[
            "reports/2026/2026-01-01.json can't be read: it isn't a manifest",
            "reports/2026/2026-01-01.json was changed: reports/2026/2026-01-02.json says ",
        ],
    ),
    (
        "a manifest is of another scope",
        |acme| {
            edit(
                &acme.join("reports/2026/2026-01-03.json"),
                "\"acme\"",
                "\"globex\"",
            );
        },
        &[
            "reports/2026/2026-01-03.json is of the organization globex (ID 8530740), but the folder's name is acme",
        ],
    ),
    (
        "a manifest is of a version to come",
        |acme| {
            let path = acme.join("reports/2026/2026-01-03.json");
            edit(&path, "\"schema_version\": 2", "\"schema_version\": 99");
        },
        &["reports/2026/2026-01-03.json can't be read: it has version 99"],
    ),
    (
        "the newest files are edited or removed",
        |acme| {
            edit(&acme.join("latest.csv"), "octocat", "hubot");
            edit(&acme.join("seats.csv"), "octocat", "hubot");
            edit(&acme.join("people.csv"), "octocat", "hubot");
            append(&acme.join("README.md"), "\n");
            fs::remove_file(acme.join("trend-dark.svg")).unwrap();
            append(&acme.join("trend-light.svg"), "\n");
        },
        &[
            "README.md was changed: reports/2026/2026-01-03.json says ",
            "latest.csv was changed: ",
            "people.csv was changed: ",
            "seats.csv was changed: ",
            "trend-dark.svg is missing, but reports/2026/2026-01-03.json lists it",
            "trend-light.svg was changed: ",
        ],
    ),
    (
        "a change of the past is rewritten",
        |acme| edit(&acme.join("changes/2025.csv"), "hubot", "robot"),
        &["changes/2025.csv was changed: reports/2025/2025-12-31.json says "],
    ),
    (
        "a change is put below those of a year that is over",
        |acme| append(&acme.join("changes/2025.csv"), "more\n"),
        &[
            "changes/2025.csv was changed: 5 bytes were added to what reports/2025/2025-12-31.json says",
        ],
    ),
    (
        "changes are cut off",
        |acme| {
            let path = acme.join("changes/2026.csv");
            let text = fs::read_to_string(&path).unwrap();
            let header: String = text
                .lines()
                .take(1)
                .map(|line| format!("{line}\n"))
                .collect();
            fs::write(path, header).unwrap();
        },
        &["changes/2026.csv was changed: reports/2026/2026-01-01.json says "],
    ),
    (
        "changes are removed, and others put in",
        |acme| {
            let old = acme.join("changes/2025.csv");
            fs::rename(old, acme.join("changes/2024.csv")).unwrap();
        },
        &[
            "changes/2024.csv isn't listed in any manifest",
            "changes/2025.csv is missing, but reports/2025/2025-12-31.json lists it",
        ],
    ),
    (
        "the newest manifest counts something else",
        |acme| {
            let path = acme.join("reports/2026/2026-01-03.json");
            edit(&path, "\"seats\": 2", "\"seats\": 3");
        },
        &["reports/2026/2026-01-03.json counts 3 seats, but reports/2026/2026-01-03.csv has 2"],
    ),
    (
        "the newest manifest counts other people, is of another time, and not complete",
        |acme| {
            let path = acme.join("reports/2026/2026-01-03.json");
            edit(&path, "\"complete\": true", "\"complete\": false");
            edit(&path, "\"people\": 2", "\"people\": 3");
            edit(
                &path,
                "\"report_time\": \"2026-01-03T03:00:0",
                "\"report_time\": \"2026-01-03T03:01:0",
            );
        },
        &[
            "reports/2026/2026-01-03.json calls its report not verified as complete, but totals.csv calls it complete",
            "reports/2026/2026-01-03.json counts 3 people, but totals.csv 2",
            "reports/2026/2026-01-03.json is of 2026-01-03T03:01:0",
        ],
    ),
    (
        "the newest manifest was written with a key",
        |acme| {
            let path = acme.join("reports/2026/2026-01-03.json");
            edit(
                &path,
                "\"pseudonyms\": null",
                "\"pseudonyms\": \"0123456789abcdef\"",
            );
        },
        &[
            "reports/2026/2026-01-03.json was written with pseudonyms by the key 0123456789abcdef, and reports/2026/2026-01-02.json with logins",
        ],
    ),
    (
        "a line of the totals is put in for a day that had no report",
        |acme| {
            append(
                &acme.join("totals.csv"),
                "2026-01-05T03:00:00Z,1,1,1,0,0,0,0,0,true\n",
            );
        },
        &[
            "reports/2026/2026-01-05.json is missing: totals.csv has a line for the day",
            "totals.csv was changed: 42 bytes were added to what reports/2026/2026-01-03.json says",
        ],
    ),
    (
        "a line of the totals is rewritten",
        |acme| edit(&acme.join("totals.csv"), ",1,1,1,", ",9,9,9,"),
        &["totals.csv was changed: reports/2025/2025-12-30.json says "],
    ),
    (
        "a file is a link to what it should be",
        |acme| {
            let elsewhere = acme.join("../latest.csv");
            fs::rename(acme.join("latest.csv"), &elsewhere).unwrap();
            symlink(elsewhere, acme.join("latest.csv")).unwrap();
        },
        &["latest.csv can't be read: it's a symbolic link, and the command doesn't follow links"],
    ),
];

#[test]
fn anything_altered_missing_or_added_is_reported() {
    let (_simulator, clone) = clone();
    for (what, meddle, expected) in MEDDLING {
        let copy = copy_of(clone.path());
        let acme = copy.path().join("copilot-activity/acme");
        meddle(&acme);
        assert_problems(what, &verify(copy.path()), &acme, expected);
    }
}
