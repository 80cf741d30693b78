//! What became of a write to an object that may be gone by now: then nothing is left to do, which is no failure.

use crate::controller::{Outcome, Requeue};
use tollgate_api::Status;
use tollgate_api::status::Reason;

/// The failure, unless the object is gone.
pub(crate) fn passed_over<T>(done: Result<T, Status>) -> Result<(), Status> {
    match done {
        Err(status) if status.reason != Reason::NotFound => Err(status),
        _ => Ok(()),
    }
}

/// The same as the end of a controller's work on a key.
pub(crate) fn outcome<T>(done: Result<T, Status>) -> Outcome {
    passed_over(done).map(|()| Requeue::No)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_gone_is_passed_over() {
        let failed = |reason| {
            Err::<(), _>(Status {
                reason,
                ..Status::plain("why")
            })
        };
        assert_eq!(outcome(Ok(1)), Ok(Requeue::No));
        assert_eq!(outcome(failed(Reason::NotFound)), Ok(Requeue::No));
        for reason in [Reason::Conflict, Reason::Forbidden, Reason::InternalError] {
            assert_eq!(passed_over(failed(reason)), failed(reason));
        }
    }
}
