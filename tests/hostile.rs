//! Whatever people, organizations, teams, editors, GitHub, the artifact service and its store are
//! called and say: no workflow command, no output, no link, no path is made of it, no secret comes
//! back out of it, and the report holds it exactly.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod support;

use std::collections::BTreeSet;
use std::process::Command;

use copilot_activity_report::console::Console;
use copilot_activity_report::environment::Environment;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use serde_json::{Value, json};
use simulator::seat::Row;
use simulator::{At, Fault, Kind, Operation, Seats, Simulator, Token};
use support::{COMMIT_TOKEN, Job, OUTPUTS, OWN, Step, TOKEN, file, git, github, sound, unzip};

/// Texts that mean something to a runner, a terminal, a shell, Markdown, HTML, a path or a
/// spreadsheet.
const HOSTILE: [&str; 40] = [
    "::error::injected",
    "\n::error::injected",
    "\r::error::injected",
    "\r\n  ::set-output name=complete::true",
    "\u{85}::stop-commands::injected",
    "\u{2028}::add-mask::a",
    "\u{ad}::add-mask::a",
    ":\u{2060}:error::injected",
    "##[error]injected",
    "\n##[add-mask]a",
    "#\u{200b}#[error]injected",
    "\nEOF\ncomplete<<EOF\nfalse\nEOF\n",
    "\ncomplete=false\n",
    "[a](https://evil.example/link)",
    "![a](https://evil.example/pixel.png)",
    "<https://evil.example/auto>",
    "https://evil.example/bare",
    "www.evil.example",
    "[a]: https://evil.example/reference",
    "<img src=https://evil.example/x onerror=alert(1)>",
    "<!-- a",
    "--> <script>alert(1)</script>",
    "&lt;b&gt; &#60;i&#62;",
    "a | b | c\n|---|---|\n| d | e |",
    "`a` ``b`` ```",
    "a\\",
    "a\\|b\\`",
    "\n# a\n> b\n- c\n1. d\n\n    e",
    "@octocat @acme/owners",
    "*a* _b_ ~~c~~ $d$",
    "=HYPERLINK(\"https://evil.example\")",
    "+1+1",
    "-1",
    "@SUM(A1)",
    "a,b;c\t\"d\"\"",
    "\u{202e}drowssap\u{2066}\u{feff}",
    "\u{1b}[31mred\u{1b}]8;;https://evil.example\u{7}a\u{7}\u{8}",
    "../../.git/hooks/post-checkout",
    "/etc/passwd\0.csv",
    "$(id) `id` ${{ github.token }} %0A::error::injected",
];

/// All of them, one after the other.
fn all() -> String {
    HOSTILE.join(" ")
}

fn job(simulator: &Simulator) -> Job {
    Job::on(simulator)
        .input("deliver-to", "artifact,repository")
        .variable("RUNNER_DEBUG", "1")
}

