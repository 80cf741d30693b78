//! Pod Security Standards and their admission.
