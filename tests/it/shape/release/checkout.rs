//! A checkout in which the release steps run, and a fake `gh`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};

use tempfile::TempDir;

use super::NAME;

/// A checkout of a repository with the project's release steps and the files that they read.
pub(crate) struct Checkout {
    folder: TempDir,
}

impl Checkout {
    /// A checkout with this version and changelog, and with these tags only on the remote.
    pub(crate) fn new(version: &str, changelog: &str, tags: &[&str]) -> Self {
        let checkout = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let root = checkout.path();
        fs::create_dir_all(root.join("release")).unwrap();
        for step in [
            "check", "notes", "action", "tags", "line", "registry", "page",
        ] {
            fs::copy(format!("release/{step}"), root.join("release").join(step)).unwrap();
        }
        fs::copy("action.yml", root.join("action.yml")).unwrap();
        // Other crates in the file have the same version.
        let cargo = format!(
            "[workspace.package]\nversion = \"9.9.9\"\n\n[package]\nname = \"{NAME}\"\nversion = \"{version}\"\n\n[dependencies]\nversion = \"8.8.8\"\n"
        );
        fs::write(root.join("Cargo.toml"), cargo).unwrap();
        let lock = format!(
            "[[package]]\nname = \"a\"\nversion = \"7.7.7\"\n\n[[package]]\nname = \"{NAME}\"\nversion = \"{version}\"\n"
        );
        fs::write(root.join("Cargo.lock"), lock).unwrap();
        fs::write(root.join("CHANGELOG.md"), changelog).unwrap();
        let remote = root.join("remote");
        checkout.git(&["init", "--quiet", "--bare", remote.to_str().unwrap()]);
        checkout.git(&["init", "--quiet"]);
        checkout.git(&["remote", "add", "origin", remote.to_str().unwrap()]);
        checkout.git(&["commit", "--quiet", "--allow-empty", "--message", "all"]);
        for tag in tags {
            checkout.git(&[
                "push",
                "--quiet",
                "origin",
                &format!("HEAD:refs/tags/{tag}"),
            ]);
        }
        checkout
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    pub(crate) fn git(&self, arguments: &[&str]) {
        let status = Command::new("git")
            .current_dir(self.path())
            .args([
                "-c",
                "user.name=octocat",
                "-c",
                "user.email=octocat@example.com",
            ])
            .args(arguments)
            .status()
            .unwrap();
        assert!(status.success(), "git {arguments:?}");
    }

    pub(crate) fn command(&self, name: &str) -> Command {
        Command::new(self.path().join("release").join(name))
    }

    pub(crate) fn step(&self, name: &str, argument: &str) -> Output {
        self.command(name).arg(argument).output().unwrap()
    }

    /// Writes a script that replaces a tool.
    pub(crate) fn tool(&self, name: &str, script: &str) {
        let file = self.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, script).unwrap();
        fs::set_permissions(file, PermissionsExt::from_mode(0o755)).unwrap();
    }

    /// A `PATH` with this checkout's tools first.
    pub(crate) fn tools(&self) -> String {
        let path = std::env::var("PATH").unwrap();
        format!("{}:{path}", self.path().join("tools").display())
    }

    /// Runs the step `page` with a `gh` that prints `error` about the release. Returns the output
    /// and what `gh` was called with.
    pub(crate) fn page(&self, arguments: &[&str], error: &str) -> (Output, String) {
        self.tool("tools/gh", GH);
        let calls = self.path().join("asked");
        fs::write(&calls, "").unwrap();
        let output = self
            .command("page")
            .args(arguments)
            .env("PATH", self.tools())
            .env("ASKED", &calls)
            .env("SAID", error)
            .env("GITHUB_SERVER_URL", "https://octocorp.ghe.com")
            .env("GITHUB_REPOSITORY", "acme/report")
            .env("GITHUB_REF", "refs/heads/trunk")
            .output()
            .unwrap();
        (output, fs::read_to_string(calls).unwrap())
    }

    /// Runs a step that must succeed, and returns its output.
    pub(crate) fn output_of(&self, name: &str, argument: &str) -> String {
        let output = self.step(name, argument);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a step that must fail without output, and returns the error.
    pub(crate) fn error_of(&self, name: &str, argument: &str) -> String {
        let output = self.step(name, argument);
        assert_eq!(output.status.code(), Some(1), "{name} {argument}");
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "");
        String::from_utf8(output.stderr).unwrap()
    }
}

/// Logs its arguments, and responds to `view` as the real `gh` does.
const GH: &str = r#"#!/bin/sh
[ "$GH_REPO" = octocorp.ghe.com/acme/report ] || exit 9
if [ "$1 $2" = "release view" ]; then
    case $SAID in
    true | false) echo "$SAID"; exit ;;
    *) echo "$SAID" >&2; exit 1 ;;
    esac
fi
echo "$@" >>"$ASKED"
"#;
