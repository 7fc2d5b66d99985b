//! All manifests in a folder belong to the organization in its name. The name can change only if
//! the ID stays the same.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::Value;

use super::{assert_problems, clone, verify};
use crate::support::copy_of;

const NEWEST: &str = "reports/2026/2026-01-03.json";

/// Sets a key of the scope in the newest manifest, which no other manifest lists.
fn set(acme: &Path, key: &str, value: impl Into<Value>) {
    let path = acme.join(NEWEST);
    let mut manifest: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    manifest["scope"][key] = value.into();
    fs::write(path, manifest.to_string()).unwrap();
}

type Meddling = (&'static str, fn(&Path), &'static [&'static str]);

/// Edits in the folder of acme, and the problem reported for the newest manifest.
const MEDDLING: &[Meddling] = &[
    ("other case", |acme| set(acme, "name", "ACME"), &[]),
    ("an ID unknown", |acme| set(acme, "id", Value::Null), &[]),
    (
        "another name, as after a rename, in the folder of the old name",
        |acme| set(acme, "name", "globex"),
        &["is of the organization globex (ID 8530740), but the folder's name is acme"],
    ),
    (
        "another name and ID",
        |acme| {
            set(acme, "name", "globex");
            set(acme, "id", 7);
        },
        &[
            "is of the organization globex (ID 7), and reports/2026/2026-01-02.json is of the organization acme (ID 8530740): their IDs differ",
            "is of the organization globex (ID 7), but the folder's name is acme",
        ],
    ),
    (
        "another name and no ID",
        |acme| {
            set(acme, "name", "globex");
            set(acme, "id", Value::Null);
        },
        &[
            "is of the organization globex, and reports/2026/2026-01-02.json is of the organization acme (ID 8530740): only an ID in both can prove",
            "is of the organization globex, but the folder's name is acme",
        ],
    ),
    (
        "the same name and another ID",
        |acme| set(acme, "id", 7),
        &[
            "is of the organization acme (ID 7), but the ID in the manifests before it is 8530740. Another organization has the name now",
        ],
    ),
    (
        "another kind",
        |acme| set(acme, "kind", "enterprise"),
        &[
            "is of the enterprise acme (ID 8530740), and reports/2026/2026-01-02.json is of the organization acme (ID 8530740): an organization and an enterprise",
        ],
    ),
];

#[test]
fn a_manifest_of_another_scope_is_named() {
    let (_simulator, clone) = clone();
    for (what, meddle, expected) in MEDDLING {
        let copy = copy_of(clone.path());
        let acme = copy.path().join("copilot-activity/acme");
        meddle(&acme);
        let step = verify(copy.path());
        let mut expected: Vec<String> = expected
            .iter()
            .map(|expected| format!("{NEWEST} {expected}"))
            .collect();
        expected.sort();
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        if expected.is_empty() {
            step.succeeded();
        } else {
            assert_problems(what, &step, &acme, &expected);
        }
    }
}

#[test]
fn a_folder_with_another_name_is_reported_for_any_path() {
    let (_simulator, clone) = clone();
    let acme = clone.path().join("copilot-activity/acme");
    let upper = clone.path().join("copilot-activity/Acme");
    fs::rename(&acme, &upper).unwrap();
    verify(&upper).succeeded();
    let link = clone.path().join("link");
    symlink(&upper, &link).unwrap();
    verify(&link).succeeded();
    fs::remove_file(&link).unwrap();
    let other = clone.path().join("copilot-activity/initech");
    fs::rename(&upper, &other).unwrap();
    symlink(&other, &link).unwrap();
    let problem = "is of the organization acme (ID 8530740), but the folder's name is initech";
    for folder in [
        clone.path(),
        &other,
        &other.join("."),
        &other.join("../initech"),
        &link,
    ] {
        verify(folder).failed(1, &[problem, "1 problem."]);
    }
}
