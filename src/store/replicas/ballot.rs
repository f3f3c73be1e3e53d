//! What the votes of the required replicas come to. Pure, and the heart of the safety argument.
//!
//! A vote is the body that a replica holds under a key; it is cast once and does not change. Therefore
//! `Chosen::Body` is stable: whoever sees more votes later comes to the same body.

/// What one required replica has, as far as is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vote<B> {
    /// This body.
    Holds(B),
    /// Nothing yet.
    Absent,
    /// It has not answered.
    Unknown,
}

/// What the votes come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chosen<B> {
    /// This body, and it will never be another one.
    Body(B),
    /// Nothing can have been chosen yet: too many have nothing.
    Nothing,
    /// It depends on votes that are not cast or not known.
    Undecided,
}

/// What the votes, in the configured order of the replicas, come to.
pub fn chosen<B: PartialEq + Copy>(votes: &[Vote<B>]) -> Chosen<B> {
    let majority = votes.len() / 2 + 1;
    let count = |body: B| votes.iter().filter(|vote| **vote == Vote::Holds(body)).count();
    let mut best: Option<(usize, B)> = None;
    for vote in votes {
        if let Vote::Holds(body) = vote {
            let supporters = count(*body);
            if best.is_none_or(|(most, _)| supporters > most) {
                best = Some((supporters, *body));
            }
        }
    }
    let all_cast = votes.iter().all(|vote| matches!(vote, Vote::Holds(_)));
    match best {
        Some((supporters, body)) if supporters >= majority || all_cast => Chosen::Body(body),
        _ => {
            let absent = votes.iter().filter(|vote| **vote == Vote::Absent).count();
            // Without these, no majority was possible when they were asked.
            if votes.len() - absent < majority { Chosen::Nothing } else { Chosen::Undecided }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Chosen, Vote, chosen};

    /// Every way in which `count` replicas can hold one of `bodies`, nothing, or be unknown.
    fn all(count: usize, bodies: u8) -> Vec<Vec<Vote<u8>>> {
        let mut all = vec![Vec::new()];
        for _ in 0..count {
            let options =
                (0..bodies).map(Vote::Holds).chain([Vote::Absent, Vote::Unknown]).collect::<Vec<_>>();
            all = all
                .into_iter()
                .flat_map(|votes| options.iter().map(move |one| [votes.clone(), vec![*one]].concat()))
                .collect();
        }
        all
    }

    #[test]
    fn what_was_chosen_stays_chosen_whatever_becomes_known_or_is_cast_later() {
        for count in 1..=5 {
            for votes in all(count, if count < 5 { 3 } else { 2 }) {
                let Chosen::Body(body) = chosen(&votes) else { continue };
                for at in (0..count).filter(|at| !matches!(votes[*at], Vote::Holds(_))) {
                    for later in 0..3 {
                        let mut more = votes.clone();
                        more[at] = Vote::Holds(later);
                        assert_eq!(chosen(&more), Chosen::Body(body), "{votes:?} then {more:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn once_all_votes_are_cast_there_is_a_decision() {
        for count in 1..=5 {
            for votes in
                all(count, 3).iter().filter(|votes| votes.iter().all(|v| matches!(v, Vote::Holds(_))))
            {
                assert!(matches!(chosen(votes), Chosen::Body(_)), "{votes:?}");
            }
        }
    }

    #[test]
    fn replacing_a_losing_body_by_the_chosen_one_changes_nothing() {
        for votes in all(4, 3) {
            let Chosen::Body(body) = chosen(&votes) else { continue };
            for at in 0..4 {
                let mut healed = votes.clone();
                healed[at] = Vote::Holds(body);
                assert_eq!(chosen(&healed), Chosen::Body(body));
            }
        }
    }

    #[test]
    fn nothing_is_chosen_where_a_majority_has_nothing() {
        assert_eq!(chosen::<u8>(&[Vote::Absent, Vote::Absent, Vote::Unknown]), Chosen::Nothing);
        assert_eq!(chosen(&[Vote::Holds(1), Vote::Absent, Vote::Absent]), Chosen::Nothing);
        assert_eq!(chosen(&[Vote::Holds(1), Vote::Absent, Vote::Unknown]), Chosen::Undecided);
        assert_eq!(chosen(&[Vote::Holds(1), Vote::Unknown, Vote::Holds(2)]), Chosen::Undecided);
    }
}
