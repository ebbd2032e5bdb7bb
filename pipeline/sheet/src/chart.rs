//! The arithmetic and the small drawings of charts. Coordinates are rounded to tenths and written without exponent or minus zero, so that a
//! chart is the same bytes on every machine. A drawing never carries meaning alone: the number stands beside it in text.

use crate::doc::{Axis, Interval};
use std::fmt::{self, Display, Write};

/// A coordinate: at most one decimal, never an exponent, never `-0`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coord(pub f64);

impl Display for Coord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = if self.0.is_finite() { self.0.clamp(-1e6, 1e6) } else { 0.0 };
        let tenths = (held * 10.0).round() as i64;
        if tenths < 0 {
            f.write_str("-")?;
        }
        write!(f, "{}", tenths.unsigned_abs() / 10)?;
        match tenths.unsigned_abs() % 10 {
            0 => Ok(()),
            tenth => write!(f, ".{tenth}"),
        }
    }
}

/// A stretch of values laid over 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    /// The scale that holds all of the values and zero; values that are not finite are passed over.
    pub fn over(values: impl IntoIterator<Item = f64>) -> Self {
        let (mut low, mut high) = (0.0_f64, 0.0_f64);
        for value in values.into_iter().filter(|v| v.is_finite()) {
            low = low.min(value);
            high = high.max(value);
        }
        if high - low <= 0.0 {
            high = low + 1.0;
        }
        Self { low, high }
    }

    /// The scale that holds all of the values with a little room on both sides, zero or not.
    pub fn around(values: impl IntoIterator<Item = f64>) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.into_iter().filter(|v| v.is_finite()) {
            low = low.min(value);
            high = high.max(value);
        }
        if low > high {
            return Self { low: 0.0, high: 1.0 };
        }
        let room = ((high - low) * 0.05).max(0.5);
        Self { low: low - room, high: high + room }
    }

    /// Where a value lies, 0 to 100.
    pub fn at(&self, value: f64) -> f64 {
        let share = (value - self.low) / (self.high - self.low);
        if share.is_finite() { (share * 100.0).clamp(0.0, 100.0) } else { 0.0 }
    }
}

/// The stretch each step of a waterfall covers: the base from zero, each contribution from where the last ended.
pub fn waterfall(base: f64, turns: impl IntoIterator<Item = f64>) -> Vec<(f64, f64)> {
    let mut spans = vec![(0.0, base)];
    let mut at = base;
    for turn in turns {
        let next = at + turn;
        spans.push((at, next));
        at = next;
    }
    spans
}

/// One step of a waterfall from `from` to `to`: filled when it rises, hollow when it falls, so that the sign does not hang on a colour. A
/// thin line marks where everyone starts.
pub fn span(scale: &Scale, base: f64, from: f64, to: f64) -> String {
    let (a, b) = (scale.at(from), scale.at(to));
    let wide = (b - a).abs().max(0.6);
    let class = if to < from { "ho" } else { "fu" };
    let mut svg = row(scale, base);
    let _ = write!(svg, "<path class={class} d=\"M{} 3h{1}v8h-{1}z\"/></svg>", Coord(a.min(b)), Coord(wide));
    svg
}

/// Where a waterfall starts or ends: a mark, not a bar, since the scale of a waterfall need not begin at zero.
pub fn level(scale: &Scale, base: f64, value: f64) -> String {
    let mut svg = row(scale, base);
    let _ = write!(svg, "<path class=fu d=\"M{} 0h1.6v14h-1.6z\"/></svg>", Coord(scale.at(value) - 0.8));
    svg
}

fn row(scale: &Scale, base: f64) -> String {
    let mut svg = open_row();
    let _ = write!(svg, "<path class=li d=\"M{} 0v14\"/>", Coord(scale.at(base)));
    svg
}

/// One bar from zero, with whiskers if it has an interval.
pub fn bar(scale: &Scale, value: f64, interval: Option<(f64, f64)>) -> String {
    let (zero, end) = (scale.at(0.0), scale.at(value));
    let mut svg = open_row();
    let _ = write!(svg, "<path class=fu d=\"M{} 3h{1}v8h-{1}z\"/>", Coord(zero.min(end)), Coord((end - zero).abs()));
    if let Some((low, high)) = interval {
        let (low, high) = (Coord(scale.at(low)), Coord(scale.at(high)));
        let _ = write!(svg, "<path class=wh d=\"M{low} 7H{high}M{low} 4v6M{high} 4v6\"/>");
    }
    svg.push_str("</svg>");
    svg
}

fn open_row() -> String {
    let mut svg = String::with_capacity(220);
    svg.push_str("<svg viewBox=\"0 0 100 14\" preserveAspectRatio=none aria-hidden=true>");
    svg
}

/// Five dots, as many of them full as the grade says; five dashes where there is none.
pub fn dots(grade: Option<u8>) -> String {
    match grade {
        Some(grade) => (1..=5).map(|n| if n <= grade { '●' } else { '○' }).collect(),
        None => "–––––".to_owned(),
    }
}

/// Left edge, lower edge and side of the square in which [`plane`] draws.
const LEFT: f64 = 22.0;
const FOOT: f64 = 122.0;
const SIDE: f64 = 110.0;

