//! Nodes to a tree: aliases followed, mappings merged, scalars given their meaning.

use super::arena::{Arena, Node, NodeId, NodeKind};
use super::base64;
use super::fault::Fault;
use super::go_syntax;
use super::scalar::{self, Scalar};
use compact_str::CompactString;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use tollgate_api::json::DEPTH_MAX;
use tollgate_api::value::{Object, Value};

/// How many bytes of text aliases may copy.
///
/// Upstream bounds how many values come from aliases; each can be a text of megabytes, which upstream shares and we
/// copy.
const ALIAS_BYTES_MAX: usize = 64 << 20;

/// The tree of the document with this root.
pub(super) fn build(arena: &Arena, root: NodeId) -> Result<Value, Fault> {
    let mut builder = Builder {
        arena,
        // The document itself counts.
        budget: Budget {
            values: 1,
            ..Budget::default()
        },
        following: BTreeSet::new(),
        later: None,
    };
    let value = builder.value(root, 0)?;
    builder.later.map_or(Ok(value), |(_, fault)| Err(fault))
}

/// The steps after decoding in which upstream finds faults: it decodes the whole document first, then makes JSON of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Keys,
    Numbers,
}

/// What aliases have multiplied so far.
#[derive(Debug, Default)]
struct Budget {
    values: u32,
    alias_values: u32,
    alias_bytes: usize,
    alias_depth: usize,
}

impl Budget {
    /// Counts a value, by upstream's rule: the more values a document has, the fewer may come from aliases.
    fn count(&mut self, node: &Node) -> Result<(), Fault> {
        const LOW: f64 = 400_000.0;
        const HIGH: f64 = 4_000_000.0;
        self.values = self.values.saturating_add(1);
        if self.alias_depth == 0 {
            return Ok(());
        }
        self.alias_values = self.alias_values.saturating_add(1);
        if let NodeKind::Scalar { text, .. } = &node.kind {
            self.alias_bytes = self.alias_bytes.saturating_add(text.len());
        }
        let values = f64::from(self.values);
        let allowed = match values {
            ..=LOW => 0.99,
            HIGH.. => 0.10,
            _ => 0.99 - 0.89 * ((values - LOW) / (HIGH - LOW)),
        };
        let too_many = self.alias_values > 100
            && self.values > 1000
            && f64::from(self.alias_values) / values > allowed;
        if too_many || self.alias_bytes > ALIAS_BYTES_MAX {
            let message = "yaml: document contains excessive aliasing";
            return Err(Fault::new(node.start, message));
        }
        Ok(())
    }
}

struct Builder<'a> {
    arena: &'a Arena,
    budget: Budget,
    /// The aliases that are being followed.
    following: BTreeSet<NodeId>,
    /// The first fault of the earliest later step.
    later: Option<(Step, Fault)>,
}

