//! Exact numbers: the only arithmetic a score may use.
//!
//! Owns a rational of unbounded size, its reading from decimal text and its single rounding at output.
//! It must not know floats: there is no way in or out of `f64`. Division by zero gives `None`.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
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
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Exact(Value);

/// In lowest terms with a denominator above 0; small whenever both parts fit, so that equal numbers are equal
/// values. Nearly every number of a score is small, and small ones cost a twentieth.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Value {
    Small(i64, i64),
    Big(Box<BigRational>),
}

/// Why a text is no exact number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not an exact number: write 12, 12.5 or 25/2")]
pub struct InvalidExact(pub String);

impl Exact {
    /// 0
    pub fn zero() -> Self {
        Self::integer(0)
    }

    /// 1
    pub fn one() -> Self {
        Self::integer(1)
    }

    /// A whole number.
    pub fn integer(value: i64) -> Self {
        Self(Value::Small(value, 1))
    }

    /// `numerator / denominator`; `None` when the denominator is 0.
    pub fn ratio(numerator: i64, denominator: i64) -> Option<Self> {
        (denominator != 0).then(|| Self::reduced(numerator.into(), denominator.into()))
    }

    /// The exact value of a decimal.
    pub fn from_decimal(value: Decimal) -> Self {
        match 10i128.checked_pow(value.scale()) {
            Some(denominator) => Self::reduced(value.mantissa(), denominator),
            None => Self::big(&BigRational::new(
                value.mantissa().into(),
                num_traits::pow(BigInt::from(10), value.scale() as usize),
            )),
        }
    }

    /// The value in lowest terms. The denominator must not be 0.
    fn reduced(numerator: i128, denominator: i128) -> Self {
        let divisor = if denominator == 1 { 1 } else { gcd(numerator, denominator) };
        let divisor = if denominator < 0 { -divisor } else { divisor };
        let (numerator, denominator) = (numerator / divisor, denominator / divisor);
        match (i64::try_from(numerator), i64::try_from(denominator)) {
            (Ok(numerator), Ok(denominator)) => Self(Value::Small(numerator, denominator)),
            _ => Self(Value::Big(Box::new(BigRational::new(numerator.into(), denominator.into())))),
        }
    }

    /// A number of any size, made small where it fits.
    fn big(value: &BigRational) -> Self {
        match (value.numer().to_i64(), value.denom().to_i64()) {
            (Some(numerator), Some(denominator)) => Self(Value::Small(numerator, denominator)),
            _ => Self(Value::Big(Box::new(value.clone()))),
        }
    }

    fn to_big(&self) -> BigRational {
        match &self.0 {
            Value::Small(numerator, denominator) => {
                BigRational::new_raw((*numerator).into(), (*denominator).into())
            }
            Value::Big(value) => (**value).clone(),
        }
    }

    /// `self / divisor`; `None` when the divisor is 0.
    pub fn checked_div(&self, divisor: &Self) -> Option<Self> {
        if divisor.is_zero() {
            return None;
        }
        Some(match (&self.0, &divisor.0) {
            (Value::Small(a, b), Value::Small(c, d)) => {
                Self::reduced(i128::from(*a) * i128::from(*d), i128::from(*b) * i128::from(*c))
            }
            _ => Self::big(&(self.to_big() / divisor.to_big())),
        })
    }

    /// Whether the value is 0.
    pub fn is_zero(&self) -> bool {
        matches!(self.0, Value::Small(0, _))
    }

    /// Whether the value is below 0.
    pub fn is_negative(&self) -> bool {
        match &self.0 {
            Value::Small(numerator, _) => *numerator < 0,
            Value::Big(value) => value.is_negative(),
        }
    }

