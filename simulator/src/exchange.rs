//! Handles one request: records it, inspects it, and applies any fault.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::{StreamExt as _, stream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::Request;
use hyper::body::{Body as _, Frame, Incoming};

use crate::api;
use crate::delivery::{self, Delivery};
use crate::http::{Call, Response, Service};
use crate::inspect::inspect;
use crate::limits;
use crate::world::World;

/// The body of a response.
pub(crate) type Body = UnsyncBoxBody<Bytes, io::Error>;

/// Handles a request. An error closes the connection without a response.
pub(crate) async fn exchange(
    world: Arc<World>,
    service: Service,
    request: Request<Incoming>,
) -> Result<hyper::Response<Body>, io::Error> {
    let counter = Arc::clone(&world);
    let mut in_flight = (service == Service::Api).then(|| counter.usage.enter());
    let call = Arc::new(receive(service, request).await?);
    // This also applies to connections that are already open.
    if world.downtime(service).is_some() {
        return Err(reset());
    }
    if let Some(in_flight) = &mut in_flight {
        in_flight.is_graphql = call.is_graphql();
    }
    let concurrent = in_flight.as_ref().map_or(0, |one| one.concurrent);
    let number = world.record_request(&call, concurrent);
    let refusal = check_limits(&world, &call, concurrent);
    inspect(&world, &call);

    // As on GitHub, the latency includes the time to handle the request.
    let earliest = Instant::now() + world.github(|github| github.latency);
    let kind = world.fault_for(&call);
    // As on GitHub, the work continues even if the client disconnects.
    let delivery = tokio::task::spawn_blocking({
        let (world, call) = (Arc::clone(&world), Arc::clone(&call));
        let work = world.start_work();
        move || {
            let delivery = match refusal {
                Some(refusal) => Delivery::Whole(refusal),
                None => delivery::carry_out(&world, &call, kind),
            };
            drop(work);
            delivery
        }
    });
    let mut delivery = delivery.await.map_err(io::Error::other)?;
    tokio::time::sleep_until(earliest.into()).await;
    while let Delivery::Late(by, then) = delivery {
        tokio::time::sleep(by).await;
        delivery = *then;
    }
    let reply = send(&world, &call, delivery).await?;
    let length = reply.body().size_hint().exact();
    world.record_response(number, reply.status().as_u16(), length);
    Ok(reply)
}

/// Returns the refusal if the request exceeds a limit and GitHub enforces its limits.
fn check_limits(world: &World, call: &Call, concurrent: usize) -> Option<Response> {
    if call.service != Service::Api {
        return None;
    }
    let is_enforced = world.github(|github| github.enforces_limits);
    let exceeded = world.usage.exceeded_by(call, concurrent, is_enforced);
    for limit in &exceeded {
        world.report_violation(call, limit);
    }
    (is_enforced && !exceeded.is_empty()).then(limits::refusal)
}

async fn receive(service: Service, request: Request<Incoming>) -> Result<Call, io::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let text =
        |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    Ok(Call {
        service,
        method: head.method.as_str().to_owned(),
        path_and_query: head
            .uri
            .path_and_query()
            .map_or_else(String::new, ToString::to_string),
        path: head.uri.path().to_owned(),
        headers: head
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), text(value)))
            .collect(),
        body,
    })
}

async fn send(
    world: &World,
    call: &Call,
    delivery: Delivery,
) -> Result<hyper::Response<Body>, io::Error> {
    match delivery {
        Delivery::Whole(response) => {
            let response = add_headers(world, call, response)?;
            let body = Bytes::copy_from_slice(&response.body);
            build(&response, Full::new(body).map_err(never).boxed_unsync())
        }
        Delivery::Half(response) => {
            let response = add_headers(world, call, response)?;
            let length = response.body.len().to_string();
            let half = Bytes::copy_from_slice(&response.body[..response.body.len() / 2]);
            let response = response.header("content-length", length);
            // The pause lets the client read the first half before the connection closes.
            let parts =
                stream::once(async move { Ok(Frame::data(half)) }).chain(stream::once(async {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    Err(io::Error::other("the response ends here"))
                }));
            build(&response, StreamBody::new(parts).boxed_unsync())
        }
        Delivery::Endless(response) => {
            // A response with an encoding isn't compressed again.
            let response = response.header("content-encoding", "identity");
            let response = add_headers(world, call, response)?;
            let more = Bytes::from(vec![b' '; 256 * 1024]);
            let parts = stream::repeat(more).then(|more| async {
                tokio::time::sleep(Duration::from_millis(1)).await;
                Ok(Frame::data(more))
            });
            build(&response, StreamBody::new(parts).boxed_unsync())
        }
        Delivery::Reset => Err(reset()),
        Delivery::Refuse(time) => {
            world.take_down(call.service, time);
            // The port must be closed before the client tries again.
            tokio::time::sleep(Duration::from_millis(5)).await;
            Err(reset())
        }
        Delivery::Stall => std::future::pending().await,
        // `handle` has already waited.
        Delivery::Late(..) => Err(io::Error::other("the delay wasn't applied")),
    }
}

/// Adds the headers of every response of this service.
fn add_headers(world: &World, call: &Call, response: Response) -> Result<Response, io::Error> {
    let number = world.next_response();
    let response = match call.service {
        Service::Api => api::add_headers(world, call, response, number),
        Service::Results => {
            response.or_header("x-github-request-id", format!("RESULTS:{number:04X}"))
        }
        Service::Blob => response
            .or_header(
                "x-ms-request-id",
                format!("{number:08x}-001e-0000-0000-000000000000"),
            )
            .or_header("x-ms-version", "2026-04-06"),
    };
    let is_encoded = response
        .headers
        .iter()
        .any(|(name, _)| name == "content-encoding");
    if call.service != Service::Api || !call.wants_gzip() || is_encoded || response.body.is_empty()
    {
        return Ok(response);
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    io::Write::write_all(&mut encoder, &response.body)?;
    let body = encoder.finish()?;
    Ok(Response { body, ..response }
        .header("content-encoding", "gzip")
        .header("vary", "Accept-Encoding"))
}

fn build(response: &Response, body: Body) -> Result<hyper::Response<Body>, io::Error> {
    let mut reply = hyper::Response::builder().status(response.status);
    for (name, value) in &response.headers {
        reply = reply.header(name, value);
    }
    reply.body(body).map_err(io::Error::other)
}

fn reset() -> io::Error {
    io::Error::from(io::ErrorKind::ConnectionReset)
}

fn never(error: Infallible) -> io::Error {
    match error {}
}
