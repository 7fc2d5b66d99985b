//! What stands in a simulated repository, and what somebody else puts there.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// What git says about a repository.
pub fn git(directory: &Path, arguments: &[&str]) -> String {
    String::from_utf8(git_with(directory, arguments, b"", &[])).unwrap()
}

/// The bytes of a file in a repository, such as `main:README.md`.
pub fn file(directory: &Path, name: &str) -> Vec<u8> {
    git_with(directory, &["cat-file", "blob", name], b"", &[])
}

/// Commits a file to `main` as somebody else would, past GitHub.
pub fn commit_file(directory: &Path, path: &str, content: &[u8]) {
    let said = |arguments: &[&str], input: &[u8]| {
        let index = directory.join("index-of-a-test");
        let said = git_with(
            directory,
            arguments,
            input,
            &[("GIT_INDEX_FILE", index.to_str().unwrap())],
        );
        String::from_utf8(said).unwrap().trim().to_owned()
    };
    let blob = said(&["hash-object", "-w", "--stdin"], content);
    said(&["read-tree", "main"], b"");
    let entry = format!("100644,{blob},{path}");
    said(&["update-index", "--add", "--cacheinfo", &entry], b"");
    let tree = said(&["write-tree"], b"");
    let commit = said(&["commit-tree", &tree, "-p", "main", "-m", path], b"");
    said(&["update-ref", "refs/heads/main", &commit], b"");
}

fn git_with(
    directory: &Path,
    arguments: &[&str],
    input: &[u8],
    variables: &[(&str, &str)],
) -> Vec<u8> {
    let mut child = Command::new("git")
        .arg("--git-dir")
        .arg(directory)
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .envs(["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_NAME"), "Mona Lisa")))
        .envs(["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_EMAIL"), "mona@example.com")))
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // All inputs are small enough for the pipe or read before anything is said.
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "git {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}
