//! The verbs: one file each. Parsing only reads; what a verb does stands in its file.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::disallowed_macros,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the command line reads its surroundings and speaks"
)]

mod approve;
mod catalog;
mod check;
mod compare;
mod explain;
mod key;
mod nightly;
mod open;
mod runs;
mod sheet;
mod stages;
mod synth;
mod validate;
mod worker;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::error::Result;
use crate::progress::{Progress, Style};

/// Who can pay, who will pay, what to do next: the nightly batch of an enforcement court. It advises; a judge decides.
#[derive(Debug, Parser)]
#[command(name = "luheng", version, propagate_version = true)]
struct Luheng {
    #[command(subcommand)]
    verb: Verb,
}

/// What every verb takes.
#[derive(Clone, Debug, Args)]
pub struct Common {
    /// Configuration file [default: luheng.toml, if there is one]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Work folder
    #[arg(long, global = true, value_name = "DIR", default_value = "work")]
    work: PathBuf,
    /// The day rated, YYYY-MM-DD [default: as_of of the configuration; never the clock]
    #[arg(long, global = true, value_name = "DATE")]
    as_of: Option<String>,
    /// Folder of exports [default: input of the configuration]
    #[arg(long, global = true, value_name = "DIR")]
    input: Option<PathBuf>,
    /// Child processes
    #[arg(long, global = true, value_name = "N")]
    jobs: Option<usize>,
    /// Memory an ingest is to stay within, such as 512MiB: where it is short, fewer children are started and fewer rows settled at once; a warning says
    /// where that is not enough
    #[arg(long, global = true, value_name = "SIZE")]
    memory: Option<String>,
    /// How progress is told
    #[arg(long, global = true, value_name = "STYLE")]
    log: Option<Log>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Log {
    /// JSON lines on standard error
    Json,
    /// Bars on a terminal, plain lines otherwise
    Text,
}

impl Common {
    fn progress(&self) -> Progress {
        Progress::new(if matches!(self.log, Some(Log::Json)) { Style::Json } else { Style::People })
    }
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// The whole batch: check, ingest, train if needed, features, score, suggest, metrics, report, publish
    #[command(after_help = "Example: luheng nightly --config luheng.toml --input exports --as-of 2026-06-30 --work work")]
    Nightly {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        verb: nightly::Nightly,
    },
    /// Writes an imaginary town in the input tables, with known truth
    #[command(after_help = "Example: luheng synth --debtors 2000 --seed 1 --out town")]
    Synth {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        verb: synth::Synth,
    },
    /// Validates inputs and configuration and prints a report; changes nothing
    #[command(
        after_help = "Example: luheng check --input exports --as-of 2026-06-30\n         luheng check --suggest exports/wide.csv > draft.toml"
    )]
    Check {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        verb: check::Check,
    },
    /// Exports to the lake
    #[command(after_help = "Example: luheng ingest --input exports --as-of 2026-06-30 --work work")]
    Ingest {
        #[command(flatten)]
        common: Common,
    },
    /// Features of every party, bucket by bucket
    #[command(after_help = "Example: luheng features --as-of 2026-06-30 --work work")]
    Features {
        #[command(flatten)]
        common: Common,
    },
    /// Trains models and proposes them; the first is approved by itself
    #[command(after_help = "Example: luheng train --as-of 2026-06-30 --work work")]
    Train {
        #[command(flatten)]
        common: Common,
    },
    /// Ratings and reasons with the approved model
    #[command(after_help = "Example: luheng score --as-of 2026-06-30 --work work")]
    Score {
        #[command(flatten)]
        common: Common,
    },
    /// Suggestions per party
    #[command(after_help = "Example: luheng suggest --as-of 2026-06-30 --work work")]
    Suggest {
        #[command(flatten)]
        common: Common,
    },
    /// Cases, debtors, worklist, alerts and regional figures
    #[command(after_help = "Example: luheng metrics --as-of 2026-06-30 --work work")]
    Metrics {
        #[command(flatten)]
        common: Common,
    },
    /// Score sheets and pages
    #[command(after_help = "Example: luheng report --as-of 2026-06-30 --work work")]
    Report {
        #[command(flatten)]
        common: Common,
    },
    /// One stage on one bucket, for schedulers
    #[command(after_help = "Example: luheng stage features --bucket 17/64 --as-of 2026-06-30 --work work")]
    Stage {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        verb: stages::One,
    },
    /// Joins the buckets of every stage and publishes the run
    #[command(after_help = "Example: luheng seal --as-of 2026-06-30 --work work")]
    Seal {
        #[command(flatten)]
        common: Common,
    },
    /// The bucket of a debtor id
    #[command(name = "bucket-of", after_help = "Example: luheng bucket-of 0123456789abcdef0123456789abcdef")]
    BucketOf {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        verb: key::BucketOf,
    },
    /// Where keys come from, and their ids; `key rotate` changes the master key
    #[command(after_help = "Example: luheng key rotate --new-key-file master-2027.key --config luheng.toml --work work")]
    Key {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        verb: key::Key,
    },
    /// Prints tables, features, measures, legal basis, metrics or links
    #[command(after_help = "Example: luheng catalog measures")]
    Catalog {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        verb: catalog::Catalog,
    },
    /// Back-tests a model through time; writes its report and model card
    #[command(after_help = "Example: luheng validate --config luheng.toml --as-of 2026-06-30 --work work")]
    Validate {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        verb: validate::Validate,
    },
    /// Puts a model into use: who, when, on which assessment
    #[command(after_help = "Example: luheng approve 0123456789abcdef --by J01 --on 2026-07-01 --assessment PIA-2026-3")]
    Approve {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        verb: approve::Approve,
    },
    /// One case in the terminal
    #[command(after_help = "Example: luheng explain （2025）浙0106执1234号 --work work")]
    Explain {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        verb: explain::Explain,
    },
    /// One score sheet to a file
    #[command(after_help = "Example: luheng sheet （2025）浙0106执1234号 --out sheet.html --work work")]
    Sheet {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        verb: sheet::Sheet,
    },
    /// The runs kept, newest last
    #[command(after_help = "Example: luheng runs --work work")]
    Runs {
        #[command(flatten)]
        common: Common,
    },
    /// What changed between two runs: grades, and how much of each change came by time, by facts and by the model
    #[command(after_help = "Example: luheng compare 2026-05-31-0123456789ab current --out changes.csv --work work")]
    Compare {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        verb: compare::Compare,
    },
    /// Re-hashes a run against its manifest
    #[command(after_help = "Example: luheng verify current --work work")]
    Verify {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        verb: runs::Verify,
    },
    /// A child process of another luheng
    #[command(hide = true)]
    Worker {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        verb: worker::Worker,
    },
}

