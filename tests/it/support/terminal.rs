//! A terminal for the command.

use std::fs::File;
use std::io::Read as _;
use std::process::{Command, Output, Stdio};
use std::thread;

use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// Runs `command` on a terminal of 100 columns. With `is_piped`, standard output isn't on the
/// terminal. The screen's contents become standard error.
pub(super) fn run(mut command: Command, is_piped: bool) -> Output {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
    let terminal = openpt(flags).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let screen = ioctl_tiocgptpeer(&terminal, flags).unwrap();
    let size = Winsize {
        ws_row: 30,
        ws_col: 100,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&screen, size).unwrap();
    command.stdout(if is_piped {
        Stdio::piped()
    } else {
        screen.try_clone().unwrap().into()
    });
    command.stderr(Stdio::from(screen));
    let child = command.spawn().unwrap();
    // The terminal has no end of file while a process holds it open.
    drop(command);
    let visible = thread::spawn(move || {
        let (mut terminal, mut visible) = (File::from(terminal), Vec::new());
        // Linux reports an error at the end.
        let _ended = terminal.read_to_end(&mut visible);
        visible
    });
    let mut output = child.wait_with_output().unwrap();
    output.stderr = visible.join().unwrap();
    output
}
