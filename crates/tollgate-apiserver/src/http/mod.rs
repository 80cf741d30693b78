//! The API over HTTP/1.1 and HTTP/2: what comes in is read into values for `verbs`, what comes out is written in the
//! form the client asked for.

mod audited;
mod body;
pub mod certificates;
mod clients;
mod connect;
mod deadline;
mod deletion;
mod dispatch;
mod documents;
mod ending;
#[doc(hidden)]
pub mod fuzzing;
mod gzip;
mod head;
mod health;
mod identity;
mod idle;
mod listener;
mod metrics;
mod negotiate;
mod options;
mod perform;
mod pieces;
mod prepared;
mod present;
mod query;
mod received;
mod render;
mod request_info;
mod respond;
mod roots;
mod service;
mod spdy;
mod stream;
mod table;
mod waiting;
mod yaml;

pub use listener::{Listener, ListenerError, serve};
pub use service::{SESSIONS_MAX, Service};
