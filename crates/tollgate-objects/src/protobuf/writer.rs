//! Protobuf written from its end to its beginning: the length of a message is known when its tag is written.

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WireType {
    /// A number in groups of seven bits.
    Varint = 0,
    /// Eight bytes.
    Fixed64 = 1,
    /// A length and as many bytes.
    Bytes = 2,
}

/// Bytes that grow at their front.
#[derive(Debug)]
pub(super) struct Writer {
    buffer: Vec<u8>,
    start: usize,
}

impl Writer {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            buffer: vec![0; capacity],
            start: capacity,
        }
    }

    /// How much is written.
    pub(super) fn written(&self) -> usize {
        self.buffer.len() - self.start
    }

    /// What is written.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.buffer.drain(..self.start);
        self.buffer
    }

    /// Puts bytes before what is written.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        if self.start < bytes.len() {
            self.grow(bytes.len());
        }
        let end = self.start;
        self.start -= bytes.len();
        if let Some(place) = self.buffer.get_mut(self.start..end) {
            place.copy_from_slice(bytes);
        }
    }

    #[cold]
    fn grow(&mut self, by: usize) {
        let written = self.written();
        let length = (self.buffer.len() * 2).max(written + by).max(256);
        let mut buffer = vec![0; length];
        let start = length - written;
        if let (Some(to), Some(from)) = (buffer.get_mut(start..), self.buffer.get(self.start..)) {
            to.copy_from_slice(from);
        }
        self.buffer = buffer;
        self.start = start;
    }

    /// Puts a number in groups of seven bits.
    pub(super) fn varint(&mut self, number: u64) {
        let mut groups = [0_u8; 10];
        let mut length = 0;
        let mut rest = number;
        for group in &mut groups {
            length += 1;
            let low = (rest & 0x7f).to_le_bytes()[0];
            rest >>= 7;
            *group = if rest == 0 { low } else { low | 0x80 };
            if rest == 0 {
                break;
            }
        }
        self.bytes(groups.get(..length).unwrap_or_default());
    }

    /// Puts the number of a field and how it is written.
    pub(super) fn tag(&mut self, number: u16, wire: WireType) {
        self.varint(u64::from(number) << 3 | wire as u64);
    }

    /// Puts a field of a number.
    pub(super) fn number(&mut self, number: u16, value: i64) {
        self.varint(value.cast_unsigned());
        self.tag(number, WireType::Varint);
    }

    /// Puts a field of text or bytes.
    pub(super) fn text(&mut self, number: u16, bytes: &[u8]) {
        self.bytes(bytes);
        self.varint(bytes.len() as u64);
        self.tag(number, WireType::Bytes);
    }

    /// Puts a field that is a message of what `content` writes.
    pub(super) fn message(&mut self, number: u16, content: impl FnOnce(&mut Self)) {
        let before = self.written();
        content(self);
        self.varint((self.written() - before) as u64);
        self.tag(number, WireType::Bytes);
    }
}
