//! Prints `tracing` events: in a workflow as annotations and log lines, from the command line as
//! plain lines on standard error.

use std::fmt::Write as _;
use std::io::{self, ErrorKind, Write};
use std::panic::PanicHookInfo;
use std::sync::OnceLock;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use super::workflow_commands::{END_GROUP, add_mask, annotation, command, plain};
use crate::system::console::Console;
use crate::system::environment::Environment;
use crate::system::secrets;

/// The title of an annotation that doesn't have its own.
const TITLE: &str = "Copilot activity report";

/// Why a line couldn't be written to standard output, if one couldn't.
static LOST: OnceLock<String> = OnceLock::new();

/// Where log lines and masks go in a workflow. The runner reads both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    /// For the action.
    Output,
    /// For commands whose standard output is their result, which can be redirected into a file.
    Error,
}

/// A `tracing` layer that prints events.
#[derive(Debug, Clone)]
struct Log {
    console: Console,
    stream: Stream,
    in_actions: bool,
    debug: bool,
}

/// Starts logging for the action.
pub fn begin(environment: &Environment, console: &Console) {
    begin_on(Stream::Output, environment, console);
}

/// Starts logging. From the command line, lines go to `console`, and in a workflow to `stream`.
///
/// Only this crate's own events are printed, because those of its libraries might contain signed
/// URLs. Debug lines are printed if the runner sets `RUNNER_DEBUG` to `1`. From now on, a panic is
/// logged as an error, and its message only if it's a literal in the source.
pub(crate) fn begin_on(stream: Stream, environment: &Environment, console: &Console) {
    let log = Log {
        console: console.clone(),
        stream,
        in_actions: environment.in_actions(),
        debug: environment.get("RUNNER_DEBUG") == Some("1"),
    };
    // Fails only if a subscriber is already installed, which then prints the lines.
    let _installed_before = tracing_subscriber::registry().with(log.clone()).try_init();
    std::panic::set_hook(Box::new(move |panic| {
        log.show(Level::ERROR, TITLE, &panicked(panic));
    }));
}

/// The log line for a panic. It includes the panic message only if that's a literal in the source.
/// A formatted message could contain a secret or a line that the runner interprets as a command.
fn panicked(panic: &PanicHookInfo<'_>) -> String {
    let place = panic.location().map(ToString::to_string);
    let place = place.unwrap_or_else(|| "an unknown place".to_owned());
    let words = match panic.payload().downcast_ref::<&'static str>() {
        Some(words) => format!(" ({words})"),
        None => String::new(),
    };
    format!(
        "Internal error (this is a bug): the action panicked at {place}{words}.\n  Fix: Report this line and the version of the action. To see what happened before, run the workflow again with debug logging."
    )
}

impl Log {
    fn lines(&self, level: Level, title: &str, message: &str) -> String {
        match (self.in_actions, level) {
            (true, Level::ERROR) => annotation("error", title, message),
            (true, Level::WARN) => command("warning", message),
            (true, Level::INFO) => plain(message),
            (true, _) => command("debug", message),
            (false, Level::ERROR | Level::WARN) => {
                format!("{} {}", self.console.label(level), plain(message))
            }
            (false, _) => plain(message),
        }
    }

    fn show(&self, level: Level, title: &str, message: &str) {
        let lines = self.lines(level, &secrets::redact(title), &secrets::redact(message));
        if self.in_actions {
            print_on(self.stream, &lines);
        } else {
            self.console.say(&lines);
        }
    }
}

impl<S: Subscriber> Layer<S> for Log {
    fn enabled(&self, metadata: &tracing::Metadata<'_>, _: Context<'_, S>) -> bool {
        let ours = metadata.target().split("::").next() == Some(env!("CARGO_CRATE_NAME"));
        let most = if self.debug {
            Level::DEBUG
        } else {
            Level::INFO
        };
        ours && *metadata.level() <= most
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut message = Message::default();
        event.record(&mut message);
        let title = message.title.as_deref().unwrap_or(TITLE);
        self.show(*event.metadata().level(), title, &message.text);
    }
}

/// Prints a line on standard output and flushes it, so that it precedes later output on other
/// streams.
fn print(line: &str) {
    let mut out = io::stdout().lock();
    if let Err(error) = writeln!(out, "{line}").and_then(|()| out.flush())
        // A reader such as `head` takes only what it needs.
        && error.kind() != ErrorKind::BrokenPipe
    {
        let _earlier = LOST.set(error.to_string());
    }
}

fn print_on(stream: Stream, line: &str) {
    match stream {
        Stream::Output => print(line),
        // If standard error is closed, there's no way to report it.
        Stream::Error => drop(writeln!(io::stderr().lock(), "{line}")),
    }
}

/// Returns why standard output doesn't have all that was printed, if it doesn't.
pub(crate) fn lost() -> Option<&'static str> {
    LOST.get().map(String::as_str)
}

/// Prints the result of a command on standard output, even from the command line.
pub(crate) fn answer(message: &str) {
    print(&plain(message));
}

/// Like [`answer`], for a problem that was found. A workflow shows it as an error.
pub(crate) fn finding(environment: &Environment, message: &str) {
    if environment.in_actions() {
        print(&annotation("error", TITLE, message));
    } else {
        print(&plain(message));
    }
}

/// A collapsed group of lines in a workflow's log, which ends on drop. From the command line, its
/// title is an ordinary line.
#[derive(Debug)]
pub(crate) struct Group {
    in_actions: bool,
}

impl Group {
    pub(crate) fn begin(environment: &Environment, title: &str) -> Self {
        let in_actions = environment.in_actions();
        if in_actions {
            print(&command("group", title));
        } else {
            tracing::info!("{title}");
        }
        Self { in_actions }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if self.in_actions {
            print(END_GROUP);
        }
    }
}

/// Masks `secret` in all later output, and has the runner mask it in the log, too.
pub(crate) fn mask(environment: &Environment, secret: &str) {
    mask_on(Stream::Output, environment, secret);
}

/// Like [`mask`], on a stream of choice.
pub(crate) fn mask_on(stream: Stream, environment: &Environment, secret: &str) {
    secrets::remember(secret);
    if environment.in_actions() {
        print_on(stream, &add_mask(secret));
    }
}

/// The parts of an event. Its field `title` is the title of the annotation.
#[derive(Default)]
struct Message {
    title: Option<String>,
    text: String,
}

impl Visit for Message {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "title" {
            self.title = Some(value.to_owned());
        } else {
            self.record_debug(field, &value);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            let _ = write!(self.text, "{value:?}");
        } else {
            let _ = write!(self.text, " {}={value:?}", field.name());
        }
    }
}
