//! Amounts: whole micro-dollars, so that nothing is ever a fraction of a float.

use serde::{Deserialize, Serialize};
use std::{fmt, iter::Sum, ops::Neg};
use utoipa::ToSchema;

const PER_CENT: i128 = 10_000;
const PER_DOLLAR: u64 = 1_000_000;

/// Millionths of a dollar.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(transparent)]
pub struct Micros(pub i64);

/// An amount beyond 2^63 micro-dollars: nine million million dollars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an amount is larger than this program can count")]
pub struct TooMuch;

impl Micros {
    pub const ZERO: Self = Self(0);

    /// The price of `units` at so much per million of them; parts of a micro-dollar are dropped.
    pub fn of_units(units: u64, per_million: Micros) -> Result<Self, TooMuch> {
        narrow(i128::from(units) * i128::from(per_million.0) / 1_000_000)
    }

    /// The part of `self` that falls on `seconds` of a period of `of_seconds`; parts of a
    /// micro-dollar are dropped.
    pub fn prorated(self, seconds: u64, of_seconds: u64) -> Result<Self, TooMuch> {
        narrow(i128::from(self.0) * i128::from(seconds) / i128::from(of_seconds.max(1)))
    }

    pub fn minus(self, other: Self) -> Result<Self, TooMuch> {
        self.0.checked_sub(other.0).map(Self).ok_or(TooMuch)
    }

    pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Result<Self, TooMuch> {
        narrow(amounts.into_iter().map(|amount| i128::from(amount.0)).sum())
    }

    /// Whole cents, half a cent up. The only place where money is rounded to cents.
    pub fn to_cents(self) -> i64 {
        let cents = (i128::from(self.0) + PER_CENT / 2).div_euclid(PER_CENT);
        // A ten-thousandth of an i64 is one.
        cents as i64
    }
}

fn narrow(amount: i128) -> Result<Micros, TooMuch> {
    i64::try_from(amount).map(Micros).map_err(|_| TooMuch)
}

impl Neg for Micros {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl Sum for Micros {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        Self(iter.fold(0, |sum, amount| sum.saturating_add(amount.0)))
    }
}

/// `$12.50`, with as many digits after the cents as the amount needs.
impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (dollars, parts) =
            (self.0.unsigned_abs() / PER_DOLLAR, self.0.unsigned_abs() % PER_DOLLAR);
        let parts = format!("{parts:06}");
        let digits = parts.trim_end_matches('0').len().max(2);
        write!(f, "{sign}${dollars}.{}", &parts[..digits])
    }
}

/// `$12.50` of cents.
pub fn dollars(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}${}.{:02}", cents.unsigned_abs() / 100, cents.unsigned_abs() % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cents_are_rounded_half_up() {
        for (micros, cents) in [
            (0, 0),
            (4_999, 0),
            (5_000, 1),
            (14_999, 1),
            (15_000, 2),
            (19_000_000, 1_900),
            (i64::MAX, 922_337_203_685_478),
        ] {
            assert_eq!(Micros(micros).to_cents(), cents, "{micros}");
        }
    }

    #[test]
    fn amounts_are_shown_with_the_digits_they_need() {
        for (micros, text) in [
            (0, "$0.00"),
            (19_000_000, "$19.00"),
            (2_500_000, "$2.50"),
            (1, "$0.000001"),
            (-10_120_000, "-$10.12"),
            (1_234_567_890, "$1234.56789"),
        ] {
            assert_eq!(Micros(micros).to_string(), text);
        }
        assert_eq!((dollars(1_905), dollars(-5)), ("$19.05".into(), "-$0.05".into()));
    }

    #[test]
    fn units_cost_what_a_million_costs_and_too_much_is_said() {
        let price = Micros(2_500_000);
        assert_eq!(Micros::of_units(1_000_000, price), Ok(price));
        assert_eq!(Micros::of_units(1, price), Ok(Micros(2)), "half a micro-dollar is dropped");
        assert_eq!(Micros::of_units(3, price), Ok(Micros(7)));
        assert_eq!(Micros::of_units(u64::MAX, Micros(i64::MAX)), Err(TooMuch));
        assert_eq!(Micros::sum([Micros(i64::MAX), Micros(1)]), Err(TooMuch));
        assert_eq!(Micros::sum([Micros(i64::MAX), Micros(1), Micros(-1)]), Ok(Micros(i64::MAX)));
    }
}
