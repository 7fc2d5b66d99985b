//! Servers that are not GitHub.

use std::io::{self, ErrorKind, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::{fs, thread};

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// A server that nobody should talk to.
pub struct Foreign(TcpListener);

impl Foreign {
    pub fn start() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.0.local_addr().unwrap())
    }

    /// That nobody connected, so that nobody can have sent it a token. Runs are over by now.
    pub fn saw_nobody(&self) {
        self.0.set_nonblocking(true).unwrap();
        let waiting = self.0.accept().map(|(_, from)| from);
        assert_eq!(waiting.unwrap_err().kind(), ErrorKind::WouldBlock);
    }
}

/// A proxy for encrypted connections (`CONNECT`), which ends with the test's process.
pub struct Proxy {
    address: String,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// One that connects wherever it is told.
    pub fn start() -> Self {
        Self::answering(true)
    }

    /// One that lets nobody through.
    pub fn refusing() -> Self {
        Self::answering(false)
    }

    fn answering(connects: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let seen = Arc::<Mutex<Vec<String>>>::default();
        let heads = Arc::clone(&seen);
        thread::spawn(move || {
            for connection in listener.incoming() {
                let heads = Arc::clone(&heads);
                // A client may leave in the middle.
                thread::spawn(move || relay(connection?, &heads, connects));
            }
        });
        Self { address, seen }
    }

    /// Host and port.
    pub fn address(&self) -> String {
        self.address.clone()
    }

    /// The heads of the requests since this was last asked.
    pub fn take_seen(&self) -> Vec<String> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

fn relay(mut client: TcpStream, heads: &Mutex<Vec<String>>, connects: bool) -> io::Result<()> {
    let head = head_of(&mut client)?;
    let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
    heads.lock().unwrap().push(head);
    if !connects {
        return client.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    }
    let server = TcpStream::connect(target)?;
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    let (mut to, mut from) = (server.try_clone()?, client.try_clone()?);
    thread::spawn(move || {
        let copied = io::copy(&mut from, &mut to);
        to.shutdown(Shutdown::Write).and(copied)
    });
    io::copy(&mut &server, &mut client)?;
    client.shutdown(Shutdown::Both)
}

/// Reads a request up to its body.
fn head_of(stream: &mut impl io::Read) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    String::from_utf8(head).map_err(io::Error::other)
}

/// An address of this machine where nobody listens.
pub fn nobody() -> String {
    Foreign::start().url()
}

/// A server over TLS with a certificate that it signed itself and writes to `certificate`; it
/// answers every request with nobody's seats.
pub fn self_signed(certificate: &Path) -> String {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    fs::write(certificate, made.cert.pem()).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for connection in listener.incoming() {
            let tls = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            // A client that does not trust the certificate leaves in the middle.
            let _left = answer(rustls::StreamOwned::new(tls, connection.unwrap()));
        }
    });
    url
}

fn answer(mut stream: rustls::StreamOwned<rustls::ServerConnection, TcpStream>) -> io::Result<()> {
    head_of(&mut stream)?;
    let body = r#"{"total_seats":0,"seats":[]}"#;
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )?;
    stream.conn.send_close_notify();
    stream.flush()
}
