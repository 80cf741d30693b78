//! The whole run: the input is read twice, first for the policies, then for the verdicts.
//!
//! Files are read in chunks; chunks are parsed and judged on all cores; quotas are charged and findings are printed in
//! the order of the input. Nothing is kept of an object that was judged, but for what quotas need to know about
//! workloads.

use super::batches::{Batch, Stretch, batches};
use super::chunks::Unreadable;
use super::in_order::for_each_in_order;
use super::inputs::{Input, Missing};
use super::kind_hint::{KindHint, kind_hint};
use super::ledger::Ledger;
use super::load::{self, Loaded};
use super::object::{self, Judged};
use super::settings::Settings;
use super::source::Source;
use super::unjudged;
use super::world::{World, WorldBuilder, is_context_kind};
use crate::diagnostics::{Document, Finding, Place, Report};
use crate::manifest;
use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use tollgate_api::Value;
use tollgate_objects::schema::CustomResource;

/// What is judged, against what.
#[derive(Debug)]
pub struct Run<'r> {
    /// What is judged.
    pub inputs: &'r [Input],
    /// What exists already.
    pub state: &'r [Input],
    /// Paths that cannot be read.
    pub missing: &'r [Missing],
    /// What is assumed.
    pub settings: &'r Settings,
    /// How many threads to use.
    pub workers: NonZeroUsize,
    /// Told of each document that was judged.
    pub progress: &'r mut dyn Progress,
}

/// Wants to know how far a run is.
pub trait Progress: std::fmt::Debug {
    /// So many objects have been judged.
    fn judged(&mut self, objects: usize);
}

/// How many broken documents of the state are reported.
const BROKEN_STATE_MAX: usize = 100;

/// What became of a document, or of one object in it.
enum Outcome {
    Judged(Box<Judged>),
    Broken(Box<Finding>),
}

impl Run<'_> {
    /// Judges everything.
    pub fn judge(mut self, report: &mut Report) -> io::Result<()> {
        for missing in self.missing {
            report.finding(&unjudged::unreadable(
                &missing.name,
                &Unreadable::Failed(missing.why.clone()),
            ))?;
        }
        let mut world = self.look_around()?;
        if world.wants_existing_pods() {
            self.read_state(&[], |loaded| world.add_existing_pod(loaded))?;
        }
        let mut ledger = Ledger::new(self.settings, &world);
        // Read even if no quota counts it: what is broken in it may have been a quota.
        let broken = self.read_state(&world.custom, |loaded| ledger.count_existing(loaded))?;
        for finding in broken {
            report.finding(&finding)?;
        }
        report.summary_mut().files = self.inputs.len();
        self.judge_inputs(&world, &mut ledger, report)?;
        for finding in ledger.foresee() {
            report.finding(&finding)?;
        }
        report.summary_mut().namespaces = ledger.bars();
        Ok(())
    }

    /// The first reading: policies and what else says something about the cluster.
    fn look_around(&self) -> io::Result<World> {
        let mut builder = WorldBuilder::default();
        let settings = self.settings;
        let batches = batches(self.state.iter().chain(self.inputs));
        let work = |batch: Batch<'_>| {
            let mut found = Vec::new();
            for (place, document) in documents(batch) {
                if !may_be_context(&document.text()) {
                    continue;
                }
                for (value, source) in objects(&place, &document).unwrap_or_default() {
                    found.extend(load::load(value, source, settings, &[]));
                }
            }
            found
        };
        for_each_in_order(self.workers, batches, work, |found: Vec<Loaded>| {
            for loaded in found {
                builder.add(loaded, settings);
            }
            Ok::<(), io::Error>(())
        })?;
        Ok(builder.build(settings))
    }

    /// Every object of the state, in order; returns what is wrong with what is none.
    fn read_state(
        &self,
        custom: &[CustomResource],
        mut take: impl FnMut(Loaded),
    ) -> io::Result<Vec<Finding>> {
        let settings = self.settings;
        let batches = batches(self.state.iter());
        let mut broken = Vec::new();
        let work = |batch: Batch<'_>| -> Vec<Result<Loaded, Box<Finding>>> {
            let load = |(value, source): (Value, Source)| {
                load::load(value, source.clone(), settings, custom)
                    .map_err(|why| Box::new(unjudged::no_object(&source, &why)))
            };
            objects_of(batch)
                .map(|found| found.and_then(load))
                .collect()
        };
        for_each_in_order(self.workers, batches, work, |found| {
            for one in found {
                match one {
                    Ok(loaded) => take(loaded),
                    Err(finding) if broken.len() < BROKEN_STATE_MAX => broken.push(*finding),
                    Err(_) => {}
                }
            }
            Ok::<(), io::Error>(())
        })?;
        Ok(broken)
    }

    /// The second reading: verdicts.
    fn judge_inputs(
        &mut self,
        world: &World,
        ledger: &mut Ledger<'_>,
        report: &mut Report,
    ) -> io::Result<()> {
        let settings = self.settings;
        let batches = batches(self.inputs.iter());
        let work = |batch: Batch<'_>| judge_batch(batch, settings, world);
        let progress = &mut self.progress;
        let mut objects = 0;
        for_each_in_order(self.workers, batches, work, |outcomes| {
            for outcome in outcomes {
                match outcome {
                    Outcome::Broken(finding) => report.finding(&finding)?,
                    Outcome::Judged(mut judged) => {
                        ledger.admit(&mut judged);
                        objects += 1;
                        tell(&judged, report)?;
                    }
                }
            }
            progress.judged(objects);
            Ok(())
        })
    }
}

