//! Frames: eight bytes that say what follows, and what follows.

/// How long the head of a frame is.
pub(super) const HEAD_BYTES: usize = 8;
/// The version in every control frame.
const VERSION: u16 = 3;
/// The flag of a frame after which its sender says nothing more on the stream.
const FIN: u8 = 1;

const SYN_STREAM: u16 = 1;
const SYN_REPLY: u16 = 2;
const RST_STREAM: u16 = 3;
const PING: u16 = 6;
const GO_AWAY: u16 = 7;
const HEADERS: u16 = 8;

/// Why a stream is reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(in super::super) enum Reset {
    /// The stream cannot be what it says that it is.
    ProtocolError = 1,
    /// Nothing was done for it.
    Refused = 3,
    /// It is not wanted any more.
    Cancel = 5,
}

/// What a client did that no client may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum FrameError {
    /// It speaks another version.
    #[error("the frame is of another version")]
    Version,
    /// Its frame is shorter than its kind must be.
    #[error("the frame is too short")]
    Short,
    /// Its frame is larger than anybody needs.
    #[error("the frame is too large")]
    Large,
    /// Its headers cannot be read.
    #[error("the headers cannot be read")]
    Headers,
    /// It opens a stream under a number that it may not take.
    #[error("the stream has no number of its own")]
    StreamId,
}

/// The head of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Head {
    /// Bytes on a stream.
    Data {
        stream: u32,
        fin: bool,
        length: usize,
    },
    /// Something else.
    Control { kind: u16, flags: u8, length: usize },
}

/// A control frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Control<'b> {
    /// The client opens a stream.
    SynStream {
        stream: u32,
        fin: bool,
        block: &'b [u8],
    },
    /// More headers, or the answer to a stream that nobody opened: their block must be read, as the next depends on it.
    Headers { block: &'b [u8] },
    /// A stream is given up.
    RstStream { stream: u32 },
    /// A sign of life to be answered.
    Ping { id: u32 },
    /// The client will end the connection.
    GoAway,
    /// Nothing that matters here.
    Other,
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    let end = at.checked_add(N)?;
    bytes.get(at..end)?.try_into().ok()
}

fn u32_at(bytes: &[u8], at: usize) -> Result<u32, FrameError> {
    number(bytes, at)
        .map(u32::from_be_bytes)
        .ok_or(FrameError::Short)
}

fn stream_at(bytes: &[u8], at: usize) -> Result<u32, FrameError> {
    Ok(u32_at(bytes, at)? & 0x7fff_ffff)
}

/// Reads the head of a frame.
pub(super) fn head(bytes: [u8; HEAD_BYTES]) -> Result<Head, FrameError> {
    let first = u32_at(&bytes, 0)?;
    let second = u32_at(&bytes, 4)?;
    let [flags, ..] = second.to_be_bytes();
    let length = usize::try_from(second & 0x00ff_ffff).unwrap_or(usize::MAX);
    if first & 0x8000_0000 == 0 {
        return Ok(Head::Data {
            stream: first,
            fin: flags & FIN != 0,
            length,
        });
    }
    let [a, b, c, d] = first.to_be_bytes();
    if u16::from_be_bytes([a & 0x7f, b]) != VERSION {
        return Err(FrameError::Version);
    }
    Ok(Head::Control {
        kind: u16::from_be_bytes([c, d]),
        flags,
        length,
    })
}

/// Reads what follows the head of a control frame.
pub(super) fn control(kind: u16, flags: u8, body: &[u8]) -> Result<Control<'_>, FrameError> {
    let block = |at: usize| body.get(at..).ok_or(FrameError::Short);
    Ok(match kind {
        SYN_STREAM => Control::SynStream {
            stream: stream_at(body, 0)?,
            fin: flags & FIN != 0,
            // Behind the number: another stream's, a priority and a slot, which nobody uses.
            block: block(10)?,
        },
        SYN_REPLY | HEADERS => Control::Headers { block: block(4)? },
        RST_STREAM => Control::RstStream {
            stream: stream_at(body, 0)?,
        },
        PING => Control::Ping {
            id: u32_at(body, 0)?,
        },
        GO_AWAY => Control::GoAway,
        // Settings and windows are about flow control. Whoever does not know a frame passes it over.
        _ => Control::Other,
    })
}

fn control_frame(kind: u16, flags: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut frame = Vec::with_capacity(length.saturating_add(HEAD_BYTES));
    frame.extend_from_slice(&(0x8000 | VERSION).to_be_bytes());
    frame.extend_from_slice(&kind.to_be_bytes());
    frame.extend_from_slice(&sized(flags, length));
    for part in parts {
        frame.extend_from_slice(part);
    }
    frame
}

/// Flags and length, as every head ends in them.
fn sized(flags: u8, length: usize) -> [u8; 4] {
    let length = u32::try_from(length).unwrap_or(u32::MAX) & 0x00ff_ffff;
    (u32::from(flags) << 24 | length).to_be_bytes()
}

/// The head of a data frame.
pub(super) fn data_head(stream: u32, fin: bool, length: usize) -> [u8; HEAD_BYTES] {
    let mut head = [0; HEAD_BYTES];
    let (first, second) = head.split_at_mut(4);
    first.copy_from_slice(&stream.to_be_bytes());
    second.copy_from_slice(&sized(u8::from(fin), length));
    head
}

/// The answer to a stream that was opened.
pub(super) fn syn_reply(stream: u32, block: &[u8]) -> Vec<u8> {
    control_frame(SYN_REPLY, 0, &[&stream.to_be_bytes(), block])
}

/// Gives up a stream.
pub(super) fn rst_stream(stream: u32, why: Reset) -> Vec<u8> {
    let why = why as u32;
    control_frame(RST_STREAM, 0, &[&stream.to_be_bytes(), &why.to_be_bytes()])
}

/// A sign of life.
pub(super) fn ping(id: u32) -> Vec<u8> {
    control_frame(PING, 0, &[&id.to_be_bytes()])
}

/// Says that the connection ends, after which stream, and whether in peace (0) or because of the client (1).
pub(super) fn go_away(last: u32, status: u32) -> Vec<u8> {
    control_frame(GO_AWAY, 0, &[&last.to_be_bytes(), &status.to_be_bytes()])
}

#[cfg(test)]
pub(super) mod client {
    //! Frames that only a client sends.

    use super::{FIN, SYN_STREAM, control_frame};

    const SETTINGS: u16 = 4;
    const WINDOW_UPDATE: u16 = 9;

    pub(in super::super) fn syn_stream(stream: u32, fin: bool, block: &[u8]) -> Vec<u8> {
        let flags = if fin { FIN } else { 0 };
        control_frame(SYN_STREAM, flags, &[&stream.to_be_bytes(), &[0; 6], block])
    }

    pub(in super::super) fn settings() -> Vec<u8> {
        control_frame(SETTINGS, 0, &[&0_u32.to_be_bytes()])
    }

    pub(in super::super) fn window_update(stream: u32) -> Vec<u8> {
        control_frame(WINDOW_UPDATE, 0, &[&stream.to_be_bytes(), &[0, 0, 1, 0]])
    }
}
