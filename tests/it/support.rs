//! Runs the built binary like a runner: sets up the environment of a step, and reads everything
//! that the step leaves.

mod git;
mod job;
pub mod keys;
pub mod network;
pub mod outcome_assertions;
pub mod page;
pub mod pulls;
pub mod secrets;
mod step;
mod terminal;

pub use git::{checkout, commit_file, file, git, git_with, remove_files};
pub use job::{Job, Running};
pub use step::{Step, unescape};

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read as _};
use std::path::{Path, PathBuf};

use copilot_activity_report::testing::{INPUTS, Kind};
use sha2::{Digest as _, Sha256};
use simulator::{Artifact, BranchProtection, GitHub, Repository, Seats, Simulator, Token};
use tempfile::TempDir;

/// All outputs, in alphabetical order.
pub const OUTPUTS: [&str; 25] = [
    "active",
    "artifact-digest",
    "artifact-id",
    "artifact-name",
    "artifact-url",
    "changed",
    "commit-sha",
    "commit-url",
    "complete",
    "inactive",
    "never-used",
    "new",
    "new-organizations",
    "page-url",
    "people",
    "pull-request-url",
    "report-path",
    "report-sha256",
    "results-path",
    "seats",
    "seats-added",
    "seats-removed",
    "suspended-organizations",
    "unreadable-organizations",
    "vanished-organizations",
];

/// All inputs that aren't secrets.
pub fn plain_inputs() -> Vec<&'static str> {
    let plain = INPUTS.iter().filter(|input| input.kind != Kind::Secret);
    plain.map(|input| input.name).collect()
}

/// Tokens in GitHub's format, so that tests can find them in any encoding. App tokens contain the
/// App's ID and a JSON Web Token.
pub const TOKEN: &str = "ghp_readsTheSeats0000000000000000000001";
pub const COMMIT_TOKEN: &str = "ghs_4242_eyJhbGciOiJSUzI1NiIsImtpZCI6IjdmM2MyZjBlNWYwYjRhNTMiLCJ0eXAiOiJKV1QifQ.\
    eyJleHAiOjE3OTU1OTg0MDAsImlhdCI6MTc5NTU5NDgwMCwiaXNzIjoiZ2l0aHViLmxvY2FsaG9zdCIs\
    Imp0aSI6IndyaXRlc1RoZVJlcG9ydHMifQ.dVRKGV2NDOdvkXbi2L5M6l0Ob9pu90sutYewn5mIRiZiW\
    pwbZlANVlnHWodOjclHqAVaXnCYcOgM3NB3agLxZZx6fxQlNl1DcM0LG28LO3JG8r8Q3R7NPrVj0sK4U\
    vr6ibRZk2dhT17blVRqHgnWF3kp0k9WhACEgXJKK7Wsv0LQxYtj9tfGEP0GDpuPQbA2FphJ-ev544cse\
    9F1_kG2kokvCFWqfS5M3JeBS_zhmItxnb6DYrASuXXf_Kk5aJ4T8iq9t7CV2xoFoNB2tf90ZD74W8Wbz\
    JICQKAX5bAADuveMNAlhmjIthzDI4XRigHSyqKhacvpDkkAx8fkBbua4g";

/// The workflow's repository.
pub const OWN: &str = "octo/tools";

/// A private repository whose branch allows nothing unsafe.
pub fn safe() -> Repository {
    let protection = BranchProtection {
        requires_signatures: true,
        ..BranchProtection::default()
    };
    Repository::private().with_branch_protection(protection)
}

/// A GitHub with the organization acme, the workflow's repository, and a token for each.
pub fn github(seats: Seats) -> GitHub {
    GitHub::new()
        .organization("acme", seats)
        .repository(OWN, safe())
        .token(TOKEN, Token::new().copilot(["acme"]).scopes("read:org"))
        .token(COMMIT_TOKEN, Token::new().contents_write([OWN]))
}

/// Like [`github`], with a second organization, globex, that the same token reads.
pub fn github_of_two(acme: Seats, globex: Seats) -> GitHub {
    let reads = Token::new().copilot(["acme", "globex"]).scopes("read:org");
    github(acme)
        .organization("globex", globex)
        .token(TOKEN, reads)
}

/// Like [`github`], with that many organizations instead of acme, called `org-00` and so on.
/// Organization number n has n + 1 seats.
pub fn github_of_many(count: usize) -> (GitHub, String) {
    let names: Vec<String> = (0..count)
        .map(|number| format!("org-{number:02}"))
        .collect();
    let reads = Token::new().copilot(names.clone()).scopes("read:org");
    let mut github = github(Seats::people(1)).token(TOKEN, reads);
    for (number, name) in names.iter().enumerate() {
        github = github.organization(name, Seats::people(number + 1));
    }
    (github, names.join(","))
}

