//! Looking on while a document is read: for finding places in its text.

use std::ops::Range;

/// Is told where the keys, members and values of a document stand.
///
/// Each `enter_*` is followed by those of what is inside, and then by its `leave` with the place of the value.
pub(super) trait Watch {
    /// Whether the tree is wanted too; else the reader returns null for it.
    const WANTS_TREE: bool;

    /// An entry of a mapping begins; its key stands there.
    fn enter_key(&mut self, _key: &str, _place: Range<usize>) {}
    /// A member of a sequence begins; its dash stands there (nothing, in a flow sequence).
    fn enter_item(&mut self, _place: Range<usize>) {}
    /// The entry or member that began last has been read; its value stands there.
    fn leave(&mut self, _value: Range<usize>) {}
    /// The whole document has been read.
    fn root(&mut self, _value: Range<usize>) {}
}

/// Does not look.
#[derive(Debug)]
pub(super) struct Blind;

impl Watch for Blind {
    const WANTS_TREE: bool = true;
}
