//! Where in the text of an expression something is wrong, as cel-go shows it.

use ::cel::ParseError;
use ::cel::common::ast::SourceInfo;

/// How many problems are told.
const TOLD_MAX: usize = 100;

/// Something that is wrong, at a line and a column, both from 1.
#[derive(Debug)]
pub(crate) struct Problem {
    line: usize,
    column: usize,
    why: String,
}

impl Problem {
    /// Why a text is no expression.
    pub(crate) fn of_syntax(error: &ParseError) -> Self {
        let from_one = |number: isize| usize::try_from(number).unwrap_or(1).max(1);
        Self {
            line: from_one(error.pos.0),
            column: from_one(error.pos.1),
            why: error.msg.clone(),
        }
    }

    /// What is wrong with a part of an expression.
    pub(crate) fn at_node(text: &str, source: &SourceInfo, id: u64, why: String) -> Self {
        let start = source.offset_for(id).map_or(0, |(start, _)| start);
        let start = usize::try_from(start).unwrap_or_default();
        let before: Vec<char> = text.chars().take(start).collect();
        let lines = before.iter().filter(|letter| **letter == '\n').count();
        let letters = before.iter().rev();
        let column = letters.take_while(|letter| **letter != '\n').count();
        Self {
            line: lines.saturating_add(1),
            column: column.saturating_add(1),
            why,
        }
    }
}

/// All problems, each with its line of the text, in the order in which they stand there.
pub(crate) fn told(text: &str, mut problems: Vec<Problem>) -> String {
    problems.sort_by_key(|problem| (problem.line, problem.column));
    let more = problems.len().saturating_sub(TOLD_MAX);
    let shown = problems.iter().take(TOLD_MAX).map(|problem| {
        let Problem { line, column, why } = problem;
        let source = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
        let dots = ".".repeat(column.saturating_sub(1));
        format!("ERROR: <input>:{line}:{column}: {why}\n | {source}\n | {dots}^")
    });
    let mut lines: Vec<String> = shown.collect();
    if more > 0 {
        lines.push(format!("{more} more errors were truncated"));
    }
    lines.join("\n")
}
