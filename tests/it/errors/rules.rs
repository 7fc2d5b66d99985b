//! Rules of the repository that receives commits. If the token can't bypass a rule, the error names
//! the rule and the fix, and nothing is left behind. If it can, the rule has no effect.

use crate::support::pulls::branches;
use crate::support::{COMMIT_TOKEN, Job, OWN, Step, assert_intact, git, github};
use simulator::{At, Fault, Kind, RecordedRequest, Repository, Rule, Seats, Simulator, Token};

/// A person's token. `COMMIT_TOKEN` belongs to an App.
const PERSON: &str = "ghp_writesTheReports0000000000000000004";

const RULESET: &str = "ruleset 42 of the repository octo/tools";
const OURS: &str = "Exclude `copilot-activity-report/**/*` from the branches that ruleset 42";
const BYPASS: &str = "Add the account or App of `commit-token` to the bypass list of ruleset 42";
const BY_PULL_REQUEST: &str = "Set `pull-request: true`";

/// How a run delivers to a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// A commit to `main`.
    Commit,
    /// A commit to a branch that doesn't exist.
    NewBranch,
    /// A pull request to `main`.
    PullRequest,
}

/// A rule, its type, and the fix for each mode.
type Broken = (Rule, &'static str, &'static [(Mode, &'static str)]);

use Mode::{Commit, NewBranch, PullRequest};

fn start(repository: Repository) -> Simulator {
    let writes = Token::new().contents_write([OWN]).pulls_write([OWN]);
    let github = github(Seats::people(3))
        .repository(OWN, repository)
        .token(COMMIT_TOKEN, writes.clone())
        .token(PERSON, writes.scopes("repo"));
    Simulator::start(github).unwrap()
}

fn job(simulator: &Simulator, token: &str, mode: Mode) -> Job {
    let job = Job::on(simulator)
        .input("deliver-to", "repository")
        .input("commit-token", token);
    match mode {
        Commit => job,
        NewBranch => job.input("branch", "audit"),
        PullRequest => job.input("pull-request", "true"),
    }
}

/// The requests that would write something.
fn writes(simulator: &Simulator) -> Vec<String> {
    let is_write = |request: &RecordedRequest| {
        let body = request.json().unwrap_or_default();
        let query = body["query"].as_str().unwrap_or_default();
        let is_read = request.method == "GET" || query.starts_with("query");
        !is_read
    };
    let requests = simulator.requests();
    let writes = requests.iter().filter(|request| is_write(request));
    writes
        .map(|request| format!("{} {}", request.method, request.path_and_query))
        .collect()
}

/// Checks that the run failed, printed all of `texts`, and suggested one fix.
fn assert_one_fix(step: &Step, texts: &[&str], what: &str) {
    assert_eq!(step.status, 1, "{what}\n{}", step.printed());
    for text in texts {
        assert!(
            step.stdout.contains(text),
            "{what}: {text}\n{}",
            step.stdout
        );
    }
    let advice = step.stdout.matches("Fix: ").count();
    assert_eq!(advice, 1, "{what}\n{}", step.stdout);
}

/// Checks that the run failed because of a rule, named its type and source, suggested one fix, and
/// left nothing behind.
fn assert_rejected_by_rule(
    simulator: &Simulator,
    step: &Step,
    kind: &str,
    texts: &[&str],
    what: &str,
) {
    let kind = format!("`{kind}`");
    assert_one_fix(step, &[&[&*kind], texts].concat(), what);
    assert_eq!(branches(simulator), Vec::<String>::new(), "{what}");
    let commits = git(&simulator.git_dir(OWN), &["rev-list", "--count", "--all"]);
    assert_eq!(commits.trim(), "1", "{what}");
    assert_intact(simulator, OWN);
}

/// Rules that apply to every branch, how the run delivers, and the fix.
const CERTAIN: [(Rule, &str, Mode, &str); 9] = [
    (Rule::PullRequest, "pull_request", Commit, BY_PULL_REQUEST),
    (
        Rule::PullRequest,
        "pull_request",
        NewBranch,
        BY_PULL_REQUEST,
    ),
    (Rule::PullRequest, "pull_request", PullRequest, OURS),
    (Rule::MergeQueue, "merge_queue", Commit, BY_PULL_REQUEST),
    (Rule::Update, "update", Commit, BYPASS),
    (Rule::Update, "update", PullRequest, OURS),
    (
        Rule::Creation,
        "creation",
        NewBranch,
        "Create the branch audit yourself",
    ),
    (Rule::Creation, "creation", PullRequest, OURS),
    (Rule::MergeQueue, "merge_queue", PullRequest, OURS),
];

#[test]
fn a_rule_that_a_person_cannot_bypass_fails_the_run_before_any_write() {
    for (rule, kind, mode, helps) in CERTAIN {
        let what = format!("{rule:?} {mode:?}");
        let simulator = start(Repository::private().protected_branch("*", rule));
        let step = job(&simulator, PERSON, mode).run();
        assert_rejected_by_rule(&simulator, &step, kind, &[RULESET, helps], &what);
        assert_eq!(writes(&simulator), Vec::<String>::new(), "{what}");
    }
}

#[test]
fn a_rule_that_an_app_might_bypass_is_found_by_one_rejected_write() {
    for (rule, kind, mode, helps) in CERTAIN {
        if (rule, mode) == (Rule::Update, PullRequest) {
            // Creating a branch isn't an update.
            continue;
        }
        let what = format!("{rule:?} {mode:?}");
        let simulator = start(Repository::private().protected_branch("*", rule));
        let step = job(&simulator, COMMIT_TOKEN, mode).run();
        assert_rejected_by_rule(&simulator, &step, kind, &[RULESET, helps], &what);
        let visible = writes(&simulator).into_iter().filter(|write| {
            !["/git/blobs", "/git/trees", "/git/commits"]
                .iter()
                .any(|hidden| write.ends_with(hidden))
        });
        assert_eq!(visible.count(), 1, "{what}");
    }
}

#[test]
fn a_token_that_bypasses_the_rules_is_not_blocked_by_them() {
    let all = [
        Rule::PullRequest,
        Rule::MergeQueue,
        Rule::Update,
        Rule::Creation,
        Rule::RequiredStatusChecks,
        Rule::BranchNamePattern,
        Rule::CommitMessagePattern,
    ];
    for token in [PERSON, COMMIT_TOKEN] {
        for mode in [Commit, NewBranch, PullRequest] {
            let repository = all.iter().fold(Repository::private(), |repository, rule| {
                repository.protected_branch("*", *rule)
            });
            let simulator = start(repository.bypassed_by(token));
            let step = job(&simulator, token, mode).run();
            step.succeeded();
            assert_eq!(step.output("commit-sha").len(), 40, "{mode:?}");
            assert!(step.stdout.contains(", verified"), "{}", step.stdout);
            assert_intact(&simulator, OWN);
        }
    }
}

#[test]
fn each_rejection_has_exactly_one_fix_that_works() {
    const MESSAGE: &str = "Change `commit-message`";
    const SECRETS: &str = "`paths-ignore` in `.github/secret_scanning.yml`";
    const FOLDER: &str = "Set `directory` to another folder";
    let cases: [Broken; 9] = [
        (
            Rule::RequiredStatusChecks,
            "required_status_checks",
            &[(Commit, BY_PULL_REQUEST), (PullRequest, OURS)],
        ),
        (
            Rule::CommitMessagePattern,
            "commit_message_pattern",
            &[
                (Commit, MESSAGE),
                (NewBranch, MESSAGE),
                (PullRequest, MESSAGE),
            ],
        ),
        (
            Rule::CommitAuthorEmailPattern,
            "commit_author_email_pattern",
            &[(Commit, BYPASS), (PullRequest, BYPASS)],
        ),
        (
            Rule::BranchNamePattern,
            "branch_name_pattern",
            &[
                (NewBranch, "Set `branch` to a name that the rule allows."),
                (PullRequest, OURS),
            ],
        ),
        (
            Rule::FilePathRestriction,
            "file_path_restriction",
            &[(Commit, FOLDER), (PullRequest, FOLDER)],
        ),
        (
            Rule::FileExtensionRestriction,
            "file_extension_restriction",
            &[(Commit, BYPASS), (PullRequest, BYPASS)],
        ),
        (
            Rule::MaxFileSize,
            "max_file_size",
            &[(Commit, BYPASS), (PullRequest, BYPASS)],
        ),
        (
            Rule::RequiredSignatures,
            "required_signatures",
            &[(Commit, "turn on web commit signing")],
        ),
        (
            Rule::PushProtection,
            "Push protection",
            &[
                (Commit, SECRETS),
                (NewBranch, SECRETS),
                (PullRequest, SECRETS),
            ],
        ),
    ];
    for (rule, kind, modes) in cases {
        for (mode, helps) in modes {
            let what = format!("{rule:?} {mode:?}");
            let simulator = start(Repository::private().unsigned().protected_branch("*", rule));
            let step = job(&simulator, PERSON, *mode).run();
            assert_one_fix(&step, &[kind, helps], &what);
            assert_intact(&simulator, OWN);
        }
    }
}

#[test]
fn rules_that_the_commit_follows_are_not_blamed() {
    let harmless = [
        Rule::Deletion,
        Rule::NonFastForward,
        Rule::RequiredLinearHistory,
        Rule::RequiredSignatures,
    ];
    let repository = harmless.iter().fold(Repository::private(), |all, rule| {
        all.protected_branch("*", *rule)
    });
    for mode in [Commit, NewBranch, PullRequest] {
        for token in [PERSON, COMMIT_TOKEN] {
            let simulator = start(repository.clone());
            job(&simulator, token, mode).run().succeeded();
            assert_intact(&simulator, OWN);
        }
    }
    // Other errors from GitHub aren't blamed on the rules.
    let simulator = start(repository);
    let refused = Kind::GraphqlError {
        error_type: Some("UNPROCESSABLE".to_owned()),
        message: "A path was requested which is not well-formed".to_owned(),
    };
    let at = At::Graphql(simulator::Operation::Mutation);
    simulator.fault(Fault::always(at, refused));
    let step = job(&simulator, PERSON, Commit).run();
    step.failed(1, &["A path was requested which is not well-formed"]);
    assert!(!step.stdout.contains("ruleset"), "{}", step.stdout);
}

#[test]
fn rules_that_cannot_be_read_do_not_block_anything() {
    for at in [
        At::path("GET", "/rules/branches/"),
        At::path("GET", "/rulesets/"),
    ] {
        for kind in [
            Kind::status(403, "Resource not accessible by integration"),
            Kind::status(404, "Not Found"),
            Kind::Html(502),
            Kind::rewrite(|rules| *rules = "none".into()),
        ] {
            let repository = Repository::private().protected_branch("*", Rule::PullRequest);
            let simulator = start(repository.bypassed_by(PERSON));
            simulator.fault(Fault::always(at.clone(), kind));
            for mode in [NewBranch, PullRequest] {
                let step = job(&simulator, PERSON, mode)
                    .variable("TEST_WAIT_SCALE", "0.001")
                    .run();
                step.succeeded();
            }
            assert_intact(&simulator, OWN);
        }
    }
}

#[test]
fn a_branch_rejected_without_a_reason_is_not_retried_for_a_minute() {
    let simulator = start(Repository::private().protected_branch("*", Rule::Creation));
    let unreadable = Kind::status(404, "Not Found");
    simulator.fault(Fault::always(
        At::path("GET", "/rules/branches/"),
        unreadable,
    ));
    let step = job(&simulator, COMMIT_TOKEN, NewBranch).run();
    let helps = "Create the branch audit yourself";
    step.failed(1, &["Reference update failed", "a rule forbids it", helps]);
    assert!(writes(&simulator).len() <= 4, "{:?}", writes(&simulator));
    assert_eq!(branches(&simulator), Vec::<String>::new());
    assert_eq!(step.stdout.matches("Fix: ").count(), 1);
}

#[test]
fn an_organization_ruleset_is_named_as_such() {
    let simulator = start(Repository::private().protected_branch("*", Rule::Creation));
    let of_organization = Kind::rewrite(|rules| {
        rules[0]["ruleset_source_type"] = "Organization".into();
        rules[0]["ruleset_source"] = "octo".into();
    });
    let at = At::path("GET", "/rules/branches/");
    simulator.fault(Fault::always(at, of_organization));
    let step = job(&simulator, PERSON, PullRequest).run();
    let named = "`creation` (ruleset 42 of the organization octo)";
    assert_rejected_by_rule(&simulator, &step, "creation", &[named], "organization");
}

#[test]
fn if_a_rule_rejects_the_first_commit_the_fix_is_to_commit_it_yourself() {
    for (mode, token) in [
        (Commit, PERSON),
        (PullRequest, PERSON),
        (Commit, COMMIT_TOKEN),
    ] {
        let closed = Repository::private().protected(Rule::PullRequest).empty();
        let simulator = start(closed);
        let step = job(&simulator, token, mode).run();
        let helps = "Commit a file to main of octo/tools yourself";
        step.failed(1, &["`pull_request`", RULESET, helps]);
        let also = step.stdout.contains("`pull-request: true`");
        assert_eq!(also, mode == Commit, "{}", step.stdout);
        assert_eq!(step.stdout.matches("Fix: ").count(), 1);
    }
}

#[test]
fn a_created_branch_that_gets_no_commit_is_reported() {
    let simulator = start(Repository::private().protected_branch("*", Rule::PushProtection));
    let step = job(&simulator, COMMIT_TOKEN, NewBranch).run();
    step.failed(
        1,
        &[
            "Secret detected",
            "the branch audit was created and has no report",
        ],
    );
    assert_eq!(branches(&simulator), ["audit"]);
}

#[test]
fn no_branch_is_created_before_there_is_something_to_commit() {
    let simulator = start(Repository::private());
    job(&simulator, PERSON, Commit).run().succeeded();
    let broken = At::FileText;
    simulator.fault(Fault::always(broken, Kind::status(403, "no")));
    job(&simulator, PERSON, NewBranch).run().failed(1, &["403"]);
    assert_eq!(branches(&simulator), Vec::<String>::new());
}
