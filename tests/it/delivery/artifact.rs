//! The report as a workflow artifact: its contents, its name, and failures of the artifact service.

use std::time::{Duration, Instant};

use crate::support::{Job, OWN, assert_intact, assert_no_violations, files_below, github, unzip};
use sha2::Digest as _;
use simulator::{At, Fault, Kind, Seats, Service, Simulator};

fn job(simulator: &Simulator) -> Job {
    Job::on(simulator).input("deliver-to", "artifact")
}

fn simulator() -> Simulator {
    Simulator::start(github(Seats::people(3))).unwrap()
}

fn names(simulator: &Simulator) -> Vec<String> {
    let artifacts = simulator.artifacts();
    artifacts.into_iter().map(|a| a.name).collect()
}

#[test]
fn the_artifact_unpacks_to_the_bytes_of_the_report_and_its_manifest() {
    let simulator = Simulator::start(github(Seats::people(250))).unwrap();
    let step = job(&simulator).run();
    step.succeeded();
    let [artifact] = &simulator.artifacts()[..] else {
        panic!("not one artifact: {:?}", names(&simulator));
    };
    let unpacked = unzip(&artifact.bytes);
    let written = files_below(&step.workspace.join("copilot-activity-report"));
    assert_eq!((unpacked.len(), written.len()), (2, 2), "{written:?}");
    for path in &written {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert_eq!(unpacked[name], std::fs::read(path).unwrap(), "{name}");
    }
    let report = step.output("report-path").rsplit('/').next().unwrap();
    assert_eq!(unpacked[report], step.report());

    let digest = hex::encode(sha2::Sha256::digest(&artifact.bytes));
    assert_eq!(step.output("artifact-digest"), digest);
    assert_eq!(artifact.digest, Some(format!("sha256:{digest}")));
    assert_eq!(step.output("artifact-id"), artifact.id.to_string());
    assert_eq!(step.output("artifact-name"), "copilot-activity-report");
    let url = format!(
        "{}/{OWN}/actions/runs/4242/artifacts/{}",
        simulator.server_url(),
        artifact.id
    );
    assert_eq!(step.output("artifact-url"), url);
    assert!(step.summary.contains(&url), "{}", step.summary);
    assert_eq!(artifact.version, 7);
    assert_eq!(artifact.mime_type.as_deref(), Some("application/zip"));
    assert_eq!(artifact.expires_at, None);
    assert_eq!(
        (step.output("changed"), step.output("commit-sha")),
        ("", "")
    );
    assert_no_violations(&simulator);
}

#[test]
fn a_taken_name_gets_a_number_in_the_outputs() {
    let github = github(Seats::people(3)).taken_artifact_name("weekly-3");
    let simulator = Simulator::start(github).unwrap();
    let job = job(&simulator).input("artifact-name", "weekly");
    for name in ["weekly", "weekly-2", "weekly-4"] {
        let step = job.run();
        step.succeeded();
        assert_eq!(step.output("artifact-name"), name);
        let newest = simulator.artifacts().pop().unwrap();
        assert_eq!(newest.name, name);
        assert_eq!(step.output("artifact-id"), newest.id.to_string());
    }
    assert_eq!(names(&simulator), ["weekly", "weekly-2", "weekly-4"]);
    assert_no_violations(&simulator);
}

#[test]
fn an_artifact_is_kept_as_requested_up_to_the_limit_of_the_repository() {
    for (requested, allowed, days, warned) in [
        ("7", Some("90"), Some(7), false),
        ("400", Some("90"), Some(90), true),
        ("90", Some("90"), Some(90), false),
        ("400", None, Some(400), false),
        ("400", Some("soon"), Some(400), false),
        ("0", Some("90"), None, false),
        ("", Some("90"), None, false),
    ] {
        let simulator = simulator();
        let job = job(&simulator).input("artifact-retention-days", requested);
        let job = match allowed {
            Some(allowed) => job.variable("GITHUB_RETENTION_DAYS", allowed),
            None => job.without("GITHUB_RETENTION_DAYS"),
        };
        let before = jiff::Timestamp::now().as_second();
        let step = job.run();
        step.succeeded();
        let kept = simulator.artifacts()[0].expires_at.clone().map(|end| {
            let end: jiff::Timestamp = end.parse().unwrap();
            (end.as_second() - before) / 86_400
        });
        assert_eq!(kept, days, "{requested} of {allowed:?}");
        let warning = step
            .stdout
            .contains("::warning::You asked to keep the artifact");
        assert_eq!(warning, warned, "{}", step.stdout);
        assert_no_violations(&simulator);
    }
}

