//! Lives of pods, written down as what `kubectl get pods --watch` would show and when.

mod ends;
mod harness;
mod property;
mod resizes;
mod starts;
mod texts;
