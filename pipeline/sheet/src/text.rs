//! A document as plain text for a terminal: the same blocks, the same words, wrapped by how wide a character is on a screen.

use crate::chart::{self, Coord};
use crate::doc::{Axis, Bi, Block, Doc, Fact, Tone};
use std::fmt::Write;

/// The document in lines of at most `width` columns (a Chinese character takes two); widths under 40 count as 40.
pub fn render(doc: &Doc, width: usize) -> String {
    let mut out = Lines { text: String::with_capacity(8 * 1024), width: width.max(40) };
    for line in [&doc.kicker, &doc.title, &doc.subtitle] {
        out.wrapped("", &joined(line));
    }
    out.rule('═');
    out.blocks(&doc.blocks);
    if !doc.foot.is_empty() {
        out.rule('─');
        out.wrapped("", &joined(&doc.foot));
    }
    out.text
}

/// Both languages on one line.
fn joined(text: &Bi) -> String {
    match (text.zh.is_empty(), text.en.is_empty()) {
        (_, true) => text.zh.to_string(),
        (true, false) => text.en.to_string(),
        (false, false) => format!("{} / {}", text.zh, text.en),
    }
}

fn pair(fact: &Fact) -> String {
    format!("{}: {}", joined(&fact.label), joined(&fact.value))
}

struct Lines {
    text: String,
    width: usize,
}

impl Lines {
    fn rule(&mut self, sign: char) {
        self.text.extend(std::iter::repeat_n(sign, self.width));
        self.text.push('\n');
    }

    /// One paragraph; the first line starts with `lead`, the next are set in by its width.
    fn wrapped(&mut self, lead: &str, text: &str) {
        if text.is_empty() {
            return;
        }
        let indent = columns(lead);
        let mut line = lead.to_owned();
        let mut used = indent;
        for word in words(text) {
            let wide = columns(word.trim_end());
            if used + wide > self.width && used > indent {
                self.text.push_str(line.trim_end());
                self.text.push('\n');
                line = " ".repeat(indent);
                used = indent;
            }
            line.push_str(word);
            used += columns(word);
        }
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            self.block(block);
        }
    }

    fn heading(&mut self, text: &Bi) {
        self.text.push('\n');
        self.wrapped("", &joined(text));
        self.rule('─');
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Heading { level: 2, text } => self.heading(text),
            Block::Heading { text, .. } => {
                self.text.push('\n');
                self.wrapped("## ", &joined(text));
            }
            Block::Text { text, .. } => self.wrapped("", &joined(text)),
            Block::Figures(figures) => {
                for f in figures {
                    self.wrapped("  ", &format!("{}: {}  {}", joined(&f.label), joined(&f.value), joined(&f.note)));
                }
            }
            Block::Facts(facts) => {
                for fact in facts {
                    self.wrapped("  ", &pair(fact));
                }
            }
            Block::Table { caption, columns, rows } => {
                self.wrapped("", &joined(caption));
                for row in rows {
                    let cells: Vec<String> = columns
                        .iter()
                        .zip(row)
                        .filter(|(_, cell)| !cell.text.is_empty())
                        .map(|(head, cell)| format!("{} {}", head.label.zh, cell.text.zh))
                        .collect();
                    self.wrapped("  ", &cells.join("; "));
                }
            }
            Block::Bars { caption, bars } => {
                self.wrapped("", &joined(caption));
                for bar in bars {
                    self.wrapped("  ", &format!("{}: {}", joined(&bar.label), joined(&bar.shown)));
                }
            }
            Block::Waterfall { caption, base, turns, total } => {
                self.wrapped("", &joined(caption));
                self.points(&Coord(base.1).to_string(), &joined(&base.0));
                for turn in turns {
                    let tag = if turn.tag.is_empty() { String::new() } else { format!(" [{}]", joined(&turn.tag)) };
                    let sign = if turn.points > 0.0 { "+" } else { "" };
                    self.points(&format!("{sign}{}", Coord(turn.points)), &format!("{}{tag}", joined(&turn.text)));
                    self.wrapped(&" ".repeat(11), &turn.evidence);
                }
                self.points(&format!("={}", Coord(total.1)), &joined(&total.0));
            }
            Block::Standing { words, note, across, up } => {
                self.wrapped("  ", &joined(words));
                self.axis(across);
                self.axis(up);
                self.wrapped("  ", &joined(note));
            }
            Block::Steps(steps) => {
                for step in steps {
                    let aside = if step.aside.is_empty() { String::new() } else { format!(" [{}]", joined(&step.aside)) };
                    self.wrapped(&format!("  {:>2}. ", step.mark), &format!("{}{aside}", joined(&step.title)));
                    self.wrapped("      ", &joined(&step.text));
                    let facts: Vec<String> = step.facts.iter().map(pair).collect();
                    self.wrapped("      ", &facts.join("; "));
                }
            }
            Block::Legal(basis) => {
                for b in basis {
                    let text = if b.text.is_empty() { String::new() } else { format!(": {}", joined(&b.text)) };
                    self.wrapped("  - ", &format!("{}{text}", joined(&b.name)));
                }
            }
            Block::Notice { text, tone } => self.wrapped(if *tone == Tone::Strong { "!! " } else { "|  " }, &joined(text)),
            Block::Pages(_) => {}
            Block::Section { title, blocks } => {
                self.heading(title);
                self.blocks(blocks);
            }
            Block::Columns(columns) => columns.iter().for_each(|c| self.blocks(c)),
        }
    }

    fn points(&mut self, points: &str, text: &str) {
        let mut lead = String::new();
        let _ = write!(lead, "{points:>9}  ");
        self.wrapped(&lead, text);
    }

    fn axis(&mut self, axis: &Axis) {
        let grade = axis.grade.map(|g| format!("{}{g} ", axis.letter)).unwrap_or_default();
        self.wrapped("    ", &format!("{}  {grade}{}  {}", joined(&axis.name), chart::dots(axis.grade), joined(&axis.words)));
    }
}

