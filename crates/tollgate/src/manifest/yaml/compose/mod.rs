//! Tokens to nodes: the grammar of YAML 1.1 as an automaton with a stack of its own.

mod block;
mod composer;
mod flow;
mod node;
mod tree;

pub(super) use composer::compose;
