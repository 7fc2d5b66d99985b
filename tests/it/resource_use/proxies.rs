//! Proxies from the environment. The action rejects unusable ones, names the proxy if a connection
//! fails, and never prints a proxy's password.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::process::Command;

use crate::support::network::{Foreign, Proxy, self_signed, unused_url};
use crate::support::{Job, TOKEN, files_below, github};
use simulator::{Seats, Simulator};

/// A job that uses this API URL.
fn job(address: &str) -> Job {
    Job::alone()
        .input("deliver-to", "none")
        .input("token", TOKEN)
        .variable("GITHUB_API_URL", address)
        .variable("TEST_WAIT_SCALE", "0.001")
}

#[test]
fn a_proxy_is_used_with_its_password_and_not_for_excluded_hosts() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = folder.path().join("authority.pem");
    let private = self_signed(&certificate);
    let job = || job(&private).variable("SSL_CERT_FILE", certificate.to_str().unwrap());
    let proxy = Proxy::start();
    let at = proxy.address();
    for (variable, value) in [
        ("HTTPS_PROXY", format!("http://octocat:open%40sesame@{at}")),
        ("https_proxy", format!("octocat:open%40sesame@{at}")),
        ("ALL_PROXY", format!("HTTP://octocat:open%40sesame@{at}/")),
        ("all_proxy", format!(" http://octocat:open%40sesame@{at}\n")),
    ] {
        let job = || job().variable(variable, &value);
        let step = job().run();
        step.succeeded();
        assert_eq!(step.output("seats"), "0");
        let heads = proxy.take_heads();
        // Base64 for `octocat:open@sesame`.
        let basic = "proxy-authorization: basic b2N0b2NhdDpvcGVuQHNlc2FtZQ==";
        assert!(!heads.is_empty(), "{variable}");
        for head in heads {
            let target = private.trim_start_matches("https://");
            assert!(head.starts_with(&format!("CONNECT {target} ")), "{head}");
            let (_, headers) = head.split_once("\r\n").unwrap();
            let found = headers.lines().any(|line| line.eq_ignore_ascii_case(basic));
            assert!(found, "{head}");
        }
        for none in ["127.0.0.1", "example.com, 127.0.0.0/8", "127.0.0.1:443"] {
            let step = job().variable("NO_PROXY", none).run();
            step.succeeded();
            assert_eq!(proxy.take_heads(), Vec::<String>::new(), "{none}");
        }
    }
}

#[test]
fn the_more_specific_variable_wins_and_an_empty_one_is_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = folder.path().join("authority.pem");
    let private = self_signed(&certificate);
    let job = || job(&private).variable("SSL_CERT_FILE", certificate.to_str().unwrap());
    let (good, other) = (Proxy::start(), Foreign::start());
    let at = format!("http://{}", good.address());
    for (first, second) in [("HTTPS_PROXY", "ALL_PROXY"), ("https_proxy", "HTTPS_PROXY")] {
        job()
            .variable(first, &at)
            .variable(second, &other.url())
            .run()
            .succeeded();
        assert!(!good.take_heads().is_empty(), "{first} before {second}");
        job()
            .variable(first, " ")
            .variable(second, &at)
            .run()
            .succeeded();
        assert!(
            !good.take_heads().is_empty(),
            "{second} where {first} is empty"
        );
    }
    // GitHub's runner prefers the variable in lowercase.
    job()
        .variable("HTTPS_PROXY", &at)
        .variable("no_proxy", "example.com")
        .variable("NO_PROXY", "127.0.0.1")
        .run()
        .succeeded();
    assert!(!good.take_heads().is_empty());
    // `HTTP_PROXY` is for plain HTTP, and these URLs are on this machine.
    job().variable("HTTP_PROXY", &other.url()).run().succeeded();
    other.assert_unused();
}