/// That a run made of hostile texts nothing but text: every line of the log, every output, every
/// link of the summary, every path is one that the action means. Those of the log were looked at
/// when the run ended.
fn is_only_text(simulator: &Simulator, step: &Step) {
    assert!(matches!(step.status, 0 | 1), "{}", step.printed());
    for (name, value) in &step.outputs {
        assert!(OUTPUTS.contains(&name.as_str()), "{name}");
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._/:".contains(c);
        assert!(value.chars().all(plain), "{name}: {value:?}");
        assert!(value.len() < 300, "{name}");
        let is_address = value.is_empty() || value.starts_with(&simulator.server_url());
        assert!(!name.ends_with("-url") || is_address, "{name}: {value}");
    }
    is_plain_page(simulator, &step.summary);
    for text in step.stdout.lines().chain(step.stderr.lines()) {
        let shown = |c: char| !c.is_control() && !copilot_activity_report::text::is_invisible(c);
        assert!(text.chars().all(shown), "{text:?}");
        assert!(text.len() < 20_000, "{} bytes in one line", text.len());
    }
    let names: BTreeSet<String> = support::files_below(&step.workspace)
        .iter()
        .map(|path| {
            path.strip_prefix(&step.workspace)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    for name in &names {
        let (folder, file) = name.split_once('/').unwrap();
        assert_eq!(folder, "copilot-activity-report");
        is_our_name(file);
    }
    for artifact in simulator.artifacts() {
        unzip(&artifact.bytes)
            .keys()
            .for_each(|name| is_our_name(name));
    }
    let tree = git(
        &simulator.git_dir(OWN),
        &["ls-tree", "-r", "-z", "--name-only", "main"],
    );
    for path in tree.split_terminator('\0') {
        let ours = path == "README.md"
            || path.strip_prefix("copilot-activity/").is_some_and(|path| {
                let (scope, file) = path.split_once('/').unwrap();
                matches!(scope, "acme" | "octocorp") && is_our_file(file) && !file.contains("..")
            });
        assert!(ours, "{path}");
        let shown = path.ends_with(".svg") || (path.ends_with(".md") && path != "README.md");
        if shown {
            let page = file(&simulator.git_dir(OWN), &format!("main:{path}"));
            is_plain_file(std::str::from_utf8(&page).unwrap());
        }
    }
    sound(simulator, OWN);
}

/// Whether a scope's folder has a file of that name.
fn is_our_file(path: &str) -> bool {
    let files = [
        "README.md",
        "latest.csv",
        "people.csv",
        "seats.csv",
        "totals.csv",
        "trend-dark.svg",
        "trend-light.svg",
    ];
    let folders = ["changes/20", "reports/20"];
    files.contains(&path) || folders.iter().any(|folder| path.starts_with(folder))
}

fn is_our_name(name: &str) {
    let (scope, rest) = name.split_once("-seat-activity-").unwrap();
    assert!(matches!(scope, "acme" | "octocorp"), "{name}");
    let time = rest
        .trim_end_matches(".csv")
        .trim_end_matches(".manifest.json");
    assert!(time.parse::<u64>().is_ok(), "{name}");
}

/// That a page of Markdown has no image, no HTML and no link but the action's own. What GitHub
/// makes links of after it rendered the page is broken up.
fn is_plain_page(simulator: &Simulator, page: &str) {
    // What GitHub's Markdown has over the plain one.
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_MATH
        | Options::ENABLE_GFM;
    let mut text = String::new();
    let mut in_chart = false;
    for event in Parser::new_ext(page, options) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(kind))) if &*kind == "mermaid" => {
                in_chart = true;
            }
            Event::End(TagEnd::CodeBlock) => in_chart = false,
            Event::Text(part) if in_chart => is_plain_chart(&part),
            Event::Start(Tag::Link { dest_url, .. }) => {
                assert!(dest_url.starts_with(&simulator.server_url()), "{dest_url}");
            }
            Event::Start(
                tag @ (Tag::Image { .. } | Tag::CodeBlock(_) | Tag::FootnoteDefinition(_)),
            ) => panic!("{tag:?} in {page}"),
            Event::Html(html) | Event::InlineHtml(html) => {
                assert!(matches!(&*html, "<!-- -->" | "<br>"), "{html:?} in {page}");
                text.push_str(&html);
            }
            Event::InlineMath(_) | Event::DisplayMath(_) | Event::FootnoteReference(_) => {
                panic!("{event:?} in {page}");
            }
            Event::Text(part) => text.push_str(&part),
            // Nothing is made of code.
            Event::Code(_) => text.push(' '),
            _ => {}
        }
    }
    for made in ["@octocat", "@acme", "www.evil", "https://evil"] {
        assert!(!text.contains(made), "{made} in {text}");
    }
}

/// That a chart says nothing but our own words, figures, and names that mean nothing there.
fn is_plain_chart(part: &str) {
    for line in part
        .lines()
        .filter(|line| !line.starts_with("%%{init: {\"xyChart\""))
    {
        let plain = |c: char| c.is_ascii_alphanumeric() || " ._-?\":,[]>".contains(c);
        assert!(line.chars().all(plain), "{line}");
        let names = line.matches('"').count();
        assert!(names.is_multiple_of(2), "{line}");
        assert!(!line.trim_start().starts_with("click"), "{line}");
    }
}

/// That a page in the repository shows nothing from elsewhere and leads only to its neighbours.
/// Names stand between backticks.
fn is_plain_file(page: &str) {
    let mut made = String::new();
    for event in Parser::new_ext(page, Options::ENABLE_TABLES | Options::ENABLE_GFM) {
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                made.push_str(&dest_url);
            }
            Event::Html(html) | Event::InlineHtml(html) => made.push_str(&html),
            Event::Text(text) => made.push_str(&text),
            _ => {}
        }
    }
    for foreign in [
        "evil", "script", "onerror", "@octocat", "@acme", "..", "/etc/",
    ] {
        assert!(!made.contains(foreign), "{foreign} in {made}");
    }
}

