//! Handles the signals that stop a run, from a canceled workflow or a terminal.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// Starts listening for the signals, so that they don't end the process. Returns a future of the
/// first one's name.
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
