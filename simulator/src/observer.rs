//! Observes a simulator without owning it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::artifacts::Artifact;
use crate::http::decode;
use crate::sync::lock;
use crate::world::World;

/// Shows the simulator's secrets and results to code that doesn't own the [`crate::Simulator`]. The
/// results remain after the simulator ends, but not the repositories.
#[derive(Clone)]
pub struct Observer(pub(crate) Arc<World>);

impl Observer {
    /// All secrets: the tokens, and the signatures of all issued URLs, both encoded and decoded.
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

    /// Counts the runs against this simulator. Returns the number of earlier ones.
    pub fn count_run(&self) -> u32 {
        self.0.runs.fetch_add(1, Ordering::SeqCst)
    }

    /// The finished artifacts, oldest first.
    pub fn artifacts(&self) -> Vec<Artifact> {
        lock(&self.0.artifacts).finished()
    }

    /// The bare Git repositories.
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

impl std::fmt::Debug for Observer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Witness").finish_non_exhaustive()
    }
}
