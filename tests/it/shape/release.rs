//! The steps of a release that need only files and Git. The conformance suite tests the steps that
//! need GitHub or a registry.

mod checkout;
mod line;
mod signing;

use std::fs;

use checkout::Checkout;

const NAME: &str = "copilot-activity-report";
const IMAGE: &str = "ghcr.io/octocat/copilot-activity-report";

/// The image of a release, with its digest.
fn image() -> String {
    format!("{IMAGE}@sha256:{}", "0a".repeat(32))
}

const CHANGELOG: &str = "# Changelog

## [Unreleased]

- Not yet.

## [1.10.0] - 2026-11-23

### Added

- One thing.
- Another, see [1.9.0].

## [1.9.0] - 2026-11-01

- Older.

[1.10.0]: https://example.com/1.10.0
";

#[test]
fn a_version_that_is_ready_can_be_released() {
    for (version, tags) in [
        ("1.10.0", &[][..]),
        ("1.10.0", &["v1.9.0", "v1.10.0-rc.1", "v1", "v2.0.0"]),
        ("1.10.0-rc.2", &["v1.9.0", "v1.10.0-rc.1"]),
    ] {
        let changelog = CHANGELOG.replace("[1.10.0]", &format!("[{version}]"));
        let checkout = Checkout::new(version, &changelog, tags);
        assert!(checkout.output_of("check", version).contains(version));
    }
}

#[test]
fn an_invalid_version_is_rejected() {
    let checkout = Checkout::new("1.10.0", CHANGELOG, &[]);
    for version in [
        "v1.10.0",
        "1.10",
        "1.10.0.0",
        "01.10.0",
        "1.10.0-",
        "1.10.0-rc.01",
        "1.10.0+1",
        "1.10.0 ",
        "1.10.0\n1.10.0",
        "$(id)",
        "../1.10.0",
    ] {
        let error = checkout.error_of("check", version);
        assert!(error.contains("isn't a semantic version"), "{error}");
    }
}

#[test]
fn an_existing_or_lower_version_is_rejected() {
    let exists = Checkout::new("1.10.0", CHANGELOG, &["v1.10.0"]);
    assert!(
        exists
            .error_of("check", "1.10.0")
            .contains("the tag v1.10.0 exists")
    );
    let newer = Checkout::new("1.10.0", CHANGELOG, &["v1.11.0", "v1.9.0"]);
    assert!(
        newer
            .error_of("check", "1.10.0")
            .contains("v1.11.0 is newer")
    );
    let changelog = CHANGELOG.replace("[1.10.0]", "[1.10.0-rc.1]");
    let before = Checkout::new("1.10.0-rc.1", &changelog, &["v1.10.0"]);
    assert!(
        before
            .error_of("check", "1.10.0-rc.1")
            .contains("v1.10.0 is newer")
    );
}

#[test]
fn all_problems_of_a_version_are_reported_at_once() {
    let checkout = Checkout::new("1.10.1", CHANGELOG, &["v1.12.0"]);
    let error = checkout.error_of("check", "1.11.0");
    for part in [
        "Cargo.toml has the version 1.10.1",
        "Cargo.lock has another version",
        "no heading",
        "has no section for 1.11.0",
        "v1.12.0 is newer",
    ] {
        assert!(error.contains(part), "{part} in {error}");
    }
    // A dot in a version matches only a dot.
    let changelog = CHANGELOG.replace("[1.10.0]", "[1x10.0]");
    let error = Checkout::new("1.10.0", &changelog, &[]).error_of("check", "1.10.0");
    assert!(error.contains("no heading"), "{error}");
}

#[test]
fn a_release_is_described_by_its_own_section_of_the_changelog() {
    let checkout = Checkout::new("1.10.0", CHANGELOG, &[]);
    assert_eq!(
        checkout.output_of("notes", "1.10.0"),
        "### Added\n\n- One thing.\n- Another, see [1.9.0].\n"
    );
    assert_eq!(checkout.output_of("notes", "1.9.0"), "- Older.\n");
    for version in ["1.1", "2.0.0", ""] {
        assert!(checkout.step("notes", version).stdout.is_empty());
        assert!(!checkout.step("notes", version).status.success());
    }
    let empty = CHANGELOG.replace("- Older.", "### Added");
    let error = Checkout::new("1.9.0", &empty, &[]).error_of("check", "1.9.0");
    assert!(error.contains("has no section for 1.9.0"), "{error}");
}

