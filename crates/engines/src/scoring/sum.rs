//! Sums of many decimals, exactly and fast.
//!
//! Owns a running sum in 128-bit units of 10⁻¹²; a term that does not fit goes to an unbounded rational
//! instead, so speed never costs a digit. Both paths give the same value.

use crate::domain::Exact;
use rust_decimal::Decimal;

/// Decimals kept in the fast sum.
const SCALE: u32 = 12;

/// An exact running sum.
#[derive(Debug, Clone, Default)]
pub(super) struct Sum {
    units: i128,
    rest: Option<Exact>,
}

impl Sum {
    /// Adds `a · b · factor`.
    pub(super) fn add(&mut self, a: Decimal, b: Decimal, factor: u32) {
        let fast = || {
            let scale = a.scale() + b.scale();
            let up = 10i128.checked_pow(SCALE.checked_sub(scale)?)?;
            let product = a.mantissa().checked_mul(b.mantissa())?.checked_mul(i128::from(factor))?;
            self.units.checked_add(product.checked_mul(up)?)
        };
        match fast() {
            Some(units) => self.units = units,
            None => {
                let product = &Exact::from_decimal(a) * &Exact::from_decimal(b);
                self.add_exact(&(&product * &Exact::integer(factor.into())));
            }
        }
    }

    /// Adds a term of any size.
    pub(super) fn add_exact(&mut self, term: &Exact) {
        self.rest = Some(self.rest.as_ref().map_or_else(|| term.clone(), |rest| rest + term));
    }

    /// Adds another sum.
    pub(super) fn join(&mut self, other: &Self) {
        match self.units.checked_add(other.units) {
            Some(units) => self.units = units,
            None => self.add_exact(&Self { units: other.units, rest: None }.total()),
        }
        if let Some(rest) = &other.rest {
            self.add_exact(rest);
        }
    }

    /// The sum.
    pub(super) fn total(&self) -> Exact {
        // Mantissas of 128 bits do not fit a decimal; split at 10¹⁸ and put together exactly.
        let split = 1_000_000_000_000_000_000i128;
        let (high, low) = (self.units.div_euclid(split), self.units.rem_euclid(split));
        let exact = |value: i128| i64::try_from(value).map_or_else(|_| big(value), Exact::integer);
        let units = &(&exact(high) * &exact(split)) + &exact(low);
        let scaled = units.checked_div(&exact(10i128.pow(SCALE))).unwrap_or_else(Exact::zero);
        self.rest.as_ref().map_or(scaled.clone(), |rest| &scaled + rest)
    }
}

fn big(value: i128) -> Exact {
    value.to_string().parse().unwrap_or_else(|_| Exact::zero())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn fast_sum_equals_the_rational_one(terms in prop::collection::vec((0i64..1_000_000_000, 0u32..9, 0i64..1_000_000, 0u32..9, 0u32..5), 0..40)) {
            let mut sum = Sum::default();
            let mut slow = Exact::zero();
            for (a, sa, b, sb, factor) in terms {
                let (a, b) = (Decimal::new(a, sa), Decimal::new(b, sb));
                sum.add(a, b, factor);
                slow = &slow + &(&(&Exact::from_decimal(a) * &Exact::from_decimal(b)) * &Exact::integer(factor.into()));
            }
            prop_assert_eq!(sum.total(), slow);
        }
    }

    #[test]
    fn terms_too_large_or_too_fine_are_still_exact() {
        let mut sum = Sum::default();
        let huge = Decimal::MAX;
        let fine = Decimal::new(1, 28);
        sum.add(huge, huge, 4);
        sum.add(fine, fine, 1);
        let expected = &(&(&Exact::from_decimal(huge) * &Exact::from_decimal(huge)) * &Exact::integer(4))
            + &(&Exact::from_decimal(fine) * &Exact::from_decimal(fine));
        assert_eq!(sum.total(), expected);
    }
}
