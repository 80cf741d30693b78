//! What nobody but fuzz targets reaches from outside.

use super::spdy;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Longer than any client that never waits.
const PATIENCE: Duration = Duration::from_secs(20);

/// Lets a client of SPDY say these bytes and leave; how many streams it has opened. None if the connection did not end.
pub fn spdy_client(bytes: &[u8]) -> Option<usize> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.ok()?.block_on(async {
        let (client, server) = tokio::io::duplex(4096);
        let mut connection = spdy::start(server);
        let (mut heard, mut said) = tokio::io::split(client);
        let says = async {
            // Who is cut off says no more.
            let _ = said.write_all(bytes).await;
            let _ = said.shutdown().await;
        };
        let hears = async {
            let mut answers = Vec::new();
            let _ = heard.read_to_end(&mut answers).await;
        };
        let serves = async {
            let mut streams = 0_usize;
            while let Some(stream) = connection.next().await {
                drop(stream);
                streams = streams.saturating_add(1);
            }
            connection.close().await;
            streams
        };
        let all = async { tokio::join!(says, hears, serves).2 };
        tokio::time::timeout(PATIENCE, all).await.ok()
    })
}