/// The rows of a report, each without its time.
fn rows(file: &[u8]) -> BTreeSet<Vec<String>> {
    let mut file = csv::Reader::from_reader(file);
    file.records()
        .map(|row| row.unwrap().iter().skip(1).map(str::to_owned).collect())
        .collect()
}

#[test]
fn names_of_people_editors_teams_and_organizations_are_kept_exactly_and_mean_nothing() {
    let people = HOSTILE.iter().enumerate().map(|(n, text)| {
        let id = n as u64 + 1;
        Row::of(text, id)
            .created("2020-01-01T00:00:00Z")
            .surface(HOSTILE[(n + 1) % HOSTILE.len()])
            .enterprise_team(HOSTILE[(n + 2) % HOSTILE.len()], id)
            .organization(HOSTILE[(n + 3) % HOSTILE.len()], id)
            .plan(text)
    });
    // The ten who are named in the summary, one after another.
    for (number, people) in people.collect::<Vec<_>>().chunks(10).enumerate() {
        let seats = Seats::rows(people.to_vec());
        let reads = Token::new()
            .enterprise(["octocorp"])
            .scopes("read:enterprise");
        let github = github(Seats::people(1))
            .enterprise("octocorp", seats)
            .token(TOKEN, reads);
        let simulator = Simulator::start(github).unwrap();
        let step = job(&simulator).input("enterprise", "octocorp").run();
        step.succeeded();
        is_only_text(&simulator, &step);
        assert!(step.summary.contains("### Longest inactive"));
        let expected: BTreeSet<Vec<String>> = (0..people.len())
            .map(|n| number * 10 + n)
            .map(|n| {
                let text = |further: usize| HOSTILE[(n + further) % HOSTILE.len()].to_owned();
                vec![text(0), "None".into(), "None".into(), text(1), text(3)]
            })
            .collect();
        let report = step.report();
        assert_eq!(rows(&report), expected);
        let latest = file(
            &simulator.git_dir(OWN),
            "main:copilot-activity/octocorp/latest.csv",
        );
        assert!(latest == report);
        let unpacked = unzip(&simulator.artifacts()[0].bytes);
        assert!(unpacked.into_values().any(|file| file == report));
        assert_eq!(step.output("complete"), "true");

        // The page of the repository names those who came and went.
        simulator.change(|github| {
            let seats = github.enterprises.get_mut("octocorp").unwrap();
            seats.rows.truncate(1);
        });
        let step = job(&simulator).input("enterprise", "octocorp").run();
        step.succeeded();
        is_only_text(&simulator, &step);
        assert_eq!(step.output("changed"), "true");
    }
}

#[test]
fn ten_megabytes_of_a_name_are_kept_exactly_and_not_shown() {
    let part = "::error::\n[@x](https://evil.example)<b>|`=\u{202e}";
    let long = part.repeat(10_000_000 / part.len() + 1);
    let seats = Seats::rows([
        // Addresses made of the login would have it ten times more.
        Row::of("", 1)
            .field("assignee", json!({ "login": long, "id": 1 }))
            .created("2020-01-01T00:00:00Z"),
        Row::of("octocat", 2).surface(&long),
    ]);
    let simulator = Simulator::start(github(seats)).unwrap();
    let step = job(&simulator)
        .input("deliver-to", "artifact")
        .variable("TEST_WAIT_SCALE", "1")
        .run();
    step.succeeded();
    is_only_text(&simulator, &step);
    assert!(step.printed().len() + step.summary.len() < 100_000);
    let none = || "None".to_owned();
    let expected = BTreeSet::from([
        vec![long.clone(), none(), none(), none()],
        vec!["octocat".to_owned(), none(), none(), long],
    ]);
    assert!(rows(&step.report()) == expected);
}

/// What no header can have is left out of it.
fn in_header(text: &str) -> String {
    text.chars()
        .filter(|c| (' '..='~').contains(c) || *c == '\t')
        .collect()
}

