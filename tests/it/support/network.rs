//! Servers other than GitHub.

use std::io::{self, ErrorKind, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};
use std::{fs, thread};

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// A server that must get no connections.
pub struct Foreign(TcpListener);

impl Foreign {
    pub fn start() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.0.local_addr().unwrap())
    }

    /// Checks that there were no connections, so that no token was sent. All runs are over by then.
    pub fn assert_unused(&self) {
        self.0.set_nonblocking(true).unwrap();
        let waiting = self.0.accept().map(|(_, from)| from);
        assert_eq!(waiting.unwrap_err().kind(), ErrorKind::WouldBlock);
    }
}

/// A proxy for encrypted connections (`CONNECT`). It ends with the test's process.
pub struct Proxy {
    address: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// A proxy that connects to any host.
    pub fn start() -> Self {
        Self::answering(true)
    }

    /// A proxy that rejects all requests.
    pub fn refusing() -> Self {
        Self::answering(false)
    }

    fn answering(connects: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let heads = Arc::clone(&requests);
        thread::spawn(move || {
            for connection in listener.incoming() {
                let heads = Arc::clone(&heads);
                // A client can disconnect at any time.
                thread::spawn(move || relay(connection?, &heads, connects));
            }
        });
        Self { address, requests }
    }

    /// Host and port.
    pub fn address(&self) -> String {
        self.address.clone()
    }

    /// The headers of the requests since the last call.
    pub fn take_heads(&self) -> Vec<String> {
        std::mem::take(&mut self.requests.lock().unwrap())
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

/// Reads the headers of a request.
fn head_of(stream: &mut impl io::Read) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    String::from_utf8(head).map_err(io::Error::other)
}

/// A URL on this machine without a server.
pub fn unused_url() -> String {
    Foreign::start().url()
}

/// A certificate that no server uses, in PEM format.
pub fn unused_authority() -> &'static str {
    static AUTHORITY: OnceLock<String> = OnceLock::new();
    AUTHORITY.get_or_init(|| {
        let certified = rcgen::generate_simple_self_signed(["unused.example".to_owned()]).unwrap();
        certified.cert.pem()
    })
}

/// A TLS server with a self-signed certificate, which it writes to `certificate`. It responds to
/// every request with an empty list of seats.
pub fn self_signed(certificate: &Path) -> String {
    let certified = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    fs::write(certificate, certified.cert.pem()).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(
        certified.signing_key.serialize_der(),
    ));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for connection in listener.incoming() {
            let tls = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            // A client that doesn't trust the certificate disconnects.
            let _left = respond(rustls::StreamOwned::new(tls, connection.unwrap()));
        }
    });
    url
}

fn respond(mut stream: rustls::StreamOwned<rustls::ServerConnection, TcpStream>) -> io::Result<()> {
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
