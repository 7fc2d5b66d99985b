//! Property-test strategies for strings with a special meaning in workflow commands, Markdown, CSV,
//! or paths.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

/// The configuration of property tests: few cases, no regression files, and the same strings every
/// time, so that an earlier change never makes a later one fail. Set `PROPTEST_RNG_SEED` to try
/// other strings. A failure prints the smallest string that causes it. Turn that string into a
/// separate test.
pub(crate) fn config() -> Config {
    let message = Config::default();
    Config {
        cases: 200,
        failure_persistence: None,
        rng_seed: match message.rng_seed {
            RngSeed::Random => RngSeed::Fixed(1),
            message => message,
        },
        ..message
    }
}

const FRAGMENTS: [&str; 58] = [
    "::",
    ":",
    "##[",
    "#",
    "]",
    "error::",
    "add-mask::",
    "\n",
    "\r",
    "\r\n",
    " ",
    "\t",
    "\0",
    "\u{b}",
    "\u{1b}[",
    "\u{85}",
    "\u{a0}",
    "\u{ad}",
    "\u{200b}",
    "\u{2028}",
    "\u{202e}",
    "\u{2060}",
    "\u{3000}",
    "\u{feff}",
    "<",
    ">",
    "&",
    "`",
    "``",
    "|",
    "\\",
    "[",
    "](",
    ")",
    "!",
    "@",
    "_",
    "*",
    "~",
    "$",
    "http://",
    "https://",
    "www.",
    "<!--",
    "-->",
    "=",
    "+",
    "-",
    ",",
    "\"",
    "'",
    ";",
    "/",
    "..",
    ".",
    "%0A",
    "%",
    "ä",
];

/// A string that combines a few of these fragments with arbitrary characters.
pub(crate) fn text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => proptest::sample::select(&FRAGMENTS[..]).prop_map(str::to_owned),
        2 => "[a-zA-Z0-9]{1,8}",
        1 => any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}
