//! Provides a small local server that's both the artifact service and the store.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// A request as received.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) line: String,
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Request {
    /// The service's method for a call, or `block` or `blocklist` for an upload.
    pub(super) fn what(&self) -> &str {
        let target = self.line.split(' ').nth(1).unwrap();
        match target.rsplit_once("comp=") {
            Some((_, query)) => query.split('&').next().unwrap(),
            None => target.rsplit('/').next().unwrap(),
        }
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// Status, additional header lines, and body. Status 0 closes the connection without a response.
pub(super) type Reply = (u16, String, String);

pub(super) fn reply(status: u16, body: &str) -> Option<Reply> {
    Some((status, String::new(), body.to_owned()))
}

/// The successful response to a request.
fn well(request: &Request, origin: &str) -> Reply {
    let body = match request.what() {
        "CreateArtifact" => {
            json!({"ok": true, "signed_upload_url": format!("{origin}{STORE}")})
        }
        "FinalizeArtifact" => json!({"ok": true, "artifact_id": "4711"}),
        "ListArtifacts" => json!({}),
        _ => return (201, String::new(), String::new()),
    };
    (200, String::new(), body.to_string())
}

pub(super) const STORE: &str = "/c/x%20y.zip?se=2026%3a1&sig=s3cr3t%2Bsig%3D&x=%20";

pub(super) struct Server {
    pub(super) origin: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Starts a server that responds with the result of `special`, which receives the number of
    /// earlier requests of the same kind. If that's `None`, the response is successful.
    pub(super) fn start(
        special: impl Fn(&Request, usize) -> Option<Reply> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::<Request>::new()));
        let (log, base, special) = (Arc::clone(&requests), origin.clone(), Arc::new(special));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (log, base, special) = (Arc::clone(&log), base.clone(), Arc::clone(&special));
                std::thread::spawn(move || {
                    let stream = stream.unwrap();
                    let Some(request) = read(&stream) else {
                        return;
                    };
                    let earlier = {
                        let mut log = log.lock().unwrap();
                        log.push(request.clone());
                        log.iter()
                            .filter(|one| one.what() == request.what())
                            .count()
                            - 1
                    };
                    let said = special(&request, earlier).unwrap_or_else(|| well(&request, &base));
                    if said.0 != 0 {
                        write(stream, &said);
                    }
                });
            }
        });
        Self { origin, requests }
    }

    pub(super) fn of(&self, what: &str) -> Vec<Request> {
        let requests = self.requests.lock().unwrap();
        requests
            .iter()
            .filter(|one| one.what() == what)
            .cloned()
            .collect()
    }

    pub(super) fn count(&self, what: &str) -> usize {
        self.of(what).len()
    }
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && head != "\r\n" {
        reader.read_line(&mut head).ok().filter(|read| *read > 0)?;
    }
    let head = head.to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { line, head, body })
}

fn write(mut stream: TcpStream, (status, headers, body): &Reply) {
    let _ = write!(
        stream,
        "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        body.len(),
    );
}
