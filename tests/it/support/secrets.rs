//! Checks after every run of every test that no secret is readable.

use std::fs;
use std::path::Path;

use simulator::Observer;

use super::{Step, all_files_below, files_in, git_with, unescape};

/// The length of the pieces of a long secret that are searched for.
const PIECE: usize = 40;

/// The pieces of a long secret. If a text is cut off in the middle of a secret, the runner's masks
/// don't find the rest.
fn pieces(secret: &str) -> impl Iterator<Item = &str> {
    let last = secret.len().saturating_sub(PIECE);
    let is_long = secret.len() >= 2 * PIECE;
    let starts = (0..last).step_by(PIECE / 2).filter(move |_| is_long);
    starts.filter_map(|start| secret.get(start..start + PIECE))
}

/// The secrets of a run.
pub struct Secrets {
    known: Vec<String>,
    observer: Option<Observer>,
}

impl Secrets {
    /// The step's secrets, and all that the services of its GitHub know or issued.
    pub fn new(secrets: Vec<String>, observer: Option<Observer>) -> Self {
        let mut known = secrets;
        known.extend(observer.iter().flat_map(Observer::secrets));
        known.sort();
        known.dedup();
        // Shorter ones would match any text. Other tests check that they're masked.
        known.retain(|secret| secret.len() >= 6);
        Self { known, observer }
    }

    /// Checks that nothing that a step left contains a secret, except the lines that mask it. `raw`
    /// are the runner's files, and `folders` are the ones that the step can write to.
    pub fn are_kept(&self, step: &Step, raw: &[(&str, &str)], folders: &[&Path]) {
        let lines = step.stdout.lines().chain(step.stderr.lines());
        let masks: Vec<String> = lines
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
        let check = |place: &str, bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes);
            for secret in self.known.iter().chain(&masks) {
                assert!(
                    !text.contains(secret.as_str()),
                    "a secret in {place}: {text}"
                );
            }
        };
        // Truncated texts are only in these places.
        let cut_texts = raw.iter().map(|(_, text)| *text).chain([&*printed]);
        for text in cut_texts {
            let piece = pieces.iter().find(|piece| text.contains(**piece));
            assert_eq!(piece, None, "part of a secret in {text}");
        }
        check("the log", printed.as_bytes());
        check("the log, unescaped", unescape(&printed).as_bytes());
        assert!(!printed.contains("sig="), "a signature in: {printed}");
        for (name, text) in raw {
            check(name, text.as_bytes());
            // As HTML shows it.
            let page = text.replace('\\', "").replace("<!-- -->", "");
            check(name, page.as_bytes());
        }
        for path in folders.iter().flat_map(|folder| all_files_below(folder)) {
            check(
                &path.display().to_string(),
                &fs::read(&path).unwrap_or_default(),
            );
        }
        let Some(observer) = &self.observer else {
            return;
        };
        for artifact in observer.artifacts() {
            for (name, file) in files_in(&artifact) {
                check(&format!("the artifact's {name}"), &file);
            }
            check("the artifact", &artifact.bytes);
        }
        for repository in observer.repositories() {
            let objects = ["cat-file", "--batch-all-objects", "--batch"];
            check("the repository", &git_with(&repository, &objects, b""));
        }
    }
}
