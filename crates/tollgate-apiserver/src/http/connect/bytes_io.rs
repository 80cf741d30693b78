//! A port behind an agent as something that can be read from and written to.

use super::command::{INPUT_MAX, received};
use bytes::BytesMut;
use futures_util::StreamExt as _;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::sync::mpsc;
use tollgate_api::node_agent::{AgentError, NodeAgent, PortTarget};

/// Bytes that wait on their way.
const PIPE_BYTES: usize = 64 * 1024;

/// Connects to a port. The connection is over, on both sides, once what is given back is dropped or shut down.
pub(super) async fn dial(
    agent: &Arc<dyn NodeAgent>,
    target: PortTarget<'_>,
    port: u16,
) -> Result<DuplexStream, AgentError> {
    let (sender, receiver) = mpsc::channel(INPUT_MAX);
    let mut answers = agent.connect(target, port, received(receiver)).await?;
    let (near, far) = tokio::io::duplex(PIPE_BYTES);
    let (mut read, mut write) = tokio::io::split(far);
    tokio::spawn(async move {
        let inward = async {
            loop {
                let mut piece = BytesMut::with_capacity(PIPE_BYTES / 4);
                match read.read_buf(&mut piece).await {
                    Ok(0) | Err(_) => return,
                    Ok(_) => {}
                }
                // What the port does not read is dropped: it may answer all the same, until the other side has gone.
                let _ = sender.send(piece.freeze()).await;
            }
        };
        let outward = async {
            while let Some(bytes) = answers.next().await {
                if write.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            let _ = write.shutdown().await;
        };
        tokio::select! {
            () = inward => {}
            () = outward => {}
        }
    });
    Ok(near)
}
