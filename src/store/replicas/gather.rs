//! Waiting for several replicas: for all of them, or until enough have answered and a little longer.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

/// Those that are left when enough have answered get this many times as long as that took.
const GRACE_FACTOR: u32 = 4;

/// Hands what each replica's work comes to, and the replica's number, to `see`, which tells whether that is
/// enough. From then on the others get as long again four times over, and `least` at least; what has not
/// ended then is given up, and `see` does not hear of it.
pub(super) async fn gather<T: Send + 'static>(
    mut work: JoinSet<(usize, T)>,
    least: Duration,
    mut see: impl FnMut(usize, T) -> bool,
) {
    let began = Instant::now();
    let mut deadline: Option<Instant> = None;
    loop {
        let joined = match deadline {
            None => work.join_next().await,
            Some(deadline) => {
                let left = deadline.saturating_duration_since(Instant::now());
                tokio::time::timeout(left, work.join_next()).await.unwrap_or(None)
            }
        };
        let Some(joined) = joined else { return };
        let is_enough = joined.is_ok_and(|(at, result)| see(at, result));
        if is_enough && deadline.is_none() {
            deadline = Some(Instant::now() + (began.elapsed() * GRACE_FACTOR).max(least));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use tokio::task::JoinSet;

    use super::gather;

    /// What was seen of replicas that take so many milliseconds, when two are enough.
    fn seen(milliseconds: &[u64]) -> (Vec<usize>, Duration) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let began = Instant::now();
        let mut seen = Vec::new();
        runtime.block_on(async {
            let mut work = JoinSet::new();
            for (at, milliseconds) in milliseconds.iter().enumerate() {
                let pause = Duration::from_millis(*milliseconds);
                work.spawn(async move { (at, tokio::time::sleep(pause).await) });
            }
            gather(work, Duration::from_millis(200), |at, ()| {
                seen.push(at);
                seen.len() >= 2
            })
            .await;
        });
        (seen, began.elapsed())
    }

    #[test]
    fn the_slowest_is_given_up_when_enough_have_answered_and_no_sooner() {
        let (all, took) = seen(&[60_000, 1, 5]);
        assert_eq!(all, [1, 2]);
        assert!(took >= Duration::from_millis(200) && took < Duration::from_secs(30), "{took:?}");
        assert_eq!(seen(&[1, 3]).0, [0, 1], "nothing is waited for where all have answered");
        let (all, took) = seen(&[400, 1, 300]);
        assert_eq!(all, [1, 2, 0], "it gets a multiple of what the others took");
        assert!(took >= Duration::from_millis(400), "{took:?}");
    }
}