#[test]
fn an_unusable_proxy_is_rejected_by_variable_before_any_request() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    let foreign = Foreign::start();
    let at = foreign.url().replace("http://", "");
    for (value, text) in [
        (format!("socks5://octocat:open-sesame@{at}"), "socks5"),
        (format!("socks5h://{at}"), "socks5h"),
        (format!("SOCKS4://{at}"), "socks4"),
        (
            format!("ftp://octocat:open-sesame@{at}"),
            "http:// or https://",
        ),
        (format!("octocat://open-sesame@{at}"), "http:// or https://"),
        ("http://".to_owned(), "not a valid proxy URL"),
        (
            "http://octocat:open-sesame@".to_owned(),
            "not a valid proxy URL",
        ),
        ("proxy of octocat".to_owned(), "not a valid proxy URL"),
        (
            "http://octocat:open-sesame@proxy:99999".to_owned(),
            "not a valid proxy URL",
        ),
        (
            format!("http://octocat:12#open-sesame@{at}"),
            "percent-encoded",
        ),
        (
            format!("http://octocat:12/open-sesame@{at}"),
            "percent-encoded",
        ),
        (
            format!("http://octocat:12?open-sesame@{at}"),
            "percent-encoded",
        ),
    ] {
        for variable in [
            "HTTPS_PROXY",
            "https_proxy",
            "HTTP_PROXY",
            "http_proxy",
            "ALL_PROXY",
            "all_proxy",
        ] {
            let step = Job::on(&simulator).variable(variable, &value).run();
            let line = format!("{variable}: ");
            step.failed(
                2,
                &["The inputs aren't valid. Nothing was sent.", &line, text],
            );
            for part in ["octocat", "open-sesame", &at] {
                let shown = step
                    .stdout
                    .lines()
                    .any(|line| !line.starts_with("::add-mask::") && line.contains(part));
                assert!(!shown, "{part} of {value}: {}", step.stdout);
            }
            assert!(files_below(&step.workspace).is_empty());
        }
    }
    assert!(simulator.requests().is_empty());
    foreign.assert_unused();

    // One error lists all invalid variables and inputs.
    let step = Job::on(&simulator)
        .input("summary", "perhaps")
        .variable("HTTPS_PROXY", "socks5://127.0.0.1:1")
        .variable("http_proxy", "http://")
        .run();
    step.failed(2, &["summary: ", "HTTPS_PROXY: ", "http_proxy: "]);
    // A value that isn't UTF-8.
    let output = Command::new(env!("CARGO_BIN_EXE_copilot-activity-report"))
        .args(["--organization", "acme"])
        .env_clear()
        .env("GITHUB_TOKEN", TOKEN)
        .env("GITHUB_API_URL", simulator.api_url())
        .env(
            "HTTPS_PROXY",
            OsStr::from_bytes(b"http://octocat:\xfcber@127.0.0.1:1"),
        )
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let printed = String::from_utf8(output.stderr).unwrap();
    assert!(
        printed.contains("HTTPS_PROXY: it is not a valid proxy URL"),
        "{printed}"
    );
    assert!(simulator.requests().is_empty());
    // An invalid proxy that no request uses isn't an error.
    Job::on(&simulator)
        .input("deliver-to", "none")
        .variable("HTTPS_PROXY", "http://127.0.0.1:1")
        .variable("HTTP_PROXY", &simulator.api_url())
        .variable("NO_PROXY", "127.0.0.1")
        .variable("ALL_PROXY", "socks5://127.0.0.1:1")
        .run()
        .succeeded();
}

#[test]
fn a_proxy_that_no_request_uses_is_not_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = folder.path().join("authority.pem");
    let private = self_signed(&certificate);
    let socks = "socks5://127.0.0.1:1";
    let proxy = Proxy::start();
    let good = format!("http://{}", proxy.address());
    for (variables, is_used) in [
        (&[("ALL_PROXY", socks), ("HTTPS_PROXY", &good)][..], true),
        (&[("HTTP_PROXY", socks)], false),
        (&[("HTTP_PROXY", socks), ("ALL_PROXY", &good)], true),
        (&[("ALL_PROXY", socks), ("NO_PROXY", "*")], false),
        (&[("HTTPS_PROXY", socks), ("https_proxy", &good)], true),
        (
            &[
                ("HTTPS_PROXY", socks),
                ("NO_PROXY", "127.0.0.1, .github.com, github.com"),
            ],
            false,
        ),
    ] {
        let mut job = job(&private)
            .without("GITHUB_SERVER_URL")
            .variable("SSL_CERT_FILE", certificate.to_str().unwrap());
        for (name, value) in variables {
            job = job.variable(name, value);
        }
        job.run().succeeded();
        assert_eq!(!proxy.take_heads().is_empty(), is_used, "{variables:?}");
    }
    // Other servers are also reached through the proxy.
    for (name, address) in [
        ("GITHUB_SERVER_URL", "https://github.invalid"),
        ("ACTIONS_RESULTS_URL", "https://results.github.invalid"),
        ("ACTIONS_RESULTS_URL", "http://127.0.0.1:1"),
    ] {
        let step = job(&private)
            .variable("ALL_PROXY", socks)
            .variable("NO_PROXY", "127.0.0.1, github.com")
            .variable(name, address)
            .run();
        step.failed(2, &["ALL_PROXY: ", "socks5"]);
    }
}

