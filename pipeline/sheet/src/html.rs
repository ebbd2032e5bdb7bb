//! A document as one HTML file: no script, no link to anything outside, the style inside, and every text escaped by askama.

use crate::chart::{self, Scale};
use crate::doc::{Align, Axis, Bar, Bi, Block, Cell, Doc, Head, Tone, Turn};
use crate::error::{Error, Result};
use crate::style;
use askama::Template;

#[derive(Template)]
#[template(path = "page.html")]
struct PageTemplate<'a> {
    doc: &'a Doc,
    style: &'static str,
    running: String,
}

#[derive(Template)]
#[template(path = "block.html")]
struct BlockTemplate<'a> {
    block: &'a Block,
}

#[derive(Template)]
#[template(ext = "html", source = "{{ text.zh }}{% if !text.en.is_empty() %} <i lang=en>{{ text.en }}</i>{% endif %}")]
struct BiTemplate<'a> {
    text: &'a Bi,
}

#[derive(Template)]
#[template(
    ext = "html",
    source = "{% if let Some(link) = cell.link %}<a href=\"{{ link }}\">{{ cell.text.zh }}</a>{% else %}{{ cell.text.zh }}{% endif %}\
              {% if !cell.text.en.is_empty() %} <i lang=en>{{ cell.text.en }}</i>{% endif %}"
)]
struct CellTemplate<'a> {
    cell: &'a Cell,
}

/// The document as the bytes of an HTML file.
///
/// # Errors
/// [`Error::RowLength`] and [`Error::HeadingLevel`] where a block is not as its documentation asks; [`Error::Template`] never in practice.
pub fn render(doc: &Doc) -> Result<String> {
    check(&doc.blocks)?;
    let page = PageTemplate { doc, style: style::small(), running: style::quotable(&doc.running) };
    let mut out = String::with_capacity(20 * 1024);
    page.render_into(&mut out)?;
    Ok(out)
}

/// Refuses blocks that would be printed wrongly rather than not at all.
fn check(blocks: &[Block]) -> Result<()> {
    for block in blocks {
        match block {
            Block::Heading { level, text } if !(2..=4).contains(level) => {
                return Err(Error::HeadingLevel { text: text.zh.to_string(), level: *level });
            }
            Block::Table { caption, columns, rows } => {
                for (at, row) in rows.iter().enumerate() {
                    if row.len() != columns.len() {
                        let name = if caption.is_empty() { columns.first().map(|c| &c.label) } else { Some(caption) };
                        return Err(Error::RowLength {
                            table: name.map(|n| n.zh.to_string()).unwrap_or_default(),
                            row: at + 1,
                            found: row.len(),
                            expected: columns.len(),
                        });
                    }
                }
            }
            Block::Section { blocks, .. } => check(blocks)?,
            Block::Columns(columns) => columns.iter().try_for_each(|c| check(c))?,
            _ => {}
        }
    }
    Ok(())
}

// What the templates call to print the parts of a block. All take references, because that is how askama passes arguments.

fn bi(text: &Bi) -> BiTemplate<'_> {
    BiTemplate { text }
}

fn part(block: &Block) -> BlockTemplate<'_> {
    BlockTemplate { block }
}

fn linked(cell: &Cell) -> CellTemplate<'_> {
    CellTemplate { cell }
}

fn loudness(tone: &Tone) -> &'static str {
    match tone {
        Tone::Plain => "",
        Tone::Strong => " class=b",
        Tone::Small => " class=m",
    }
}

fn boxed(tone: &Tone) -> &'static str {
    if *tone == Tone::Strong { " class=s" } else { "" }
}

fn side(align: &Align) -> &'static str {
    if *align == Align::Right { " class=r" } else { "" }
}

/// Each bar with its drawing, all on one scale.
fn lengths(bars: &[Bar]) -> impl Iterator<Item = (&Bar, String)> {
    let scale = Scale::over(bars.iter().flat_map(|b| [b.value, b.interval.map(|i| i.1)]).flatten());
    bars.iter().map(move |bar| (bar, bar.value.map(|value| chart::bar(&scale, value, bar.interval)).unwrap_or_default()))
}

/// A row of a waterfall: its two ends, and what lies between.
enum Rise<'a> {
    End(&'a Bi, f64),
    Turn(&'a Turn),
}

/// Each row of a waterfall with its drawing, all on one scale.
fn rises<'a>(base: &'a (Bi, f64), turns: &'a [Turn], total: &'a (Bi, f64)) -> Vec<(Rise<'a>, String)> {
    let spans = chart::waterfall(base.1, turns.iter().map(|t| t.points));
    let scale = Scale::around(spans.iter().flat_map(|s| [s.0, s.1]).skip(1).chain([total.1]));
    let between = turns.iter().zip(spans.iter().skip(1));
    let mut rows = vec![(Rise::End(&base.0, base.1), chart::level(&scale, base.1, base.1))];
    rows.extend(between.map(|(turn, span)| (Rise::Turn(turn), chart::span(&scale, base.1, span.0, span.1))));
    rows.push((Rise::End(&total.0, total.1), chart::level(&scale, base.1, total.1)));
    rows
}

fn dots(axis: &Axis) -> String {
    chart::dots(axis.grade)
}

fn both<'a>(across: &'a Axis, up: &'a Axis) -> [&'a Axis; 2] {
    [across, up]
}

fn cells<'a>(columns: &'a [Head], row: &'a [Cell]) -> impl Iterator<Item = (&'a Head, &'a Cell)> {
    columns.iter().zip(row)
}

/// A score with one decimal, so that a column of points stands in line.
fn points(value: &f64) -> String {
    let shown = format!("{:.1}", value.abs());
    if *value < 0.0 && shown != "0.0" { format!("−{shown}") } else { shown }
}

/// A contribution with its sign, a true minus sign for what is taken.
fn signed(value: &f64) -> String {
    let shown = points(value);
    if *value > 0.0 && shown != "0.0" { format!("+{shown}") } else { shown }
}

#[cfg(test)]
mod tests;
