//! Where events go: a bar on a terminal, plain lines elsewhere, JSON lines for machines.
#![allow(clippy::disallowed_macros, clippy::print_stdout, clippy::print_stderr, reason = "the one place that speaks")]

use std::cell::RefCell;
use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

use crate::event::Event;

/// How to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Bars on a terminal, plain lines otherwise.
    People,
    /// JSON lines.
    Json,
}

/// The listener of a run.
#[derive(Debug)]
pub struct Progress {
    style: Style,
    bar: RefCell<Option<ProgressBar>>,
    timings: RefCell<Vec<(String, u64, u64)>>,
}

impl Progress {
    /// A listener.
    pub fn new(style: Style) -> Self {
        Self { style, bar: RefCell::default(), timings: RefCell::default() }
    }

    /// Stage, milliseconds, rows: what `timings.json` keeps.
    pub fn timings(&self) -> Vec<(String, u64, u64)> {
        self.timings.borrow().clone()
    }

    /// Tells an event.
    pub fn tell(&self, event: &Event) {
        if let Event::Finished { stage, rows, millis } = event {
            self.timings.borrow_mut().push((stage.clone(), *millis, *rows));
        }
        match self.style {
            Style::Json => {
                if let Ok(line) = serde_json::to_string(event) {
                    eprintln!("{line}");
                }
            }
            Style::People => self.tell_people(event),
        }
    }

    fn tell_people(&self, event: &Event) {
        let terminal = std::io::stderr().is_terminal();
        match event {
            Event::Started { stage, pieces } => {
                if terminal {
                    let bar = ProgressBar::new(*pieces);
                    if let Ok(style) = ProgressStyle::with_template("{msg:>10} {wide_bar} {pos}/{len} {elapsed}") {
                        bar.set_style(style);
                    }
                    bar.set_message(stage.clone());
                    *self.bar.borrow_mut() = Some(bar);
                }
            }
            Event::Advanced { pieces, .. } => {
                if let Some(bar) = self.bar.borrow().as_ref() {
                    bar.inc(*pieces);
                }
            }
            Event::Finished { stage, rows, millis } => {
                if let Some(bar) = self.bar.borrow_mut().take() {
                    bar.finish_and_clear();
                }
                eprintln!("{stage:>10}  {rows} rows  {}.{:01} s", millis / 1000, millis % 1000 / 100);
            }
            Event::Warned { text } => self.line(&format!("warning: {text}")),
            Event::Said { text } => self.line(text),
        }
    }

    fn line(&self, text: &str) {
        match self.bar.borrow().as_ref() {
            Some(bar) => bar.println(text),
            None => eprintln!("{text}"),
        }
    }
}