#[test]
fn a_command_that_calls_github_also_rejects_an_unusable_proxy() {
    let step = Job::alone()
        .command_line(&["pseudonym", "@octocat"])
        .variable("PSEUDONYM_KEY", "0123456789abcdef0123456789abcdef")
        .variable("GITHUB_TOKEN", TOKEN)
        .variable("GITHUB_API_URL", &unused_url())
        .variable("HTTPS_PROXY", "socks5://octocat:open-sesame@127.0.0.1:1")
        .run();
    assert_ne!(step.status, 0);
    let printed = step.printed();
    assert!(
        printed.contains("HTTPS_PROXY") && printed.contains("socks5"),
        "{printed}"
    );
    assert!(!printed.contains("open-sesame"), "{printed}");
}

#[test]
fn a_failed_connection_names_its_proxy_without_the_password() {
    let unused_url = unused_url().replace("http://", "");
    let refusing = Proxy::refusing();
    for (variable, at, texts) in [
        (
            "HTTPS_PROXY",
            unused_url.as_str(),
            ["the connection was refused", "is running"],
        ),
        (
            "https_proxy",
            &unused_url,
            ["the connection was refused", "is running"],
        ),
        (
            "ALL_PROXY",
            unused_url.as_str(),
            ["the connection was refused", "is running"],
        ),
        (
            "HTTPS_PROXY",
            &refusing.address(),
            [
                "the proxy didn't let the request through",
                "allows requests to GitHub's API",
            ],
        ),
    ] {
        let step = job("https://api.github.invalid")
            .variable(variable, &format!("http://octocat:open-sesame@{at}"))
            .run();
        let message = format!(", through the proxy http://{at} in {variable}\n");
        let printed = step.printed().replace("%0A", "\n");
        assert!(printed.contains(&message), "{message}: {printed}");
        let advice = format!("Fix: Check {variable} and NO_PROXY");
        step.failed(
            1,
            &["Reading the Copilot seats", "Response: none, ", &advice],
        );
        step.failed(1, &texts);
        assert!(!printed.contains("octocat:"), "{printed}");
    }
    // An error doesn't blame a proxy that wasn't used.
    refusing.take_heads();
    let port = unused_url.rsplit(':').next().unwrap();
    for none in [
        "*",
        "localhost",
        "example.com, .localhost",
        "*.localhost",
        "localhost:443",
        "example.com:8080, *.localhost:443 ",
    ] {
        let step = job(&format!("https://localhost:{port}"))
            .variable("HTTPS_PROXY", &format!("http://{}", refusing.address()))
            .variable("NO_PROXY", none)
            .run();
        step.failed(1, &["Response: none, "]);
        assert!(
            !step.printed().contains("through the proxy"),
            "{}",
            step.printed()
        );
    }
    assert_eq!(refusing.take_heads(), Vec::<String>::new());
    let step = job(&format!("http://{unused_url}"))
        .variable("HTTP_PROXY", &format!("http://{}", refusing.address()))
        .variable("NO_PROXY", "127.0.0.1")
        .run();
    step.failed(1, &["the connection was refused"]);
    assert!(
        !step.printed().contains("through the proxy"),
        "{}",
        step.printed()
    );
}

#[test]
fn an_artifact_that_a_proxy_blocks_names_the_proxy() {
    let simulator = Simulator::start(github(Seats::people(3))).unwrap();
    let refusing = Proxy::refusing();
    let step = Job::on(&simulator)
        .variable("ACTIONS_RESULTS_URL", "https://results.github.invalid/")
        .variable(
            "HTTPS_PROXY",
            &format!("http://octocat:open-sesame@{}", refusing.address()),
        )
        .variable("TEST_WAIT_SCALE", "0.001")
        .run();
    let message = format!(
        ", through the proxy http://{} in HTTPS_PROXY",
        refusing.address()
    );
    step.failed(1, &["CreateArtifact", "no response (", &message]);
}
