//! Where the page goes, and what it says about where the report went.

use std::fs;

use crate::support::page::Page;
use crate::support::{
    Job, OWN, TOKEN, assert_no_violations, files_below, github, github_of_two, sha256, unzip,
};
use serde_json::Value;
use simulator::{At, Fault, Kind, Operation, Seats, Simulator};

const NOW: &str = "2026-11-22T03:00:00Z";
const STEM: &str = "copilot-activity-report/acme-seat-activity-1795316400";

fn job(simulator: &Simulator) -> Job {
    Job::on(simulator)
        .variable("TEST_TIME", NOW)
        .input("deliver-to", "none")
        .input("format", "csv, html")
}

#[test]
fn the_page_is_beside_the_csv_and_in_the_artifact() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    let step = job(&simulator).input("deliver-to", "artifact").run();
    step.succeeded();
    assert_eq!(
        step.output("report-path"),
        format!("{STEM}.csv\n{STEM}.html")
    );
    let page = Page::of(&step);
    let hashes: Vec<&str> = step.output("report-sha256").lines().collect();
    assert_eq!(hashes[1], sha256(page.html.as_bytes()));
    page.has(&format!("SHA-256 {}", hashes[0]))
        .has("Not committed: no audit repository is set.")
        .has("No history.");
    let [artifact, raw] = &simulator.artifacts()[..] else {
        panic!("{:?}", simulator.artifacts().len())
    };
    assert_eq!(raw.bytes, page.html.as_bytes());
    assert_eq!(raw.name, "acme-seat-activity-1795316400.html");
    assert_eq!(raw.mime_type.as_deref(), Some("text/html"));
    let run = format!("{}/{OWN}/actions/runs/4242", simulator.server_url());
    let url = format!("{run}/artifacts/{}", raw.id);
    assert_eq!(step.output("page-url"), url);
    assert_eq!(step.output("artifact-id"), artifact.id.to_string());
    let link = format!("\n[**Open the page**]({url}) · Report of ");
    assert!(step.summary.contains(&link), "{}", step.summary);
    let files = unzip(&artifact.bytes);
    assert_eq!(files.len(), 3);
    assert_eq!(
        files["acme-seat-activity-1795316400.html"],
        page.html.as_bytes()
    );
    // The page shows the same data again, so it's no evidence.
    let manifest = &files["acme-seat-activity-1795316400.manifest.json"];
    let manifest: Value = serde_json::from_slice(manifest).unwrap();
    assert_eq!(manifest["files"].as_array().unwrap().len(), 1);
    assert_no_violations(&simulator);
}

#[test]
fn a_service_that_supports_only_zip_files_has_the_page_in_the_zip_file() {
    let github = github(Seats::people(3)).known_artifact_version(4);
    let simulator = Simulator::start(github).unwrap();
    let step = job(&simulator).input("deliver-to", "artifact").run();
    step.succeeded();
    let [artifact] = &simulator.artifacts()[..] else {
        panic!("{:?}", simulator.artifacts().len())
    };
    let page = Page::of(&step);
    let files = unzip(&artifact.bytes);
    assert_eq!(
        files["acme-seat-activity-1795316400.html"],
        page.html.as_bytes()
    );
    assert_eq!(step.output("page-url"), "");
    let info = "\nThe artifact service supports only ZIP files, so acme-seat-activity-1795316400.html is only in the ZIP file.\n";
    assert!(step.stdout.contains(info), "{}", step.stdout);
    assert!(!step.summary.contains("Open the page"), "{}", step.summary);
    assert_no_violations(&simulator);
}

#[test]
fn a_brief_failure_of_the_service_does_not_cost_the_page() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    simulator.fault(Fault::once(At::CreateArtifact, Kind::status(500, "oops")));
    let step = job(&simulator).input("deliver-to", "artifact").run();
    step.succeeded();
    assert_eq!(simulator.artifacts().len(), 2, "{}", step.stdout);
    assert_ne!(step.output("page-url"), "");
}

