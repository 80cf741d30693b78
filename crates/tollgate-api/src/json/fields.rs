//! Which fields of a document are read: what is left out costs a walk over its text and no memory.

/// Which fields of a value to read. The items of a list are read as the list is.
#[derive(Debug, Clone, Copy)]
pub enum Fields {
    /// All of them.
    All,
    /// None: the value is as good as absent.
    Nothing,
    /// Those that are named as is said there, the others as is said last. What is no object is read whole.
    Each(&'static [(&'static str, Fields)], &'static Fields),
}

/// What the reader asks at every value; with [`Everything`] the question costs nothing.
pub(super) trait Choice: Copy {
    /// How the field of that name is read.
    fn of(self, name: &str) -> Self;

    /// Whether the value is not read.
    fn is_nothing(self) -> bool;
}

/// The choice that leaves nothing out.
#[derive(Clone, Copy)]
pub(super) struct Everything;

impl Choice for Everything {
    fn of(self, _: &str) -> Self {
        self
    }

    fn is_nothing(self) -> bool {
        false
    }
}

impl Choice for Fields {
    fn of(self, name: &str) -> Self {
        match self {
            Self::Each(named, others) => {
                let mut named = named.iter();
                named
                    .find(|(field, _)| *field == name)
                    .map_or(*others, |(_, fields)| *fields)
            }
            same => same,
        }
    }

    fn is_nothing(self) -> bool {
        matches!(self, Self::Nothing)
    }
}
