//! Servers that are not GitHub.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
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

fn answer(
    mut stream: rustls::StreamOwned<rustls::ServerConnection, std::net::TcpStream>,
) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        request.push(byte[0]);
    }
    let body = r#"{"total_seats":0,"seats":[]}"#;
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )?;
    stream.conn.send_close_notify();
    stream.flush()
}
