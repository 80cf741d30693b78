//! One run's findings on their way to every format that was asked for.

use super::render::Render;
use super::{Finding, Level, ObjectRef, Summary};
use std::fmt;
use std::io::{self, Write};

/// A format and where it goes.
pub struct Destination {
    /// The format.
    pub renderer: Box<dyn Render>,
    /// Where it goes; buffered by whoever opens it.
    pub out: Box<dyn Write>,
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Destination").finish_non_exhaustive()
    }
}

/// Hands every finding to every destination and counts.
#[derive(Debug)]
pub struct Report {
    destinations: Vec<Destination>,
    summary: Summary,
}

impl Report {
    /// Begins a report.
    pub fn begin(mut destinations: Vec<Destination>) -> io::Result<Self> {
        for Destination { renderer, out } in &mut destinations {
            renderer.begin(out)?;
        }
        Ok(Self {
            destinations,
            summary: Summary::default(),
        })
    }

    /// Reports one finding.
    pub fn finding(&mut self, finding: &Finding) -> io::Result<()> {
        match finding.level {
            Level::Broken => self.summary.broken += 1,
            Level::Warning => self.summary.warnings += 1,
            Level::Error | Level::Note => {}
        }
        for Destination { renderer, out } in &mut self.destinations {
            renderer.finding(finding, out)?;
        }
        Ok(())
    }

    /// Reports an object of which nothing is refused.
    pub fn passed(&mut self, object: &ObjectRef, file: &str) -> io::Result<()> {
        for Destination { renderer, out } in &mut self.destinations {
            renderer.passed(object, file, out)?;
        }
        Ok(())
    }

    /// The counts so far, to add to.
    pub fn summary_mut(&mut self) -> &mut Summary {
        &mut self.summary
    }

    /// Ends the report and returns the counts.
    pub fn end(mut self) -> io::Result<Summary> {
        for Destination { renderer, out } in &mut self.destinations {
            renderer.end(&self.summary, out)?;
            out.flush()?;
        }
        Ok(self.summary)
    }
}
