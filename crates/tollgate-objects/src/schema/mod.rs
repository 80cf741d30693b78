//! The table of all API types, and strict decoding against it.
