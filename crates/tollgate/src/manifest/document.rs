//! One document of a source.

use super::error::Error;
use super::spans::Places;
use super::split::Source;
use super::yaml;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;
use tollgate_api::{Value, json};

/// How a document is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// YAML, which kubectl converts to JSON.
    Yaml,
    /// JSON, which it takes as it is.
    Json,
}

/// A document that has been cut out of its source but not read yet.
///
/// It shares the source's text, so that it can be sent to another thread.
#[derive(Debug, Clone)]
pub struct Document {
    pub(super) source: Arc<Source>,
    pub(super) range: Range<usize>,
    pub(super) first_line: usize,
    pub(super) form: Form,
    pub(super) trouble: Trouble,
}

/// What was found wrong while the document was cut out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Nothing.
    None,
    /// It cannot be read: what is wrong, and at which offset of the document.
    Unreadable(String, usize),
    /// It began as JSON and went on as something else; if it is no YAML either, this is what was wrong with the JSON.
    NoJson(String, usize),
}

impl Document {
    /// The source that the document is from.
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// Where in the source the document stands, in bytes.
    pub fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    /// The line of the source, from 1, on which the document starts.
    pub fn first_line(&self) -> usize {
        self.first_line
    }

    /// How the document is written.
    pub fn form(&self) -> Form {
        self.form
    }

    /// The document's bytes.
    pub fn bytes(&self) -> &[u8] {
        self.source
            .bytes
            .get(self.range.clone())
            .unwrap_or_default()
    }

    /// The document's text, for showing it.
    pub fn text(&self) -> Cow<'_, str> {
        let bytes = self.bytes();
        // Checking a text is much faster than looking for what to replace in it.
        match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => String::from_utf8_lossy(bytes),
        }
    }

    /// The document as a tree; null if there is nothing in it, which kubectl passes over.
    pub fn read(&self) -> Result<Value, Error> {
        let bytes = self.bytes();
        if let Trouble::Unreadable(message, offset) = &self.trouble {
            return Err(Error::at(bytes, *offset, message.clone()));
        }
        if self.form == Form::Json {
            return json::from_slice(bytes)
                .map_err(|error| Error::at(bytes, error.offset, error.message));
        }
        yaml::read_bytes(bytes).map_err(|fault| {
            if let Trouble::NoJson(message, offset) = &self.trouble {
                return Error::at(bytes, *offset, message.clone());
            }
            let message = format!("error converting YAML to JSON: {}", fault.message);
            Error::at(bytes, fault.offset, message)
        })
    }

    /// [`Document::read`] of a YAML document without the fast reader: to compare the two.
    pub fn read_fully(&self) -> Result<Value, Error> {
        let bytes = self.bytes();
        yaml::read_bytes_fully(bytes).map_err(|fault| {
            let message = format!("error converting YAML to JSON: {}", fault.message);
            Error::at(bytes, fault.offset, message)
        })
    }

    /// [`Document::read`] of a YAML document by the fast reader alone, if it can.
    pub fn read_fast(&self) -> Option<Value> {
        yaml::read_fast(std::str::from_utf8(self.bytes()).ok()?)
    }

    /// Where everything stands in the document; none if it cannot be read.
    pub fn places(&self) -> Option<Places> {
        let text = std::str::from_utf8(self.bytes()).ok()?;
        match self.form {
            Form::Json => Places::of_json(text),
            Form::Yaml => Places::of_yaml(text),
        }
    }
}