/// Whether the bytes contain the text.
pub fn contains(bytes: &[u8], text: &str) -> bool {
    String::from_utf8_lossy(bytes).contains(text)
}

/// All files in a folder and its subfolders, except for `results.json`, which each run writes. A
/// run that's killed leaves a part of it in a hidden file.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = all_files_below(folder);
    files.retain(|path| {
        let name = path.file_name().unwrap().to_str().unwrap_or_default();
        name != "results.json" && !name.starts_with(".results.json.")
    });
    files
}

/// All files in a folder and its subfolders.
pub fn all_files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    files
}

/// A copy of a folder.
pub fn copy_of(from: &Path) -> TempDir {
    let to = TempDir::new().unwrap();
    for file in files_below(from) {
        let path = to.path().join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::copy(file, path).unwrap();
    }
    to
}

/// The files in a zip.
pub fn unzip(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    (0..zip.len())
        .map(|index| {
            let mut file = zip.by_index(index).unwrap();
            let mut content = Vec::new();
            file.read_to_end(&mut content).unwrap();
            (file.name().unwrap().to_string(), content)
        })
        .collect()
}

/// The files in an artifact, which is either a zip or a single file.
pub fn files_in(artifact: &Artifact) -> BTreeMap<String, Vec<u8>> {
    match artifact.mime_type.as_deref() {
        None | Some("application/zip") => unzip(&artifact.bytes),
        Some(_) => BTreeMap::from([(artifact.name.clone(), artifact.bytes.clone())]),
    }
}

/// Checks that a repository is intact, and that the run behaved well.
pub fn assert_intact(simulator: &Simulator, repository: &str) {
    git(&simulator.git_dir(repository), &["fsck", "--strict"]);
    assert_no_violations(simulator);
}

/// Checks that the simulator found no violations, such as an unknown request or a token on the
/// wrong host, and that nothing was deleted or force-pushed.
pub fn assert_no_violations(simulator: &Simulator) {
    assert_eq!(simulator.violations(), Vec::<String>::new());
    for request in simulator.requests() {
        let deletes = request.method == "DELETE" || request.path_and_query.contains("Delete");
        assert!(!deletes, "{} {}", request.method, request.path_and_query);
        if request.method == "PATCH" {
            assert_eq!(request.json().unwrap()["force"], false);
        }
    }
}

/// The SHA-256 of bytes in lowercase hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// A time that many days ago.
pub fn days_ago(days: i64) -> String {
    let seconds = jiff::Timestamp::now().as_second() - days * 24 * 3600;
    jiff::Timestamp::from_second(seconds).unwrap().to_string()
}

/// The day in UTC.
pub fn today() -> String {
    jiff::Timestamp::now().to_string()[..10].to_owned()
}

/// Calls `runs` again if midnight (UTC) passes in the meantime, because the result depends on the
/// day.
pub fn within_one_day<T>(runs: impl Fn() -> T) -> T {
    loop {
        let day = today();
        let result = runs();
        if day == today() {
            return result;
        }
    }
}

/// Compares a whole text with the file of this name in `snapshots`. Values that differ between runs
/// must be replaced first. `INSTA_UPDATE=always` writes the files.
pub fn assert_text(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for (pattern, replacement) in [
        (r"(?m)^::add-mask::.*\n", ""),
        (r"\b[0-9a-f]{64}\b", "[sha256]"),
        (r"\b[0-9a-f]{40}\b", "[sha]"),
        (r"-activity-\d{10}\.", "-activity-[time]."),
        // The number of pauses and retries depends on how busy the machine is.
        (
            r"(?m)^Waiting .* to stay within GitHub's rate limits\.\n",
            "",
        ),
        (r"(?m)^Retrying in .*\n", ""),
        (r"\(\d+ times over ", "([number] times over "),
        (r"\b\d{4}-\d\d-\d\dT[0-9:.]+Z", "[time]"),
        (r"\b\d{4}-\d\d-\d\dT\d{6}Z", "[time]"),
        (r"\b(\d+ min )?\d+ s\b", "[seconds]"),
        (r"C0DE:[0-9A-F]+:5EA7", "[request]"),
        (r"127\.0\.0\.1:\d+", "127.0.0.1:[port]"),
    ] {
        settings.add_filter(pattern, replacement);
    }
    let version = env!("CARGO_PKG_VERSION").replace('.', r"\.");
    settings.add_filter(&version, "[version]");
    settings.bind(|| insta::assert_snapshot!(name, text));
}
