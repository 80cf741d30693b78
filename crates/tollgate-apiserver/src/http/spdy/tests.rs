//! A client of SPDY in memory, against the server's side.

use super::connection::STREAMS_MAX;
use super::frame::{self, HEAD_BYTES, Head, client};
use super::{Connection, headers, start};
use bytes::Bytes;
use flate2::{Compress, Compression, FlushCompress};
use proptest::prelude::*;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// A client: it compresses headers as one text, as real ones do.
pub(in super::super) struct Client<IO> {
    io: IO,
    deflater: Compress,
    last_stream: u32,
}

/// What the server says.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) enum Said {
    Reply(u32),
    Data(u32, Vec<u8>, bool),
    Reset(u32, u32),
    Ping(u32),
    GoAway(u32),
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Client<IO> {
    pub(in super::super) fn new(io: IO) -> Self {
        Self {
            io,
            deflater: Compress::new(Compression::fast(), true),
            last_stream: 0,
        }
    }

    fn block(&mut self, headers: &[(&str, &str)]) -> Vec<u8> {
        let mut text = u32::try_from(headers.len()).unwrap().to_be_bytes().to_vec();
        for part in headers.iter().flat_map(|(name, value)| [*name, *value]) {
            text.extend_from_slice(&u32::try_from(part.len()).unwrap().to_be_bytes());
            text.extend_from_slice(part.as_bytes());
        }
        let mut block = Vec::with_capacity(text.len() + 64);
        self.deflater
            .compress_vec(&text, &mut block, FlushCompress::Sync)
            .unwrap();
        block
    }

    /// Opens a stream and gives its number.
    pub(in super::super) async fn open(&mut self, headers: &[(&str, &str)]) -> u32 {
        let block = self.block(headers);
        self.last_stream += if self.last_stream == 0 { 1 } else { 2 };
        let frame = client::syn_stream(self.last_stream, false, &block);
        self.send(&frame).await;
        self.last_stream
    }

    pub(in super::super) async fn data(&mut self, stream: u32, data: &[u8], fin: bool) {
        let head = frame::data_head(stream, fin, data.len());
        self.send(&[&head, data].concat()).await;
    }

    /// Gives up a stream.
    pub(in super::super) async fn give_up(&mut self, stream: u32) {
        let frame = frame::rst_stream(stream, frame::Reset::Cancel);
        self.send(&frame).await;
    }

    pub(in super::super) async fn send(&mut self, bytes: &[u8]) {
        self.io.write_all(bytes).await.unwrap();
        self.io.flush().await.unwrap();
    }

    /// The next thing that the server says; none at the end.
    pub(in super::super) async fn hear(&mut self) -> Option<Said> {
        let mut head = [0; HEAD_BYTES];
        self.io.read_exact(&mut head).await.ok()?;
        let number =
            |body: &[u8], at: usize| u32::from_be_bytes(body[at..at + 4].try_into().unwrap());
        Some(match frame::head(head).unwrap() {
            Head::Data {
                stream,
                fin,
                length,
            } => {
                let mut data = vec![0; length];
                self.io.read_exact(&mut data).await.unwrap();
                Said::Data(stream, data, fin)
            }
            Head::Control { kind, length, .. } => {
                let mut body = vec![0; length];
                self.io.read_exact(&mut body).await.unwrap();
                match kind {
                    2 => Said::Reply(number(&body, 0)),
                    3 => Said::Reset(number(&body, 0), number(&body, 4)),
                    6 => Said::Ping(number(&body, 0)),
                    7 => Said::GoAway(number(&body, 4)),
                    other => panic!("the server sends a frame of kind {other}"),
                }
            }
        })
    }

    /// Everything that the server says on a stream up to its end.
    pub(in super::super) async fn all_of(&mut self, wanted: u32) -> Vec<u8> {
        let mut all = Vec::new();
        while let Some(said) = self.hear().await {
            if let Said::Data(stream, data, fin) = said
                && stream == wanted
            {
                all.extend(data);
                if fin {
                    break;
                }
            }
        }
        all
    }
}

fn pair() -> (Client<tokio::io::DuplexStream>, Connection) {
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    (Client::new(ours), start(theirs))
}

#[tokio::test]
async fn what_a_client_sends_on_a_stream_comes_back_in_order() {
    let (mut client, mut server) = pair();
    let id = client.open(&[("streamType", "data"), ("port", "80")]).await;
    let stream = server.next().await.unwrap();
    assert_eq!(stream.header("streamtype"), "data");
    assert_eq!(stream.header("port"), "80");
    assert_eq!(stream.header("nothing"), "");
    stream.accept().await.unwrap();
    assert_eq!(client.hear().await, Some(Said::Reply(id)));
    client.data(id, b"hel", false).await;
    client.data(id, b"lo", true).await;
    let (mut incoming, outgoing) = stream.split();
    while let Some(bytes) = futures_util::StreamExt::next(&mut incoming).await {
        outgoing.write(bytes).await.unwrap();
    }
    outgoing.finish().await;
    assert_eq!(client.all_of(id).await, b"hello");
    drop(incoming);
    // The second block of headers goes on where the first ended.
    let second = client
        .open(&[("streamType", "error"), ("port", "80")])
        .await;
    let stream = server.next().await.unwrap();
    assert_eq!(
        (stream.id(), stream.header("streamtype")),
        (second, "error")
    );
    drop(stream);
    let closing = tokio::spawn(server.close());
    assert_eq!(client.hear().await, Some(Said::GoAway(0)));
    drop(client);
    closing.await.unwrap();
}

