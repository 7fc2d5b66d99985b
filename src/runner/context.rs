//! Reads the workspace, the workflow run, and the secrets from the environment variables.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::percent_decode_str;

use crate::report::generator::{ActionReference, is_image};
use crate::report::manifest::Run;
use crate::report::provenance::Origin;
use crate::system::environment::{
    APP_PRIVATE_KEY, COMMIT_TOKEN, Environment, PSEUDONYM_KEY, TOKEN,
};

/// The directory that the workflow's steps share. From the command line, the current directory.
pub(crate) fn workspace(environment: &Environment) -> PathBuf {
    environment
        .get("GITHUB_WORKSPACE")
        .map_or_else(|| PathBuf::from("."), |path| Path::new(path).to_owned())
}

/// The workflow run. `None` if the command was started from the command line.
fn run(environment: &Environment) -> Option<Run> {
    let variable = |name| environment.get(name).unwrap_or_default().to_owned();
    environment.in_actions().then(|| Run {
        server: environment
            .get("GITHUB_SERVER_URL")
            .unwrap_or("https://github.com")
            .trim_end_matches('/')
            .to_owned(),
        repository: variable("GITHUB_REPOSITORY"),
        id: variable("GITHUB_RUN_ID"),
        attempt: environment
            .get("GITHUB_RUN_ATTEMPT")
            .unwrap_or("1")
            .to_owned(),
        workflow: variable("GITHUB_WORKFLOW"),
        actor: environment.get("GITHUB_ACTOR").map(str::to_owned),
        event: variable("GITHUB_EVENT_NAME"),
        workflow_ref: environment.get("GITHUB_WORKFLOW_REF").map(str::to_owned),
        workflow_sha: environment.get("GITHUB_WORKFLOW_SHA").map(str::to_owned),
        runner_environment: environment.get("RUNNER_ENVIRONMENT").map(str::to_owned),
    })
}

/// The variable with the image of a release. The release's `action.yml` sets it.
const IMAGE: &str = "ACTION_IMAGE";

/// What makes the reports of this run.
pub(crate) fn origin(environment: &Environment) -> Origin {
    let action = environment.get("GITHUB_ACTION_REPOSITORY");
    let action = action.filter(|_| environment.in_actions());
    let image = environment.get(IMAGE).filter(|image| is_image(image));
    Origin {
        run: run(environment),
        action: action.map(|repository| ActionReference {
            repository: repository.to_owned(),
            reference: environment.get("GITHUB_ACTION_REF").map(str::to_owned),
        }),
        image: image.map(str::to_owned),
    }
}

/// The values that must not be printed: tokens, the private key of an App, and proxy passwords. The
/// caller masks them before it prints anything else.
pub(crate) fn secrets(environment: &Environment) -> Vec<String> {
    let tokens = [
        "INPUT_TOKEN",
        "INPUT_COMMIT-TOKEN",
        "INPUT_PSEUDONYM-KEY",
        // The action doesn't read these spellings, but a user might set them.
        "INPUT_COMMIT_TOKEN",
        "INPUT_PSEUDONYM_KEY",
        "ACTIONS_RUNTIME_TOKEN",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    ];
    let proxies = [
        "HTTPS_PROXY",
        "https_proxy",
        "HTTP_PROXY",
        "http_proxy",
        "ALL_PROXY",
        "all_proxy",
    ];
    let from_shell = [TOKEN, COMMIT_TOKEN, PSEUDONYM_KEY];
    let tokens = tokens
        .into_iter()
        .chain(from_shell.into_iter().flatten())
        .filter_map(|name| environment.get(name))
        .flat_map(str::lines)
        .map(|line| line.trim().to_owned());
    let passwords = proxies
        .into_iter()
        .filter_map(|name| environment.get(name))
        .filter_map(|address| {
            let (credentials, _) = address.rsplit_once('@')?;
            let credentials = credentials
                .split_once("://")
                .map_or(credentials, |(_, c)| c);
            // A user name without a password might be a token.
            Some(
                credentials
                    .split_once(':')
                    .map_or(credentials, |(_, password)| password),
            )
        })
        .flat_map(|password| {
            let decoded = percent_decode_str(password).decode_utf8_lossy();
            [password.to_owned(), decoded.into_owned()]
        });
    let keys = ["INPUT_APP-PRIVATE-KEY", "INPUT_APP_PRIVATE_KEY"];
    let keys = keys
        .into_iter()
        .chain(APP_PRIVATE_KEY)
        .filter_map(|name| environment.get(name))
        .flat_map(pieces_of_key);
    let mut secrets: Vec<String> = tokens
        .chain(passwords)
        .chain(keys)
        .filter(|secret| !secret.is_empty())
        .collect();
    secrets.sort();
    secrets.dedup();
    secrets
}

