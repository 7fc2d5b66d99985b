//! Who can sign a release: one job of one workflow, which runs no dependency's code.

use std::fs;
use std::path::PathBuf;

use serde_yaml_ng::Value;

/// The jobs of all workflows, with the file and the name of each.
fn jobs() -> Vec<(PathBuf, String, Value)> {
    let files = fs::read_dir(".github/workflows").unwrap();
    let files = files.map(|entry| entry.unwrap().path());
    let mut jobs = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let workflow: Value = serde_yaml_ng::from_str(&text).unwrap();
        for (name, job) in workflow["jobs"].as_mapping().unwrap() {
            jobs.push((file.clone(), name.as_str().unwrap().into(), job.clone()));
        }
    }
    jobs
}

/// What a job can write.
fn writes(job: &Value) -> Vec<&str> {
    let permissions = job["permissions"].as_mapping().unwrap().iter();
    let writes = permissions.filter(|(_, access)| *access != "read");
    writes.map(|(name, _)| name.as_str().unwrap()).collect()
}

#[test]
fn only_a_job_that_runs_no_dependencys_code_signs_a_release() {
    let (mut signers, mut builders) = (Vec::new(), Vec::new());
    for (file, name, job) in jobs() {
        let at = format!("{} {name}", file.display());
        let text = serde_yaml_ng::to_string(&job["steps"]).unwrap();
        let builds = ["release/image", "release/sbom", ".ci/run", "cargo "]
            .iter()
            .any(|command| text.contains(command));
        if builds {
            assert_eq!(writes(&job), [""; 0], "{at}");
            builders.push(at);
        } else if job.get("uses").is_none() && writes(&job).contains(&"id-token") {
            assert!(text.contains("uses: actions/attest@"), "{at}");
            signers.push(at);
        } else {
            assert!(!text.contains("actions/attest"), "{at}");
        }
    }
    assert_eq!(signers, [".github/workflows/build.yml image"]);
    for builder in ["build", "sbom"] {
        let at = format!(".github/workflows/build.yml {builder}");
        assert!(builders.contains(&at), "{at} in {builders:?}");
    }
}

#[test]
fn the_workflow_that_signs_is_the_one_that_people_check_for() {
    let release = fs::read_to_string(".github/workflows/release.yml").unwrap();
    assert!(release.contains("uses: ./.github/workflows/build.yml "));
    for file in ["release/page", "SECURITY.md"] {
        let text = fs::read_to_string(file).unwrap();
        let mut named = 0;
        for (at, option) in text.match_indices("--signer-workflow ") {
            let named_workflow = text[at + option.len()..].split_whitespace().next();
            let path = named_workflow.unwrap().split_once("/.github/").unwrap().1;
            assert_eq!(path.trim_end_matches('"'), "workflows/build.yml", "{file}");
            named += 1;
        }
        assert!(named > 0, "{file}");
    }
}
