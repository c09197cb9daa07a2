//! Exact numbers: the only arithmetic a score may use.
//!
//! Owns a rational of unbounded size, its reading from decimal text and its single rounding at output.
//! It must not know floats: there is no way in or out of `f64`. Division by zero gives `None`.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::{Add, Mul, Sub};
use std::str::FromStr;

/// How a value half-way between two printable ones is rounded at output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoundingMode {
    /// 0.5 goes away from zero (làm tròn thông thường).
    HalfUp,
    /// 0.5 goes to the even neighbour.
    HalfEven,
}

/// An exact rational number. Written and stored as `numerator/denominator` in lowest terms, or as a
/// whole number; never as a float.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Exact(BigRational);

/// Why a text is no exact number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not an exact number: write 12, 12.5 or 25/2")]
pub struct InvalidExact(pub String);

impl Exact {
    /// 0
    pub fn zero() -> Self {
        Self(BigRational::zero())
    }

    /// 1
    pub fn one() -> Self {
        Self(BigRational::one())
    }

    /// A whole number.
    pub fn integer(value: i64) -> Self {
        Self(BigRational::from_integer(BigInt::from(value)))
    }

    /// `numerator / denominator`; `None` when the denominator is 0.
    pub fn ratio(numerator: i64, denominator: i64) -> Option<Self> {
        (denominator != 0).then(|| Self(BigRational::new(numerator.into(), denominator.into())))
    }

    /// The exact value of a decimal.
    pub fn from_decimal(value: Decimal) -> Self {
        let denominator = num_traits::pow(BigInt::from(10), value.scale() as usize);
        Self(BigRational::new(BigInt::from(value.mantissa()), denominator))
    }

    /// `self / divisor`; `None` when the divisor is 0.
    pub fn checked_div(&self, divisor: &Self) -> Option<Self> {
        (!divisor.0.is_zero()).then(|| Self(&self.0 / &divisor.0))
    }

    /// Whether the value is 0.
    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    /// Whether the value is below 0.
    pub fn is_negative(&self) -> bool {
        self.0.is_negative()
    }

    /// The value as decimal text with exactly `digits` decimals, rounded once.
    pub fn round(&self, digits: u32, mode: RoundingMode) -> String {
        let scale = num_traits::pow(BigInt::from(10), digits as usize);
        let scaled = &self.0 * BigRational::from_integer(scale);
        let floor = scaled.floor();
        let rest = &scaled - &floor;
        let half = BigRational::new(BigInt::one(), BigInt::from(2));
        let floor = floor.to_integer();
        let up = match rest.cmp(&half) {
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Equal => match mode {
                // Away from zero: for a negative value the floor already lies away from zero.
                RoundingMode::HalfUp => !self.0.is_negative(),
                RoundingMode::HalfEven => (&floor % BigInt::from(2)) != BigInt::zero(),
            },
        };
        let units = if up { floor + BigInt::one() } else { floor };
        decimal_text(&units, digits)
    }

    /// The value as the shortest decimal text when it is a decimal fraction of at most 28 digits,
    /// else `numerator/denominator`. Always reads back to the same value.
    pub fn to_text(&self) -> String {
        self.to_string()
    }

    /// Numerator and denominator as 64-bit numbers, when both fit (for formulas in explanations).
    pub fn to_i64_ratio(&self) -> Option<(i64, i64)> {
        Some((self.0.numer().to_i64()?, self.0.denom().to_i64()?))
    }
}

fn decimal_text(units: &BigInt, digits: u32) -> String {
    let negative = units.is_negative();
    let text = units.abs().to_string();
    let digits = digits as usize;
    let padded = if text.len() <= digits { format!("{text:0>width$}", width = digits + 1) } else { text };
    let (whole, fraction) = padded.split_at(padded.len() - digits);
    let sign = if negative { "-" } else { "" };
    if digits == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A denominator of only twos and fives is a finite decimal fraction.
        let mut rest = self.0.denom().clone();
        let (mut twos, mut fives) = (0u32, 0u32);
        while (&rest % BigInt::from(2)).is_zero() && twos <= 28 {
            rest /= BigInt::from(2);
            twos += 1;
        }
        while (&rest % BigInt::from(5)).is_zero() && fives <= 28 {
            rest /= BigInt::from(5);
            fives += 1;
        }
        let digits = twos.max(fives);
        if rest.is_one() && digits <= 28 {
            f.write_str(&self.round(digits, RoundingMode::HalfUp))
        } else {
            write!(f, "{}/{}", self.0.numer(), self.0.denom())
        }
    }
}

impl FromStr for Exact {
    type Err = InvalidExact;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidExact(text.chars().take(60).collect());
        if text.len() > 400 {
            return Err(invalid());
        }
        if let Some((numerator, denominator)) = text.split_once('/') {
            let numerator: BigInt = numerator.parse().map_err(|_| invalid())?;
            let denominator: BigInt = denominator.parse().map_err(|_| invalid())?;
            if denominator.is_zero() {
                return Err(invalid());
            }
            return Ok(Self(BigRational::new(numerator, denominator)));
        }
        let (sign, digits) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        let dot_without_digits = digits.contains('.') && fraction.is_empty();
        if whole.is_empty() || !plain(whole) || !plain(fraction) || dot_without_digits {
            return Err(invalid());
        }
        let units: BigInt = format!("{whole}{fraction}").parse().map_err(|_| invalid())?;
        let scale = num_traits::pow(BigInt::from(10), fraction.len());
        Ok(Self(BigRational::new(units * sign, scale)))
    }
}

impl Add for &Exact {
    type Output = Exact;
    fn add(self, other: &Exact) -> Exact {
        Exact(&self.0 + &other.0)
    }
}

impl Sub for &Exact {
    type Output = Exact;
    fn sub(self, other: &Exact) -> Exact {
        Exact(&self.0 - &other.0)
    }
}

impl Mul for &Exact {
    type Output = Exact;
    fn mul(self, other: &Exact) -> Exact {
        Exact(&self.0 * &other.0)
    }
}

impl<'a> std::iter::Sum<&'a Exact> for Exact {
    fn sum<I: Iterator<Item = &'a Exact>>(values: I) -> Self {
        values.fold(Exact::zero(), |total, value| &total + value)
    }
}

impl Serialize for Exact {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(text: &str) -> Exact {
        text.parse().expect(text)
    }

    #[test]
    fn text_reads_back_to_the_same_value() {
        for (text, printed) in
            [("12", "12"), ("12.50", "12.5"), ("-0.05", "-0.05"), ("1/3", "1/3"), ("2/4", "0.5")]
        {
            assert_eq!(exact(text).to_string(), printed);
            assert_eq!(exact(printed), exact(text));
        }
        for bad in ["", ".5", "5.", "1e3", "1/0", "0x1", "NaN", "--1", "1 2", "+1"] {
            assert!(bad.parse::<Exact>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn rounding_happens_once_and_follows_the_mode() {
        use RoundingMode::{HalfEven, HalfUp};
        // D-10: 29.5 + 70 * 0.8635 = 89.945; rounding twice would give 90.0.
        assert_eq!(exact("89.945").round(2, HalfUp), "89.95");
        assert_eq!(exact("89.945").round(1, HalfUp), "89.9");
        assert_eq!(exact("89.945").round(2, HalfEven), "89.94");
        assert_eq!(exact("-0.5").round(0, HalfUp), "-1");
        assert_eq!(exact("-1.5").round(0, HalfEven), "-2");
        assert_eq!(exact("2/3").round(4, HalfUp), "0.6667");
        assert_eq!(exact("0.004").round(2, HalfUp), "0.00");
    }
}
