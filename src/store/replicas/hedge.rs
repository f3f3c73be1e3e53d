//! The budget for asking twice: at most three in a hundred reads are hedged, whatever happens.
//!
//! A token bucket: every read puts in 0.03 of a token, a hedge takes a whole one. A store where
//! everything has become slow is thereby not asked for twice as much.

/// What each read puts in, in thousandths.
const SHARE: u64 = 30;
/// What a hedge takes.
const PRICE: u64 = 1000;
/// What the bucket holds at most: a few hedges in a row.
const FULL: u64 = 5 * PRICE;

/// The budget of one set of replicas.
#[derive(Clone, Copy, Debug, Default)]
pub struct HedgeBudget {
    held: u64,
}

impl HedgeBudget {
    /// A read begins.
    pub fn request(&mut self) {
        self.held = (self.held + SHARE).min(FULL);
    }

    /// Takes the price of a hedge, if it is there.
    pub fn take(&mut self) -> bool {
        let affordable = self.held >= PRICE;
        if affordable {
            self.held -= PRICE;
        }
        affordable
    }
}

#[cfg(test)]
mod tests {
    use super::HedgeBudget;

    #[test]
    fn never_more_than_three_in_a_hundred_are_hedged() {
        let mut budget = HedgeBudget::default();
        let mut hedged = 0;
        for request in 1..=10_000u64 {
            budget.request();
            hedged += u64::from(budget.take());
            assert!(hedged * 100 <= request * 3, "{hedged} of {request}");
        }
        assert!(hedged >= 290);
    }

    #[test]
    fn what_was_saved_is_bounded() {
        let mut budget = HedgeBudget::default();
        (0..100_000).for_each(|_| budget.request());
        assert_eq!((0..100).filter(|_| budget.take()).count(), 5);
    }
}