impl<'a> Builder<'a> {
    fn node(&self, id: NodeId) -> Result<&'a Node, Fault> {
        let gone = || Fault::new(0, "yaml: unknown problem parsing YAML content");
        self.arena.get(id).ok_or_else(gone)
    }

    fn value(&mut self, id: NodeId, depth: usize) -> Result<Value, Fault> {
        let node = self.node(id)?;
        self.budget.count(node)?;
        if depth > DEPTH_MAX {
            let message = format!("yaml: exceeded max depth of {DEPTH_MAX}");
            return Err(Fault::new(node.start, message));
        }
        match &node.kind {
            NodeKind::Scalar { text, .. } => {
                let (meaning, text) = meaning(node, text)?;
                let value = meaning.value(|| Value::String(text.into()));
                Ok(value.unwrap_or_else(|| {
                    self.defer(Step::Numbers, || not_finite(node, meaning));
                    Value::Null
                }))
            }
            NodeKind::Alias { target, .. } => {
                self.follow(id, node, |builder| builder.value(*target, depth + 1))
            }
            NodeKind::Sequence { first } => {
                let mut items = Vec::new();
                for (child, _) in self.arena.children(*first) {
                    items.push(self.value(child, depth + 1)?);
                }
                Ok(Value::Array(items))
            }
            NodeKind::Mapping { first } => {
                let mut entries = Entries::default();
                self.mapping(*first, depth, false, &mut entries)?;
                Ok(Value::Object(Object::from(entries.list)))
            }
        }
    }

    /// Keeps a fault that upstream finds only after the document has been decoded.
    fn defer(&mut self, step: Step, fault: impl FnOnce() -> Fault) {
        if self.later.as_ref().is_none_or(|(known, _)| step < *known) {
            self.later = Some((step, fault()));
        }
    }

    fn follow<T>(
        &mut self,
        id: NodeId,
        node: &Node,
        then: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        if !self.following.insert(id) {
            let NodeKind::Alias { name, .. } = &node.kind else {
                return then(self);
            };
            let message = format!("yaml: anchor '{name}' value contains itself");
            return Err(Fault::new(node.start, message));
        }
        self.budget.alias_depth += 1;
        let result = then(self);
        self.budget.alias_depth -= 1;
        self.following.remove(&id);
        result
    }

    fn mapping(
        &mut self,
        first: Option<NodeId>,
        depth: usize,
        merged: bool,
        entries: &mut Entries,
    ) -> Result<(), Fault> {
        for (key, value) in self.arena.entries(first) {
            if is_merge(self.node(key)?) {
                self.merge(value, depth, entries)?;
                continue;
            }
            let key = self.key(key, value)?;
            let value = self.value(value, depth + 1)?;
            entries.put(key, value, merged);
        }
        Ok(())
    }

    /// Puts the entries of the mappings that `<<` names where it stands: over what came before.
    fn merge(&mut self, id: NodeId, depth: usize, entries: &mut Entries) -> Result<(), Fault> {
        let node = self.node(id)?;
        let NodeKind::Sequence { first } = &node.kind else {
            return self.merge_one(id, depth, entries);
        };
        let sources: Vec<NodeId> = self.arena.children(*first).map(|(id, _)| id).collect();
        // Earlier ones win.
        for source in sources.into_iter().rev() {
            self.merge_one(source, depth, entries)?;
        }
        Ok(())
    }

    fn merge_one(&mut self, id: NodeId, depth: usize, entries: &mut Entries) -> Result<(), Fault> {
        let node = self.node(id)?;
        let wants_mapping = || {
            let message = "yaml: map merge requires map or sequence of maps as the value";
            Fault::new(node.start, message)
        };
        if depth > DEPTH_MAX {
            let message = format!("yaml: exceeded max depth of {DEPTH_MAX}");
            return Err(Fault::new(node.start, message));
        }
        self.budget.count(node)?;
        match &node.kind {
            NodeKind::Mapping { first } => self.mapping(*first, depth + 1, true, entries),
            NodeKind::Alias { target, .. } => {
                let target = self.node(*target)?;
                let NodeKind::Mapping { first } = &target.kind else {
                    return Err(wants_mapping());
                };
                self.follow(id, node, |builder| {
                    builder.budget.count(target)?;
                    builder.mapping(*first, depth + 1, true, entries)
                })
            }
            _ => Err(wants_mapping()),
        }
    }

    fn key(&mut self, id: NodeId, value: NodeId) -> Result<CompactString, Fault> {
        let node = self.node(id)?;
        self.budget.count(node)?;
        match &node.kind {
            NodeKind::Scalar { text, .. } => {
                let (meaning, text) = meaning(node, text)?;
                if meaning == Scalar::Text {
                    return Ok(text.into());
                }
                if let Some(text) = scalar::key_text(meaning) {
                    return Ok(text.into());
                }
                let arena = self.arena;
                self.defer(Step::Keys, || {
                    let message = go_syntax::unsupported_key(arena, meaning, value);
                    Fault::new(node.start, message)
                });
                Ok(CompactString::default())
            }
            NodeKind::Alias { target, .. } => {
                let target = *target;
                self.follow(id, node, |builder| builder.key(target, value))
            }
            NodeKind::Sequence { .. } | NodeKind::Mapping { .. } => Err(Fault::new(
                node.start,
                go_syntax::invalid_key(self.arena, id),
            )),
        }
    }
}