#[test]
fn what_github_answers_means_nothing() {
    let hostile = all();
    let long = hostile.repeat(10_000_000 / hostile.len());
    for (at, status) in [
        (At::Seats, 404),
        (At::Seats, 403),
        (At::Seats, 422),
        (At::path("GET", "/repos/"), 404),
        (At::path("GET", "/contents/"), 403),
        (At::path("POST", "/graphql"), 401),
        (At::CreateArtifact, 400),
        (At::FinalizeArtifact, 403),
        (At::Block, 409),
        (At::BlockList, 403),
    ] {
        for text in [&hostile, &long] {
            let simulator = support::verdict::scene(Seats::people(3));
            let twirp = json!({
                "code": text, "msg": text, "message": text, "documentation_url": text,
                "errors": [text, { "message": text }],
            });
            let xml = format!("<Error><Code>{text}</Code><Message>{text}</Message></Error>");
            let body = match at {
                At::Block | At::BlockList => xml,
                _ => twirp.to_string(),
            };
            let mut refused = Kind::Status {
                status,
                headers: Vec::new(),
                body,
            };
            for header in [
                "x-github-request-id",
                "x-ms-request-id",
                "x-oauth-scopes",
                "x-accepted-oauth-scopes",
                "x-accepted-github-permissions",
            ] {
                refused = refused.header(header, &in_header(&hostile));
            }
            let sso = format!("required; url={}", in_header(&hostile));
            simulator.fault(Fault::always(
                at.clone(),
                refused.header("x-github-sso", &sso),
            ));
            let step = job(&simulator).run();
            assert_eq!(step.status, 1, "{at:?}: {}", step.printed());
            is_only_text(&simulator, &step);
        }
    }
}

#[test]
fn what_graphql_answers_means_nothing() {
    for operation in [Operation::Query, Operation::Mutation] {
        let simulator = Simulator::start(github(Seats::people(3))).unwrap();
        let kind = Kind::GraphqlError {
            error_type: Some(all()),
            message: all(),
        };
        simulator.fault(Fault::always(At::Graphql(operation), kind));
        let step = job(&simulator).run();
        assert_eq!(step.status, 1);
        is_only_text(&simulator, &step);
    }
}

/// Puts `text` at every place in an answer whose field has that name.
fn replace(json: &mut Value, field: &str, text: &str) {
    match json {
        Value::Array(list) => list.iter_mut().for_each(|json| replace(json, field, text)),
        Value::Object(fields) => {
            for (name, json) in fields {
                if name == field && !json.is_object() {
                    *json = json!(text);
                } else {
                    replace(json, field, text);
                }
            }
        }
        _ => {}
    }
}

#[test]
fn a_false_commit_address_sha_or_signature_reaches_no_output_and_no_page() {
    for (field, text) in [
        ("url", "https://evil.example/commit/1"),
        ("url", "http://github.localhost/a\nhttps://evil.example"),
        ("url", "http://github.localhost/$(id)"),
        ("url", "http://github.localhost@evil.example/"),
        ("url", "javascript:alert(1)"),
        ("state", &all()),
    ] {
        let simulator = Simulator::start(github(Seats::people(3))).unwrap();
        let text = text.to_owned();
        let rewrite = Kind::rewrite(move |json| {
            replace(json, field, &text);
            replace(json, "isValid", "false");
            if let Some(valid) =
                json.pointer_mut("/data/createCommitOnBranch/commit/signature/isValid")
            {
                *valid = json!(false);
            }
        });
        simulator.fault(Fault::always(At::Graphql(Operation::Mutation), rewrite));
        let step = job(&simulator).run();
        step.succeeded();
        is_only_text(&simulator, &step);
        assert_eq!(step.output("commit-sha").len(), 40);
        assert_eq!(step.output("commit-url").is_empty(), field == "url");
    }
    // Whatever names an object goes into addresses and outputs.
    for operation in [Operation::Query, Operation::Mutation] {
        let simulator = Simulator::start(github(Seats::people(3))).unwrap();
        let rewrite = Kind::rewrite(|json| replace(json, "oid", "../../user\n::error::injected"));
        simulator.fault(Fault::always(At::Graphql(operation), rewrite));
        let step = job(&simulator).run();
        match operation {
            Operation::Query => step.failed(1, &["it is not the SHA of a git object"]),
            // The branch's history says what was committed.
            Operation::Mutation => step.succeeded(),
        };
        is_only_text(&simulator, &step);
        let sha = git(&simulator.git_dir(OWN), &["rev-parse", "main"]);
        let committed = operation == Operation::Mutation;
        assert_eq!(step.output("commit-sha") == sha.trim(), committed);
        let asked = simulator.requests();
        assert!(
            !asked
                .iter()
                .any(|seen| seen.path_and_query.contains("user"))
        );
    }
}

