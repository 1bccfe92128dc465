//! How what is left is divided among those who want some.

/// One holder's wish, beside those of the others.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    pub wanted: i64,
    /// What all other live holders want.
    pub others: i64,
    /// It was granted something and has not touched it.
    pub is_idle: bool,
}

/// What this holder gets of `available`, which nobody holds.
///
/// Far from the edge everybody gets what they want. Near it, each gets a part as large as its
/// wish is among all wishes; and one who left the last grant untouched lets the others go first,
/// so that the last unit does not stay with somebody who never uses it.
pub fn share(available: i64, wish: Wish) -> i64 {
    let all = wish.wanted.saturating_add(wish.others);
    if available <= 0 || wish.wanted <= 0 {
        0
    } else if available >= all {
        wish.wanted
    } else if wish.is_idle && wish.others > 0 {
        0
    } else {
        let part = i128::from(available) * i128::from(wish.wanted);
        let part = (part + i128::from(all) - 1) / i128::from(all);
        // Not above `available`, which fits.
        i64::try_from(part).unwrap_or(available).min(available).min(wish.wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shares_shrink_near_the_edge() {
        for (available, wanted, others, is_idle, expected) in [
            (1_000, 100, 300, false, 100),
            (400, 100, 300, false, 100),
            (399, 100, 300, false, 100),
            (200, 100, 300, false, 50),
            (1, 100, 300, false, 1),
            (1, 100, 300, true, 0),
            (50, 100, 0, false, 50),
            (50, 100, 0, true, 50),
            (0, 100, 0, false, 0),
            (-5, 100, 0, false, 0),
            (50, 0, 100, false, 0),
            (i64::MAX, i64::MAX, i64::MAX, false, i64::MAX),
        ] {
            let got = share(available, Wish { wanted, others, is_idle });
            assert_eq!(got, expected, "{available} {wanted} {others} {is_idle}");
        }
    }

    proptest! {
        #[test]
        fn nobody_gets_more_than_there_is_or_than_they_want(
            available: i64, wanted in 0..i64::MAX, others in 0..i64::MAX, is_idle: bool,
        ) {
            let got = share(available, Wish { wanted, others, is_idle });
            prop_assert!(got >= 0 && got <= available.max(0) && got <= wanted);
        }
    }
}
