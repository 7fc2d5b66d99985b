//! Logs the results, once for all scopes that have the same.

use super::{Journal, ScopeRun};
use crate::runner::log::Group;
use crate::system::text::listed;

/// How many organizations a line names.
const MAX_NAMES: usize = 5;

impl Journal {
    /// Logs what was done for the scopes at these places, ends their `group`, and logs what wasn't
    /// done. What's the same for several scopes is logged once.
    pub(crate) fn log(&self, places: &[usize], group: Group) {
        let scopes = self.scopes();
        let runs: Vec<&ScopeRun> = places
            .iter()
            .filter_map(|place| scopes.get(place))
            .collect();
        let mut lines = Groups::default();
        for run in &runs {
            for line in run.ledger_lines().iter().filter(|line| line.good) {
                let text = line.text.to_string();
                let prefix = format!("{}: ", run.scope);
                let text = text.strip_prefix(&prefix).unwrap_or(&text);
                let text = match &line.link {
                    Some(link) => format!("{text}: {link}"),
                    None => format!("{text}."),
                };
                lines.add(text, run.scope.name());
            }
        }
        for (text, names) in lines.0 {
            tracing::info!("{}: {text}", listed(&names, MAX_NAMES));
        }
        drop(group);
        let mut errors = Groups::default();
        for run in &runs {
            for error in run.errors() {
                errors.add(error, run.scope.name());
            }
        }
        for ((failure, error), names) in errors.0 {
            let title = failure.title(&names);
            match &names[..] {
                [_] => tracing::error!(title = &*title, "{error}"),
                names => tracing::error!(title = &*title, "{}: {error}", listed(names, MAX_NAMES)),
            }
        }
    }
}

/// What several scopes have in common, in the order of the first of them.
struct Groups<'s, T>(Vec<(T, Vec<&'s str>)>);

impl<T> Default for Groups<'_, T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'s, T: PartialEq> Groups<'s, T> {
    fn add(&mut self, what: T, name: &'s str) {
        match self.0.iter_mut().find(|(known, _)| *known == what) {
            Some((_, names)) => names.push(name),
            None => self.0.push((what, vec![name])),
        }
    }
}