#[test]
fn a_false_name_or_default_branch_of_the_repository_means_nothing() {
    for text in HOSTILE {
        let simulator = Simulator::start(github(Seats::people(1))).unwrap();
        let rewrite = Kind::rewrite(move |json| {
            for field in [
                "full_name",
                "name",
                "html_url",
                "url",
                "default_branch",
                "login",
            ] {
                replace(json, field, text);
            }
        });
        simulator.fault(Fault::always(At::path("GET", "/repos/octo/tools"), rewrite));
        let step = job(&simulator).input("deliver-to", "repository").run();
        is_only_text(&simulator, &step);
        let heads = git(
            &simulator.git_dir(OWN),
            &["for-each-ref", "--format=%(refname)"],
        );
        for head in heads.lines() {
            assert!(head.starts_with("refs/heads/"), "{head}");
        }
    }
}

#[test]
fn a_false_answer_of_the_artifact_service_means_nothing() {
    let evil = "https://evil.example/x?sig=abcdefgh".to_owned();
    let http = "http://evil.example/x?sig=abcdefgh".to_owned();
    for (at, field, text, done) in [
        (At::CreateArtifact, "signed_upload_url", all(), false),
        (At::CreateArtifact, "signed_upload_url", http, false),
        (
            At::CreateArtifact,
            "signed_upload_url",
            "file:///etc/passwd".to_owned(),
            false,
        ),
        (
            At::CreateArtifact,
            "signed_upload_url",
            format!("{evil}\n::error::a"),
            false,
        ),
        (At::FinalizeArtifact, "artifact_id", all(), false),
        (
            At::FinalizeArtifact,
            "artifact_id",
            "7/../../x".to_owned(),
            false,
        ),
        (At::FinalizeArtifact, "artifact_id", "7".to_owned(), true),
    ] {
        let simulator = Simulator::start(github(Seats::people(1))).unwrap();
        let rewrite = Kind::rewrite(move |json| {
            replace(json, field, &text);
            replace(json, "database_id", &text);
        });
        simulator.fault(Fault::always(at, rewrite.clone()));
        simulator.fault(Fault::always(At::ListArtifacts, rewrite));
        let step = job(&simulator).run();
        assert_eq!(step.status, i32::from(!done), "{}", step.printed());
        is_only_text(&simulator, &step);
        assert!(!step.output("commit-sha").is_empty());
    }
}

#[test]
fn what_stands_in_the_repository_means_nothing() {
    let simulator = Simulator::start(github(Seats::people(2))).unwrap();
    // Of a day before, with everything in it that could be read.
    let header = support::verdict::HEADER;
    let login = all().replace('"', "\"\"");
    let latest = format!("{header}\n2026-01-02T03:04:05Z,\"{login}\",None,None,None\n");
    let directory = simulator.git_dir(OWN);
    support::commit_file(&directory, support::verdict::LATEST, latest.as_bytes());
    let step = job(&simulator).run();
    step.succeeded();
    is_only_text(&simulator, &step);
    assert_eq!(step.output("changed"), "true");

    for broken in [all(), format!("{{\"scope\": {:?}}}", all())] {
        let simulator = Simulator::start(github(Seats::people(2))).unwrap();
        let day = support::today();
        let folder = "copilot-activity/acme";
        for path in [
            format!("{folder}/latest.csv"),
            format!("{folder}/reports/{}/{day}.csv", &day[..4]),
            format!("{folder}/reports/{}/{day}.json", &day[..4]),
        ] {
            support::commit_file(&simulator.git_dir(OWN), &path, broken.as_bytes());
        }
        let step = job(&simulator).run();
        step.succeeded();
        is_only_text(&simulator, &step);
    }
}

