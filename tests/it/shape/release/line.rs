//! Releases only move forward: which releases a major version has, what moves to a new one, and
//! what no one can move back.

use std::fs;
use std::process::Command;

use super::CHANGELOG;
use super::checkout::Checkout;

#[test]
fn a_line_is_the_releases_of_one_major_version_oldest_first() {
    let tags = [
        "v1.10.0",
        "v1.9.0",
        "v1",
        "v1.9.0-rc.1",
        "v1.10.1-rc.1",
        "v2.0.0",
        "v2",
        "v11.0.0",
        "v0.9.0",
        "vnext",
    ];
    let checkout = Checkout::new("1.10.0", CHANGELOG, &tags);
    for (version, line) in [
        ("1.11.0", "1.9.0\n1.10.0\n1.11.0\n"),
        // A repeated release finds its own tag.
        ("1.10.0", "1.9.0\n1.10.0\n"),
        ("1.9.1", "1.9.0\n1.9.1\n1.10.0\n"),
        ("1.10.0-rc.1", "1.9.0\n1.10.0-rc.1\n1.10.0\n"),
        ("2.0.1", "2.0.0\n2.0.1\n"),
        ("3.0.0", "3.0.0\n"),
    ] {
        assert_eq!(checkout.output_of("line", version), line, "{version}");
    }
    let first = Checkout::new("1.0.0", CHANGELOG, &[]);
    assert_eq!(first.output_of("line", "1.0.0"), "1.0.0\n");
    for version in ["", "1", "1.2", "v1.2.3", "$(id)", ".*"] {
        let error = checkout.error_of("line", version);
        assert!(error.contains("isn't a version"), "{error}");
    }
}

#[test]
fn a_line_that_cannot_be_read_is_an_error_and_not_an_empty_line() {
    let checkout = Checkout::new("1.10.0", CHANGELOG, &["v1.9.0"]);
    fs::remove_dir_all(checkout.path().join("remote")).unwrap();
    let output = checkout.step("line", "1.10.0");
    assert!(!output.status.success());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "");
}

/// The shell script of the release workflow's step with this name.
fn workflow_step(name: &str) -> String {
    let workflow = fs::read_to_string(".github/workflows/release.yml").unwrap();
    let workflow: serde_yaml_ng::Value = serde_yaml_ng::from_str(&workflow).unwrap();
    let jobs = workflow["jobs"].as_mapping().unwrap().values();
    let mut steps = jobs.flat_map(|job| job["steps"].as_sequence().into_iter().flatten());
    let step = steps.find(|step| step["name"] == name).unwrap();
    step["run"].as_str().unwrap().to_owned()
}

#[test]
fn a_release_finished_after_a_newer_one_moves_nothing_back() {
    let image = "release/name ghcr.io/octocat/x sha256:0a";
    for (version, tags, moved) in [
        ("1.0.0", &["v1.0.0"][..], &["1"][..]),
        ("1.10.0", &["v1.10.0", "v1.9.0", "v1", "v2.0.0"], &["1"]),
        ("1.9.0", &["v1.10.0", "v1.9.0", "v1"], &[]),
        ("1.11.0-rc.1", &["v1.10.0", "v1.11.0-rc.1"], &[]),
        ("2.0.0", &["v1.10.0", "v2.0.0", "v1"], &["2"]),
    ] {
        let checkout = Checkout::new(version, CHANGELOG, tags);
        let note = "#!/bin/sh\necho \"release/${0##*/} $*\" >>\"$ASKED\"\n";
        checkout.tool("release/name", note);
        checkout.tool("release/tag", note);
        checkout.tool("tools/docker", "#!/bin/sh\ncat >/dev/null\n");
        let calls = checkout.path().join("asked");
        // A runner starts it like this if the step names no shell.
        let status = Command::new("bash")
            .args(["-e", "-c", &workflow_step("Move what moves")])
            .current_dir(checkout.path())
            .env("PATH", checkout.tools())
            .env("ASKED", &calls)
            .env("GITHUB_ACTOR", "octocat")
            .env("GH_TOKEN", "none")
            .env("IMAGE", "ghcr.io/octocat/x")
            .env("DIGEST", "sha256:0a")
            .env("VERSION", version)
            .env("COMMIT", "0b")
            .status()
            .unwrap();
        assert!(status.success(), "{version}");
        let mut expected = format!("{image} {version}\n");
        for line in moved {
            expected += &format!("release/tag major {version} 0b\n{image} {line}\n");
        }
        assert_eq!(fs::read_to_string(calls).unwrap(), expected);
    }
}

#[test]
fn nothing_in_a_release_is_forced() {
    let steps = fs::read_dir("release").unwrap();
    let steps = steps.map(|entry| entry.unwrap().path());
    for file in steps.chain([".github/workflows/release.yml".into()]) {
        let text = fs::read_to_string(&file).unwrap();
        for forced in ["force: true", "\"force\": true", "--force", "+refs/"] {
            assert!(!text.contains(forced), "{forced} in {}", file.display());
        }
    }
}

/// The types of a ruleset's rules, and its tags.
fn ruleset(file: &str) -> (Vec<String>, Vec<String>) {
    let ruleset: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(ruleset["target"], "tag", "{file}");
    assert_eq!(ruleset["enforcement"], "active", "{file}");
    assert!(ruleset.get("bypass_actors").is_none(), "{file}");
    let texts = |value: &serde_json::Value| -> Vec<String> {
        serde_json::from_value(value.clone()).unwrap()
    };
    let rules = ruleset["rules"].as_array().unwrap().iter();
    let rules = rules.map(|rule| rule["type"].as_str().unwrap().to_owned());
    (
        texts(&ruleset["conditions"]["ref_name"]["include"]),
        rules.collect(),
    )
}

#[test]
fn rulesets_keep_versions_in_place_and_let_major_tags_only_move_forward() {
    let (tags, rules) = ruleset(".github/tag-ruleset.json");
    assert_eq!(tags, ["refs/tags/v*.*.*"]);
    assert_eq!(rules, ["update", "deletion"]);
    // Without `update`, because a release moves `v1`. With `deletion`, because someone could
    // otherwise create `v1` again further back.
    let (tags, rules) = ruleset(".github/major-tag-ruleset.json");
    assert_eq!(tags, ["refs/tags/v*"]);
    assert_eq!(rules, ["non_fast_forward", "deletion"]);
}
