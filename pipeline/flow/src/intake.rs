//! The stage `ingest` as a night runs it: split here, settle in child processes, swap in; and the record that stays beside the lake.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use luheng_lake::columns::{Columns, day};
use luheng_lake::ingest::{self, FileCounts, Request, Retained, mapping};
use luheng_lake::schema::{Fault, Retention};
use luheng_lake::store::key::PseudonymKey;
use luheng_lake::store::manifest::InputEntry;
use luheng_lake::store::{input as files, lake, parquet, text};
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::driver::{Pool, timed};
use crate::error::{Error, Result};
use crate::event::Event;
use crate::progress::Progress;
use crate::publish;
use crate::quality::{self, gates};

const RECORD: &str = "_intake.json";
/// Format of the record.
const FORMAT: u32 = 1;

/// What the lake was made from and what it holds: `lake/_intake.json`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct LakeRecord {
    format: u32,
    /// Hash over everything that decides the lake's content; `--resume` keeps a lake whose hash is the same.
    cause: String,
    /// Order-free content hash of each table.
    pub content: BTreeMap<String, String>,
    /// Which key made the pseudonyms.
    pub key_id: String,
    /// Input files.
    pub inputs: Vec<InputEntry>,
    /// Rejected rows of each table.
    pub rejects: BTreeMap<String, u64>,
    /// What became of each table's rows.
    pub tables: BTreeMap<String, FileCounts>,
    /// What became of each file's rows.
    #[serde(default)]
    pub files: Vec<FileCounts>,
    /// Keys of the lake that the night's full exports no longer have, by table.
    #[serde(default)]
    pub absent: BTreeMap<String, u64>,
    warnings: Vec<String>,
    ignored: Vec<String>,
    /// What retention took from the lake, or would.
    #[serde(default)]
    pub retention: Retained,
}

impl LakeRecord {
    /// Reads the record of the lake in the work folder.
    ///
    /// # Errors
    /// There is no lake, or it is not encrypted as configured.
    pub fn read(ctx: &Context) -> Result<Self> {
        lake::check_encryption(&ctx.work, ctx.config.encrypt())?;
        let path = ctx.work.lake().join(RECORD);
        let found: Option<Self> = publish::read_json(&path)?;
        match found {
            Some(record) if record.format == FORMAT => Ok(record),
            Some(record) => Err(Error::Input(format!(
                "{}: format: found {}, expected {FORMAT}; run `luheng ingest` again",
                path.display(),
                record.format
            ))),
            None => Err(Error::Input(format!("{}: there is no finished lake; run `luheng ingest` first", path.display()))),
        }
    }

    /// The rejected rows.
    ///
    /// # Errors
    /// The file beside the lake cannot be read.
    pub fn rejected(&self, ctx: &Context) -> Result<Columns> {
        Ok(parquet::read(&ingest::rejects_file(&ctx.work.lake()), &ctx.seals.lake)?)
    }

    /// Warnings and ignored files, a line each.
    pub fn warnings(&self) -> Vec<String> {
        let ignored = self.ignored.iter().map(|name| format!("{name}: belongs to no table; ignored"));
        self.warnings.iter().cloned().chain(ignored).collect()
    }
}

fn request(ctx: &Context, input: &Path, key: &PseudonymKey) -> Result<Request> {
    if !input.is_dir() {
        return Err(Error::Input(format!("--input: {} is not a folder; name the folder of exports", input.display())));
    }
    let sources = mapping::sources(&ctx.files, &ctx.codes, &ctx.schema, &ctx.config.sources, ctx.config.file())
        .map_err(|faults| Error::Config(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))?;
    Ok(Request {
        work: ctx.work.clone(),
        input: input.to_owned(),
        schema: ctx.schema.clone(),
        codes: ctx.codes.clone(),
        sources,
        key: key.clone(),
        encrypt: ctx.seals.encrypt,
        seal: ctx.seals.lake.clone(),
        vault: ctx.seals.vault.clone().with_legacy(key.legacy_vault_key()?),
        as_of: ctx.as_of,
        buckets: ctx.buckets,
        max_reject_share: ctx.config.max_reject_share,
        max_wait_days: ctx.config.max_wait_days,
        linking: ctx.config.linking(),
        retention: periods(ctx)?,
        range_bytes: ctx.range_bytes,
    })
}

/// How long facts stay, by the catalog, and whether the configuration applies it.
///
/// # Errors
/// A faulty catalog.
pub fn periods(ctx: &Context) -> Result<Retention> {
    let periods = Retention::load(&ctx.files, &ctx.schema).map_err(|faults| Fault::error(&faults))?;
    Ok(Retention { apply: ctx.config.retention.apply, ..periods })
}