#[test]
fn inputs_that_mean_something_elsewhere_are_refused_or_mean_nothing() {
    let simulator = Simulator::start(github(Seats::people(1))).unwrap();
    let inputs = [
        "organization",
        "enterprise",
        "deliver-to",
        "output-directory",
        "artifact-name",
        "artifact-retention-days",
        "repository",
        "branch",
        "directory",
        "commit-message",
        "allow-public",
        "require-complete",
        "max-wait-minutes",
        "summary",
    ];
    for (number, input) in inputs.into_iter().enumerate() {
        // Each input meets a third of the texts, and each text a third of the inputs; properties
        // beside the code try many more.
        for text in HOSTILE.iter().skip(number % 3).step_by(3) {
            // No variable can have one.
            let text = text.replace('\0', "");
            let mut job = job(&simulator)
                .input("deliver-to", "none")
                .input(input, &text);
            if input == "enterprise" {
                job = job.without("GITHUB_REPOSITORY_OWNER");
            }
            let step = job.run();
            // Some are good texts for a message or a folder; then all stays where it should.
            assert!(
                matches!(step.status, 0 | 2),
                "{input}: {text:?}: {}",
                step.printed()
            );
            if step.status == 2 {
                step.failed(2, &["The inputs cannot be used; nothing was sent.", input]);
                assert!(step.outputs.is_empty() && step.summary.is_empty());
            }
            is_plain_page(&simulator, &step.summary);
            for path in support::files_below(step.workspace.parent().unwrap()) {
                let inside = path.starts_with(&step.workspace);
                let runners = path.ends_with("output") || path.ends_with("summary");
                assert!(inside || runners, "{path:?}");
            }
        }
    }
    assert_eq!(simulator.complaints(), Vec::<String>::new());
}

#[test]
fn a_report_that_somebody_changes_before_it_is_uploaded_is_not() {
    let simulator = Simulator::start(github(Seats::people(1))).unwrap();
    let job = job(&simulator);
    let workspace = job.workspace();
    let change = Kind::change(move |_| {
        let files = support::files_below(&workspace);
        let report = files.iter().find(|file| file.extension().unwrap() == "csv");
        std::fs::write(report.unwrap(), "=HYPERLINK()").unwrap();
    });
    simulator.fault(Fault::once(At::Graphql(Operation::Mutation), change));
    let step = job.run();
    step.failed(
        1,
        &[
            "was changed after it was written",
            "not done: no artifact was uploaded",
        ],
    );
    assert!(simulator.artifacts().is_empty());
    assert_eq!(step.output("commit-sha").len(), 40);
    is_only_text(&simulator, &step);
}

/// A page of a debugging proxy that shows the request it got.
fn echo(secret: &str) -> String {
    format!("You sent: Authorization: Bearer {secret} and the signature {secret}")
}

#[test]
fn a_secret_that_a_server_echoes_is_not_shown() {
    // That none is anywhere is held against every run; here somebody tries.
    for (at, status) in [
        (At::Seats, 404),
        (At::Seats, 200),
        (At::path("GET", "/repos/"), 403),
        (At::path("POST", "/graphql"), 422),
        (At::CreateArtifact, 400),
        (At::FinalizeArtifact, 500),
        (At::Block, 403),
    ] {
        for json in [true, false] {
            let simulator = Simulator::start(github(Seats::people(1))).unwrap();
            for secret in [TOKEN, COMMIT_TOKEN, &simulator.runtime_token()] {
                let text = echo(secret);
                let body = if json {
                    json!({ "message": text, "msg": text, "code": "internal", "seats": text })
                        .to_string()
                } else {
                    text
                };
                simulator.clear_faults();
                simulator.fault(Fault::always(
                    at.clone(),
                    Kind::Status {
                        status,
                        headers: vec![("x-github-request-id".to_owned(), secret.to_owned())],
                        body,
                    },
                ));
                let step = job(&simulator).run();
                assert_eq!(step.status, 1, "{}", step.printed());
            }
        }
    }
}

/// Where the test below panics itself, and with what.
const PANIC: &str = "TEST_PANIC";

#[test]
fn a_panic_is_an_error_like_any_other_without_the_words_it_came_with() {
    if let Ok(words) = std::env::var(PANIC) {
        let environment = Environment::read();
        let console = Console::of_process(&environment);
        copilot_activity_report::runner::log::begin(&environment, &console);
        assert!(words != "none", "words of the source");
        panic!("{words}");
    }
    let words = format!("{TOKEN}\n::error::injected");
    for (given, told) in [
        (
            words.as_str(),
            "::error::The action has a mistake and panicked at tests/hostile.rs:",
        ),
        ("none", " (words of the source)."),
    ] {
        let itself = std::env::current_exe().unwrap();
        let name = "a_panic_is_an_error_like_any_other_without_the_words_it_came_with";
        let output = Command::new(itself)
            .args(["--exact", name, "--nocapture"])
            .env("GITHUB_ACTIONS", "true")
            .env(PANIC, given)
            .output()
            .unwrap();
        assert!(!output.status.success());
        let printed = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        let printed = printed.concat();
        assert!(printed.contains(told), "{printed}");
        assert!(
            !printed.contains(TOKEN) && !printed.contains("injected"),
            "{printed}"
        );
    }
}
