//! A minimal HTTP client that can also read malformed responses.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use flate2::read::GzDecoder;
use serde_json::{Value, json};
use simulator::{GitHub, Repository, Seats, Simulator, Token};

pub(crate) const TOKEN: &str = "ghs_secret";
pub(crate) const AUDIT: &str = "octo/audit";

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    /// The body without chunked encoding, but still compressed.
    pub(crate) raw: Vec<u8>,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(header, _)| header == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn body(&self) -> Vec<u8> {
        if self.header("content-encoding") != Some("gzip") {
            return self.raw.clone();
        }
        let mut body = Vec::new();
        GzDecoder::new(&self.raw[..])
            .read_to_end(&mut body)
            .unwrap();
        body
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body()).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body())
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The URL with this relation in the `Link` header.
    pub(crate) fn link(&self, rel: &str) -> Option<String> {
        let links = self
            .header("link")?
            .split(", ")
            .filter_map(|link| link.split_once(">; rel="));
        links
            .filter(|(_, found)| *found == format!("\"{rel}\""))
            .map(|(url, _)| url[1..].to_owned())
            .next()
    }
}

/// Sends one request on a new connection, with these headers, `Host`, and `Connection`.
pub(crate) fn send(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<Reply> {
    let (host, path) = url
        .strip_prefix("http://")
        .unwrap()
        .split_once('/')
        .unwrap();
    let mut connection = TcpStream::connect(host)?;
    connection.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut request = format!("{method} /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    connection.write_all(request.as_bytes())?;
    connection.write_all(b"\r\n")?;
    connection.write_all(body)?;
    let mut response = Vec::new();
    connection.read_to_end(&mut response)?;
    parse(&response)
}

fn parse(response: &[u8]) -> io::Result<Reply> {
    let cut = || io::Error::from(io::ErrorKind::UnexpectedEof);
    let end = response
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .ok_or_else(cut)?;
    let head = String::from_utf8_lossy(&response[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .unwrap()
        .split(' ')
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut reply = Reply {
        status,
        headers,
        raw: response[end + 4..].to_vec(),
    };
    if let Some(length) = reply.header("content-length") {
        if reply.raw.len() != length.parse::<usize>().unwrap() {
            return Err(cut());
        }
    } else if reply.header("transfer-encoding") == Some("chunked") {
        reply.raw = unchunk(&reply.raw).ok_or_else(cut)?;
    }
    Ok(reply)
}

fn unchunk(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    loop {
        let end = rest.windows(2).position(|window| window == b"\r\n")?;
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..end]).ok()?, 16).ok()?;
        if length == 0 {
            return Some(whole);
        }
        whole.extend_from_slice(rest.get(end + 2..end + 2 + length)?);
        rest = &rest[end + 4 + length..];
    }
}

/// Calls the API with all required headers.
pub(crate) fn api(
    simulator: &Simulator,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> io::Result<Reply> {
    let url = if path.starts_with("http") {
        path.to_owned()
    } else {
        format!("{}{path}", simulator.api_url())
    };
    with(method, &url, "application/vnd.github+json", body)
}

fn with(method: &str, url: &str, accept: &str, body: Option<&Value>) -> io::Result<Reply> {
    let authorization = format!("Bearer {TOKEN}");
    let body = body.map(Value::to_string).unwrap_or_default();
    let length = body.len().to_string();
    let headers = [
        ("user-agent", "simulator-tests"),
        ("accept", accept),
        ("x-github-api-version", "2022-11-28"),
        ("authorization", &authorization),
        ("accept-encoding", "gzip"),
        ("content-length", &length),
    ];
    send(method, url, &headers, body.as_bytes())
}

pub(crate) fn get(simulator: &Simulator, path: &str) -> Reply {
    api(simulator, "GET", path, None).unwrap()
}

pub(crate) fn graphql(simulator: &Simulator, query: &str, variables: &Value) -> Value {
    let body = json!({ "query": query, "variables": variables });
    let reply = api(simulator, "POST", "/graphql", Some(&body)).unwrap();
    assert_eq!(reply.status, 200);
    reply.json()
}

/// An organization, an enterprise, and a writable repository.
pub(crate) fn world() -> GitHub {
    GitHub::new()
        .organization("acme", Seats::people(250))
        .enterprise("globex", Seats::enterprise_people(120))
        .repository(AUDIT, Repository::private())
        .token(
            TOKEN,
            Token::new()
                .copilot(["acme"])
                .enterprise(["globex"])
                .contents_write([AUDIT]),
        )
}

pub(crate) fn start() -> Simulator {
    Simulator::start(world()).unwrap()
}

/// Runs `git` in a repository and returns its output.
pub(crate) fn git(simulator: &Simulator, args: &[&str]) -> String {
    let output = std::process::Command::new("git")
        .arg("--git-dir")
        .arg(simulator.git_dir(AUDIT))
        .args(args)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "git {args:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

pub(crate) fn assert_no_violations(simulator: &Simulator) {
    assert_eq!(simulator.violations(), Vec::<String>::new());
}