    /// The value as decimal text with exactly `digits` decimals, rounded once.
    pub fn round(&self, digits: u32, mode: RoundingMode) -> String {
        if let Value::Small(numerator, denominator) = &self.0
            && let Some(scaled) =
                10i128.checked_pow(digits).and_then(|scale| i128::from(*numerator).checked_mul(scale))
        {
            let denominator = i128::from(*denominator);
            let (floor, rest) = (scaled.div_euclid(denominator), scaled.rem_euclid(denominator));
            let half = (2 * rest).cmp(&denominator);
            let up = goes_up(half, mode, self.is_negative(), floor % 2 != 0);
            return decimal_text((floor + i128::from(up)).to_string(), digits);
        }
        let value = self.to_big();
        let scaled = &value * BigRational::from_integer(num_traits::pow(BigInt::from(10), digits as usize));
        let floor = scaled.floor();
        let half = (&scaled - &floor).cmp(&BigRational::new(BigInt::one(), BigInt::from(2)));
        let floor = floor.to_integer();
        let odd = (&floor % BigInt::from(2)) != BigInt::zero();
        let up = goes_up(half, mode, value.is_negative(), odd);
        decimal_text((if up { floor + BigInt::one() } else { floor }).to_string(), digits)
    }

    /// The value as the shortest decimal text when it is a decimal fraction of at most 28 digits,
    /// else `numerator/denominator`. Always reads back to the same value.
    pub fn to_text(&self) -> String {
        self.to_string()
    }

    /// Numerator and denominator as 64-bit numbers, when both fit (for formulas in explanations).
    pub fn to_i64_ratio(&self) -> Option<(i64, i64)> {
        match self.0 {
            Value::Small(numerator, denominator) => Some((numerator, denominator)),
            Value::Big(_) => None,
        }
    }
}

/// Greatest common divisor, above 0 unless both are 0.
fn gcd(a: i128, b: i128) -> i128 {
    let (a, b) = (a.unsigned_abs(), b.unsigned_abs());
    let divisor = match (u64::try_from(a), u64::try_from(b)) {
        (Ok(mut a), Ok(mut b)) => {
            while b != 0 {
                (a, b) = (b, a % b);
            }
            a.into()
        }
        _ => {
            let (mut a, mut b) = (a, b);
            while b != 0 {
                (a, b) = (b, a % b);
            }
            a
        }
    };
    // Only 2¹²⁷ does not fit, and no product of two 64-bit numbers or mantissa reaches it.
    i128::try_from(divisor).unwrap_or(1)
}

/// Whether a rest, compared with one half, rounds away from the floor.
fn goes_up(half: Ordering, mode: RoundingMode, negative: bool, floor_is_odd: bool) -> bool {
    match (half, mode) {
        (Ordering::Greater, _) => true,
        (Ordering::Less, _) => false,
        // Away from zero: for a negative value the floor already lies away from zero.
        (Ordering::Equal, RoundingMode::HalfUp) => !negative,
        (Ordering::Equal, RoundingMode::HalfEven) => floor_is_odd,
    }
}

fn decimal_text(units: String, digits: u32) -> String {
    let (negative, text) = match units.strip_prefix('-') {
        Some(text) => (true, text.to_owned()),
        None => (false, units),
    };
    let digits = digits as usize;
    let padded = if text.len() <= digits { format!("{text:0>width$}", width = digits + 1) } else { text };
    let (whole, fraction) = padded.split_at(padded.len() - digits);
    let sign = if negative { "-" } else { "" };
    if digits == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = match &self.0 {
            Value::Small(numerator, 1) => return write!(f, "{numerator}"),
            Value::Small(_, denominator) => decimals(*denominator, 2, 5, 0),
            Value::Big(value) => {
                decimals(value.denom().clone(), BigInt::from(2), BigInt::from(5), BigInt::zero())
            }
        };
        match (digits, &self.0) {
            (Some(digits), _) => f.write_str(&self.round(digits, RoundingMode::HalfUp)),
            (None, Value::Small(numerator, denominator)) => write!(f, "{numerator}/{denominator}"),
            (None, Value::Big(value)) => write!(f, "{}/{}", value.numer(), value.denom()),
        }
    }
}

/// Decimals of a fraction with this denominator: finite, and at most 28, when it is made of twos and fives.
fn decimals<N>(mut rest: N, two: N, five: N, zero: N) -> Option<u32>
where
    N: PartialEq + One + std::ops::DivAssign<N> + Clone,
    for<'a> &'a N: std::ops::Rem<&'a N, Output = N>,
{
    let mut count = |prime: N| {
        let mut times = 0u32;
        while times <= 28 && &rest % &prime == zero {
            rest /= prime.clone();
            times += 1;
        }
        times
    };
    let digits = count(two).max(count(five));
    (rest.is_one() && digits <= 28).then_some(digits)
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
            return Ok(Self::big(&BigRational::new(numerator, denominator)));
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
        Ok(Self::big(&BigRational::new(units * sign, scale)))
    }
}

