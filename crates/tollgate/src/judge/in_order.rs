//! Work in parallel, results in order, memory bounded.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

/// How many items may be under way per worker: enough to keep workers busy while a slow one is waited for.
const UNDER_WAY_PER_WORKER: usize = 4;

/// Applies `work` to every item on `workers` threads and hands the results to `sink` in the order of the items.
///
/// At most a few items per worker are in memory at once: the source is asked for the next one only when an earlier
/// result has been handed over. Stops at the first error of `sink` and returns it.
pub fn for_each_in_order<T, R, E>(
    workers: NonZeroUsize,
    mut items: impl Iterator<Item = T>,
    work: impl Fn(T) -> R + Sync,
    mut sink: impl FnMut(R) -> Result<(), E>,
) -> Result<(), E>
where
    T: Send,
    R: Send,
{
    if workers.get() == 1 {
        return items.try_for_each(|item| sink(work(item)));
    }
    let under_way_max = workers.get() * UNDER_WAY_PER_WORKER;
    let (give, take) = sync_channel::<(usize, T)>(under_way_max);
    let take = Mutex::new(take);
    std::thread::scope(|scope| {
        // Dropped when this closure ends, however it ends: that is what sends the workers home.
        let give = give;
        let (answer, answers) = sync_channel::<(usize, R)>(under_way_max);
        for _ in 0..workers.get() {
            let (answer, take, work) = (answer.clone(), &take, &work);
            scope.spawn(move || serve(take, &answer, work));
        }
        drop(answer);
        let mut waiting = BTreeMap::new();
        let (mut given, mut handed_over) = (0, 0);
        let mut exhausted = false;
        loop {
            while !exhausted && given - handed_over < under_way_max {
                match items.next() {
                    // The channel has room for every item under way, and workers live as long as it does.
                    Some(item) => exhausted = give.send((given, item)).is_err(),
                    None => exhausted = true,
                }
                given += usize::from(!exhausted);
            }
            if handed_over == given {
                return Ok(());
            }
            let Ok((index, result)) = answers.recv() else {
                return Ok(());
            };
            waiting.insert(index, result);
            while let Some(result) = waiting.remove(&handed_over) {
                sink(result)?;
                handed_over += 1;
            }
        }
    })
}

fn serve<T, R>(
    take: &Mutex<Receiver<(usize, T)>>,
    answer: &SyncSender<(usize, R)>,
    work: impl Fn(T) -> R,
) {
    loop {
        let next = take.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((index, item)) = next else { return };
        if answer.send((index, work(item))).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_order() {
        for workers in [1, 2, 7] {
            let mut seen = Vec::new();
            let result: Result<(), ()> = for_each_in_order(
                NonZeroUsize::new(workers).unwrap(),
                0..1000_u64,
                |item| (0..(item * 7919) % 501).fold(item, |a, b| (a ^ b) ^ b),
                |item| {
                    seen.push(item);
                    Ok(())
                },
            );
            assert_eq!(result, Ok(()));
            assert_eq!(seen, (0..1000).collect::<Vec<_>>());
        }
    }

    #[test]
    fn stops_at_the_first_error_of_the_sink() {
        let result = for_each_in_order(
            NonZeroUsize::new(2).unwrap(),
            0..,
            |item: u64| item,
            |item| if item == 100 { Err("enough") } else { Ok(()) },
        );
        assert_eq!(result, Err("enough"));
    }
}
