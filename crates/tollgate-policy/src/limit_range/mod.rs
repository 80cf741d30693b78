//! LimitRange: per-object minimum, maximum, defaults and ratio.
