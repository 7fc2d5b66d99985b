//! Each input does what its description says. An error names the input that it rejects.

mod variables;

use crate::support::{
    COMMIT_TOKEN, Job, OWN, TOKEN, assert_no_violations, files_below, github, plain_inputs,
};
use copilot_activity_report::testing::{INPUTS, Kind};
use simulator::{Repository, Seats, Simulator, Token};

fn simulator() -> Simulator {
    let read = Token::new()
        .copilot(["acme", "globex", "initech"])
        .enterprise(["octocorp"])
        .scopes("read:org, read:enterprise");
    let github = github(Seats::people(3))
        .organization("globex", Seats::people(4))
        .organization("initech", Seats::people(5))
        .enterprise("octocorp", Seats::enterprise_people(6))
        .token(TOKEN, read);
    Simulator::start(github).unwrap()
}

/// The organizations and enterprises whose seats were requested.
fn requested_scopes(simulator: &Simulator) -> Vec<String> {
    let requests = simulator.requests();
    let names = requests.iter().filter_map(|request| {
        let (name, _) = request
            .path_and_query
            .split_once("/copilot/billing/seats")?;
        Some(name.rsplit('/').next()?.to_owned())
    });
    let mut names: Vec<String> = names.collect();
    // Organizations are read at the same time.
    names.sort();
    names
}

#[test]
fn all_invalid_inputs_are_reported_at_once_by_name() {
    let simulator = simulator();
    let step = Job::on(&simulator)
        .input("organization", "acme, a/b")
        .input("token", "two words")
        .input("deliver-to", "artifact, mail")
        .input("output-directory", "../elsewhere")
        .input("artifact-name", "a:b")
        .input("artifact-retention-days", "-1")
        .input("repository", "https://github.com/octo/audit")
        .input("branch", "a..b")
        .input("directory", ".git/hooks")
        .input("commit-token", "gh\u{a0}s")
        .input("commit-message", "Report of {organisation}")
        .input("allow-public", "yes")
        .input("require-complete", "1")
        .input("summary", "no")
        .variable("GITHUB_API_URL", "http://api.github.com")
        .run();
    assert_eq!(step.status, 2, "{}", step.printed());
    let errors = step.errors();
    let [error] = errors[..] else {
        panic!("not one error: {errors:?}");
    };
    let lines: Vec<&str> = error.split("%0A").collect();
    assert_eq!(lines[0], "The inputs aren't valid. Nothing was sent.");
    let mut named: Vec<&str> = lines[1..]
        .iter()
        .map(|line| line.trim().split(": ").next().unwrap())
        .collect();
    named.sort_unstable();
    assert_eq!(
        named,
        [
            "GITHUB_API_URL",
            "allow-public",
            "artifact-name",
            "artifact-retention-days",
            "branch",
            "commit-message",
            "commit-token",
            "deliver-to",
            "directory",
            "organization",
            "output-directory",
            "repository",
            "require-complete",
            "summary",
            "token",
        ]
    );
    assert!(simulator.requests().is_empty());
    assert!(files_below(&step.workspace).is_empty());
}

#[test]
fn each_invalid_input_is_reported_with_a_fix() {
    let simulator = simulator();
    let job = || Job::on(&simulator).input("deliver-to", "artifact,repository");
    for (job, texts) in [
        (job().input("token", ""), ["token: ", "in a secret"]),
        (
            job().input("commit-token", ""),
            ["commit-token: ", "can write to the repository."],
        ),
        (
            job()
                .input("enterprise", "octocorp")
                .input("organization", "acme"),
            ["enterprise: ", "together with `organization`"],
        ),
        (
            job().input("organization", ", \n ,"),
            ["organization: ", "contains no names"],
        ),
        (
            job().without("GITHUB_REPOSITORY_OWNER"),
            ["organization: ", "Set it to an organization"],
        ),
        (
            job().input("enterprise", "octo corp"),
            ["enterprise: ", "can't be the name of an enterprise"],
        ),
        (
            job().input("deliver-to", "none, artifact"),
            ["deliver-to: ", "can't be combined"],
        ),
        (
            job().input("deliver-to", "email"),
            ["deliver-to: ", "`artifact`, `repository`"],
        ),
        (
            job().input("artifact-retention-days", "401"),
            ["artifact-retention-days: ", "from 0 to 400"],
        ),
        (
            job().input("output-directory", "/etc"),
            ["output-directory: ", "a directory in the workspace"],
        ),
        (
            job().input("directory", ".github/workflows"),
            ["directory: ", "not allowed in .github/workflows"],
        ),
        (
            job().input("directory", "a/../../b"),
            ["directory: ", "`..`"],
        ),
        (
            job().without("GITHUB_REPOSITORY"),
            ["repository: ", "Set it to the repository to commit to"],
        ),
        (
            job().variable("GITHUB_API_URL", "https://github.example.com/api/v3"),
            ["GITHUB_API_URL: ", "GitHub Enterprise Server"],
        ),
        (
            job().variable("GITHUB_API_URL", "ftp://github.com"),
            ["GITHUB_API_URL: ", "not an http:// or https:// URL"],
        ),
    ] {
        let step = job.run();
        step.failed(2, &texts);
        step.failed(2, &["::The inputs aren't valid. Nothing was sent."]);
        assert!(simulator.requests().is_empty(), "{texts:?}");
    }
}