#[test]
fn a_server_that_supports_only_version_4_works() {
    let github = github(Seats::people(3))
        .known_artifact_version(4)
        .taken_artifact_name("copilot-activity-report");
    let simulator = Simulator::start(github).unwrap();
    let step = job(&simulator).run();
    step.succeeded();
    let [artifact] = &simulator.artifacts()[..] else {
        panic!("not one artifact");
    };
    assert_eq!((artifact.version, &artifact.mime_type), (4, &None));
    assert_eq!(step.output("artifact-name"), "copilot-activity-report-2");
    assert_eq!(step.output("artifact-id"), artifact.id.to_string());
    assert_eq!(unzip(&artifact.bytes).len(), 2);
    assert_no_violations(&simulator);
}

#[test]
fn a_temporary_failure_only_delays_the_run() {
    let limited = Kind::status(429, "slow down").header("Retry-After", "3");
    for (at, kind) in [
        (At::CreateArtifact, Kind::status(502, "Bad Gateway")),
        (At::CreateArtifact, Kind::Html(503)),
        (At::CreateArtifact, limited),
        (At::CreateArtifact, Kind::Reset),
        (At::Block, Kind::status(503, "ServerBusy")),
        (At::Block, Kind::Reset),
        (At::Block, Kind::Reset.after_effect()),
        (At::BlockList, Kind::status(500, "InternalError")),
        (At::BlockList, Kind::Reset.after_effect()),
        (At::FinalizeArtifact, Kind::status(504, "Gateway Timeout")),
        (At::FinalizeArtifact, Kind::Html(502)),
        (At::FinalizeArtifact, Kind::Reset),
        // The artifact was finished, and only the response was lost.
        (At::FinalizeArtifact, Kind::Reset.after_effect()),
        (At::FinalizeArtifact, Kind::Html(502).after_effect()),
        (At::FinalizeArtifact, Kind::Truncate.after_effect()),
    ] {
        let what = format!("{at:?}: {kind:?}");
        let simulator = simulator();
        simulator.fault(Fault::once(at, kind));
        let step = job(&simulator).run();
        assert_eq!(step.status, 0, "{what}\n{}", step.printed());
        assert_eq!(names(&simulator), ["copilot-activity-report"], "{what}");
        let artifact = &simulator.artifacts()[0];
        assert_eq!(step.output("artifact-id"), artifact.id.to_string());
        let digest = hex::encode(sha2::Sha256::digest(&artifact.bytes));
        assert_eq!(step.output("artifact-digest"), digest);
        assert_no_violations(&simulator);
    }
}

#[test]
fn a_lost_response_to_the_creation_of_an_artifact_uses_up_its_name() {
    let simulator = simulator();
    simulator.fault(Fault::once(At::CreateArtifact, Kind::Reset.after_effect()));
    let step = job(&simulator).run();
    step.succeeded();
    assert_eq!(step.output("artifact-name"), "copilot-activity-report-2");
    assert_eq!(names(&simulator), ["copilot-activity-report-2"]);
    assert_no_violations(&simulator);
}

#[test]
fn the_artifact_service_gets_the_requested_time() {
    let simulator = simulator();
    // Waits are a hundred times shorter here.
    let busy = Kind::status(503, "busy").header("Retry-After", "120");
    simulator.fault(Fault::once(At::CreateArtifact, busy));
    let began = Instant::now();
    let step = job(&simulator).run();
    step.succeeded();
    assert!(began.elapsed() >= Duration::from_millis(1200));

    let hours = Kind::status(503, "busy").header("Retry-After", "7200");
    simulator.clear_faults();
    simulator.fault(Fault::once(At::CreateArtifact, hours));
    let step = job(&simulator).run();
    step.failed(1, &["7200 s", "CreateArtifact", "503"]);
}

