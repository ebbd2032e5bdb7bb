//! The page is well formed, escaped, self-contained and the same each time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::render;
use crate::doc::*;
use crate::error::Error;

const HOSTILE: &str = "</style><script>alert('1')</script>\"&<b onload=x>";

fn axis(letter: char, grade: Option<u8>) -> Axis {
    Axis {
        name: Bi::fixed("能力", "ability"),
        letter,
        grade,
        share: grade.map(|g| Interval { value: f64::from(g) / 5.0 - 0.1, low: Some(0.1), high: Some(0.9) }),
        words: Bi::fixed("七成", "about 70 %"),
    }
}

/// A document with every kind of block, each holding the given text.
fn every_block(text: &str) -> Doc {
    let bi = || Bi::new(text.to_owned(), text.to_owned());
    let fact = || Fact { label: bi(), value: bi() };
    Doc {
        kicker: bi(),
        title: bi(),
        subtitle: bi(),
        lang: "zh-CN",
        running: text.to_owned(),
        blocks: vec![
            Block::Heading { level: 3, text: bi() },
            Block::Text { text: bi(), tone: Tone::Small },
            Block::Figures(vec![Figure { label: bi(), value: bi(), note: bi() }]),
            Block::Facts(vec![fact()]),
            Block::Table {
                caption: bi(),
                columns: vec![Head { label: bi(), align: Align::Left }, Head { label: bi(), align: Align::Right }],
                rows: vec![vec![Cell { text: bi(), link: Some(text.to_owned()) }, Cell { text: bi(), link: None }]],
            },
            Block::Bars { caption: bi(), bars: vec![Bar { label: bi(), value: Some(3.0), interval: Some((2.0, 4.0)), shown: bi() }] },
            Block::Waterfall {
                caption: bi(),
                base: (bi(), 50.0),
                turns: vec![Turn { text: bi(), points: -12.34, evidence: text.to_owned(), tag: bi() }],
                total: (bi(), 37.66),
            },
            Block::Standing { words: bi(), note: bi(), across: axis('C', Some(4)), up: axis('W', None) },
            Block::Steps(vec![Step { mark: text.to_owned(), title: bi(), aside: bi(), text: bi(), facts: vec![fact()] }]),
            Block::Legal(vec![Basis { name: bi(), text: bi() }]),
            Block::Notice { text: bi(), tone: Tone::Strong },
            Block::Pages(vec![Page { label: text.to_owned(), link: Some(text.to_owned()) }, Page { label: "2".into(), link: None }]),
            Block::Section { title: bi(), blocks: vec![Block::Text { text: bi(), tone: Tone::Plain }] },
            Block::Columns(vec![vec![Block::Text { text: bi(), tone: Tone::Strong }], vec![]]),
        ],
        foot: bi(),
    }
}

/// Walks the tags of a page and fails at the first that closes what is not open.
fn assert_balanced(html: &str) {
    const VOID: [&str; 2] = ["meta", "!doctype"];
    let mut open: Vec<&str> = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let tag = &rest[at + 1..at + rest[at..].find('>').expect("a tag ends")];
        rest = &rest[at + tag.len() + 2..];
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or("");
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "closing </{name}>");
        } else if !VOID.contains(&name) && !tag.ends_with('/') {
            open.push(name);
            if name == "style" {
                rest = &rest[rest.find("</style>").expect("the style ends")..];
            }
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
}

#[test]
fn every_block_is_balanced_and_complete() {
    let html = render(&every_block("文字")).unwrap();
    assert_balanced(&html);
    for needed in [
        "<!doctype html>",
        "<html lang=\"zh-CN\">",
        "width=device-width",
        "<h1>文字",
        "<h2>文字",
        "<h3>文字",
        "<th scope=col",
        "<th scope=row",
        "<caption>",
        "role=img",
        "<title>",
        "<desc>",
        "<b>C4</b>",
        "●●●●○",
        "–––––",
        "−12.3",
        "37.7",
        "@top-right{content:\"文字\"",
    ] {
        assert!(html.contains(needed), "missing {needed} in {html}");
    }
    assert!(!html.contains("<script") && !html.contains("src=") && !html.contains("http:") && !html.contains("https:"));
}

#[test]
fn hostile_text_stays_text() {
    let html = render(&every_block(HOSTILE)).unwrap();
    assert_balanced(&html);
    assert!(!html.contains("<script") && !html.contains("<b onload") && !html.contains("alert('"));
    assert_eq!(html.matches("</style>").count(), 1);
    assert!(html.contains("&#60;script&#62;"));
}

#[test]
fn english_is_small_and_absent_where_it_adds_nothing() {
    let mut doc = every_block("x");
    doc.blocks = vec![
        Block::Text { text: Bi::fixed("未履行", "unpaid"), tone: Tone::Plain },
        Block::Text { text: Bi::plain("12.00元"), tone: Tone::Plain },
    ];
    let html = render(&doc).unwrap();
    assert!(html.contains("<p>未履行 <i lang=en>unpaid</i></p>") && html.contains("<p>12.00元</p>"), "{html}");
}

#[test]
fn the_same_document_gives_the_same_bytes() {
    assert_eq!(render(&every_block("甲")).unwrap(), render(&every_block("甲")).unwrap());
}

#[test]
fn a_crooked_block_is_refused_with_its_place() {
    let mut doc = every_block("表");
    doc.blocks = vec![Block::Section {
        title: Bi::plain("s"),
        blocks: vec![Block::Table {
            caption: Bi::default(),
            columns: vec![Head { label: Bi::plain("案号"), align: Align::Left }],
            rows: vec![vec![Cell::default()], vec![]],
        }],
    }];
    assert!(matches!(render(&doc), Err(Error::RowLength { row: 2, found: 0, expected: 1, table }) if table == "案号"));
    doc.blocks = vec![Block::Heading { level: 7, text: Bi::plain("h") }];
    assert!(matches!(render(&doc), Err(Error::HeadingLevel { level: 7, .. })));
}
