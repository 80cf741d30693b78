//! The primitives of protobuf, read with every length checked.

use super::error::Error;

/// One field of a message.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wire<'b> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'b [u8]),
    /// Four bytes or a group, which no type of ours has.
    Other(u8),
}

impl Wire<'_> {
    /// The number of the form, as upstream prints it.
    pub(super) const fn number(self) -> u8 {
        match self {
            Self::Varint(_) => 0,
            Self::Fixed64(_) => 1,
            Self::Bytes(_) => 2,
            Self::Other(number) => number,
        }
    }
}

/// Groups within groups that nobody knows are skipped to this depth.
const GROUPS_MAX: usize = 100;

/// What is left of a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'b>(pub(super) &'b [u8]);

impl<'b> Reader<'b> {
    /// The next field of the message of type `of`; none at its end.
    pub(super) fn field(&mut self, of: &str) -> Result<Option<(u64, Wire<'b>)>, Error> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let (number, wire) = (tag >> 3 & 0xffff_ffff, tag & 7);
        if wire == 4 {
            return Err(Error::EndOfNoGroup { of: bare(of) });
        }
        if number == 0 || number > 0x7fff_ffff {
            return Err(Error::IllegalTag {
                of: bare(of),
                // Go keeps the number in 32 bits.
                number: i64::from(u32::try_from(number).unwrap_or_default().cast_signed()),
                wire,
            });
        }
        Ok(Some((number, self.value(wire)?)))
    }

    fn value(&mut self, wire: u64) -> Result<Wire<'b>, Error> {
        Ok(match wire {
            0 => Wire::Varint(self.varint()?),
            1 => Wire::Fixed64(u64::from_le_bytes(self.array()?)),
            2 => {
                let length = self.varint()?;
                if length > i64::MAX as u64 {
                    return Err(Error::NegativeLength);
                }
                let length = usize::try_from(length).map_err(|_| Error::UnexpectedEnd)?;
                Wire::Bytes(self.take(length)?)
            }
            3 => {
                self.skip_group()?;
                Wire::Other(3)
            }
            5 => {
                self.take(4)?;
                Wire::Other(5)
            }
            _ => return Err(Error::IllegalWireType(wire)),
        })
    }

    /// What stands between the beginning and the end of a group.
    fn skip_group(&mut self) -> Result<(), Error> {
        let mut depth = 1;
        while depth > 0 {
            let tag = self.varint()?;
            match tag & 7 {
                3 => depth += 1,
                4 => depth -= 1,
                wire => {
                    self.value(wire)?;
                }
            }
            if depth > GROUPS_MAX {
                return Err(Error::TooDeep);
            }
        }
        Ok(())
    }

    fn varint(&mut self) -> Result<u64, Error> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Error::IntegerOverflow)
    }

    /// The numbers of a packed list.
    pub(super) fn packed(bytes: &'b [u8]) -> impl Iterator<Item = Result<u64, Error>> {
        let mut reader = Self(bytes);
        std::iter::from_fn(move || (!reader.0.is_empty()).then(|| reader.varint()))
    }

    fn take(&mut self, length: usize) -> Result<&'b [u8], Error> {
        let (taken, rest) = self
            .0
            .split_at_checked(length)
            .ok_or(Error::UnexpectedEnd)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(Error::UnexpectedEnd)?;
        self.0 = rest;
        Ok(*taken)
    }
}

/// `Pod` for `core/v1.Pod`.
pub(super) fn bare(name: &str) -> String {
    name.rsplit_once('.')
        .map_or(name, |(_, name)| name)
        .to_owned()
}
