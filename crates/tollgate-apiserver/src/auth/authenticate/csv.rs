//! Comma-separated values as Go's `encoding/csv` reads them: quoted fields may hold commas, quotes and line breaks.

/// What is wrong with a file, in Go's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CsvError {
    /// A quote inside a field that does not begin with one.
    #[error("parse error on line {line}, column {column}: bare \" in non-quoted field")]
    BareQuote {
        /// Counted from 1.
        line: usize,
        /// In bytes, counted from 1.
        column: usize,
    },
    /// A quoted field that does not end, or goes on behind its end.
    #[error("{}parse error on line {line}, column {column}: extraneous or missing \" in quoted-field",
        if record == line { String::new() } else { format!("record on line {record}; ") })]
    Quote {
        /// The line on which the record begins.
        record: usize,
        /// Counted from 1.
        line: usize,
        /// In bytes, counted from 1.
        column: usize,
    },
}

/// The records of a file; empty lines are none.
pub(super) fn records(text: &str) -> Result<Vec<Vec<String>>, CsvError> {
    let mut reader = Reader {
        rest: text,
        line: 0,
    };
    let mut records = Vec::new();
    while let Some(line) = reader.next_line() {
        if !line.is_empty() {
            records.push(reader.record(line)?);
        }
    }
    Ok(records)
}

struct Reader<'t> {
    rest: &'t str,
    line: usize,
}

impl<'t> Reader<'t> {
    /// The next line without its end.
    fn next_line(&mut self) -> Option<&'t str> {
        if self.rest.is_empty() {
            return None;
        }
        self.line = self.line.saturating_add(1);
        let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        self.rest = rest;
        Some(line.strip_suffix('\r').unwrap_or(line))
    }

    fn record(&mut self, line: &'t str) -> Result<Vec<String>, CsvError> {
        let mut fields = Vec::new();
        let first = self.line;
        let mut whole = line;
        let mut line = line;
        loop {
            let Some(quoted) = line.strip_prefix('"') else {
                let (field, rest) = match line.split_once(',') {
                    Some((field, rest)) => (field, Some(rest)),
                    None => (line, None),
                };
                if let Some(quote) = field.find('"') {
                    let before = whole.len().saturating_sub(line.len());
                    let column = before.saturating_add(quote).saturating_add(1);
                    let line = self.line;
                    return Err(CsvError::BareQuote { line, column });
                }
                fields.push(field.to_owned());
                match rest {
                    Some(rest) => line = rest,
                    None => return Ok(fields),
                }
                continue;
            };
            let (field, behind) = self.quoted_field(first, &mut whole, quoted)?;
            fields.push(field);
            match behind {
                Some(behind) => line = behind,
                None => return Ok(fields),
            }
        }
    }

    /// A quoted field from behind its first quote, and what stands behind the comma that ends it. `whole` is the line
    /// in which the field begins, then the one in which it ends.
    fn quoted_field(
        &mut self,
        first: usize,
        whole: &mut &'t str,
        mut rest: &'t str,
    ) -> Result<(String, Option<&'t str>), CsvError> {
        let mut field = String::new();
        loop {
            if let Some((text, behind)) = rest.split_once('"') {
                field.push_str(text);
                if let Some(behind) = behind.strip_prefix('"') {
                    field.push('"');
                    rest = behind;
                } else if let Some(behind) = behind.strip_prefix(',') {
                    return Ok((field, Some(behind)));
                } else if behind.is_empty() {
                    return Ok((field, None));
                } else {
                    // At the quote.
                    let column = whole.len().saturating_sub(behind.len());
                    return Err(self.quote_error(first, column));
                }
                continue;
            }
            field.push_str(rest);
            let end = whole.len().saturating_add(1);
            let had_line_end = !self.rest.is_empty();
            let Some(next) = self.next_line() else {
                return Err(self.quote_error(first, end));
            };
            if had_line_end {
                field.push('\n');
            }
            *whole = next;
            rest = next;
        }
    }

    fn quote_error(&self, record: usize, column: usize) -> CsvError {
        CsvError::Quote {
            record,
            line: self.line,
            column,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(text: &str, expected: &[&[&str]]) {
        assert_eq!(records(text).unwrap(), expected);
    }

    #[test]
    fn fields_end_at_commas_outside_of_quotes() {
        check(
            "a,b,c\n\r\nd,\"e,\"\"f\"\"\",\n",
            &[&["a", "b", "c"], &["d", "e,\"f\"", ""]],
        );
        check("a,\"b\nc\",d", &[&["a", "b\nc", "d"]]);
        check("a, b \r\n,", &[&["a", " b "], &["", ""]]);
        check("", &[]);
    }

    #[test]
    fn faults_are_named_as_go_names_them() {
        let error = |text| records(text).unwrap_err().to_string();
        assert_eq!(
            error("a\nb,c\"d"),
            "parse error on line 2, column 4: bare \" in non-quoted field"
        );
        assert_eq!(
            error("\"a\"b"),
            "parse error on line 1, column 3: extraneous or missing \" in quoted-field"
        );
        assert_eq!(
            error("a,\"b\nc"),
            "record on line 1; parse error on line 2, column 2: extraneous or missing \" in quoted-field"
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_a_panic(text in "[a,\"\r\n ]{0,30}") {
            let _ = records(&text);
        }

        #[test]
        fn quoted_fields_come_back(fields in prop::collection::vec("[a,\"\n ]{0,6}", 1..5)) {
            let quoted: Vec<String> = fields
                .iter()
                .map(|field| format!("\"{}\"", field.replace('"', "\"\"")))
                .collect();
            prop_assert_eq!(records(&quoted.join(",")).unwrap(), vec![fields]);
        }
    }
}