#[test]
fn a_secret_that_cannot_be_used_is_not_shown() {
    for value in ["ghp_first\nghp_second", "ghp_a b", "ghp_\u{e9}t\u{e9}"] {
        let step = Job::alone().input("token", value).run();
        step.failed(
            2,
            &["token: contains a space, a line break, or another character"],
        );
        let rest = step
            .printed()
            .lines()
            .filter(|line| !line.starts_with("::add-mask::"))
            .collect::<String>();
        assert!(!rest.contains("ghp_"), "{rest}");
    }
}

#[test]
fn an_empty_input_counts_as_absent() {
    let simulator = simulator();
    for empty in ["", " ", "\n"] {
        let job = plain_inputs()
            .into_iter()
            .fold(Job::on(&simulator), |job, name| job.input(name, empty));
        let step = job.run();
        step.succeeded();
        assert!(
            step.output("report-path")
                .starts_with("copilot-activity-report/acme-")
        );
        assert!(
            step.output("artifact-name")
                .starts_with("copilot-activity-report")
        );
        assert_eq!((step.output("seats"), step.output("commit-sha")), ("3", ""));
        assert!(step.summary.starts_with("# acme: "));
    }
    assert_no_violations(&simulator);
}

#[test]
fn several_organizations_are_separated_by_commas_and_lines() {
    for (organization, names) in [
        ("globex", vec!["globex"]),
        ("acme,globex", vec!["acme", "globex"]),
        (
            "acme\nglobex\r\ninitech\n",
            vec!["acme", "globex", "initech"],
        ),
        (" acme , ,\n\n initech, Acme ", vec!["acme", "initech"]),
    ] {
        let simulator = simulator();
        let step = Job::on(&simulator)
            .input("organization", organization)
            .input("deliver-to", "none")
            .run();
        step.succeeded();
        assert_eq!(requested_scopes(&simulator), names, "{organization:?}");
        let paths: Vec<&str> = step.output("report-path").lines().collect();
        let hashes = step.output("report-sha256").lines().count();
        assert_eq!((paths.len(), hashes), (names.len(), names.len()));
        for (path, name) in paths.iter().zip(&names) {
            let start = format!("copilot-activity-report/{name}-seat-activity-");
            assert!(path.starts_with(&start), "{path}");
        }
        assert_no_violations(&simulator);
    }
}

#[test]
fn the_output_directory_may_be_relative_to_the_workspace_or_absolute() {
    let simulator = simulator();
    let job = || Job::on(&simulator).input("deliver-to", "none");
    let absolute = job();
    let folder = absolute.workspace().join("a/b");
    for (job, directory) in [
        (absolute, folder.to_str().unwrap()),
        (job(), "./a/b/"),
        (job(), "a/b"),
    ] {
        let step = job.input("output-directory", directory).run();
        step.succeeded();
        let path = step.output("report-path");
        assert!(path.starts_with("a/b/acme-seat-activity-"), "{path}");
        assert_eq!(files_below(&step.workspace.join("a/b")).len(), 2);
    }
}

#[test]
fn every_input_except_the_secrets_is_a_flag_that_overrides_the_variable() {
    let simulator = simulator();
    let writes = Token::new().contents_write([OWN, "octo/audit"]);
    simulator.change(|github| {
        let audit = Repository::public();
        github.repositories.insert("octo/audit".to_owned(), audit);
        github.tokens.insert(COMMIT_TOKEN.to_owned(), writes);
    });
    let step = Job::on(&simulator)
        .command_line(&[
            "--enterprise",
            "octocorp",
            "--deliver-to=repository",
            "--output-directory",
            "here",
            "--repository",
            "octo/audit",
            "--branch",
            "audit",
            "--directory",
            "record",
            "--commit-message",
            "{scope}!",
            "--allow-public",
            "--require-complete=false",
            "--summary",
            "false",
        ])
        .variable("GITHUB_TOKEN", TOKEN)
        .input("commit-token", COMMIT_TOKEN)
        .input("output-directory", "elsewhere")
        .run();
    step.succeeded();
    assert_eq!(files_below(&step.workspace.join("here")).len(), 2);
    let directory = simulator.git_dir("octo/audit");
    let log = crate::support::git(&directory, &["log", "-1", "--format=%s%n%b", "audit"]);
    assert!(log.starts_with("octocorp!\n"), "{log}");
    assert!(log.contains("command line "), "{log}");
    crate::support::file(&directory, "audit:record/octocorp/latest.csv");
    assert_eq!(requested_scopes(&simulator), ["octocorp"]);
    assert_no_violations(&simulator);
}

#[test]
fn a_secret_is_never_a_flag() {
    let simulator = simulator();
    for flag in ["--token", "--commit-token"] {
        for arguments in [
            vec![flag.to_owned(), TOKEN.to_owned()],
            vec![format!("{flag}={TOKEN}")],
        ] {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let step = Job::on(&simulator)
                .command_line(&arguments)
                .variable("GITHUB_TOKEN", TOKEN)
                .run();
            step.failed(2, &[flag, "unexpected argument"]);
        }
    }
    assert!(simulator.requests().is_empty());
}

#[test]
fn help_explains_every_input_and_the_exit_status() {
    let step = Job::alone().command_line(&["--help"]).run();
    step.succeeded();
    for input in INPUTS {
        let flag = format!("--{} ", input.name);
        let secret = input.kind == Kind::Secret;
        assert_eq!(step.stdout.contains(&flag), !secret, "{}", step.stdout);
    }
    for text in [
        "GITHUB_TOKEN",
        "Exit status:",
        "[default: copilot-activity]",
    ] {
        assert!(step.stdout.contains(text), "{}", step.stdout);
    }
    let step = Job::alone().command_line(&["--version"]).run();
    step.succeeded();
    assert!(step.stdout.contains(env!("CARGO_PKG_VERSION")));
}
