//! Where a report comes from: which run made it, and how it names people.

use super::Report;
use super::manifest::{FileEntry, Manifest, Run};
use super::pseudonym_key::PseudonymKey;

const GENERATOR: &str = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));

/// Where the reports of one run come from.
#[derive(Debug, Clone)]
pub(crate) struct Provenance<'a> {
    run: Option<Run>,
    pseudonyms: Option<&'a PseudonymKey>,
}

impl<'a> Provenance<'a> {
    /// Reports made by `run`, or by hand if there's none. With a key for pseudonyms, nothing tells
    /// who started the run.
    pub(crate) fn new(run: Option<Run>, pseudonyms: Option<&'a PseudonymKey>) -> Self {
        let run = run.map(|run| Run {
            actor: run.actor.filter(|_| pseudonyms.is_none()),
            ..run
        });
        Self { run, pseudonyms }
    }

    /// The run, if a workflow made the report.
    pub(crate) fn run(&self) -> Option<&Run> {
        self.run.as_ref()
    }

    /// The fingerprint of the key for pseudonyms, if people have pseudonyms.
    pub(crate) fn key_fingerprint(&self) -> Option<String> {
        self.pseudonyms.map(PseudonymKey::fingerprint)
    }

    /// The manifest of a report that was read from the API at the address `api`.
    pub(crate) fn manifest<'m>(
        &'m self,
        report: &'m Report,
        api: &'m str,
        files: Vec<FileEntry>,
    ) -> Manifest<'m> {
        Manifest::new(report, api, self.run.as_ref(), files).with_pseudonyms(self.pseudonyms)
    }

    /// Says which program made something, and in which run.
    pub(crate) fn made_by(&self) -> String {
        match &self.run {
            Some(run) => format!(
                "Made by {GENERATOR} in {}/{}/actions/runs/{}/attempts/{}",
                run.server, run.repository, run.id, run.attempt
            ),
            None => format!("Made by {GENERATOR}"),
        }
    }
}
