//! Numbers as JSON without loss: finite ones as the shortest text that reads back to the same bits, infinite ones as `"inf"` and `"-inf"`
//! (JSON has no word for them), and NaN refused, since nothing fitted may be unknown.

use serde::de::{Error as _, Visitor};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One number on its way to or from JSON.
#[derive(Clone, Copy)]
struct Exact(f64);

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            x if x.is_finite() => serializer.serialize_f64(x),
            f64::INFINITY => serializer.serialize_str("inf"),
            f64::NEG_INFINITY => serializer.serialize_str("-inf"),
            _ => Err(S::Error::custom("NaN in a fitted model")),
        }
    }
}

struct ExactVisitor;

impl Visitor<'_> for ExactVisitor {
    type Value = Exact;

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("a number, \"inf\" or \"-inf\"")
    }
    fn visit_f64<E>(self, x: f64) -> Result<Exact, E> {
        Ok(Exact(x))
    }
    fn visit_i64<E>(self, x: i64) -> Result<Exact, E> {
        Ok(Exact(x as f64))
    }
    fn visit_u64<E>(self, x: u64) -> Result<Exact, E> {
        Ok(Exact(x as f64))
    }
    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Exact, E> {
        match text {
            "inf" => Ok(Exact(f64::INFINITY)),
            "-inf" => Ok(Exact(f64::NEG_INFINITY)),
            other => Err(E::custom(format!("found {other:?}, expected a number, \"inf\" or \"-inf\""))),
        }
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ExactVisitor)
    }
}

/// `#[serde(with = "crate::exact::one")]` for an `f64`.
pub(crate) mod one {
    use super::*;

    pub fn serialize<S: Serializer>(x: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        Exact(*x).serialize(serializer)
    }
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        Ok(Exact::deserialize(deserializer)?.0)
    }
}

/// `#[serde(with = "crate::exact::many")]` for a `Vec<f64>`.
pub(crate) mod many {
    use super::*;

    pub fn serialize<S: Serializer>(xs: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(xs.iter().map(|x| Exact(*x)))
    }
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
        Ok(Vec::<Exact>::deserialize(deserializer)?.into_iter().map(|x| x.0).collect())
    }
}

/// `#[serde(with = "crate::exact::map")]` for a map from names to numbers.
pub(crate) mod map {
    use super::*;
    use std::collections::BTreeMap;

    pub fn serialize<S: Serializer>(xs: &BTreeMap<String, f64>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(xs.iter().map(|(name, x)| (name, Exact(*x))))
    }
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, f64>, D::Error> {
        let read = BTreeMap::<String, Exact>::deserialize(deserializer)?;
        if let Some((name, _)) = read.iter().find(|(_, x)| x.0.is_nan()) {
            return Err(D::Error::custom(format!("{name} is NaN, expected a number")));
        }
        Ok(read.into_iter().map(|(name, x)| (name, x.0)).collect())
    }
}
