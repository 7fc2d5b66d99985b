//! What the action prints: `tracing`'s events as annotations and plain lines of a workflow's log,
//! or as plain lines on standard error where it is started by hand.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::panic::PanicHookInfo;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use super::workflow_commands::{Command, END_GROUP, plain};
use crate::system::console::{Console, Label};
use crate::system::environment::Environment;
use crate::system::secrets;

/// Where lines go and in which form.
#[derive(Debug, Clone)]
struct Log {
    console: Console,
    in_actions: bool,
    debug: bool,
}

/// Begins logging, by hand on `console`. Only this crate's own events are printed: those of its libraries may hold
/// addresses with signatures. Debug lines are printed where the runner's `RUNNER_DEBUG` is `1`.
/// From here on a panic is told as an error like any other, without the words it came with.
pub fn begin(environment: &Environment, console: &Console) {
    let log = Log {
        console: console.clone(),
        in_actions: environment.in_actions(),
        debug: environment.get("RUNNER_DEBUG") == Some("1"),
    };
    // Fails only where a subscriber is installed already, which then prints the lines.
    let _installed_before = tracing_subscriber::registry().with(log.clone()).try_init();
    std::panic::set_hook(Box::new(move |panic| {
        log.show(Level::ERROR, &panicked(panic));
    }));
}

/// What is told of a panic. A text that was put together may hold anything, a secret or a line
/// that the runner takes for a command; one that stands in the source holds nothing from outside.
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
    fn lines(&self, level: Level, message: &str) -> String {
        match (self.in_actions, level) {
            (true, Level::ERROR) => Command::Error.line(message),
            (true, Level::WARN) => Command::Warning.line(message),
            (true, Level::INFO) => plain(message),
            (true, _) => Command::Debug.line(message),
            (false, Level::ERROR) => self.labelled(Label::Error, message),
            (false, Level::WARN) => self.labelled(Label::Warning, message),
            (false, _) => plain(message),
        }
    }

    fn labelled(&self, label: Label, message: &str) -> String {
        format!("{} {}", self.console.label(label), plain(message))
    }

    fn show(&self, level: Level, message: &str) {
        let lines = self.lines(level, &secrets::redact(message));
        if self.in_actions {
            print(&lines);
        } else {
            self.console.say(&lines);
        }
    }
}

impl<S: Subscriber> Layer<S> for Log {
    fn enabled(&self, metadata: &tracing::Metadata<'_>, _: Context<'_, S>) -> bool {
        let ours = metadata
            .target()
            .split("::")
            .next()
            .is_some_and(|name| name == env!("CARGO_CRATE_NAME"));
        ours && *metadata.level()
            <= if self.debug {
                Level::DEBUG
            } else {
                Level::INFO
            }
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut message = Message(String::new());
        event.record(&mut message);
        self.show(*event.metadata().level(), &message.0);
    }
}

/// Prints a line on standard output at once, so that it stands before what other streams print.
fn print(line: &str) {
    let mut out = io::stdout().lock();
    // Nobody is left to tell where standard output is closed.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Prints what a command was asked for: on standard output, also where it is started by hand.
pub(crate) fn answer(message: &str) {
    print(&plain(message));
}

/// The same for what is not as it should be; a workflow shows it as an error.
pub(crate) fn finding(environment: &Environment, message: &str) {
    if environment.in_actions() {
        print(&Command::Error.line(message));
    } else {
        print(&plain(message));
    }
}

/// A group of lines that a workflow's log shows folded; it ends when it is dropped. Started by
/// hand its head is a line like any other.
#[derive(Debug)]
pub(crate) struct Group {
    in_actions: bool,
}

impl Group {
    /// Begins a group.
    pub(crate) fn begin(environment: &Environment, title: &str) -> Self {
        let in_actions = environment.in_actions();
        if in_actions {
            print(&Command::Group.line(title));
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

/// Hides `secret` in all that is shown from here on, and tells the runner to hide it too.
pub(crate) fn mask(environment: &Environment, secret: &str) {
    secrets::remember(secret);
    if environment.in_actions() {
        print(&Command::AddMask.line(secret));
    }
}

struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            let _ = write!(self.0, "{value:?}");
        } else {
            let _ = write!(self.0, " {}={value:?}", field.name());
        }
    }
}
