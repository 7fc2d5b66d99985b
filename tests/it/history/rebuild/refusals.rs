//! When a rebuild fails, and what it leaves unchanged if it's interrupted.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::{ACME, contents, five_days, rebuild};
use crate::support::{Job, copy_of, files_below};

#[test]
fn only_the_folder_of_a_history_is_accepted() {
    let (_simulator, clone) = five_days();
    let empty = TempDir::new().unwrap();
    fs::write(empty.path().join("notes.csv"), "a,b\n").unwrap();
    rebuild(empty.path()).failed(2, &["isn't the folder of a history", "Nothing was written"]);
    assert_eq!(files_below(empty.path()).len(), 1);
    rebuild(&empty.path().join("nowhere")).failed(2, &["nowhere isn't a directory."]);
    let before = contents(clone.path());
    let step = rebuild(clone.path());
    step.failed(
        2,
        &["Use one of these folders in it: copilot-activity/acme."],
    );
    let file = clone.path().join(ACME).join("people.csv");
    rebuild(&file).failed(2, &["people.csv isn't a directory."]);
    Job::alone()
        .command_line(&["rebuild"])
        .run()
        .failed(2, &["<DIR>"]);
    assert_eq!(contents(clone.path()), before);
}

#[test]
fn files_that_a_rebuild_cannot_use_are_named_and_nothing_is_written() {
    let (_simulator, clone) = five_days();
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
    type Spoil = fn(&Path, &str);
    let cases: [(Spoil, &[&str]); 5] = [
        (
            |acme, _| fs::remove_file(acme.join("reports/2026/2026-01-03.json")).unwrap(),
            &[
                "reports/2026/2026-01-03.json is missing or can't be read",
                "git checkout COMMIT -- FILE",
            ],
        ),
        (
            |acme, _| fs::write(acme.join("reports/2026/2026-01-01.csv"), "x\n").unwrap(),
            &["reports/2026/2026-01-01.csv can't be read: "],
        ),
        (
            |acme, _| fs::remove_file(acme.join("reports/2026/2026-01-03.csv")).unwrap(),
            &["reports/2026/2026-01-02.json isn't the newest manifest"],
        ),
        (
            |acme, pointer| fs::write(acme.join("totals.csv"), pointer).unwrap(),
            &["totals.csv is a Git LFS pointer"],
        ),
        (
            |acme, _| {
                for file in files_below(acme) {
                    let content = fs::read_to_string(&file).unwrap();
                    fs::write(&file, content.replace('\n', "\r\n")).unwrap();
                }
            },
            &["have CRLF line endings", "git config core.autocrlf false"],
        ),
    ];
    for (damage, messages) in cases {
        let copy = copy_of(clone.path());
        let acme = copy.path().join(ACME);
        fs::remove_file(acme.join("people.csv")).unwrap();
        damage(&acme, pointer);
        let before = contents(copy.path());
        let step = rebuild(&acme);
        step.failed(1, messages);
        step.failed(1, &["Nothing was written"]);
        assert_eq!(contents(copy.path()), before);
    }
}

#[test]
fn a_link_out_of_the_folder_is_not_followed() {
    let (_simulator, clone) = five_days();
    let acme = clone.path().join(ACME);
    let outside = TempDir::new().unwrap();
    fs::remove_dir_all(acme.join("changes")).unwrap();
    std::os::unix::fs::symlink(outside.path(), acme.join("changes")).unwrap();
    rebuild(&acme).failed(1, &["changes isn't a directory"]);
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}

#[test]
fn an_interrupted_rebuild_changes_nothing() {
    let folder = TempDir::new().unwrap();
    for day in 0..400 {
        let time = jiff::Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(24 * day);
        let report = format!(
            "Report Time,Login,Last Authenticated At,Last Activity At,Last Surface Used\n{time},octocat,None,None,None\n"
        );
        fs::write(folder.path().join(format!("{day}.csv")), report).unwrap();
    }
    let from = folder.path().to_str().unwrap();
    let imported = Job::alone()
        .command_line(&["import", from, "--organization", "acme"])
        .run();
    imported.succeeded();
    let acme = imported.workspace.join(ACME);
    fs::remove_file(acme.join("people.csv")).unwrap();
    let before = contents(&acme);
    let entries = || fs::read_dir(&acme).unwrap().count();
    let count = entries();
    let job = Job::alone().command_line(&["rebuild", acme.to_str().unwrap()]);
    let running = job.start();
    // The rebuild must be interrupted after it created its temporary folder, and before it ends.
    while !running.is_over() && entries() == count {
        std::thread::yield_now();
    }
    running.signal("TERM");
    let step = running.end();
    step.failed(1, &["Interrupted. Nothing was written."]);
    assert_eq!(contents(&acme), before);
    assert_eq!(entries(), count);
}
