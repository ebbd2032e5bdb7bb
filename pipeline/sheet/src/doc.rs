//! What a document is made of: a few kinds of block, each bilingual, none of them aware of HTML.
//!
//! A block is data a caller can compare in a test; every renderer takes the same blocks, so screen, paper and terminal cannot disagree.

use std::borrow::Cow;

/// A text in Chinese with its English beside it. Where the two are the same (a number, a case number) the English is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bi {
    /// The Chinese text, printed first.
    pub zh: Cow<'static, str>,
    /// The English text, printed small beside it; empty if there is nothing to add.
    pub en: Cow<'static, str>,
}

impl Bi {
    /// A pair known when the program is written.
    pub const fn fixed(zh: &'static str, en: &'static str) -> Self {
        Self { zh: Cow::Borrowed(zh), en: Cow::Borrowed(en) }
    }

    /// A pair made at run time.
    pub fn new(zh: impl Into<Cow<'static, str>>, en: impl Into<Cow<'static, str>>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }

    /// A text that reads the same in both languages.
    pub fn plain(text: impl Into<Cow<'static, str>>) -> Self {
        Self { zh: text.into(), en: Cow::Borrowed("") }
    }

    /// Whether there is nothing to print.
    pub fn is_empty(&self) -> bool {
        self.zh.is_empty() && self.en.is_empty()
    }
}

/// One document.
#[derive(Clone, Debug, PartialEq)]
pub struct Doc {
    /// The line above the title: who speaks, in what capacity.
    pub kicker: Bi,
    /// The title.
    pub title: Bi,
    /// The line below the title, for example a case number.
    pub subtitle: Bi,
    /// The language of the page as a BCP 47 tag; `zh-CN` for all of luheng's own documents.
    pub lang: &'static str,
    /// What stands at the head of every printed page; empty for none.
    pub running: String,
    /// The body, in order.
    pub blocks: Vec<Block>,
    /// The last line of the document.
    pub foot: Bi,
}

/// One piece of a document.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// A heading of level 2, 3 or 4.
    Heading {
        /// 2, 3 or 4.
        level: u8,
        /// The words.
        text: Bi,
    },
    /// A paragraph.
    Text {
        /// The words.
        text: Bi,
        /// How loudly they are said.
        tone: Tone,
    },
    /// A few large figures that a reader takes in first.
    Figures(Vec<Figure>),
    /// Label and value pairs.
    Facts(Vec<Fact>),
    /// A table.
    Table {
        /// What the table shows; may be empty.
        caption: Bi,
        /// The columns; each row has a cell for each.
        columns: Vec<Head>,
        /// The rows.
        rows: Vec<Vec<Cell>>,
    },
    /// Labelled horizontal bars from zero.
    Bars {
        /// What is compared; may be empty.
        caption: Bi,
        /// The bars, top to bottom.
        bars: Vec<Bar>,
    },
    /// How a score comes about: a base, what each reason adds or takes, and the total.
    Waterfall {
        /// What is explained; may be empty.
        caption: Bi,
        /// The words for where everyone starts, and its points.
        base: (Bi, f64),
        /// The reasons, in order.
        turns: Vec<Turn>,
        /// The words for the sum, and its points.
        total: (Bi, f64),
    },
    /// Where a subject stands on two axes, in words, in grades and as a small picture.
    Standing {
        /// The finding in words.
        words: Bi,
        /// What the finding is not, or how sure it is; may be empty.
        note: Bi,
        /// The horizontal axis.
        across: Axis,
        /// The vertical axis.
        up: Axis,
    },
    /// Numbered or marked things to do.
    Steps(Vec<Step>),
    /// Legal or factual basis: what is relied on, and for what.
    Legal(Vec<Basis>),
    /// A boxed line that must not be overlooked.
    Notice {
        /// The words.
        text: Bi,
        /// [`Tone::Strong`] for what is fixed by rule, [`Tone::Plain`] for help.
        tone: Tone,
    },
    /// Links to the sibling pages of a long list.
    Pages(Vec<Page>),
    /// A part of the document under its own heading; kept together in print as far as paper allows.
    Section {
        /// The heading, level 2.
        title: Bi,
        /// What is in it.
        blocks: Vec<Block>,
    },
    /// Parts side by side on paper and wide screens, one under another on a phone.
    Columns(Vec<Vec<Block>>),
}

/// How loudly a text is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// As the rest.
    #[default]
    Plain,
    /// Emphasised.
    Strong,
    /// A small remark.
    Small,
}

/// A large figure with its label.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// What it is.
    pub label: Bi,
    /// The figure itself, with its unit.
    pub value: Bi,
    /// A remark below, for example an interval; may be empty.
    pub note: Bi,
}

/// A label and a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// What it is.
    pub label: Bi,
    /// The value.
    pub value: Bi,
}

/// Where the text of a column stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Align {
    /// Words.
    #[default]
    Left,
    /// Numbers.
    Right,
}

/// The head of a column.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// Its title.
    pub label: Bi,
    /// Where its text stands.
    pub align: Align,
}

/// One cell of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cell {
    /// What it says.
    pub text: Bi,
    /// A file beside this one that it leads to.
    pub link: Option<String>,
}

impl From<Bi> for Cell {
    /// A cell that leads nowhere.
    fn from(text: Bi) -> Self {
        Self { text, link: None }
    }
}

/// One labelled bar.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// What is measured.
    pub label: Bi,
    /// Its length; `None` draws no bar.
    pub value: Option<f64>,
    /// The ends of an interval around it.
    pub interval: Option<(f64, f64)>,
    /// The value as it is printed.
    pub shown: Bi,
}

/// One reason in a waterfall.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    /// The reason.
    pub text: Bi,
    /// What it adds (positive) or takes (negative).
    pub points: f64,
    /// What it rests on; may be empty.
    pub evidence: String,
    /// A mark beside it, for example 内部; may be empty.
    pub tag: Bi,
}

/// A share with the interval it lies in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The estimate, 0 to 1.
    pub value: f64,
    /// The lower end.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
}

/// One axis of a [`Block::Standing`].
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Its name.
    pub name: Bi,
    /// The letter of its grades, `C` or `W`.
    pub letter: char,
    /// The grade, 1 to 5; `None` if it is not rated.
    pub grade: Option<u8>,
    /// The share it stands for.
    pub share: Option<Interval>,
    /// The share in words, or why there is none.
    pub words: Bi,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its number or mark.
    pub mark: String,
    /// What to do.
    pub title: Bi,
    /// What stands out beside the title, for example a deadline; may be empty.
    pub aside: Bi,
    /// Why, in a sentence; may be empty.
    pub text: Bi,
    /// Short facts about it, printed in one flow.
    pub facts: Vec<Fact>,
}

/// One basis that is relied on.
#[derive(Clone, Debug, PartialEq)]
pub struct Basis {
    /// The instrument and article, or the name of a source.
    pub name: Bi,
    /// What it is relied on for; may be empty.
    pub text: Bi,
}

/// One page of a long list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The words of the link.
    pub label: String,
    /// The file; `None` for the page itself.
    pub link: Option<String>,
}
