//! What Git changes in a checkout. `verify` reports one problem for each cause, and names the
//! cause.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{Job, append, clone, edit, problems, verify};
use crate::support::{OWN, copy_of, files_below};

const POINTER: &str = "version https://git-lfs.github.com/spec/v1\n\
                       oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\n\
                       size 12345\n";

/// Converts the line endings of all files in a folder, as Git does.
fn convert(folder: &Path) {
    for file in files_below(folder) {
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, text.replace('\n', "\r\n")).unwrap();
    }
}

#[test]
fn converted_line_endings_are_one_problem_that_says_what_to_do() {
    let (_simulator, clone) = clone();
    let copy = copy_of(clone.path());
    let acme = copy.path().join("copilot-activity/acme");
    convert(&acme);
    let count = files_below(&acme).len();
    for folder in [copy.path(), &acme] {
        let step = verify(folder);
        step.failed(1, &["5 days from 2025-12-30 to 2026-01-03", " 1 problem."]);
        let found = problems(&step, &acme);
        assert_eq!(found.len(), 1, "{found:#?}");
        // No other file lists the newest manifest.
        let files = format!(
            ".gitattributes and {} more files have CRLF line endings",
            count - 2
        );
        for message in [
            &*files,
            "were recorded with LF. Nothing else differs",
            "git config core.autocrlf false",
            "git rm --cached -r -q . && git reset --hard",
        ] {
            assert!(found[0].contains(message), "{found:#?}");
        }
    }
    // Other problems are listed separately.
    edit(&acme.join("people.csv"), "hubot", "robot");
    append(&acme.join("changes/2025.csv"), "more\r\n");
    let found = problems(&verify(copy.path()), &acme);
    assert_eq!(found.len(), 3, "{found:#?}");
    assert!(
        found[1].starts_with("changes/2025.csv was changed: "),
        "{found:#?}"
    );
    assert!(
        found[2].starts_with("people.csv was changed: "),
        "{found:#?}"
    );
}

#[test]
fn one_file_with_other_line_endings_is_named() {
    let (_simulator, clone) = clone();
    for path in [
        "reports/2025/2025-12-31.csv",
        "totals.csv",
        "reports/2026/2026-01-01.json",
    ] {
        let copy = copy_of(clone.path());
        let acme = copy.path().join("copilot-activity/acme");
        let text = fs::read_to_string(acme.join(path)).unwrap();
        fs::write(acme.join(path), text.replace('\n', "\r\n")).unwrap();
        let found = problems(&verify(copy.path()), &acme);
        assert_eq!(found.len(), 1, "{found:#?}");
        let message = format!("{path} has CRLF line endings, but was recorded with LF.");
        assert!(found[0].starts_with(&message), "{found:#?}");
    }
}

#[test]
fn recorded_crlf_that_git_converted_to_lf_is_the_same_problem() {
    let downloads = tempfile::TempDir::new().unwrap();
    let report = "Report Time,Login,Last Authenticated At,Last Activity At,Last Surface Used\r\n\
                  2026-06-01T08:00:00Z,octocat,None,None,None\r\n";
    fs::write(downloads.path().join("a.csv"), report).unwrap();
    let from = downloads.path().to_str().unwrap();
    let step = Job::alone()
        .command_line(&["import", from, "--organization", "acme"])
        .run();
    step.succeeded();
    let acme = step.workspace.join("copilot-activity/acme");
    assert_eq!(
        fs::read_to_string(acme.join(".gitattributes")).unwrap(),
        "* -text\n"
    );
    verify(&acme).succeeded();
    for path in ["latest.csv", "reports/2026/2026-06-01.csv"] {
        fs::write(acme.join(path), report.replace("\r\n", "\n")).unwrap();
    }
    let found = problems(&verify(&acme), &acme);
    assert_eq!(found.len(), 1, "{found:#?}");
    let message = "latest.csv and 1 more file have LF line endings, but were recorded with CRLF.";
    assert!(found[0].starts_with(message), "{found:#?}");
}

#[test]
fn a_clone_that_converts_line_endings_matches_its_manifests() {
    let (simulator, _clone) = clone();
    let folder = tempfile::TempDir::new().unwrap();
    let from = format!("file://{}", simulator.git_dir(OWN).display());
    let output = Command::new("git")
        .args([
            "clone",
            "--quiet",
            "--branch",
            "main",
            "--config",
            "core.autocrlf=true",
        ])
        .arg(from)
        .arg(folder.path().join("clone"))
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let readme = fs::read_to_string(folder.path().join("clone/README.md")).unwrap();
    assert!(readme.contains("\r\n"), "Git converts nothing here");
    verify(folder.path()).succeeded();
}

#[test]
fn git_lfs_pointers_are_named_as_such() {
    let (_simulator, clone) = clone();
    for path in [
        "README.md",
        "changes/2025.csv",
        "latest.csv",
        "people.csv",
        "reports/2025/2025-12-31.csv",
        "reports/2026/2026-01-01.json",
        "reports/2026/2026-01-03.json",
        "seats.csv",
        "totals.csv",
    ] {
        let copy = copy_of(clone.path());
        let acme = copy.path().join("copilot-activity/acme");
        fs::write(acme.join(path), POINTER).unwrap();
        let step = verify(copy.path());
        step.failed(1, &["git lfs migrate export"]);
        let found = problems(&step, &acme);
        let message = format!("{path} is a Git LFS pointer instead of the file.");
        assert!(
            found.iter().any(|line| line.starts_with(&message)),
            "{found:#?}"
        );
        // A consequence of the problem isn't reported as an alteration.
        let is_newest = path == "reports/2026/2026-01-03.json";
        assert!(is_newest || found.len() == 1, "{found:#?}");
    }
}
