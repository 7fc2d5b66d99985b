//! Listens on the three ports and accepts connections.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use std::{io, thread};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use crate::exchange::exchange;
use crate::http::Service;
use crate::world::World;

/// The three listeners, before they serve.
pub(crate) struct Listeners([(Service, TcpListener); 3]);

impl Listeners {
    /// Binds the API, the results service, and the blob store to the loopback interface. Port 0
    /// means any free port.
    pub(crate) fn bind(ports: [u16; 3]) -> io::Result<Self> {
        let bind = |port| {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
            listener.set_nonblocking(true)?;
            io::Result::Ok(listener)
        };
        let [api, results, blob] = ports;
        Ok(Self([
            (Service::Api, bind(api)?),
            (Service::Results, bind(results)?),
            (Service::Blob, bind(blob)?),
        ]))
    }

    /// The ports of the listeners.
    pub(crate) fn ports(&self) -> io::Result<[u16; 3]> {
        let port = |i: usize| self.0[i].1.local_addr().map(|address| address.port());
        Ok([port(0)?, port(1)?, port(2)?])
    }
}

/// Servers that run on their own thread until this is dropped.
pub(crate) struct Running {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Running {
    pub(crate) fn start(listeners: Listeners, world: &Arc<World>) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        for (service, listener) in listeners.0 {
            let _entered = runtime.enter();
            let listener = tokio::net::TcpListener::from_std(listener)?;
            runtime.spawn(serve(Arc::clone(world), service, listener));
        }
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("simulator".to_owned())
            .spawn(move || run(runtime, stopped))?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // The thread itself has already reported the panic.
            let _ = thread.join();
        }
    }
}

fn run(runtime: Runtime, stopped: oneshot::Receiver<()>) {
    // Resolves when the sender is dropped.
    let _ = runtime.block_on(stopped);
    drop(runtime);
}

async fn serve(world: Arc<World>, service: Service, mut listener: tokio::net::TcpListener) {
    let address = listener.local_addr();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            time = world.wait_until_down(service) => {
                drop(listener);
                tokio::time::sleep(time).await;
                let Ok(address) = address else { return };
                listener = listen_again(address).await;
                continue;
            }
        };
        let Ok((connection, _)) = accepted else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        // Responses are small and sent in parts. Nagle's algorithm would delay each part.
        let _ = connection.set_nodelay(true);
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            let handler = service_fn(move |request| exchange(Arc::clone(&world), service, request));
            // Faults break connections on purpose, and the client notices.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(connection), handler)
                .await;
        });
    }
}

async fn listen_again(address: SocketAddr) -> tokio::net::TcpListener {
    loop {
        match tokio::net::TcpListener::bind(address).await {
            Ok(listener) => return listener,
            Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}