/// Hash over what decides a lake's content and form: inputs, mapping, catalog, key, day, buckets, encryption, linking.
fn cause(ctx: &Context, input: &Path, key: &PseudonymKey) -> Result<String> {
    let mut hash = blake3::Hasher::new();
    for file in files::files_below(input)? {
        let (content, _) = files::hash_file(&file)?;
        hash.update(format!("{}={content};", file.strip_prefix(input).unwrap_or(&file).display()).as_bytes());
    }
    let rest = format!(
        "{}|{}|{:?}|{}|{}|{}|{}|{}|{}|{:?}|{:?}",
        env!("CARGO_PKG_VERSION"),
        ctx.files.hash(),
        ctx.config.sources,
        key.key_id(),
        day::format(ctx.as_of),
        ctx.buckets,
        ctx.config.max_reject_share,
        ctx.config.max_wait_days,
        ctx.config.encrypt,
        ctx.config.retention,
        ctx.config.linking()
    );
    hash.update(rest.as_bytes());
    Ok(hash.finalize().to_hex().to_string())
}

/// Reads the exports into the lake. With `resume`, a lake made from the very same causes stays as it is.
///
/// # Errors
/// What stops a run (contract §2); the old lake then stays.
pub fn ingest(ctx: &Context, input: &Path, key: &PseudonymKey, pool: &Pool, progress: &Progress, resume: bool) -> Result<LakeRecord> {
    let request = request(ctx, input, key)?;
    lake::check_key(&ctx.work, key)?;
    ingest::recover(&ctx.work)?;
    let cause = cause(ctx, input, key)?;
    if resume
        && let Ok(record) = LakeRecord::read(ctx)
        && record.cause == cause
    {
        progress.tell(&Event::Said { text: "ingest: the lake was made from these very inputs; kept".into() });
        return Ok(record);
    }
    let (mut staging, mut told) = (None, BTreeSet::new());
    timed("ingest", 1, progress, |_| {
        let (folder, split) = ingest::split(&request, &mut |event| {
            if let ingest::Event::Warned(text) = event {
                told.insert(text.clone());
                progress.tell(&Event::Warned { text });
            }
        })?;
        staging = Some(folder);
        Ok(split.files.iter().map(|f| f.read).sum())
    })?;
    let Some(staging) = staging else { return Err(Error::Fault("ingest: no staging folder".into())) };
    let mut arguments = vec!["--parts".into(), staging.clone().into(), "--input".into(), input.as_os_str().to_owned()];
    arguments.extend(["--cause".into(), "settle".into()]);
    let report = pool
        .run("settle", &arguments, ctx.buckets, progress)
        .and_then(|_| ingest::finish(&request, &staging).map_err(Error::from))
        .inspect_err(|_| {
            // The first error is the one to tell.
            let _ = ingest::discard(&staging);
        })?;
    // What is known only when all is brought together: keys that are missing, rows that left.
    for text in report.warnings.iter().filter(|text| !told.contains(*text)) {
        progress.tell(&Event::Warned { text: text.clone() });
    }
    let debtors = ["debtors", "cases"].iter().filter_map(|table| report.lake.rows.get(*table)).max().copied().unwrap_or_default();
    if let Some(text) = pool.shortage(debtors) {
        progress.tell(&Event::Warned { text });
    }
    let record = LakeRecord {
        format: FORMAT,
        cause,
        content: report.lake.content,
        key_id: report.lake.key_id,
        inputs: report.inputs,
        rejects: report.tables.iter().filter(|(_, c)| c.rejected > 0).map(|(t, c)| (t.clone(), c.rejected)).collect(),
        tables: report.tables,
        files: report.files,
        absent: report.absent,
        warnings: report.warnings,
        ignored: report.ignored,
        retention: report.retention,
    };
    let json = serde_json::to_string_pretty(&record).map_err(|e| Error::Fault(e.to_string()))?;
    text::write_text(&ctx.work.lake().join(RECORD), &json)?;
    Ok(record)
}

/// Settles one bucket of a staging folder, in a child process.
///
/// # Errors
/// A staging folder that is not whole.
pub fn settle(ctx: &Context, input: &Path, key: &PseudonymKey, staging: &Path, bucket: u32) -> Result<u64> {
    let outcome = ingest::settle(&request(ctx, input, key)?, staging, bucket)?;
    Ok(outcome.tables.values().map(|t| t.stored).sum())
}

/// Reads all input and says what an ingest would make of it; writes nothing.
///
/// # Errors
/// What stops a run.
pub fn check(ctx: &Context, input: &Path, key: &PseudonymKey) -> Result<String> {
    let report = ingest::check(&request(ctx, input, key)?, &mut |_| {})?;
    let mut text = format!("{:<12} {:>10} {:>10} {:>8} {:>8} {:>8}\n", "table", "read", "good", "waiting", "rejected", "expired");
    for (name, counts) in &report.tables {
        let (read, good, waiting, rejected, expired) = (counts.read, counts.loaded, counts.waiting, counts.rejected, counts.expired);
        text += &format!("{name:<12} {read:>10} {good:>10} {waiting:>8} {rejected:>8} {expired:>8}\n");
    }
    for rule in quality::rules(&report.rejects, &ctx.schema)? {
        text += &format!("rejected  {} × {}.{} {}: expected {}\n", rule.rows, rule.table, rule.column, rule.rule, rule.expected);
    }
    text += &gates::foretold(ctx, &report)?;
    for name in report.ignored {
        text += &format!("ignored  {name}: belongs to no table\n");
    }
    for warning in report.warnings {
        text += &format!("warning  {warning}\n");
    }
    Ok(text)
}