fn tell(judged: &Judged, report: &mut Report) -> io::Result<()> {
    for finding in &judged.findings {
        report.finding(finding)?;
    }
    if !judged.is_known
        && let Some(note) = unjudged::unknown_kind(judged, report.summary_mut())
    {
        report.finding(&note)?;
    }
    if !judged.is_refused {
        report.passed(&judged.reference, &judged.source.document.file)?;
    }
    let summary = report.summary_mut();
    summary.objects += 1;
    summary.refused += usize::from(judged.is_refused);
    summary.skipped += usize::from(!judged.is_known);
    summary.pods = summary.pods.saturating_add(judged.pods);
    Ok(())
}

fn judge_batch(batch: Batch<'_>, settings: &Settings, world: &World) -> Vec<Outcome> {
    let judge = |found| match found {
        Ok((value, source)) => judge_object(value, &source, settings, world),
        Err(finding) => Outcome::Broken(finding),
    };
    objects_of(batch).map(judge).collect()
}

fn judge_object(value: Value, source: &Source, settings: &Settings, world: &World) -> Outcome {
    match load::load(value, source.clone(), settings, &world.custom) {
        Ok(loaded) => Outcome::Judged(Box::new(object::judge(loaded, settings, world))),
        Err(why) => Outcome::Broken(Box::new(unjudged::no_object(source, &why))),
    }
}

/// The objects of a batch, and what is wrong with what holds none.
fn objects_of(batch: Batch<'_>) -> impl Iterator<Item = Result<(Value, Source), Box<Finding>>> {
    batch.stretches().flat_map(|stretch| {
        let place = FirstLine::of(&stretch);
        let (source, unreadable) = match stretch.source {
            Ok(source) => (Some(source), None),
            Err(why) => (
                None,
                Some(Box::new(unjudged::unreadable(&place.file, &why))),
            ),
        };
        let documents = source.into_iter().flat_map(manifest::split);
        let found = documents.flat_map(move |document| match objects(&place, &document) {
            Ok(objects) => objects.into_iter().map(Ok).collect(),
            Err(finding) => vec![Err(finding)],
        });
        unreadable.map(Err).into_iter().chain(found)
    })
}

/// Where a stretch begins.
#[derive(Clone)]
struct FirstLine {
    file: Arc<str>,
    line: usize,
}

impl FirstLine {
    fn of(stretch: &Stretch) -> Self {
        Self {
            file: Arc::clone(&stretch.file),
            line: stretch.first_line,
        }
    }
}

/// The documents of a batch, with where their stretches begin. What cannot be read is passed over.
fn documents(batch: Batch<'_>) -> impl Iterator<Item = (FirstLine, manifest::Document)> {
    batch.stretches().flat_map(|stretch| {
        let place = FirstLine::of(&stretch);
        let documents = stretch.source.into_iter().flat_map(manifest::split);
        documents.map(move |document| (place.clone(), document))
    })
}

fn may_be_context(text: &str) -> bool {
    match kind_hint(text) {
        KindHint::Kind(kind) => is_context_kind(kind),
        KindHint::Unclear => true,
    }
}

/// The objects of a document, those of Lists one by one, or why it cannot be read. The document is from the stretch
/// that begins at `place`.
fn objects(
    place: &FirstLine,
    document: &manifest::Document,
) -> Result<Vec<(Value, Source)>, Box<Finding>> {
    let shared = || {
        Arc::new(Document::new(
            Arc::clone(&place.file),
            place.line + document.first_line() - 1,
            document.text().into_owned(),
        ))
    };
    let value = document.read().map_err(|error| {
        let place = Place::new(shared(), error.offset..error.offset);
        Box::new(unjudged::malformed(place, error.message))
    })?;
    if value.is_null() {
        return Ok(Vec::new());
    }
    let source = Source::new(shared());
    let items = manifest::expand_list(value).into_iter();
    Ok(items
        .map(|item| (item.value, source.item(item.prefix)))
        .collect())
}
