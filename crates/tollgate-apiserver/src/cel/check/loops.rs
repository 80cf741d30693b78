//! Loops: what they run over, and what they see of it.

use super::Walk;
use super::types::Type;
use crate::cel::library;
use ::cel::common::ast::{ComprehensionExpr, Expr, IdedExpr, LiteralValue};

impl<'s> Walk<'_, 's> {
    /// What a loop with two variables runs over: places and members of lists, keys and values of maps.
    pub(super) fn pairs(&mut self, of: &IdedExpr) -> Type<'s> {
        let range = self.infer(of);
        let range = self.types.resolved(&range, false);
        let (first, second) = match range {
            Type::List(item) => (Type::Int, (*item).clone()),
            Type::Map(entry) => (*entry).clone(),
            other => {
                let item = self.item(of.id, &other);
                (item.clone(), item)
            }
        };
        Type::list(Type::pair(first, second))
    }

    /// What one of the two variables of a loop is bound to.
    pub(super) fn part_of_pair(&mut self, name: &str, arguments: &[IdedExpr]) -> Option<Type<'s>> {
        let ("_[_]", [pair, place]) = (name, arguments) else {
            return None;
        };
        let (Expr::Ident(pair), Expr::Literal(LiteralValue::Int(place))) =
            (&pair.expr, &place.expr)
        else {
            return None;
        };
        if pair != library::ITEM {
            return None;
        }
        let Type::Pair(pair) = self.name(0, pair) else {
            return None;
        };
        Some(if *place.inner() == 0 {
            pair.0.clone()
        } else {
            pair.1.clone()
        })
    }

    /// What a loop sees of what it runs over.
    fn item(&mut self, id: u64, range: &Type<'s>) -> Type<'s> {
        match range {
            Type::List(item) => (**item).clone(),
            Type::Map(entry) => entry.0.clone(),
            Type::Dyn | Type::Error => Type::Dyn,
            Type::Variable(_) => {
                self.types.fits(&Type::Dyn, range);
                Type::Dyn
            }
            other => {
                let why = format!(
                    "expression of type '{}' cannot be range of a comprehension (must be list, map, or dynamic)",
                    other.told()
                );
                self.error(id, why);
                Type::Error
            }
        }
    }

    pub(super) fn comprehension(&mut self, of: &ComprehensionExpr) -> Type<'s> {
        let range = self.infer(&of.iter_range);
        let start = self.infer(&of.accu_init);
        let range = self.types.resolved(&range, false);
        let item = self.item(of.iter_range.id, &range);
        let before = self.locals.len();
        self.locals.push((of.accu_var.clone(), start.clone()));
        let inside = self.locals.len();
        self.locals.push((of.iter_var.clone(), item));
        let goes_on = self.infer(&of.loop_cond);
        self.assert(of.loop_cond.id, &Type::Bool, &goes_on);
        let step = self.infer(&of.loop_step);
        self.assert(of.loop_step.id, &start, &step);
        // The result knows what was gathered, and no member.
        self.locals.truncate(inside);
        let result = self.infer(&of.result);
        self.locals.truncate(before);
        self.types.resolved(&result, false)
    }
}