impl Ord for Exact {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Value::Small(a, b), Value::Small(c, d)) => {
                (i128::from(*a) * i128::from(*d)).cmp(&(i128::from(*c) * i128::from(*b)))
            }
            _ => self.to_big().cmp(&other.to_big()),
        }
    }
}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// `a·d + sign·c·b` over `b·d`, when the sum fits.
fn sum(a: i64, b: i64, c: i64, d: i64, sign: i128) -> Option<Exact> {
    let [a, b, c, d] = [a, b, c, d].map(i128::from);
    if b == d {
        return Some(Exact::reduced(a + sign * c, b));
    }
    Some(Exact::reduced((a * d).checked_add(sign * c * b)?, b * d))
}

impl Add for &Exact {
    type Output = Exact;
    fn add(self, other: &Exact) -> Exact {
        let small = match (&self.0, &other.0) {
            (Value::Small(a, b), Value::Small(c, d)) => sum(*a, *b, *c, *d, 1),
            _ => None,
        };
        small.unwrap_or_else(|| Exact::big(&(self.to_big() + other.to_big())))
    }
}

impl Sub for &Exact {
    type Output = Exact;
    fn sub(self, other: &Exact) -> Exact {
        let small = match (&self.0, &other.0) {
            (Value::Small(a, b), Value::Small(c, d)) => sum(*a, *b, *c, *d, -1),
            _ => None,
        };
        small.unwrap_or_else(|| Exact::big(&(self.to_big() - other.to_big())))
    }
}

impl Mul for &Exact {
    type Output = Exact;
    fn mul(self, other: &Exact) -> Exact {
        match (&self.0, &other.0) {
            (Value::Small(a, b), Value::Small(c, d)) => {
                Exact::reduced(i128::from(*a) * i128::from(*c), i128::from(*b) * i128::from(*d))
            }
            _ => Exact::big(&(self.to_big() * other.to_big())),
        }
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
    use proptest::prelude::*;

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

    /// Numbers around the border between small and big ones, and far beyond it.
    fn any_number() -> impl Strategy<Value = BigRational> {
        let part = prop_oneof![
            -20i128..20,
            i128::from(i64::MIN)..=i128::from(i64::MAX),
            Just(i64::MAX.into()),
            Just(i64::MIN.into()),
            any::<i128>()
        ];
        (part.clone(), part).prop_map(|(numerator, denominator)| {
            let denominator = if denominator == 0 { 1 } else { denominator };
            BigRational::new(numerator.into(), denominator.into())
        })
    }

    proptest! {
        #[test]
        fn small_and_big_numbers_reckon_alike(a in any_number(), b in any_number(), digits in 0u32..6) {
            let (x, y) = (Exact::big(&a), Exact::big(&b));
            prop_assert_eq!(&x + &y, Exact::big(&(&a + &b)));
            prop_assert_eq!(&x - &y, Exact::big(&(&a - &b)));
            prop_assert_eq!(&x * &y, Exact::big(&(&a * &b)));
            prop_assert_eq!(x.checked_div(&y), (!b.is_zero()).then(|| Exact::big(&(&a / &b))));
            prop_assert_eq!(x.cmp(&y), a.cmp(&b));
            prop_assert_eq!((x.is_zero(), x.is_negative()), (a.is_zero(), a.is_negative()));
            for mode in [RoundingMode::HalfUp, RoundingMode::HalfEven] {
                let big = Exact(Value::Big(Box::new(a.clone())));
                prop_assert_eq!(x.round(digits, mode), big.round(digits, mode));
            }
            prop_assert_eq!(x.to_string().parse::<Exact>(), Ok(x));
        }

        #[test]
        fn decimals_are_taken_over_exactly(mantissa in any::<i64>(), scale in 0u32..=28) {
            let exact = Exact::from_decimal(Decimal::from_i128_with_scale(mantissa.into(), scale));
            let expected =
                BigRational::new(mantissa.into(), num_traits::pow(BigInt::from(10), scale as usize));
            prop_assert_eq!(exact, Exact::big(&expected));
        }
    }
}