#[test]
fn a_page_that_is_not_uploaded_fails_the_run_and_leaves_the_zip_file() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    // After the ZIP file is finalized, the service no longer accepts single files.
    let old = Kind::change(|github| github.known_artifact_version = 4).after_effect();
    simulator.fault(Fault::once(At::FinalizeArtifact, old));
    let step = job(&simulator).input("deliver-to", "artifact").run();
    step.failed(
        1,
        &[
            "::error title=The page wasn't uploaded::CreateArtifact for acme-seat-activity-",
            "  Done: uploaded as the artifact copilot-activity-report",
            "  Not done: acme: the page wasn't uploaded. CreateArtifact for ",
        ],
    );
    assert_eq!(step.errors().len(), 1, "{}", step.stdout);
    let [artifact] = &simulator.artifacts()[..] else {
        panic!("{:?}", simulator.artifacts().len())
    };
    assert_eq!(step.output("artifact-id"), artifact.id.to_string());
    assert_eq!(step.output("page-url"), "");
    assert!(
        step.summary
            .contains("\n- ❌ acme: the page wasn't uploaded."),
        "{}",
        step.summary
    );
}

#[test]
fn the_page_says_whether_the_report_is_committed_and_since_when_days_are_recorded() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    let job = |time: &str| {
        job(&simulator)
            .variable("TEST_TIME", time)
            .input("deliver-to", "repository")
    };
    let step = job("2026-11-18T03:00:00Z").run();
    step.succeeded();
    let sha = &step.output("commit-sha")[..12];
    Page::of(&step)
        .has(&format!("rel=\"noreferrer\">{sha}</a>, verified by GitHub"))
        .has("1 day, 2026-11-18.")
        .has("This is the first recorded report.");
    job("2026-11-19T03:00:00Z").run().succeeded();
    let step = job(NOW).run();
    step.succeeded();
    let page = Page::of(&step);
    page.has("3 days from 2026-11-18 to 2026-11-22.")
        .has("2 days without a report: 2026-11-20 to 2026-11-21.")
        .has("no change since <span class=\"day\">2026-11-18</span>")
        .has("<svg xmlns");
    // Nothing is new.
    let again = job("2026-11-22T04:00:00Z").run();
    again.succeeded();
    Page::of(&again).has("nothing committed to octo/tools");
    assert_no_violations(&simulator);
}

#[test]
fn the_page_says_that_the_commit_failed() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    let rejected = Kind::status(403, "Resource not accessible by integration");
    simulator.fault(Fault::always(At::Graphql(Operation::Mutation), rejected));
    let step = job(&simulator).input("deliver-to", "repository").run();
    step.failed(1, &["Not done: acme: not committed."]);
    Page::of(&step).has("Not committed, because the commit failed.");
}

#[test]
fn a_page_alone_is_enough() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    let step = job(&simulator).input("format", "html").run();
    step.succeeded();
    assert_eq!(step.output("report-path"), format!("{STEM}.html"));
    assert!(step.summary.contains(&format!("written to {STEM}.html")));
    Page::of(&step).has("<bdi>octocat</bdi>");

    let step = Job::on(&simulator)
        .command_line(&["--organization=acme", "--format=html", "--output=page.html"])
        .variable("GITHUB_TOKEN", TOKEN)
        .run();
    step.succeeded();
    let [page] = &files_below(&step.workspace)[..] else {
        panic!("{:?}", files_below(&step.workspace))
    };
    let page = fs::read_to_string(page).unwrap();
    assert!(page.trim_end().ends_with("</html>"));
    assert!(page.contains("<bdi>octocat</bdi>"));
}

#[test]
fn each_report_has_its_own_page() {
    let github = github_of_two(Seats::people(3), Seats::people(2));
    let simulator = Simulator::start(github).unwrap();
    let step = job(&simulator).input("organization", "acme, globex").run();
    step.succeeded();
    let paths: Vec<&str> = step.output("report-path").lines().collect();
    let endings = paths.iter().map(|path| path.rsplit('.').next().unwrap());
    assert_eq!(endings.collect::<Vec<_>>(), ["csv", "html", "csv", "html"]);
}

#[test]
fn a_page_that_cannot_be_written_fails_the_run_and_everything_else_stays() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    for (format, left) in [("csv, html", true), ("html", false)] {
        let job = job(&simulator).input("format", format);
        let blocked = job.workspace().join(format!("{STEM}.html"));
        fs::create_dir_all(blocked.join("in-the-way")).unwrap();
        let step = job.run();
        step.failed(1, &["Not done: acme: no page. ", "couldn't be written"]);
        let csv = step.workspace.join(format!("{STEM}.csv"));
        assert_eq!(csv.exists(), left);
        let done = step.printed().contains("Done: acme: written to");
        assert_eq!(done, left, "{}", step.printed());
        let path = if left {
            format!("{STEM}.csv")
        } else {
            String::new()
        };
        assert_eq!(step.output("report-path"), path);
    }
}