/// The minimum length of a piece of a key that's masked. A shorter piece doesn't reveal the key,
/// and masking it would garble the log.
const MIN_PIECE_CHARS: usize = 16;

/// All forms in which a key could be printed, even if the secret is the key encoded in base64.
///
/// The key is decoded only once, like the App's private key. A string can decode to itself (the
/// empty one does), so decoding repeatedly might never end.
fn pieces_of_key(key: &str) -> Vec<String> {
    let (mut pieces, body) = lines_of_key(key);
    let decoded = BASE64_STANDARD.decode(&body).ok();
    if let Some(key) = decoded.and_then(|bytes| String::from_utf8(bytes).ok()) {
        let (lines, body) = lines_of_key(&key);
        pieces.extend(lines);
        pieces.push(body);
    }
    pieces.push(body);
    pieces.retain(|piece| piece.len() >= MIN_PIECE_CHARS && !is_armor(piece));
    pieces
}

/// Returns the lines of a key and its body. The lines can be separated by line breaks, by escaped
/// line breaks (`\n`), or by spaces. The body is all lines except the first and the last, joined.
fn lines_of_key(key: &str) -> (Vec<String>, String) {
    let is_around = |c: char| c.is_whitespace() || "\"'".contains(c);
    let key = key.trim_matches(is_around);
    let plain = key.replace("\\r", "").replace("\\n", "\n");
    let body = plain
        .split("-----")
        .filter(|part| !part.contains("BEGIN") && !part.contains("END"))
        .flat_map(str::split_whitespace)
        .collect();
    let lines = key
        .lines()
        .chain(plain.split_whitespace())
        .map(|line| line.trim_matches(is_around).to_owned())
        .collect();
    (lines, body)
}

/// Whether a line is the header or footer of a PEM key, which isn't secret.
fn is_armor(line: &str) -> bool {
    line.len() < 64 && line.starts_with("-----")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::arbitrary_text;

    #[test]
    fn a_key_is_secret_in_every_form_in_which_it_could_be_printed() {
        let (one, other) = ("MIIEowIBAAKCAQEA", "sPnoGUOnrpiSqt4XynxA");
        let whole = format!("{one}{other}");
        let lines = format!(
            "-----BEGIN RSA PRIVATE KEY-----\n{one}\n{other}\n-----END RSA PRIVATE KEY-----"
        );
        for key in [
            lines.clone(),
            lines.replace('\n', "\r\n"),
            lines.replace('\n', "\\n"),
            lines.replace('\n', " "),
            format!("\"{lines}\""),
            BASE64_STANDARD.encode(&lines),
        ] {
            let environment: Environment = [("INPUT_APP-PRIVATE-KEY".to_owned(), key.clone())]
                .into_iter()
                .collect();
            let secrets = secrets(&environment);
            for secret in [one, other, &whole] {
                assert!(
                    secrets.iter().any(|known| known == secret),
                    "{key}: {secrets:?}"
                );
            }
            let armor = secrets
                .iter()
                .any(|secret| secret.ends_with("BEGIN RSA PRIVATE KEY-----"));
            assert!(!armor, "{secrets:?}");
        }
    }

    #[test]
    fn a_key_that_decodes_to_itself_or_to_nothing_has_no_pieces() {
        for key in [
            "'",
            "\"",
            "''",
            "\"\"",
            "\\n",
            "\\r\\n",
            "-----BEGIN",
            "====",
            "AAAA",
        ] {
            assert_eq!(pieces_of_key(key), Vec::<String>::new(), "{key}");
        }
    }

    proptest! {
        #![proptest_config(arbitrary_text::config())]

        #[test]
        fn no_piece_of_any_key_is_longer_than_the_key(text in arbitrary_text::text(), times in 0..4) {
            let key = (0..times).fold(text, |text, _| BASE64_STANDARD.encode(text));
            for piece in pieces_of_key(&key) {
                prop_assert!(piece.len() <= key.len());
            }
        }
    }

    #[test]
    fn tokens_and_proxy_passwords_are_secret_line_by_line() {
        let environment: Environment = [
            ("INPUT_TOKEN", "first\n second \n\n"),
            ("GITHUB_TOKEN", "first"),
            ("https_proxy", "http://octocat:open@sesame@proxy:3128"),
            ("ALL_PROXY", "http://octocat:p%40ss%3Aword@proxy:3128"),
            ("HTTP_PROXY", "proxy:3128"),
            ("GITHUB_ACTOR", "octocat"),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
        assert_eq!(
            secrets(&environment),
            [
                "first",
                "open@sesame",
                "p%40ss%3Aword",
                "p@ss:word",
                "second"
            ]
        );
    }
}