#[tokio::test]
async fn large_writes_go_out_in_small_frames() {
    let (mut client, mut server) = pair();
    let id = client.open(&[]).await;
    let stream = server.next().await.unwrap();
    let (_incoming, outgoing) = stream.split();
    let writing = tokio::spawn(async move {
        outgoing.write(Bytes::from(vec![7; 200_000])).await.unwrap();
        outgoing.finish().await;
    });
    let mut length = 0;
    loop {
        let Some(Said::Data(stream, data, fin)) = client.hear().await else {
            panic!("only data is sent");
        };
        assert_eq!(stream, id);
        assert!(data.len() <= 32 * 1024);
        length += data.len();
        if fin {
            break;
        }
    }
    assert_eq!(length, 200_000);
    writing.await.unwrap();
}

#[tokio::test]
async fn pings_are_answered_and_frames_about_flow_control_are_passed_over() {
    let (mut client, _server) = pair();
    client.send(&client::settings()).await;
    client.send(&client::window_update(1)).await;
    client.send(&frame::ping(2)).await;
    client.send(&frame::ping(7)).await;
    assert_eq!(client.hear().await, Some(Said::Ping(7)));
}

#[tokio::test]
async fn a_stream_that_the_client_gives_up_is_over_on_both_sides() {
    let (mut client, mut server) = pair();
    let id = client.open(&[]).await;
    let (mut incoming, outgoing) = server.next().await.unwrap().split();
    client.give_up(id).await;
    outgoing.given_up().await;
    assert!(outgoing.write(Bytes::from_static(b"x")).await.is_err());
    assert_eq!(futures_util::StreamExt::next(&mut incoming).await, None);
}

#[tokio::test]
async fn more_streams_than_there_may_be_are_refused() {
    let (mut client, mut server) = pair();
    let mut kept = Vec::new();
    for _ in 0..STREAMS_MAX {
        client.open(&[]).await;
        kept.push(server.next().await.unwrap());
    }
    let surplus = client.open(&[]).await;
    assert_eq!(client.hear().await, Some(Said::Reset(surplus, 3)));
    // Whoever lets go of one makes room.
    drop(kept.pop());
    let next = client.open(&[]).await;
    assert_eq!(server.next().await.unwrap().id(), next);
}

#[tokio::test]
async fn clients_that_break_the_rules_are_told_goodbye() {
    let good = {
        let mut client = Client::new(tokio::io::duplex(1).0);
        client.block(&[("a", "b")])
    };
    let long = vec![0; frame_too_large()];
    let cases: [Vec<u8>; 6] = [
        // Another version, an even number, headers that are nothing, that say too much, a frame without end, a short one.
        vec![0x80, 2, 0, 1, 0, 0, 0, 0],
        client::syn_stream(2, false, &good),
        client::syn_stream(1, false, b"nothing"),
        client::syn_stream(1, false, &bomb()),
        client::syn_stream(1, false, &long),
        vec![0x80, 3, 0, 6, 0, 0, 0, 0],
    ];
    for (place, case) in cases.into_iter().enumerate() {
        let (mut client, mut server) = pair();
        let _ = client.io.write_all(&case).await;
        assert_eq!(client.hear().await, Some(Said::GoAway(1)), "case {place}");
        assert!(server.next().await.is_none(), "case {place}");
    }
}

fn frame_too_large() -> usize {
    super::connection::CONTROL_BYTES_MAX + 1
}

/// A small block that unpacks to a megabyte.
fn bomb() -> Vec<u8> {
    let mut block = Vec::with_capacity(8 * 1024);
    Compress::new(Compression::best(), true)
        .compress_vec(&vec![0; 1 << 20], &mut block, FlushCompress::Sync)
        .unwrap();
    block
}

/// Two blocks that zlib wrote with the dictionary, of the same headers: the second is a reference to the first.
#[test]
fn headers_that_refer_to_the_dictionary_are_read() {
    let first = [
        0x78, 0xf9, 0xe3, 0xc6, 0xa7, 0xc2, 0x02, 0xe5, 0x0e, 0x8c, 0x04, 0xcf, 0x8f, 0x66, 0x31,
        0xa4, 0x80, 0x2e, 0x02, 0xd1, 0x4c, 0x16, 0x06, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff,
    ];
    let second = [0x22, 0x43, 0x0b, 0x00, 0x00, 0x00, 0xff, 0xff];
    let mut reader = headers::Reader::default();
    for block in [&first[..], &second[..]] {
        let found = reader.read(block).unwrap();
        let found: Vec<(&str, &str)> = found
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(found, [("user-agent", "text/javascript"), ("port", "80")]);
    }
}

proptest! {
    #[test]
    fn no_bytes_make_a_panic(head in any::<[u8; 8]>(), kind in 0_u16..12, body in proptest::collection::vec(any::<u8>(), 0..64)) {
        let _ = frame::head(head);
        let _ = frame::control(kind, 1, &body);
        let mut reader = headers::Reader::default();
        let _ = reader.read(&body);
        let _ = reader.read(&body);
        let with_dictionary = [&[0x78, 0xbb, 0xe3, 0xc6, 0xa7, 0xc2][..], &body].concat();
        let _ = headers::Reader::default().read(&with_dictionary);
    }
}