/// The picture of two axes: five by five bands, a diamond at the estimate, lines for the intervals. An axis without a value gets a line across
/// its whole length, dashed, and the words say why.
pub fn plane(across: &Axis, up: &Axis) -> String {
    let mut svg = String::with_capacity(1_100);
    for step in 0..=5_u8 {
        let at = SIDE * f64::from(step) / 5.0;
        let _ = write!(svg, "<path class=li d=\"M{} {}v-{SIDE}M{LEFT} {}h{SIDE}\"/>", Coord(LEFT + at), FOOT, Coord(FOOT - at));
        if step > 0 {
            let middle = at - SIDE / 10.0;
            let _ = write!(svg, "<text x={} y=132>{}{step}</text>", Coord(LEFT + middle - 5.0), across.letter);
            let _ = write!(svg, "<text x=5 y={}>{}{step}</text>", Coord(FOOT - middle + 3.0), up.letter);
        }
    }
    let x = across.share.map(|s| LEFT + s.value.clamp(0.0, 1.0) * SIDE);
    let y = up.share.map(|s| FOOT - s.value.clamp(0.0, 1.0) * SIDE);
    match (x, y) {
        (Some(x), Some(y)) => {
            if let Some((low, high)) = ends(across.share) {
                let _ = write!(svg, "<path class=wh d=\"M{} {}H{}\"/>", Coord(LEFT + low), Coord(y), Coord(LEFT + high));
            }
            if let Some((low, high)) = ends(up.share) {
                let _ = write!(svg, "<path class=wh d=\"M{} {}V{}\"/>", Coord(x), Coord(FOOT - low), Coord(FOOT - high));
            }
            let _ = write!(svg, "<path class=fu d=\"M{} {}l6 6l-6 6l-6 -6z\"/>", Coord(x), Coord(y - 6.0));
        }
        (Some(x), None) => dashed(&mut svg, format_args!("M{} {FOOT}v-{SIDE}", Coord(x))),
        (None, Some(y)) => dashed(&mut svg, format_args!("M{LEFT} {}h{SIDE}", Coord(y))),
        (None, None) => {}
    }
    svg
}

fn dashed(svg: &mut String, path: fmt::Arguments<'_>) {
    let _ = write!(svg, "<path class=wh stroke-dasharray=\"4 3\" d=\"{path}\"/>");
}

/// The two ends of an interval in drawing units from the corner.
fn ends(share: Option<Interval>) -> Option<(f64, f64)> {
    let share = share?;
    Some((share.low?.clamp(0.0, 1.0) * SIDE, share.high?.clamp(0.0, 1.0) * SIDE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doc::Bi;

    #[test]
    fn coordinates_are_short_and_stable() {
        let shown: Vec<String> =
            [0.0, -0.04, 1.0, 12.34, 12.35, -3.26, 1e300, f64::NAN, 1.0 / 3.0].iter().map(|v| Coord(*v).to_string()).collect();
        assert_eq!(shown, ["0", "0", "1", "12.3", "12.4", "-3.3", "1000000", "0", "0.3"]);
    }

    #[test]
    fn a_scale_holds_zero_and_survives_nothing() {
        let scale = Scale::over([-20.0, 80.0, f64::NAN]);
        assert_eq!((scale.at(-20.0), scale.at(0.0), scale.at(80.0)), (0.0, 20.0, 100.0));
        let near = Scale::around([500.0, 600.0]);
        assert!(near.at(500.0) > 4.0 && near.at(500.0) < 5.0 && near.at(600.0) > 95.0);
        assert_eq!(Scale::around([]).at(0.5), 50.0);
        let empty = Scale::over([]);
        assert_eq!((empty.at(0.0), empty.at(1.0), empty.at(f64::NAN)), (0.0, 100.0, 0.0));
    }

    #[test]
    fn a_waterfall_ends_at_its_sum() {
        let spans = waterfall(50.0, [10.0, -25.0, 5.0]);
        assert_eq!(spans, [(0.0, 50.0), (50.0, 60.0), (60.0, 35.0), (35.0, 40.0)]);
    }

    #[test]
    fn rising_is_filled_falling_is_hollow() {
        let scale = Scale::over([100.0]);
        assert!(span(&scale, 0.0, 10.0, 40.0).contains("class=fu d=\"M10 3h30v8h-30z\""));
        assert!(span(&scale, 0.0, 40.0, 10.0).contains("class=ho d=\"M10 3h30v8h-30z\""));
        assert!(level(&scale, 0.0, 50.0).contains("class=fu d=\"M49.2 0h1.6"));
        assert!(bar(&scale, 50.0, Some((40.0, 60.0))).contains("M40 7H60M40 4v6M60 4v6"));
    }

    #[test]
    fn the_plane_shows_what_is_known_of_two_axes() {
        let axis = |letter, value: Option<f64>| Axis {
            name: Bi::plain("x"),
            letter,
            grade: value.map(|_| 3),
            share: value.map(|value| Interval { value, low: Some(0.2), high: Some(0.8) }),
            words: Bi::default(),
        };
        let both = plane(&axis('C', Some(0.5)), &axis('W', Some(0.5)));
        assert!(both.contains("M77 61l6 6l-6 6l-6 -6z") && both.contains("M44 67H110") && both.contains("M77 100V34"));
        let one = plane(&axis('C', Some(0.5)), &axis('W', None));
        assert!(one.contains("stroke-dasharray") && !one.contains("l6 6"));
        assert!(!plane(&axis('C', None), &axis('W', None)).contains("wh"));
    }

    #[test]
    fn dots_count_the_grade() {
        assert_eq!(dots(Some(2)), "●●○○○");
        assert_eq!(dots(None), "–––––");
    }
}
