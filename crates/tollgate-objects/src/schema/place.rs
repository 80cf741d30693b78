//! Where strict decoding is in an object.

use super::Field;
use super::lookup::StructType;
use tollgate_api::field::{FieldPath, Segment};

/// Where the walk is: each place borrows the one above, so that walking allocates nothing.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    parent: Option<&'p Place<'p>>,
    step: Step<'p>,
}

#[derive(Clone, Copy)]
pub(super) enum Step<'p> {
    /// The object itself.
    Root,
    /// A field of an object whose type is unknown: Go names nothing above it.
    Untyped(&'p str),
    /// A field of a struct.
    Field(StructType, &'static Field),
    /// A member of a list.
    Index(usize),
    /// A value of a map.
    Key(&'p str),
}

impl<'p> Place<'p> {
    pub(super) const ROOT: Place<'static> = Place {
        parent: None,
        step: Step::Root,
    };

    pub(super) const fn step<'c>(&'c self, step: Step<'c>) -> Place<'c> {
        Place {
            parent: Some(self),
            step,
        }
    }

    pub(super) fn path(&self) -> FieldPath {
        let mut path = self.parent.map(Place::path).unwrap_or_default();
        match self.step {
            Step::Root => {}
            Step::Untyped(name) => path.0.push(Segment::Field(name.into())),
            Step::Field(_, field) => path.0.push(Segment::Field(field.name.into())),
            Step::Index(index) => path.0.push(Segment::Index(index)),
            Step::Key(key) => path.0.push(Segment::Key(key.into())),
        }
        path
    }

    /// The field that holds this place, be it through lists and maps: what Go names in its errors.
    pub(super) fn field(&self) -> Option<(&Place<'p>, StructType, &'static Field)> {
        match self.step {
            Step::Field(of, field) => Some((self, of, field)),
            _ => self.parent?.field(),
        }
    }

    /// The names of all fields down to this place.
    pub(super) fn fields(&self) -> String {
        let outer = self.parent.map(Place::fields).unwrap_or_default();
        match self.step {
            Step::Field(_, field) if outer.is_empty() => field.name.to_owned(),
            Step::Field(_, field) => format!("{outer}.{}", field.name),
            _ => outer,
        }
    }
}
