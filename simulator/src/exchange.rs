//! One request, from its arrival to its answer: kept, inspected, spoilt where a fault says so, handled.

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
use hyper::body::{Body as _, Frame, Incoming};
use hyper::{Request, Response};

use crate::api;
use crate::http::{Answer, Call, Service};
use crate::inspect::inspect;
use crate::spoil::{self, Delivery};
use crate::world::World;

/// The body of an answer as it goes out.
pub(crate) type Body = UnsyncBoxBody<Bytes, io::Error>;

/// Leads one request to its answer. An error closes the connection without one.
pub(crate) async fn exchange(
    world: Arc<World>,
    service: Service,
    request: Request<Incoming>,
) -> Result<Response<Body>, io::Error> {
    let counter = Arc::clone(&world);
    let in_flight = (service == Service::Api).then(|| counter.enter());
    let call = Arc::new(receive(service, request).await?);
    // Connections from before are closed as well.
    if world.absence(service).is_some() {
        return Err(reset());
    }
    let number = world.saw(&call);
    if in_flight.as_ref().is_some_and(|(now, _)| *now > 100) {
        world.complain(&call, "more than 100 requests at once");
    }
    inspect(&world, &call);

    // The time that the work takes is a part of it, as it is at GitHub.
    let earliest = Instant::now() + world.github(|github| github.latency);
    let kind = world.fault_for(&call);
    // The work goes on even if the client leaves meanwhile, as it would at GitHub.
    let delivery = tokio::task::spawn_blocking({
        let (world, call) = (Arc::clone(&world), Arc::clone(&call));
        let at_work = world.begin_work();
        move || {
            let delivery = spoil::carry_out(&world, &call, kind);
            drop(at_work);
            delivery
        }
    });
    let mut delivery = delivery.await.map_err(io::Error::other)?;
    tokio::time::sleep_until(earliest.into()).await;
    while let Delivery::Late(by, then) = delivery {
        tokio::time::sleep(by).await;
        delivery = *then;
    }
    let response = send(&world, &call, delivery).await?;
    let length = response.body().size_hint().exact();
    world.answered(number, response.status().as_u16(), length);
    Ok(response)
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

async fn send(world: &World, call: &Call, delivery: Delivery) -> Result<Response<Body>, io::Error> {
    match delivery {
        Delivery::Whole(answer) => {
            let answer = dress(world, call, answer)?;
            let body = Bytes::copy_from_slice(&answer.body);
            respond(&answer, Full::new(body).map_err(never).boxed_unsync())
        }
        Delivery::Half(answer) => {
            let answer = dress(world, call, answer)?;
            let length = answer.body.len().to_string();
            let half = Bytes::copy_from_slice(&answer.body[..answer.body.len() / 2]);
            let answer = answer.header("content-length", length);
            // The pause lets the first half out before the connection breaks.
            let parts =
                stream::once(async move { Ok(Frame::data(half)) }).chain(stream::once(async {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    Err(io::Error::other("the answer ends here"))
                }));
            respond(&answer, StreamBody::new(parts).boxed_unsync())
        }
        Delivery::Endless(answer) => {
            // What says how it is encoded is kept from being encoded again.
            let answer = answer.header("content-encoding", "identity");
            let answer = dress(world, call, answer)?;
            let more = Bytes::from(vec![b' '; 256 * 1024]);
            let parts = stream::repeat(more).then(|more| async {
                tokio::time::sleep(Duration::from_millis(1)).await;
                Ok(Frame::data(more))
            });
            respond(&answer, StreamBody::new(parts).boxed_unsync())
        }
        Delivery::Reset => Err(reset()),
        Delivery::Refuse(time) => {
            world.leave(call.service, time);
            // The port is closed before the client can come back.
            tokio::time::sleep(Duration::from_millis(5)).await;
            Err(reset())
        }
        Delivery::Stall => std::future::pending().await,
        // Waited for before this is called.
        Delivery::Late(..) => Err(io::Error::other("a delay was left over")),
    }
}

/// Adds what every answer of that service has.
fn dress(world: &World, call: &Call, answer: Answer) -> Result<Answer, io::Error> {
    let number = world.next_answer();
    let answer = match call.service {
        Service::Api => api::dress(world, call, answer, number),
        Service::Results => {
            answer.or_header("x-github-request-id", format!("RESULTS:{number:04X}"))
        }
        Service::Blob => answer
            .or_header(
                "x-ms-request-id",
                format!("{number:08x}-001e-0000-0000-000000000000"),
            )
            .or_header("x-ms-version", "2026-04-06"),
    };
    let is_encoded = answer
        .headers
        .iter()
        .any(|(name, _)| name == "content-encoding");
    if call.service != Service::Api || !call.wants_gzip() || is_encoded || answer.body.is_empty() {
        return Ok(answer);
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    io::Write::write_all(&mut encoder, &answer.body)?;
    let body = encoder.finish()?;
    Ok(Answer { body, ..answer }
        .header("content-encoding", "gzip")
        .header("vary", "Accept-Encoding"))
}

fn respond(answer: &Answer, body: Body) -> Result<Response<Body>, io::Error> {
    let mut response = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    response.body(body).map_err(io::Error::other)
}

fn reset() -> io::Error {
    io::Error::from(io::ErrorKind::ConnectionReset)
}

fn never(error: Infallible) -> io::Error {
    match error {}
}
