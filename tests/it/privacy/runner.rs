//! What the runner gets from a run: masks, annotations, outputs, and the summary, with any response
//! from GitHub and any names.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown};

use crate::support::{
    COMMIT_TOKEN, Job, OUTPUTS, OWN, TOKEN, assert_intact, days_ago, files_below, github, unescape,
};
use simulator::seat::Row;
use simulator::{At, Fault, GitHub, Kind, Seats, Simulator, Token};

/// Names with a special meaning for a runner, shell, Markdown, HTML, or spreadsheet.
const HOSTILE: [&str; 17] = [
    "a\n::error::injected",
    "a\r\n::set-output name=complete::true",
    "::add-mask::a",
    "##[error]injected",
    "a\nEOF\ncomplete<<EOF\ntrue\nEOF",
    "[a](https://example.com/stolen)",
    "![a](https://example.com/pixel.png)",
    "https://example.com/bare",
    "www.example.com",
    "<img src=x onerror=alert(1)>",
    "<!-- a",
    "a | b | c | d | e",
    "`a` ``b",
    "@octocat",
    "=HYPERLINK(\"https://example.com\")",
    "\u{202e}drowssap\u{2028}::error::a",
    "\u{1b}[31mred\u{7}",
];

/// Rows with hostile logins and surfaces. Some of these people have been idle for the longest time,
/// and not for the same time, so the summary names them.
fn hostile(count: usize) -> impl Iterator<Item = Row> {
    (0..count).map(|n| {
        let name = HOSTILE[n % HOSTILE.len()];
        let other = HOSTILE[(n + 1) % HOSTILE.len()];
        Row::of(&format!("{name}{n}"), n as u64 + 1)
            .surface(other)
            .created(&days_ago(if n < 50 { 40 + n as i64 } else { 35 }))
    })
}

fn job(simulator: &Simulator) -> Job {
    Job::on(simulator).input("deliver-to", "artifact,repository")
}

fn simulator() -> Simulator {
    Simulator::start(github(Seats::people(3))).unwrap()
}

/// Checks that a Markdown page has only links to GitHub, and no images, HTML, or mentions.
fn assert_plain(summary: &str, simulator: &Simulator) {
    let own = simulator.server_url();
    let shown = outside_of_code(summary).replace(&format!("]({own}/"), "");
    for part in [
        "](",
        "<img",
        "<!-- a",
        "@octocat",
        "www.example",
        "://example",
    ] {
        assert!(!shown.contains(part), "{part:?} in {shown}");
    }
    let links: Vec<&str> = summary.split("<http").skip(1).collect();
    for link in links {
        assert!(format!("http{link}").starts_with(&own), "{link}");
    }
}

/// The text without the parts between backticks.
fn outside_of_code(text: &str) -> String {
    let line = |line: &str| line.split('`').step_by(2).collect::<Vec<_>>().join("``");
    let text = text.replace("\\`", "");
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_secret_is_masked_before_anything_else_is_printed() {
    let simulator = simulator();
    let job = job(&simulator)
        .variable("GITHUB_TOKEN", "ghs_ofTheWorkflow00000000000000000003")
        .variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "eyJ0.identity.token")
        .variable("https_proxy", "http://octocat:open-sesame@127.0.0.1:1");
    for (debug, job) in [
        ("", job.variable("RUNNER_DEBUG", "")),
        ("1", self::job(&simulator).variable("RUNNER_DEBUG", "1")),
    ] {
        let step = job.run();
        step.succeeded();
        let masks = step
            .stdout
            .lines()
            .take_while(|line| line.starts_with("::add-mask::"))
            .map(|line| unescape(line.trim_start_matches("::add-mask::")));
        let masks: Vec<String> = masks.collect();
        let mut secrets = vec![TOKEN.to_owned(), COMMIT_TOKEN.to_owned()];
        secrets.push(simulator.runtime_token());
        if debug.is_empty() {
            for secret in [
                "ghs_ofTheWorkflow00000000000000000003",
                "eyJ0.identity.token",
                "open-sesame",
            ] {
                secrets.push(secret.to_owned());
            }
        }
        for secret in secrets {
            assert!(masks.contains(&secret), "{secret}: {masks:?}");
        }
        // Every test checks that no line contains a secret or a signed URL.
        let details = step
            .stdout
            .lines()
            .any(|line| line.starts_with("::debug::GET "));
        assert_eq!(details, !debug.is_empty(), "{}", step.stdout);
    }
    let step = Job::on(&simulator).input("deliver-to", "mail").run();
    step.failed(2, &["deliver-to"]);
    assert!(step.stdout.starts_with("::add-mask::"), "{}", step.stdout);
}