#[test]
fn the_released_action_differs_only_in_its_image() {
    let checkout = Checkout::new("1.10.0", CHANGELOG, &[]);
    let image = image();
    let released = checkout.output_of("action", &image);
    let action = fs::read_to_string("action.yml").unwrap();
    // The program records the image, and can't know its digest from elsewhere.
    let lines = format!("  image: docker://{image}\n  env:\n    ACTION_IMAGE: {image}\n");
    let expected = action.replace("  image: Dockerfile\n", &lines);
    assert_eq!(released, expected);
}

#[test]
fn a_released_action_names_its_image_by_digest_or_not_at_all() {
    let checkout = Checkout::new("1.10.0", CHANGELOG, &[]);
    for image in [
        format!("{IMAGE}:1.10.0"),
        format!("{IMAGE}@sha256:0a"),
        format!("{IMAGE}|@sha256:{}", "0a".repeat(32)),
        format!("{}@sha256:{}", IMAGE.to_uppercase(), "0a".repeat(32)),
    ] {
        assert!(
            checkout
                .error_of("action", &image)
                .contains("by its digest")
        );
    }
    let action = fs::read_to_string("action.yml").unwrap();
    let released = action.replace("image: Dockerfile", "image: docker://x");
    fs::write(checkout.path().join("action.yml"), released).unwrap();
    assert!(
        checkout
            .error_of("action", &image())
            .contains("exactly one line")
    );
}

#[test]
fn images_go_to_the_registry_of_the_github_that_the_release_runs_on() {
    let checkout = Checkout::new("1.10.0", CHANGELOG, &[]);
    let registry = |server: &str| {
        let mut step = checkout.command("registry");
        step.env("GITHUB_SERVER_URL", server).output().unwrap()
    };
    for (server, host) in [
        ("https://github.com", "ghcr.io\n"),
        ("https://octocorp.ghe.com", "containers.octocorp.ghe.com\n"),
    ] {
        assert_eq!(String::from_utf8(registry(server).stdout).unwrap(), host);
    }
    for server in ["https://github.example.com", "https://ghe.com", ""] {
        let output = registry(server);
        assert!(!output.status.success() && output.stdout.is_empty());
    }
}

#[test]
fn a_release_shows_its_image_and_whether_it_was_attested() {
    let checkout = Checkout::new("1.10.0", CHANGELOG, &[]);
    for (attested, expected_text, other_text) in [
        ("true", "gh attestation verify", "Not attested"),
        ("false", "**Not attested:**", "gh attestation verify"),
    ] {
        let arguments = ["draft", "1.10.0", &image(), attested, "release"];
        let (output, calls) = checkout.page(&arguments, "release not found");
        assert!(output.status.success(), "{output:?}");
        let begin = "release create v1.10.0 --draft --title 1.10.0 --notes ### Added\n";
        assert!(calls.starts_with(begin), "{calls}");
        let image = format!("Image: `{}`", image());
        for part in [&image, expected_text, "One thing.", "release/notes"] {
            assert!(calls.contains(part), "{part} in {calls}");
        }
        for part in [other_text, "--prerelease"] {
            assert!(!calls.contains(part), "{part} in {calls}");
        }
        // A workflow on another branch can have the same name.
        let signer = " --repo acme/report --signer-workflow acme/report/.github/workflows/build.yml --source-ref refs/heads/trunk";
        let commands = calls
            .lines()
            .filter(|line| line.starts_with("gh attestation"));
        assert!(commands.clone().all(|line| line.ends_with(signer)));
        assert_eq!(commands.count(), if attested == "true" { 2 } else { 0 });
    }
    let changelog = CHANGELOG.replace("[1.10.0]", "[1.10.0-rc.1]");
    let before = Checkout::new("1.10.0-rc.1", &changelog, &[]);
    let arguments = ["draft", "1.10.0-rc.1", &image(), "true", "release"];
    let (_, calls) = before.page(&arguments, "release not found");
    assert!(calls.contains(" --prerelease "), "{calls}");
}

