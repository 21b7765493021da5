//! A worker that only ever cares for the newest job.
//!
//! A job that waits is overwritten by a newer one, and the one that runs is told that it is stale, so that holding an
//! arrow key never queues work and a late answer never costs more than the piece that was running.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

struct Slot<J> {
    waiting: Mutex<Waiting<J>>,
    changed: Condvar,
    /// How many jobs were ever submitted; a job is stale once this is past its own number.
    newest: AtomicU64,
}

struct Waiting<J> {
    job: Option<(u64, J)>,
    closed: bool,
}

/// The place where the newest job is put.
pub struct Latest<J> {
    slot: Arc<Slot<J>>,
}

/// Asks whether the running job is still wanted.
pub struct Stale<'a> {
    newest: &'a AtomicU64,
    own: u64,
}

impl Stale<'_> {
    /// Whether a newer job waits, so that the answer of this one would be dropped.
    pub fn is_stale(&self) -> bool {
        self.newest.load(Ordering::Relaxed) != self.own
    }
}

impl<J: Send + 'static> Latest<J> {
    /// Starts the worker's thread; `work` is called for each job that was not overtaken while it waited.
    pub fn spawn(name: &str, mut work: impl FnMut(J, &Stale<'_>) + Send + 'static) -> Self {
        let slot = Arc::new(Slot {
            waiting: Mutex::new(Waiting { job: None, closed: false }),
            changed: Condvar::new(),
            newest: AtomicU64::new(0),
        });
        let shared = Arc::clone(&slot);
        let run = move || {
            while let Some((own, job)) = shared.next() {
                work(job, &Stale { newest: &shared.newest, own });
            }
        };
        // A thread that cannot be had leaves the worker silent; the program goes on without its answers.
        let _ = thread::Builder::new().name(name.to_owned()).spawn(run);
        Self { slot }
    }

    /// Puts a job where the worker finds it, in place of one that still waits there.
    pub fn submit(&self, job: J) {
        let mut waiting = self.slot.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let own = self.slot.newest.fetch_add(1, Ordering::Relaxed) + 1;
        waiting.job = Some((own, job));
        drop(waiting);
        self.slot.changed.notify_one();
    }
}

impl<J> Slot<J> {
    fn next(&self) -> Option<(u64, J)> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if waiting.closed {
                return None;
            }
            if let Some(job) = waiting.job.take() {
                return Some(job);
            }
            waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl<J> Drop for Latest<J> {
    fn drop(&mut self) {
        self.slot.waiting.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.slot.newest.fetch_add(1, Ordering::Relaxed);
        self.slot.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn jobs_that_wait_are_overtaken_and_the_running_one_is_told() {
        let (started, has_started) = mpsc::channel();
        let (go, gate) = mpsc::channel::<()>();
        let (answer, answers) = mpsc::channel();
        let latest = Latest::spawn("test", move |job: u32, stale| {
            started.send(job).unwrap();
            gate.recv().unwrap();
            answer.send((job, stale.is_stale())).unwrap();
        });
        latest.submit(1);
        assert_eq!(has_started.recv(), Ok(1));
        for job in 2..=5 {
            latest.submit(job);
        }
        go.send(()).unwrap();
        assert_eq!(answers.recv(), Ok((1, true)));
        assert_eq!(has_started.recv(), Ok(5), "2, 3 and 4 were overtaken");
        go.send(()).unwrap();
        assert_eq!(answers.recv(), Ok((5, false)));
    }
}