/// Runs the command line; the exit status is the documented one.
pub fn main() -> ExitCode {
    let verb = match Luheng::try_parse() {
        Ok(luheng) => luheng.verb,
        Err(error) => {
            let status = if error.use_stderr() { 2 } else { 0 };
            // Nothing to do if the terminal is gone.
            let _ = error.print();
            return ExitCode::from(status);
        }
    };
    match run(verb) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_status())
        }
    }
}

fn run(verb: Verb) -> Result<()> {
    match verb {
        Verb::Nightly { common, verb } => verb.run(&common),
        Verb::Synth { common, verb } => verb.run(&common),
        Verb::Check { common, verb } => verb.run(&common),
        Verb::Ingest { common } => stages::ingest(&common),
        Verb::Features { common } => stages::per_bucket(&common, "features"),
        Verb::Train { common } => stages::train(&common),
        Verb::Score { common } => stages::per_bucket(&common, "score"),
        Verb::Suggest { common } => stages::per_bucket(&common, "suggest"),
        Verb::Metrics { common } => stages::metrics(&common),
        Verb::Report { common } => stages::report(&common),
        Verb::Stage { common, verb } => verb.run(&common),
        Verb::Seal { common } => stages::seal(&common),
        Verb::BucketOf { common, verb } => verb.run(&common),
        Verb::Key { common, verb } => verb.run(&common),
        Verb::Catalog { common, verb } => verb.run(&common),
        Verb::Validate { common, verb } => verb.run(&common),
        Verb::Approve { common, verb } => verb.run(&common),
        Verb::Explain { common, verb } => verb.run(&common),
        Verb::Sheet { common, verb } => verb.run(&common),
        Verb::Runs { common } => runs::list(&common),
        Verb::Compare { common, verb } => verb.run(&common),
        Verb::Verify { common, verb } => verb.run(&common),
        Verb::Worker { common, verb } => verb.run(&common),
    }
}
