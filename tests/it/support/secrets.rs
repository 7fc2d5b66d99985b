//! That no secret is where somebody could read it: held against every run of every test.

use std::fs;
use std::path::Path;

use simulator::Witness;

use super::{Step, files_below, git_with, unescape, unzip};

/// How long a piece of a long secret is that is looked for by itself.
const PIECE: usize = 40;

/// The pieces of a long secret. A text that is cut off in the middle of one has the whole secret
/// nowhere, and the runner's masks don't find what is left of it.
fn pieces(secret: &str) -> impl Iterator<Item = &str> {
    let last = secret.len().saturating_sub(PIECE);
    let is_long = secret.len() >= 2 * PIECE;
    let starts = (0..last).step_by(PIECE / 2).filter(move |_| is_long);
    starts.filter_map(|start| secret.get(start..start + PIECE))
}

/// What a run must keep to itself.
pub struct Secrets {
    known: Vec<String>,
    witness: Option<Witness>,
}

impl Secrets {
    /// What the step was given and, where it ran on a GitHub, all that its services know or gave out.
    pub fn new(given: Vec<String>, witness: Option<Witness>) -> Self {
        let mut known = given;
        known.extend(witness.iter().flat_map(Witness::secrets));
        known.sort();
        known.dedup();
        // Shorter ones would be found everywhere; that they are masked is looked at elsewhere.
        known.retain(|secret| secret.len() >= 6);
        Self { known, witness }
    }

    /// That none is in anything that a step left, but in the lines that mask it. `raw` are the runner's files as they
    /// were written, `folders` those that the step could write to.
    pub fn are_kept(&self, step: &Step, raw: &[(&str, &str)], folders: &[&Path]) {
        let masks: Vec<String> = step
            .stdout
            .lines()
            .filter_map(|line| line.strip_prefix("::add-mask::"))
            .map(unescape)
            .filter(|mask| mask.len() >= 6)
            .collect();
        let lines = step.stdout.lines().chain(step.stderr.lines());
        let unmasked: Vec<&str> = lines
            .filter(|line| !line.starts_with("::add-mask::"))
            .collect();
        let printed = unmasked.join("\n");
        let pieces = self.known.iter().flat_map(|secret| pieces(secret));
        let pieces: Vec<&str> = pieces.collect();
        let look = |place: &str, bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes);
            for secret in self.known.iter().chain(&masks) {
                assert!(
                    !text.contains(secret.as_str()),
                    "a secret in {place}: {text}"
                );
            }
        };
        // Texts that are cut off go nowhere else.
        let told = raw.iter().map(|(_, text)| *text).chain([&*printed]);
        for text in told {
            let piece = pieces.iter().find(|piece| text.contains(**piece));
            assert_eq!(piece, None, "a piece of a secret in {text}");
        }
        look("the log", printed.as_bytes());
        look("the log, unescaped", unescape(&printed).as_bytes());
        assert!(!printed.contains("sig="), "a signature in: {printed}");
        for (name, text) in raw {
            look(name, text.as_bytes());
            // As a page shows it.
            let page = text.replace('\\', "").replace("<!-- -->", "");
            look(name, page.as_bytes());
        }
        for path in folders.iter().flat_map(|folder| files_below(folder)) {
            look(
                &path.display().to_string(),
                &fs::read(&path).unwrap_or_default(),
            );
        }
        let Some(witness) = &self.witness else {
            return;
        };
        for artifact in witness.artifacts() {
            for (name, file) in unzip(&artifact.bytes) {
                look(&format!("the artifact's {name}"), &file);
            }
            look("the artifact's zip", &artifact.bytes);
        }
        for repository in witness.repositories() {
            let objects = ["cat-file", "--batch-all-objects", "--batch"];
            look("the repository", &git_with(&repository, &objects, b""));
        }
    }
}
