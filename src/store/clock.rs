//! Time as the wrappers see it: waits, and how long something took. Injected, so that a test of
//! back-offs and time-outs takes no time and always comes out the same.

use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

/// A wait under way.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A clock that only ever goes forward.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The time since some moment that stays the same.
    fn now(&self) -> Duration;

    /// Waits that long.
    fn sleep(&self, time: Duration) -> Sleep;
}

/// The time of the machine. Its waits need a tokio runtime around them, as every client has one.
#[derive(Debug)]
pub struct RealClock(Instant);

impl RealClock {
    /// Begins to count now.
    pub fn new() -> Self {
        Self(Instant::now())
    }
}

impl Default for RealClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for RealClock {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, time: Duration) -> Sleep {
        Box::pin(async move { tokio::time::sleep(time).await })
    }
}

/// A clock for tests: whoever waits has waited at once, and the clock stands where the wait would
/// have ended. Clones share it. A time limit therefore passes as soon as there is nothing else to be done.
#[doc(hidden)]
#[derive(Clone, Debug, Default)]
pub struct VirtualClock(Arc<Mutex<Duration>>);

impl VirtualClock {
    /// Lets time pass.
    pub fn advance(&self, time: Duration) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.saturating_add(time);
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Duration {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sleep(&self, time: Duration) -> Sleep {
        let clock = self.clone();
        let until = clock.now().saturating_add(time);
        Box::pin(async move {
            let mut now = clock.0.lock().unwrap_or_else(PoisonError::into_inner);
            *now = until.max(*now);
        })
    }
}

/// What `work` comes to, or `None` where it takes longer than `limit`; it is then dropped.
pub async fn within<T>(clock: &dyn Clock, limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let mut sleep = clock.sleep(limit);
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => sleep.as_mut().poll(context).map(|()| None),
    })
    .await
}
