//! Priority admission: from class name to number.