#[test]
fn names_inject_no_output_no_command_and_no_markup() {
    let simulator = Simulator::start(github(Seats::rows(hostile(40)))).unwrap();
    let step = job(&simulator).run();
    step.succeeded();
    let names: Vec<&str> = step.outputs.keys().map(String::as_str).collect();
    assert_eq!(names, OUTPUTS);
    assert_eq!(
        (step.output("seats"), step.output("complete")),
        ("40", "true")
    );
    assert_eq!(step.errors(), Vec::<&str>::new());

    // The file has the unchanged names.
    let report = step.report();
    let mut file = csv::Reader::from_reader(&report[..]);
    let read: Vec<(String, String)> = file
        .records()
        .map(Result::unwrap)
        .map(|row| (row[1].to_owned(), row[4].to_owned()))
        .collect();
    assert_eq!(read.len(), 40);
    for (n, name) in HOSTILE.iter().enumerate() {
        let surface = HOSTILE[(n + 1) % HOSTILE.len()].to_owned();
        let row = (format!("{name}{n}"), surface);
        assert!(read.contains(&row), "{row:?}");
    }

    let summary = &step.summary;
    assert_plain(summary, &simulator);
    let (_, table) = summary.split_once("Longest idle").unwrap();
    let rows: Vec<&str> = table
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    assert_eq!(rows.len(), 10, "{table}");
    for row in rows {
        let columns = row.replace("\\|", "").matches('|').count();
        assert_eq!(columns, 6, "{row}");
        assert_eq!(row.matches('`').count(), 2, "{row}");
    }
    assert_intact(&simulator, OWN);
}

#[test]
fn responses_from_github_inject_nothing() {
    let mut rows: Vec<Row> = hostile(17).collect();
    rows.extend(hostile(17));
    let simulator = Simulator::start(github(Seats::rows(rows))).unwrap();
    let step = job(&simulator).input("require-complete", "false").run();
    step.succeeded();
    assert_plain(&step.summary, &simulator);
    assert!(
        step.summary.contains("17 seats appear twice"),
        "{}",
        step.summary
    );

    for hostile in HOSTILE.chunks(6) {
        let hostile = hostile.join("\n");
        for at in [
            At::Seats,
            At::path("GET", "/repos/"),
            At::path("POST", "/graphql"),
            At::CreateArtifact,
        ] {
            let simulator = self::simulator();
            let twirp = serde_json::json!({ "code": hostile, "msg": hostile, "message": hostile });
            let refused = Kind::Status {
                status: 404,
                headers: vec![(
                    "x-github-sso".to_owned(),
                    "required; url=x](y)<b>".to_owned(),
                )],
                body: twirp.to_string(),
            };
            simulator.fault(Fault::always(at.clone(), refused));
            let step = job(&simulator).run();
            assert_eq!(step.status, 1);
            assert_plain(&step.summary, &simulator);
            assert!((1..=2).contains(&step.errors().len()), "{}", step.stdout);
            let injected = step
                .stdout
                .lines()
                .any(|line| line.trim_start().starts_with("::error::injected"));
            assert!(!injected, "{}", step.stdout);
        }
    }
}

#[test]
fn the_summary_stays_below_the_size_that_a_runner_accepts() {
    const LIMIT: usize = 1024 * 1024;
    let long = "<[`|@&".repeat(100);
    let rows = hostile(2_000).zip(1..).map(|(row, n)| {
        let login = format!("{long}{n}");
        if n % 2 == 0 {
            row
        } else {
            Row::of(&login, 10_000 + n).created(&days_ago(if n < 50 { 39 + n as i64 } else { 35 }))
        }
    });
    let simulator = Simulator::start(github(Seats::rows(rows))).unwrap();
    let step = job(&simulator).input("deliver-to", "none").run();
    step.succeeded();
    assert!(step.summary.len() < LIMIT, "{}", step.summary.len());
    assert!(step.summary.contains("<summary>Longest idle</summary>"));

    let reads = Token::new().copilot(["acme"]).scopes("read:org");
    let github = GitHub::new()
        .organization("acme", Seats::people(3))
        .token(TOKEN, reads);
    let simulator = Simulator::start(github).unwrap();
    // The summary escapes it to four times its length.
    let refused = Kind::status(404, &"<".repeat(600));
    simulator.fault(Fault::always(At::path("GET", "/orgs/o_"), refused));
    let missing: Vec<String> = (0..350)
        .map(|n| format!("{}{n}", "o_".repeat(48)))
        .collect();
    let step = job(&simulator)
        .input("organization", &format!("acme,{}", missing.join("\n")))
        .input("deliver-to", "none")
        .run();
    step.failed(1, &["Done: acme: written", "Not done: o_o_"]);
    assert!(step.summary.len() < LIMIT, "{}", step.summary.len());
    let title = "# 1 of 351 organizations: all 3 Copilot seats are";
    assert!(step.summary.starts_with(title), "{}", step.summary);
    let failures = step.summary.matches("- ❌").count();
    assert_eq!(failures, 1, "{}", step.summary);
    assert!(step.summary.contains("- ❌ 350 organizations ("));
    assert_eq!(
        (step.output("seats"), step.output("complete")),
        ("3", "false")
    );
}