#[test]
fn if_the_artifact_fails_everything_else_is_delivered_and_named() {
    let twirp = |status, code: &str, message: &str| Kind::Status {
        status,
        headers: Vec::new(),
        body: format!(r#"{{"code":"{code}","msg":"{message}"}}"#),
    };
    let azure = |status, code: &str| Kind::Status {
        status,
        headers: Vec::new(),
        body: format!(
            "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>No.</Message></Error>"
        ),
    };
    let quota = "Artifact storage has insufficient usage left";
    let cases: [(At, Kind, &[&str]); 8] = [
        (
            At::CreateArtifact,
            twirp(403, "resource_exhausted", quota),
            &[
                "storage for artifacts is used up",
                "403",
                "raise the budget",
            ],
        ),
        (
            At::CreateArtifact,
            twirp(401, "unauthenticated", "no"),
            &["CreateArtifact", "401", "Run the job again"],
        ),
        (
            At::CreateArtifact,
            Kind::status(500, "oops"),
            &["CreateArtifact", "500", "failed 5 times"],
        ),
        (
            At::CreateArtifact,
            Kind::RedirectTo("http://127.0.0.1:1/".to_owned()),
            &["CreateArtifact", "307", "never followed"],
        ),
        (
            At::Block,
            azure(403, "AuthenticationFailed"),
            &["Put Block", "403", "AuthenticationFailed", "expired"],
        ),
        (
            At::BlockList,
            azure(503, "ServerBusy"),
            &["Put Block List", "503", "failed 4 times"],
        ),
        (
            At::FinalizeArtifact,
            twirp(403, "permission_denied", "no"),
            &["couldn't be finalized", "403", "next free name."],
        ),
        (
            At::FinalizeArtifact,
            Kind::status(503, "busy"),
            &["couldn't be finalized", "503", "failed 5 times"],
        ),
    ];
    for (at, kind, texts) in cases {
        let simulator = simulator();
        simulator.fault(Fault::always(at.clone(), kind));
        let job = Job::on(&simulator).input("deliver-to", "artifact,repository");
        let step = job.run();
        step.failed(1, texts);
        step.failed(1, &["Not done: no artifact", "Done: acme: committed to"]);
        step.failed(1, &["Done: acme: written to copilot-activity-report/"]);
        assert_eq!(files_below(&step.workspace).len(), 2, "{at:?}");
        assert_eq!(step.output("commit-sha").len(), 40);
        assert_eq!(step.output("complete"), "true");
        for output in ["id", "name", "url", "digest"] {
            assert_eq!(step.output(&format!("artifact-{output}")), "");
        }
        assert!(step.summary.contains("❌ no artifact was uploaded"));
        assert!(simulator.artifacts().is_empty());
        assert_intact(&simulator, OWN);

        // Another run succeeds, even if the name is no longer available. The day is already
        // recorded.
        simulator.clear_faults();
        let step = job.run();
        step.succeeded();
        assert_eq!(simulator.artifacts().len(), 1, "{at:?}");
        assert_intact(&simulator, OWN);
    }
}

#[test]
fn if_no_artifact_is_possible_no_requests_are_sent() {
    let simulator = simulator();
    let job = || job(&simulator);
    for (job, text) in [
        (
            job().variable("GITHUB_SERVER_URL", "https://github.example.com"),
            "GitHub Enterprise Server doesn't have the artifact service",
        ),
        (
            job().without("ACTIONS_RUNTIME_TOKEN"),
            "ACTIONS_RUNTIME_TOKEN is not set",
        ),
        (
            job().without("ACTIONS_RESULTS_URL"),
            "ACTIONS_RESULTS_URL is not set",
        ),
        (
            job().variable("ACTIONS_RUNTIME_TOKEN", "no.jwt.atall"),
            "ACTIONS_RUNTIME_TOKEN can't be used",
        ),
    ] {
        let step = job.input("deliver-to", "artifact,repository").run();
        step.failed(1, &[text]);
        assert!(simulator.requests().is_empty(), "{text}");
        assert!(files_below(&step.workspace).is_empty());
    }
}

#[test]
fn the_runtime_token_goes_only_to_the_results_service() {
    let simulator = simulator();
    job(&simulator).run().succeeded();
    let bearer = format!("Bearer {}", simulator.runtime_token());
    for request in simulator.requests() {
        let authorization = request.header("authorization");
        match request.service {
            Service::Results => assert_eq!(authorization, Some(bearer.as_str())),
            Service::Api => assert_ne!(authorization, Some(bearer.as_str())),
            Service::Blob => assert_eq!(authorization, None),
        }
    }
    assert_no_violations(&simulator);
}

#[test]
fn the_signature_of_a_url_is_masked_before_the_url_is_used() {
    let simulator = simulator();
    let step = job(&simulator).variable("RUNNER_DEBUG", "1").run();
    step.succeeded();
    let requests = simulator.requests();
    let used = requests
        .iter()
        .find(|request| request.service == Service::Blob);
    let used = &used.unwrap().path_and_query;
    let signature = used
        .split("sig=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap();
    let decoded = signature
        .replace("%2B", "+")
        .replace("%2f", "/")
        .replace("%3D", "=");
    for form in [signature, &decoded] {
        let mask = format!("::add-mask::{}", form.replace('%', "%25"));
        let masked = step.stdout.lines().position(|line| line == mask);
        let sent = step
            .stdout
            .lines()
            .position(|line| line.contains("Put Block"));
        assert!(masked.unwrap() < sent.unwrap(), "{}", step.stdout);
    }
}

/// The lengths in seconds of the waits for the artifact service's limit, from the log.
fn limit_waits(printed: &str) -> Vec<f64> {
    printed
        .lines()
        .filter(|line| line.contains("is rate limited"))
        .map(|line| {
            let (_, wait) = line.rsplit_once("Retrying in ").unwrap();
            wait.trim_end_matches(" s").parse().unwrap()
        })
        .collect()
}

/// A rate limit in the format of a gateway, not of the service.
fn limited() -> Kind {
    Kind::Status {
        status: 429,
        headers: vec![("content-type".to_owned(), "text/plain".to_owned())],
        body: "Too many requests".to_owned(),
    }
}

#[test]
fn a_limit_of_the_artifact_service_is_waited_out_for_the_requested_time() {
    for at in [At::CreateArtifact, At::FinalizeArtifact] {
        let simulator = simulator();
        let asks = limited().header("Retry-After", "50");
        simulator.fault(Fault::first(2, at.clone(), asks));
        let began = Instant::now();
        let step = job(&simulator).run();
        step.succeeded();
        assert!(began.elapsed() >= Duration::from_secs(1), "{at:?}");
        assert_eq!(limit_waits(&step.stdout), [50.0, 50.0], "{}", step.stdout);
        assert_eq!(names(&simulator), ["copilot-activity-report"], "{at:?}");
        assert_no_violations(&simulator);
    }
}

#[test]
fn waits_for_a_limit_without_a_time_start_at_8_s() {
    for at in [At::CreateArtifact, At::FinalizeArtifact, At::ListArtifacts] {
        let simulator = simulator();
        if at == At::ListArtifacts {
            let lost = Kind::Reset.after_effect();
            simulator.fault(Fault::once(At::FinalizeArtifact, lost));
        }
        simulator.fault(Fault::first(4, at.clone(), limited()));
        let step = job(&simulator).run();
        step.succeeded();
        let waits = limit_waits(&step.stdout);
        assert_eq!(waits.len(), 4, "{}", step.stdout);
        assert!((waits[0] - 8.0).abs() < 0.1, "{waits:?}");
        assert!(waits.is_sorted(), "{waits:?}");
        assert!(waits.iter().sum::<f64>() <= 120.0, "{waits:?}");
        assert_no_violations(&simulator);
    }
}

#[test]
fn waits_for_a_limit_of_the_artifact_service_total_at_most_120_s() {
    // The limit is the same with and without `Retry-After`.
    for (after, most) in [(None, 120.0), (Some("30"), 120.0), (Some("1"), 120.0)] {
        let simulator = simulator();
        let kind = match after {
            Some(after) => limited().header("Retry-After", after),
            None => limited(),
        };
        simulator.fault(Fault::always(At::CreateArtifact, kind));
        let step = job(&simulator).run();
        step.failed(
            1,
            &[
                "CreateArtifact for copilot-activity-report failed",
                "429",
                "limits",
            ],
        );
        let waits = limit_waits(&step.stdout);
        // The log rounds each wait to a tenth of a second.
        let waited = waits.iter().sum::<f64>() - 0.05 * waits.len() as f64;
        assert!((90.0..=most).contains(&waited), "{after:?}: {waited}");
        let requests = simulator.requests();
        let creations = requests
            .iter()
            .filter(|request| request.path_and_query.ends_with("CreateArtifact"));
        assert!(creations.count() <= 10, "{after:?}");
    }
    // The run fails at once if the wait would be longer.
    let simulator = simulator();
    let hours = limited().header("Retry-After", "121");
    simulator.fault(Fault::once(At::CreateArtifact, hours));
    let step = job(&simulator).run();
    step.failed(1, &["429", "121 s", "120 s"]);
    assert_eq!(limit_waits(&step.stdout), Vec::<f64>::new());
}

#[test]
fn a_short_wait_for_the_artifact_service_is_not_announced() {
    let simulator = simulator();
    let short = limited().header("Retry-After", "1");
    simulator.fault(Fault::once(At::CreateArtifact, short));
    let step = job(&simulator).run();
    step.succeeded();
    let mut shown = step.stdout.lines();
    let is_shown =
        shown.any(|line| line.contains("rate limited") && !line.starts_with("::debug::"));
    assert!(!is_shown, "{}", step.stdout);
    assert_no_violations(&simulator);
}
