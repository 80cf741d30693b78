//! A websocket as a pipe of bytes: what newer clients put SPDY into.

use super::session::Io;
use super::websocket_command::{LINGER, goodbye, websocket};
use bytes::BytesMut;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// Bytes that wait on their way.
const PIPE_BYTES: usize = 64 * 1024;

/// Begins to carry bytes; the end of the pipe that is given back is what the client writes to and reads from.
pub(super) async fn start(io: Io) -> DuplexStream {
    let socket = websocket(io).await;
    let (near, far) = tokio::io::duplex(PIPE_BYTES);
    tokio::spawn(carry(socket, far));
    near
}

async fn carry(socket: WebSocketStream<Io>, pipe: DuplexStream) {
    let (mut sink, mut source) = socket.split();
    let (mut read, mut write) = tokio::io::split(pipe);
    let inward = async {
        while let Some(Ok(message)) = source.next().await {
            let bytes = match message {
                Message::Binary(bytes) => bytes,
                Message::Text(text) => text.into(),
                _ => continue,
            };
            if write.write_all(&bytes).await.is_err() {
                return;
            }
        }
        let _ = write.shutdown().await;
    };
    let outward = async {
        loop {
            let mut piece = BytesMut::with_capacity(PIPE_BYTES / 2);
            match read.read_buf(&mut piece).await {
                Ok(0) | Err(_) => break,
                Ok(_) => {}
            }
            if sink.send(Message::Binary(piece.freeze())).await.is_err() {
                return;
            }
        }
        let _ = sink.send(goodbye()).await;
    };
    tokio::pin!(inward, outward);
    tokio::select! {
        () = &mut inward => outward.await,
        () = &mut outward => {
            let _ = timeout(LINGER, inward).await;
        }
    }
}
