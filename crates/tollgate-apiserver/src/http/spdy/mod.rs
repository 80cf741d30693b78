//! SPDY/3.1, as far as Kubernetes' clients use it: streams that a client opens, in frames on one connection.
//!
//! Old clients run commands over it, and every client forwards ports over it, some inside a websocket. The server opens no
//! streams, pushes nothing and, like the library those clients use, knows no flow control besides that of the connection:
//! a stream that nobody reads holds up the others. Everything that a client can make the server keep has a limit.

mod connection;
mod dictionary;
mod frame;
mod headers;
mod stream;
#[cfg(test)]
pub(super) mod tests;

pub(super) use connection::{Connection, start};
pub(super) use frame::Reset;
pub(super) use stream::{Gone, Outgoing, Stream};