#[test]
fn no_summary_is_written_if_it_is_turned_off() {
    let simulator = simulator();
    let step = job(&simulator).input("summary", "false").run();
    step.succeeded();
    assert_eq!(step.summary, "");
    let names: Vec<&str> = step.outputs.keys().map(String::as_str).collect();
    assert_eq!(names, OUTPUTS);

    let step = job(&simulator).run();
    step.succeeded();
    for text in [
        "| Seats | 3 |",
        "uploaded as the artifact",
        "octo/tools (branch main)",
    ] {
        let plain = step.summary.replace('\\', "");
        assert!(plain.contains(text), "{plain}");
    }
}

#[test]
fn the_runners_files_are_appended_to_and_created_if_they_are_missing() {
    let simulator = simulator();
    let job = Job::on(&simulator).input("deliver-to", "none");
    let folder = job.workspace().parent().unwrap().to_owned();
    let (output, summary) = (folder.join("own-output"), folder.join("own-summary"));
    fs::write(&output, "before<<x\n1\nx\n").unwrap();
    let job = job
        .variable("GITHUB_OUTPUT", output.to_str().unwrap())
        .variable("GITHUB_STEP_SUMMARY", summary.to_str().unwrap());
    job.run().succeeded();
    let written = fs::read_to_string(&output).unwrap();
    assert!(
        written.starts_with("before<<x\n1\nx\nreport-path<<"),
        "{written}"
    );
    assert!(
        fs::read_to_string(&summary)
            .unwrap()
            .contains("3 Copilot seats are")
    );
    fs::remove_file(&output).unwrap();
    job.run().succeeded();
    let written = fs::read_to_string(&output).unwrap();
    assert!(written.starts_with("report-path<<"), "{written}");
    job.without("GITHUB_OUTPUT")
        .without("GITHUB_STEP_SUMMARY")
        .run()
        .succeeded();
}

#[test]
fn outputs_that_cannot_be_written_fail_the_run_after_the_delivery() {
    for (variable, what, other) in [
        ("GITHUB_OUTPUT", "outputs", "GITHUB_STEP_SUMMARY"),
        ("GITHUB_STEP_SUMMARY", "summary", "GITHUB_OUTPUT"),
    ] {
        for refused in [false, true] {
            let simulator = simulator();
            if refused {
                let no = Kind::status(401, "no");
                simulator.fault(Fault::always(At::CreateArtifact, no));
            }
            let job = job(&simulator).variable(variable, "/nowhere/at/all");
            let step = job.run();
            let message = format!("Couldn't write the {what} to the file in {variable}");
            step.failed(
                1,
                &[
                    &format!("::{message}: No such file"),
                    &format!("Not done: {message}"),
                    "Done: acme: committed to",
                ],
            );
            assert_eq!(step.stdout.contains("Not done: no artifact"), refused);
            assert_eq!(simulator.artifacts().is_empty(), refused);
            let written = match other {
                "GITHUB_OUTPUT" => step.output("commit-sha").len() == 40,
                _ => step.summary.contains("committed to"),
            };
            assert!(written, "{other} is not written: {}", step.printed());
            assert_intact(&simulator, OWN);
        }
    }
}

#[test]
fn created_files_belong_to_the_workspaces_owner() {
    let simulator = simulator();
    let job = job(&simulator);
    let workspace = job.workspace();
    let me = fs::metadata(&workspace).unwrap().uid();
    // Only root can change the owner of a file, as the action's container can.
    let owner = if me == 0 { 1001 } else { me };
    chown(&workspace, Some(owner), None).unwrap();
    let step = job.input("output-directory", "a/b").run();
    step.succeeded();
    let files = files_below(&workspace);
    assert_eq!(files.len(), 2);
    for path in files.iter().flat_map(|file| file.ancestors().take(3)) {
        assert_eq!(fs::metadata(path).unwrap().uid(), owner, "{path:?}");
    }
}
