//! Prints messages and shows progress if the command was started from the command line.
//!
//! In a workflow, there are no colors and no progress bar. Standard output is for the report, so
//! everything here goes to standard error.

use std::cell::Cell;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tracing::Level;

use crate::system::environment::Environment;

/// The minimum number of pages for progress in plain lines. Shorter lists don't take long to read.
const MANY_PAGES: usize = 20;

/// How often the bar is redrawn, so that the command doesn't appear to hang while it waits.
const TICK: Duration = Duration::from_millis(250);

/// The console that messages for the user go to.
#[derive(Debug, Clone)]
pub struct Console {
    outside_actions: bool,
    output_is_terminal: bool,
    /// Whether standard error is a terminal that can redraw a line.
    is_screen: bool,
    has_colours: bool,
    bar: Arc<Mutex<Option<ProgressBar>>>,
}

impl Console {
    /// The console of this process.
    pub fn of_process(environment: &Environment) -> Self {
        let outside_actions = !environment.in_actions();
        let is_capable = environment.get("TERM").is_some_and(|name| name != "dumb");
        let is_screen = outside_actions && is_capable && io::stderr().is_terminal();
        Self {
            outside_actions,
            output_is_terminal: io::stdout().is_terminal(),
            is_screen,
            // https://no-color.org
            has_colours: is_screen && environment.get("NO_COLOR").is_none(),
            bar: Arc::default(),
        }
    }

    /// Whether standard output is a terminal. A report isn't useful there.
    pub fn output_is_terminal(&self) -> bool {
        self.output_is_terminal
    }

    /// The first word of an error or a warning, in color if the terminal supports it.
    pub fn label(&self, level: Level) -> String {
        let (word, colour) = match level {
            Level::ERROR => ("error:", 31),
            _ => ("warning:", 33),
        };
        if self.has_colours {
            format!("\x1b[1;{colour}m{word}\x1b[0m")
        } else {
            word.to_owned()
        }
    }

    /// Writes lines, above the progress bar if there is one.
    pub fn say(&self, lines: &str) {
        // If standard error is closed, there's no way to report it.
        let say = || drop(writeln!(io::stderr().lock(), "{lines}"));
        match &*self.bar.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(bar) => bar.suspend(say),
            None => say(),
        }
    }

    /// Starts to show the progress of fetching `what`.
    pub fn reading(&self, what: &str) -> Reading<'_> {
        let bar = self.is_screen.then(|| {
            let bar = ProgressBar::no_length().with_message(what.to_owned());
            bar.set_style(style(SPINNER));
            bar.enable_steady_tick(TICK);
            bar
        });
        self.keep(bar);
        Reading {
            console: self,
            what: what.to_owned(),
            tenths: Cell::new(0),
            has_lines: self.outside_actions,
        }
    }

    /// Starts to show the progress of fetching many reports, unless there's only one. It's shown
    /// only on a screen.
    pub fn reading_many(&self, total: usize) -> Option<Reading<'_>> {
        if total < 2 {
            return None;
        }
        if self.is_screen {
            let bar = ProgressBar::new(total as u64).with_style(style(REPORTS));
            bar.enable_steady_tick(TICK);
            self.keep(Some(bar));
        }
        Some(Reading {
            console: self,
            what: String::new(),
            tenths: Cell::new(0),
            has_lines: false,
        })
    }

    fn keep(&self, bar: Option<ProgressBar>) {
        let mut kept = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = std::mem::replace(&mut *kept, bar) {
            before.finish_and_clear();
        }
    }
}

/// The progress of a fetch, which is shown until this is dropped.
#[derive(Debug)]
pub struct Reading<'a> {
    console: &'a Console,
    what: String,
    /// How many tenths the last plain line showed.
    tenths: Cell<usize>,
    /// Whether plain lines show the progress without a screen.
    has_lines: bool,
}

impl Reading<'_> {
    /// Shows that `pages` pages (or reports) were read. `of` is the total, if it's known.
    pub fn reached(&self, pages: usize, of: Option<usize>) {
        let bar = self.console.bar.lock();
        if let Some(bar) = &*bar.unwrap_or_else(PoisonError::into_inner) {
            bar.set_position(pages as u64);
            if let (Some(of @ 2..), None) = (of, bar.length()) {
                bar.set_style(style(BAR));
                bar.set_length(of as u64);
            }
        } else if self.has_lines {
            self.tell(pages, of);
        }
    }

    /// Prints a plain line for each tenth of a long list.
    fn tell(&self, pages: usize, of: Option<usize>) {
        let Some(of) = of.filter(|of| *of >= MANY_PAGES) else {
            return;
        };
        let tenths = pages * 10 / of;
        // If the list is read again, the count starts again.
        if tenths > self.tenths.replace(tenths) && pages < of {
            let what = &self.what;
            self.console.say(&format!("{what}: {pages} of {of} pages."));
        }
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        self.console.keep(None);
    }
}

const SPINNER: &str = "{spinner} {msg}: {pos} pages, {elapsed}";
const REPORTS: &str = "[{bar:30}] {pos} of {len} reports";
const BAR: &str = "{msg} [{bar:30}] {pos} of {len} pages, about {eta} left";

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template);
    style
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_templates_of_the_progress_bar_are_valid() {
        for template in [SPINNER, BAR, REPORTS] {
            ProgressStyle::with_template(template).unwrap();
        }
    }
}