/// How many columns a text takes on a terminal.
fn columns(text: &str) -> usize {
    text.chars().map(|c| if is_wide(c) { 2 } else { 1 }).sum()
}

/// Whether a character takes two columns (the East Asian wide and full-width ranges that occur in court papers).
fn is_wide(c: char) -> bool {
    matches!(u32::from(c), 0x1100..=0x115F | 0x2E80..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0xFE30..=0xFE4F | 0xFF00..=0xFF60 | 0xFFE0..=0xFFE6 | 0x20000..=0x3FFFD)
}

/// Closing marks that may not begin a line.
const CLOSING: &str = "，。；：、）》」』！？…·%";

/// The pieces between which a line may break: words with the space after them, and single Chinese characters with the mark that closes them.
fn words(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut start = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let end = at + c.len_utf8();
        let Some(&(_, next)) = chars.peek() else {
            out.push(&text[start..]);
            break;
        };
        let breaks = (c == ' ' && next != ' ')
            || ((is_wide(c) || is_wide(next)) && next != ' ' && !CLOSING.contains(next) && !"（《「『".contains(c));
        if breaks {
            out.push(&text[start..end]);
            start = end;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{columns, render, words};
    use crate::doc::{Bi, Block, Doc, Fact, Tone, Turn};

    #[test]
    fn lines_break_where_chinese_may_break() {
        assert_eq!(words("到账，12.5 万元"), ["到", "账，", "12.5 ", "万", "元"]);
        assert_eq!(words("（2025）浙"), ["（2025）", "浙"]);
        assert_eq!(columns("案a"), 3);
    }

    #[test]
    fn no_line_is_wider_than_asked_and_nothing_is_lost() {
        let long = "被执行人在申报期限内提交了财产报告，申报内容与网络查控结果一致。".repeat(4);
        let doc = Doc {
            kicker: Bi::default(),
            title: Bi::fixed("评估表", "sheet"),
            subtitle: Bi::plain("（2025）浙0106执1号"),
            lang: "zh-CN",
            running: String::new(),
            blocks: vec![
                Block::Notice { text: Bi::new(long.clone(), ""), tone: Tone::Strong },
                Block::Facts(vec![Fact { label: Bi::plain("应执行"), value: Bi::plain("12.00元") }]),
                Block::Waterfall {
                    caption: Bi::default(),
                    base: (Bi::plain("起点"), 50.0),
                    turns: vec![Turn {
                        text: Bi::plain("逾期未报告"),
                        points: -3.25,
                        evidence: "conduct:1".into(),
                        tag: Bi::plain("内部"),
                    }],
                    total: (Bi::plain("合计"), 46.75),
                },
            ],
            foot: Bi::plain("完"),
        };
        let text = render(&doc, 60);
        assert!(text.lines().all(|l| columns(l) <= 60), "{text}");
        let bare: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        assert!(bare.contains(&long) && text.contains("-3.3  逾期未报告 [内部]") && text.contains("=46.8  合计"), "{text}");
    }
}
