//! Texts that mean something somewhere, for tests that hold for any text.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

/// How properties are tried: quickly, leaving no files behind, and with the same texts every time,
/// so that no change fails for what another brought; `PROPTEST_RNG_SEED` tries others. A failure
/// prints the smallest text that it happens with, which then becomes a test of its own.
pub(crate) fn cases() -> Config {
    let told = Config::default();
    Config {
        cases: 200,
        failure_persistence: None,
        rng_seed: match told.rng_seed {
            RngSeed::Random => RngSeed::Fixed(1),
            told => told,
        },
        ..told
    }
}

const PARTS: [&str; 58] = [
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

/// A text of a few of these parts and of any others.
pub(crate) fn text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => proptest::sample::select(&PARTS[..]).prop_map(str::to_owned),
        2 => "[a-zA-Z0-9]{1,8}",
        1 => any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}
