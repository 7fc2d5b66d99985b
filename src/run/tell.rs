//! What the next step and the person get to know: outputs, job summary, and the limit.

use anyhow::Context as _;

use crate::inputs::Inputs;
use crate::pages::summary::{self, Facts, Line, Section};
use crate::run::outcome::{Outcome, artifact_line, finished, outputs_of};
use crate::runner::artifact::Uploaded;
use crate::runner::outputs;
use crate::system::environment::Environment;

/// Tells the next step and the person: outputs and summary, each also where the other cannot be
/// written.
pub(super) fn tell(
    inputs: &Inputs,
    environment: &Environment,
    outcomes: &[Outcome<'_>],
    uploaded: &anyhow::Result<Option<Uploaded>>,
    names: bool,
) -> Vec<anyhow::Error> {
    let outputs = outputs_of(outcomes, uploaded)
        .write(environment)
        .context("The outputs could not be written to the file in GITHUB_OUTPUT");
    let summary = if inputs.summary {
        let sections: Vec<Section<'_>> = outcomes
            .iter()
            .map(|outcome| Section {
                title: format!("The {} {}", outcome.scope.kind(), outcome.scope),
                facts: outcome.finished.as_ref().ok().map(|finished| Facts {
                    report: &finished.read.report,
                    known: &finished.read.known,
                    policy: finished.rule,
                    counts: finished.counts,
                    changes: outcome.changes(),
                }),
                lines: std::iter::once(outcome.finished_line())
                    .chain(outcome.unknown_line())
                    .chain(outcome.recorded_lines())
                    .collect(),
                warnings: outcome.warnings().cloned().collect(),
            })
            .collect();
        let over = over_limit(inputs, outcomes).map(Line::bad);
        let general: Vec<Line> = over.into_iter().chain(artifact_line(uploaded)).collect();
        let text = summary::write(&sections, &general, names);
        outputs::write_summary(environment, &text)
            .context("The summary could not be written to the file in GITHUB_STEP_SUMMARY")
    } else {
        Ok(())
    };
    [outputs.err(), summary.err()]
        .into_iter()
        .flatten()
        .collect()
}

/// Says so where more people than allowed are inactive or have never used their seat.
pub(super) fn over_limit(inputs: &Inputs, outcomes: &[Outcome<'_>]) -> Option<String> {
    let limit = inputs.report.max_inactive?;
    let counts = || finished(outcomes).map(|finished| finished.counts);
    let all: usize = counts().map(|counts| counts.people).sum();
    let idle: usize = counts().map(|c| c.inactive + c.never_used).sum();
    limit.is_exceeded(idle, all).then(|| {
        let percent = idle as f64 * 100.0 / all as f64;
        format!(
            "{idle} of {all} people ({percent:.2} %) are inactive or have never used their seat, and `max-inactive` allows {limit}. Everything was delivered as asked; only this limit makes the run fail"
        )
    })
}