/// The entries of a mapping while some of them come from merges.
///
/// A key written twice stays twice, for strict decoding to report; one that a merge brings is overwritten.
#[derive(Default)]
struct Entries {
    list: Vec<(CompactString, Value)>,
    /// The last place of each key, once there has been a merge; and whether the entry came from one.
    places: BTreeMap<CompactString, (usize, bool)>,
    merging: bool,
}

impl Entries {
    fn put(&mut self, key: CompactString, value: Value, merged: bool) {
        if merged && !self.merging {
            self.merging = true;
            let known = self.list.iter().enumerate();
            self.places = known
                .map(|(place, (key, _))| (key.clone(), (place, false)))
                .collect();
        }
        if !self.merging {
            self.list.push((key, value));
            return;
        }
        if let Some((place, was_merged)) = self.places.get_mut(&key)
            && (merged || *was_merged)
            && let Some(entry) = self.list.get_mut(*place)
        {
            entry.1 = value;
            *was_merged = merged;
            return;
        }
        self.places.insert(key.clone(), (self.list.len(), merged));
        self.list.push((key, value));
    }
}

/// Whether a key says that other mappings are merged here.
pub(super) fn is_merge(node: &Node) -> bool {
    let NodeKind::Scalar { text, plain, tag } = &node.kind else {
        return false;
    };
    let tagged = matches!(tag.as_deref(), Some("tag:yaml.org,2002:merge" | "!"));
    text == "<<" && (*plain || tagged)
}

/// The text of a scalar that is a key; none if JSON cannot have such a key.
pub(super) fn key_text(node: &Node) -> Option<Cow<'_, str>> {
    let NodeKind::Scalar { text, .. } = &node.kind else {
        return None;
    };
    match meaning(node, text).ok()? {
        (Scalar::Text, text) => Some(text),
        (meaning, _) => scalar::key_text(meaning).map(Cow::Owned),
    }
}

/// What a scalar means, and its text.
pub(super) fn meaning<'n>(node: &'n Node, text: &'n str) -> Result<(Scalar, Cow<'n, str>), Fault> {
    let NodeKind::Scalar { plain, tag, .. } = &node.kind else {
        return Ok((Scalar::Text, text.into()));
    };
    let Some(tag) = tag.as_deref() else {
        let meaning = if *plain {
            scalar::resolve(text)
        } else {
            Scalar::Text
        };
        return Ok((meaning, text.into()));
    };
    if tag == "tag:yaml.org,2002:binary" {
        return match base64::decode(text) {
            Some(bytes) => Ok((Scalar::Text, base64::text(&bytes).into())),
            None => Err(Fault::new(
                node.start,
                "yaml: !!binary value contains invalid base64 data",
            )),
        };
    }
    match scalar::resolve_tagged(tag, text) {
        Ok(meaning) => Ok((meaning, text.into())),
        Err(found) => {
            let wanted = tag.strip_prefix("tag:yaml.org,2002:").unwrap_or(tag);
            let message = format!("yaml: cannot decode {found} `{text}` as a !!{wanted}");
            Err(Fault::new(node.start, message))
        }
    }
}

fn not_finite(node: &Node, meaning: Scalar) -> Fault {
    let name = match meaning {
        Scalar::Float(value) if value.is_nan() => "NaN",
        Scalar::Float(value) if value > 0.0 => "+Inf",
        _ => "-Inf",
    };
    Fault::new(node.start, format!("json: unsupported value: {name}"))
}
