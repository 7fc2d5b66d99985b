//! Signals that end a run: a cancelled workflow, or a person at a terminal.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// Listens for these signals from now on, so that they no longer end the process. Gives the name of
/// the first one that arrives.
pub(crate) fn signals() -> io::Result<impl Future<Output = &'static str> + Send> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        }
    })
}