#[test]
fn a_repeated_release_replaces_a_draft_and_keeps_a_published_release() {
    let checkout = Checkout::new("1.10.0", CHANGELOG, &[]);
    let arguments = ["draft", "1.10.0", &image(), "true", "release"];
    let (output, calls) = checkout.page(&arguments, "true");
    assert!(output.status.success(), "{output:?}");
    let begin = "release delete v1.10.0 --yes\nrelease create v1.10.0 --draft ";
    assert!(calls.starts_with(begin), "{calls}");
    let (output, calls) = checkout.page(&arguments, "false");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(calls, "");
    // An unknown response from GitHub is an error.
    let (output, calls) = checkout.page(&arguments, "HTTP 502");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("HTTP 502")
    );
    assert_eq!(calls, "");
}

#[test]
fn only_the_highest_version_is_shown_as_the_latest() {
    for (version, tags, latest) in [
        (
            "1.10.0",
            &["v1.10.0", "v1.9.0", "v1", "v2.0.0-rc.1"][..],
            true,
        ),
        ("1.10.0", &["v1.10.0", "v2.0.0", "v2"], false),
        ("1.9.1", &["v1.9.1", "v1.10.0"], false),
        ("2.0.0-rc.1", &["v2.0.0-rc.1", "v1.10.0"], false),
        ("1.10.0-rc.1", &["v1.10.0-rc.1"], false),
    ] {
        let checkout = Checkout::new(version, CHANGELOG, tags);
        let (output, calls) = checkout.page(&["publish", version], "true");
        assert!(output.status.success(), "{output:?}");
        let expected =
            format!("release edit v{version} --draft=false --verify-tag --latest={latest}\n");
        assert_eq!(calls, expected);
    }
}

#[test]
fn a_published_release_is_verified_with_each_of_its_files() {
    let checkout = Checkout::new("1.10.0", CHANGELOG, &[]);
    let folder = checkout.path().join("release");
    let arguments = ["verify", "1.10.0", folder.to_str().unwrap()];
    let (output, calls) = checkout.page(&arguments, "true");
    assert!(output.status.success(), "{output:?}");
    let mut calls = calls.lines();
    assert_eq!(calls.next(), Some("release verify v1.10.0"));
    let files = fs::read_dir(&folder).unwrap().count();
    let begin = format!("release verify-asset v1.10.0 {}/", folder.display());
    assert!(calls.clone().all(|call| call.starts_with(&begin)));
    assert_eq!(calls.count(), files);
    // GitHub attests only immutable releases.
    let (output, calls) = checkout.page(&arguments, "false");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(calls, "");
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.starts_with("::warning::The files of release v1.10.0 can be replaced."));
    let (output, calls) = checkout.page(&arguments, "HTTP 502");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(calls, "");
}

#[test]
fn a_release_page_requires_complete_and_valid_arguments() {
    let checkout = Checkout::new("1.10.0", CHANGELOG, &[]);
    let tagged = format!("{IMAGE}:1.10.0");
    let image = image();
    for arguments in [
        &[][..],
        &["draft"],
        &["publish"],
        &["publish", "v1.10.0"],
        &["publish", "1.10.0", "1.10.0"],
        &["verify", "1.10.0"],
        &["draft", "1.10.0", &image, "true"],
        &["draft", "1.10.0", &image, "yes", "release"],
        &["draft", "1.10.0", &image, "", "release"],
        &["draft", "1.10.0", &tagged, "true", "release"],
        // The changelog has no section for this version.
        &["draft", "3.0.0", &image, "true", "release"],
    ] {
        let (output, calls) = checkout.page(arguments, "release not found");
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert_eq!(calls, "", "{arguments:?}");
    }
}
