//! Looking at a simulator without holding it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::artifacts::Artifact;
use crate::http::decode;
use crate::sync::lock;
use crate::world::World;

/// Sees what a simulator knows and was given, also for those who do not hold the [`crate::Simulator`] itself. What it
/// saw stays when the simulator ends; its repositories do not.
#[derive(Clone)]
pub struct Witness(pub(crate) Arc<World>);

impl Witness {
    /// Everything that nobody may tell: the tokens, and the signatures of all addresses that were given out, as they
    /// stand there and decoded.
    pub fn secrets(&self) -> BTreeSet<String> {
        let mut secrets: BTreeSet<String> = self.0.secrets().into_iter().collect();
        for target in lock(&self.0.artifacts).targets() {
            let signature = target
                .split(['?', '&'])
                .find_map(|part| part.strip_prefix("sig="));
            if let Some(signature) = signature {
                secrets.insert(decode(signature));
                secrets.insert(signature.to_owned());
            }
        }
        secrets
    }

    /// Counts a run against this simulator. Returns how many came before it.
    pub fn count_run(&self) -> u32 {
        self.0.runs.fetch_add(1, Ordering::SeqCst)
    }

    /// The artifacts that were finished, oldest first.
    pub fn artifacts(&self) -> Vec<Artifact> {
        lock(&self.0.artifacts).finished()
    }

    /// The bare git repositories that are there.
    pub fn repositories(&self) -> Vec<PathBuf> {
        let names: Vec<String> = self
            .0
            .github(|github| github.repositories.keys().cloned().collect());
        names
            .iter()
            .map(|name| self.0.repositories.dir(name))
            .filter(|directory| directory.exists())
            .collect()
    }
}

impl std::fmt::Debug for Witness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Witness").finish_non_exhaustive()
    }
}
