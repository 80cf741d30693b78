//! What fits where, and what that says of types that were open: cel-go's rules (`checker/types.go`).

use super::types::Type;

/// How many steps may be taken for one expression; what is asked after them fits.
const STEPS_MAX: u32 = 2_000_000;
/// How deep types are looked into; what is below could be any.
const DEPTH_MAX: u32 = 200;

/// The types that have been found out.
#[derive(Debug)]
pub(super) struct Unifier<'s> {
    known: Vec<Option<Type<'s>>>,
    /// What was changed, to be taken back if something does not fit after all.
    changed: Vec<(usize, Option<Type<'s>>)>,
    left: u32,
    depth: u32,
}

/// A state to which one can go back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    known: usize,
    changed: usize,
}

impl<'s> Unifier<'s> {
    pub(super) fn new() -> Self {
        Self {
            known: Vec::new(),
            changed: Vec::new(),
            left: STEPS_MAX,
            depth: 0,
        }
    }

    /// A type of which nothing is known.
    pub(super) fn open(&mut self) -> Type<'s> {
        self.known.push(None);
        Type::Variable(self.known.len().saturating_sub(1))
    }

    /// The number that the next open type gets.
    pub(super) fn next(&self) -> usize {
        self.known.len()
    }

    pub(super) fn mark(&self) -> Mark {
        Mark {
            known: self.known.len(),
            changed: self.changed.len(),
        }
    }

    /// Forgets what was found out since.
    pub(super) fn back_to(&mut self, mark: Mark) {
        while self.changed.len() > mark.changed {
            if let Some((number, before)) = self.changed.pop()
                && let Some(place) = self.known.get_mut(number)
            {
                *place = before;
            }
        }
        self.known.truncate(mark.known);
    }

    /// Whether a value of the one type may stand where the other is wanted; if not, nothing is found out.
    pub(super) fn fits(&mut self, given: &Type<'s>, wanted: &Type<'s>) -> bool {
        let mark = self.mark();
        let fits = self.unify(given, wanted);
        if !fits {
            self.back_to(mark);
        }
        fits
    }

    /// Whether each fits its place.
    pub(super) fn all_fit(&mut self, given: &[Type<'s>], wanted: &[Type<'s>]) -> bool {
        given.len() == wanted.len()
            && (given.iter().zip(wanted)).all(|(given, wanted)| self.unify(given, wanted))
    }

    /// The type with all that is known by now; what is still open becomes `dyn` if `close` says so.
    pub(super) fn resolved(&mut self, of: &Type<'s>, close: bool) -> Type<'s> {
        if !self.enter() {
            return Type::Dyn;
        }
        let resolved = match of {
            Type::Variable(number) => match self.of(*number).cloned() {
                Some(known) => self.resolved(&known, close),
                None if close => Type::Dyn,
                None => of.clone(),
            },
            _ => of.with_parts(|part| self.resolved(part, close)),
        };
        self.leave();
        resolved
    }

    fn of(&self, number: usize) -> Option<&Type<'s>> {
        self.known.get(number)?.as_ref()
    }

    fn set(&mut self, number: usize, to: Type<'s>) {
        if let Some(place) = self.known.get_mut(number) {
            let before = place.replace(to);
            self.changed.push((number, before));
        }
    }

    /// Takes a step down; whoever does so has to [`Self::leave`].
    fn enter(&mut self) -> bool {
        let may = self.left > 0 && self.depth < DEPTH_MAX;
        if may {
            self.left = self.left.saturating_sub(1);
            self.depth = self.depth.saturating_add(1);
        }
        may
    }

    fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    fn unify(&mut self, a: &Type<'s>, b: &Type<'s>) -> bool {
        if !self.enter() {
            return true;
        }
        let fits = self.unify_within(a, b);
        self.leave();
        fits
    }

    fn unify_within(&mut self, a: &Type<'s>, b: &Type<'s>) -> bool {
        if let (Type::Variable(a), Type::Variable(b)) = (a, b)
            && a == b
        {
            return true;
        }
        if let Type::Variable(number) = b {
            match self.stands_for(*number, a) {
                Ok(()) => return true,
                Err(Known(true)) => return false,
                Err(Known(false)) => {}
            }
        }
        if let Type::Variable(number) = a {
            return self.stands_for(*number, b).is_ok();
        }
        if a.is_dyn_or_error() || b.is_dyn_or_error() {
            return true;
        }
        match (a, b) {
            (Type::Null, other) | (other, Type::Null) => other.is_nullable(),
            // A type is a type, whatever it is the type of.
            (Type::Meta(_), Type::Meta(_)) => true,
            (Type::List(a), Type::List(b)) | (Type::Optional(a), Type::Optional(b)) => {
                self.unify(a, b)
            }
            (Type::Map(a), Type::Map(b)) | (Type::Pair(a), Type::Pair(b)) => {
                self.unify(&a.0, &b.0) && self.unify(&a.1, &b.1)
            }
            _ => a == b,
        }
    }

    /// Lets a type stand for an open one, if what is known of that allows it; else whether something is known.
    fn stands_for(&mut self, number: usize, of: &Type<'s>) -> Result<(), Known> {
        if let Some(known) = self.of(number).cloned() {
            if *of == known {
                return Ok(());
            }
            if self.unify(of, &known) {
                let general = if less_specific(of, &known) {
                    of.clone()
                } else {
                    known
                };
                if !self.occurs(number, &general) {
                    self.set(number, general);
                }
                return Ok(());
            }
            return Err(Known(true));
        }
        if self.occurs(number, of) {
            return Err(Known(false));
        }
        self.set(number, of.clone());
        Ok(())
    }

    /// Whether an open type is a part of another.
    fn occurs(&mut self, number: usize, within: &Type<'s>) -> bool {
        if !self.enter() {
            return true;
        }
        let occurs = match within {
            Type::Variable(other) if *other == number => true,
            Type::Variable(other) => {
                let known = self.of(*other).cloned();
                known.is_some_and(|known| self.occurs(number, &known))
            }
            _ => {
                let mut parts = within.parts().into_iter().flatten();
                parts.any(|part| self.occurs(number, part))
            }
        };
        self.leave();
        occurs
    }
}

/// Whether something was known already.
struct Known(bool);

/// The more general of two types that fit.
pub(super) fn most_general<'s>(a: Type<'s>, b: Type<'s>) -> Type<'s> {
    if less_specific(&a, &b) { a } else { b }
}

/// Whether the first says no more than the second.
fn less_specific(a: &Type<'_>, b: &Type<'_>) -> bool {
    match (a, b) {
        (Type::Dyn | Type::Variable(_), _) | (Type::Meta(_), Type::Meta(_)) => true,
        (_, Type::Dyn | Type::Variable(_)) => false,
        (Type::List(a), Type::List(b)) | (Type::Optional(a), Type::Optional(b)) => {
            less_specific(a, b)
        }
        (Type::Map(a), Type::Map(b)) | (Type::Pair(a), Type::Pair(b)) => {
            less_specific(&a.0, &b.0) && less_specific(&a.1, &b.1)
        }
        _ => a == b,
    }
}
