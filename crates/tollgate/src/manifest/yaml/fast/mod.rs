//! The fast reader: the block style in which manifests are written, and nothing else.
//!
//! It knows block mappings and sequences, flow collections, plain and quoted scalars, literal and folded ones, comments.
//! On anything beyond that (anchors, tags, `?`, merges, tabs between tokens, …) and on whatever could be a fault it gives
//! up, and the full reader decides. So it needs no error texts, and each of its rules may be narrower than YAML's but
//! never wider.

mod block;
mod block_scalar;
mod flow;
mod plain;
mod quoted;
mod scan;

pub(super) use block::read;

/// Blocks and flow collections inside one another; deeper documents go to the full reader, which needs no stack.
const DEPTH_MAX: usize = 64;

/// Longer keys go to the full reader, which counts their characters.
const KEY_BYTES_MAX: usize = 1_000;
