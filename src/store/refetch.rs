//! Fetching again what does not verify.
//!
//! Bytes can be damaged on their way or by one bad server of many, and then another fetch brings them
//! whole. Only what is damaged every time is damaged where it lies.

/// How often what does not verify is fetched again. Where a tenth of all bodies arrive damaged, one of
/// ten thousand is still damaged after so many.
pub const REFETCHES_MAX: u32 = 3;

/// What `read`, which fetches and verifies, comes to; it runs again while `is_damage` says of its error
/// that what was fetched did not verify.
pub fn with_refetch<T, E>(
    is_damage: impl Fn(&E) -> bool,
    mut read: impl FnMut() -> Result<T, E>,
) -> Result<T, E> {
    for _ in 0..REFETCHES_MAX {
        match read() {
            Err(error) if is_damage(&error) => {}
            result => return result,
        }
    }
    read()
}

#[cfg(test)]
mod tests {
    use super::{REFETCHES_MAX, with_refetch};

    #[test]
    fn damage_is_fetched_again_and_anything_else_is_not() {
        let run = |failures: u32, error: &'static str| {
            let mut calls = 0;
            let result = with_refetch(
                |error: &&str| *error == "damage",
                || {
                    calls += 1;
                    if calls <= failures { Err(error) } else { Ok(calls) }
                },
            );
            (result, calls)
        };
        assert_eq!(run(0, "damage"), (Ok(1), 1));
        assert_eq!(run(2, "damage"), (Ok(3), 3));
        assert_eq!(run(2, "denied"), (Err("denied"), 1));
        assert_eq!(run(99, "damage"), (Err("damage"), REFETCHES_MAX + 1));
    }
}
