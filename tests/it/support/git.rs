//! Reads simulated repositories, and commits as someone else.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use simulator::Simulator;
use tempfile::TempDir;

/// Runs Git in a repository, and returns its output.
pub fn git(directory: &Path, arguments: &[&str]) -> String {
    String::from_utf8(git_with(directory, arguments, b"")).unwrap()
}

/// The contents of a file in a repository, such as `main:README.md`.
pub fn file(directory: &Path, name: &str) -> Vec<u8> {
    git_with(directory, &["cat-file", "blob", name], b"")
}

/// Commits a file to `main` as someone else, without GitHub's API.
pub fn commit_file(directory: &Path, path: &str, content: &[u8]) {
    let mut commit = format!(
        "commit refs/heads/main\n\
         committer Mona Lisa <mona@example.com> {} +0000\n\
         data {}\n{path}\n\
         from refs/heads/main^0\n\
         M 100644 inline {path}\n\
         data {}\n",
        jiff::Timestamp::now().as_second(),
        path.len(),
        content.len()
    )
    .into_bytes();
    commit.extend_from_slice(content);
    commit.push(b'\n');
    git_with(directory, &["fast-import", "--quiet"], &commit);
}

/// Removes files of a folder from `main` as someone else, without GitHub's API.
pub fn remove_files(directory: &Path, folder: &str, paths: &[&str]) {
    let mut commit = "commit refs/heads/main\n\
                      committer Mona Lisa <mona@example.com> 1772420000 +0000\n\
                      data 6\nremove\n\
                      from refs/heads/main^0\n"
        .to_owned();
    for path in paths {
        commit.push_str(&format!("D {folder}/{path}\n"));
    }
    git_with(directory, &["fast-import", "--quiet"], commit.as_bytes());
}

/// A shallow clone of a simulated repository.
pub fn checkout(simulator: &Simulator, repository: &str) -> TempDir {
    let clone = TempDir::new().unwrap();
    let from = format!("file://{}", simulator.git_dir(repository).display());
    let directory = clone.path().join(".git");
    git(&directory, &["init", "--quiet"]);
    git(
        &directory,
        &["fetch", "--quiet", "--depth=1", &from, "main"],
    );
    let top = format!("--work-tree={}", clone.path().display());
    git(
        &directory,
        &[&top, "reset", "--quiet", "--hard", "FETCH_HEAD"],
    );
    clone
}

/// Runs Git with `input`, and returns its output.
pub fn git_with(directory: &Path, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    // With a full path, the process starts without a fork of this one.
    let mut child = Command::new(Simulator::git_program())
        .args(["-c", "fastimport.unpackLimit=0", "-c", "core.fsync=none"])
        .arg("--git-dir")
        .arg(directory)
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // All inputs either fit into the pipe, or Git reads them before it prints anything.
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "git {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}
