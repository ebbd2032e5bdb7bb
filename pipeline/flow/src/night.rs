//! The night: every stage in order, and the one switch at its end. A run that dies at any instant leaves `current` as it was.

use std::ffi::OsString;
use std::path::Path;

use luheng_lake::columns::{Column, Columns, day};
use luheng_lake::store::key::PseudonymKey;
use luheng_lake::store::large::Forward;
use luheng_lake::store::seal::Encrypt;
use luheng_lake::store::{atomic, lock, manifest, parquet, tables, text};

use crate::alike;
use crate::bundle::Bundle;
use crate::context::Context;
use crate::driver::{Pool, timed};
use crate::error::{Error, Result};
use crate::event::Event;
pub use crate::intake::{LakeRecord, check, ingest, settle};
use crate::learn;
pub use crate::learn::{approval, approve, haircuts, model, model_in_use, train, training_parts};
use crate::metrics;
use crate::progress::Progress;
use crate::publish;
use crate::quality::{self, Quality, gates};
use crate::report::{self, LongTables, MetricLabel, RunTables, SheetContext};
use crate::run::{PARTS, Parts};

/// How a night is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Go on from the last stage whose inputs still match.
    pub resume: bool,
    /// Build a finished night anew beside the old one; it becomes current only if every table is the same.
    pub again: bool,
    /// Train and propose a model.
    pub retrain: bool,
}

/// What a night left.
#[derive(Debug)]
pub struct Published {
    /// The run.
    pub run_id: String,
    /// It had been published before, and nothing was built.
    pub was_there: bool,
}

/// Runs the whole batch.
///
/// # Errors
/// Whatever stops a run (contract §2); nothing is then published.
pub fn nightly(ctx: &Context, input: &Path, key: &PseudonymKey, pool: &Pool, progress: &Progress, options: &Options) -> Result<Published> {
    crate::stage::check()?;
    gates::check_names(&ctx.config.gates, &ctx.schema)?;
    let _lock = lock::lock(&ctx.work)?;
    let lake = ingest(ctx, input, key, pool, progress, options.resume)?;
    learn::sweep(ctx, options.resume)?;
    // A finished night trains nothing: what it would be rated with is in use already.
    if approval(ctx)?.is_some()
        && !options.retrain
        && !options.again
        && let Some(run_id) = finished(ctx, &lake)?
    {
        return Ok(Published { run_id, was_there: true });
    }
    if options.retrain || approval(ctx)?.is_none() || is_old(ctx)? {
        let id = train(ctx, pool, progress)?;
        if approval(ctx)?.is_some_and(|a| a.model_id != id) {
            progress.tell(&Event::Said { text: format!("model {id} is proposed; `luheng approve {id}` puts it into use") });
        }
    }
    let (models, in_use) = model_in_use(ctx)?;
    if !options.again
        && let Some(run_id) = finished(ctx, &lake)?
    {
        return Ok(Published { run_id, was_there: true });
    }
    let cause = publish::cause(ctx, &lake, &models.id, &in_use.basis);
    let id = publish::run_id(ctx, &cause);
    let folder = ctx.work.building(&id, std::process::id());
    adopt(ctx, &id, &folder, options.resume)?;
    let parts = Parts::new(folder, cause, &ctx.seals.runs);
    for stage in ["features", "score", "suggest", "sums", "quality"] {
        run_buckets(ctx, pool, stage, &parts, &models.id, progress)?;
    }
    let run_id = seal(ctx, &parts, &models, options.again, progress)?;
    if let Some(text) = publish::in_the_clear(ctx)? {
        progress.tell(&Event::Warned { text });
    }
    Ok(Published { run_id, was_there: false })
}

/// Is the last training, approved or only proposed, older than the configuration allows?
fn is_old(ctx: &Context) -> Result<bool> {
    Ok(learn::last_trained(ctx)?.is_none_or(|on| ctx.as_of.saturating_sub(on) >= ctx.config.train_every_days))
}

/// The night asked for, if it is complete: made current, in case the run that built it died just before that.
///
/// # Errors
/// No model is in use; a link that cannot be switched.
pub fn finished(ctx: &Context, lake: &LakeRecord) -> Result<Option<String>> {
    let (models, in_use) = model_in_use(ctx)?;
    let id = publish::run_id(ctx, &publish::cause(ctx, lake, &models.id, &in_use.basis));
    let Some(id) = publish::built_as_configured(ctx, &id)? else { return Ok(None) };
    atomic::switch_link(&ctx.work.current(), Path::new(&format!("runs/{id}")))?;
    sweep(ctx, None)?;
    Ok(Some(id))
}

/// Sweeps what dead runs left; with `--resume` the parts of the newest leavings of this very run are taken over, and nothing else: joined tables
/// and pages are made again, and a file cut short while it was written would otherwise be published.
fn adopt(ctx: &Context, id: &str, folder: &Path, resume: bool) -> Result<()> {
    atomic::create_dir(folder)?;
    let own = folder.file_name().and_then(|n| n.to_str()).map(str::to_owned);
    if resume {
        let mut left = atomic::names_in(&ctx.work.runs())?;
        left.retain(|name| {
            name.starts_with(&format!(".{id}.")) && Some(name) != own.as_ref() && ctx.work.runs().join(name).join(PARTS).is_dir()
        });
        if let Some(last) = left.last() {
            atomic::rename_dir(&ctx.work.runs().join(last).join(PARTS), &folder.join(PARTS))?;
        }
    }
    sweep(ctx, own.as_deref())
}

fn sweep(ctx: &Context, keep: Option<&str>) -> Result<()> {
    atomic::sweep(&ctx.work.runs(), &|name| Some(name) == keep)?;
    // A link that was made and not yet switched; anything else with a dot in the work folder is not ours.
    atomic::sweep(&ctx.work.root, &|name| !name.starts_with(".current."))?;
    learn::sweep(ctx, false)
}

/// Runs one stage on every bucket, in child processes.
///
/// # Errors
/// Those of the children.
pub fn run_buckets(ctx: &Context, pool: &Pool, stage: &str, parts: &Parts, model_id: &str, progress: &Progress) -> Result<u64> {
    let arguments: Vec<OsString> =
        vec!["--parts".into(), parts.folder().clone().into(), "--cause".into(), parts.cause().into(), "--model".into(), model_id.into()];
    pool.run(stage, &arguments, ctx.buckets, progress)
}

/// The parts that stages run one by one share until `seal`, and the model in use.
///
/// # Errors
/// No lake, or no model.
pub fn stage_parts(ctx: &Context) -> Result<(Parts, Bundle)> {
    let (models, in_use) = model_in_use(ctx)?;
    let cause = publish::cause(ctx, &LakeRecord::read(ctx)?, &models.id, &in_use.basis);
    let id = publish::run_id(ctx, &cause);
    Ok((Parts::new(ctx.work.runs().join(format!(".{id}.stages")), cause, &ctx.seals.runs), models))
}

/// Joins the buckets and computes the tables of the whole; writes each into the run's folder.
///
/// # Errors
/// A bucket that is missing, and of which table.
pub fn join_tables(ctx: &Context, parts: &Parts, previous: Option<&str>, progress: &Progress) -> Result<()> {
    timed("metrics", 1, progress, |_| {
        let n = ctx.buckets;
        let party: &[&str] = &["case_no", "debtor_id"];
        let mut rows = 0;
        // The two largest tables go to disk first, a column at a time; of them stays what is read below, which is no sentence.
        let suggestions = parts.join_large("suggestions", n, &blocked_last, &["case_no", "debtor_id", "rank", "measure"], &SUGGESTION)?;
        let reasons = parts.join_large("reasons", n, &Ok, &["case_no", "debtor_id", "axis", "rank"], &REASON)?;
        rows += (suggestions.len() + reasons.len()) as u64;
        let (features, ratings, standing) =
            (parts.join("features", n, party)?, parts.join("ratings", n, party)?, parts.join("standing", n, party)?);
        let party_facts = parts.join("party_facts", n, party)?;
        let paths = parts.join("paths", n, &["case_no", "debtor_id", "axis", "rank"])?;
        let sums = parts.join("sums", n, &[])?;
        let cases = metrics::cases::cases(&standing, &ratings, &suggestions, &party_facts)?;
        let debtors = metrics::debtors::debtors(&standing, &ratings, &reasons, &party_facts, ctx.as_of)?;
        let worklist = metrics::worklist::worklist(&suggestions, &standing, &cases, ctx.as_of)?;
        let before = previous.map(|id| Before::read(ctx, id)).transpose()?;
        let rated_before =
            before.as_ref().map(|b| metrics::changes::Previous { ratings: &b.ratings, features: &b.features, told: b.told.as_ref() });
        let (changed, told) = metrics::changes::of_ratings(&ratings, &features, &reasons, rated_before, ctx.as_of)?;
        let alerts = metrics::alerts::alerts(&parts.join("bucket_alerts", n, &[])?, &changed)?;
        let (regions, population) = (whole(ctx, "regions")?, whole(ctx, "population")?);
        let inputs = metrics::regional::Inputs {
            sums: &sums,
            party_facts: &party_facts,
            regions: regions.as_ref(),
            population: population.as_ref(),
            previous: before.as_ref().map(|b| &b.regional),
        };
        let regional = metrics::regional::regional(&inputs, ctx)?;
        let oversight = metrics::oversight::oversight(&parts.join("oversight_sums", n, &[])?, ctx.as_of)?;
        for (name, table) in [
            ("features", &features),
            ("ratings", &ratings),
            ("cases", &cases),
            ("debtors", &debtors),
            ("worklist", &worklist),
            ("alerts", &alerts),
            ("regional", &regional),
            ("oversight", &oversight),
            ("told", &told),
            ("paths", &paths),
        ] {
            parquet::write(&parts.folder().join(format!("{name}.parquet")), table, &ctx.seals.runs)?;
            rows += table.len() as u64;
        }
        Ok(rows)
    })?;
    Ok(())
}

fn whole(ctx: &Context, table: &str) -> Result<Option<Columns>> {
    Ok(tables::read_whole(&ctx.work.lake(), table, &ctx.seals.lake)?)
}

/// What the tables of the whole read of each suggestion, and of each reason.
const SUGGESTION: [&str; 9] = ["case_no", "debtor_id", "rank", "measure", "kind", "eligible", "due_on", "gain_fen", "cost_days"];
const REASON: [&str; 8] = ["case_no", "debtor_id", "axis", "rank", "feature", "family", "points", "evidence"];

/// Ranked suggestions before blocked ones, which have no rank.
fn blocked_last(keys: Columns) -> luheng_lake::Result<Columns> {
    let rank = keys.require("rank")?;
    let order = Column::from_int((0..keys.len()).map(|at| Some(rank.int_at(at).unwrap_or(i64::MAX))));
    Ok(keys.with("rank", order))
}

/// The run whose grades and figures a new one is compared with: the current one if its day is earlier. A night built again is compared with what
/// it was compared with the first time; an earlier day asked for afterwards has no night before it.
///
/// # Errors
/// A manifest that cannot be read; the run it was compared with is not kept any more.
pub fn previous(ctx: &Context, built: Option<&str>) -> Result<Option<String>> {
    if let Some(built) = built {
        let before = manifest::read(&ctx.work.run(built))?.previous;
        if let Some(gone) = before.as_ref().filter(|id| !ctx.work.run(id).is_dir()) {
            return Err(Error::Usage(format!(
                "--again: {built} tells what changed since {gone}, which is not kept any more, so that it cannot be built the same; set a greater \
                 keep_runs, or ask for a later night"
            )));
        }
        return Ok(before);
    }
    let Ok(current) = manifest::read(&ctx.work.current()) else { return Ok(None) };
    Ok(day::parse(&current.as_of).is_some_and(|on| on < ctx.as_of).then_some(current.run_id))
}

/// What a run takes from the one before it.
struct Before {
    ratings: Columns,
    features: Columns,
    regional: Columns,
    told: Option<Columns>,
}

impl Before {
    fn read(ctx: &Context, id: &str) -> Result<Self> {
        let table = |name: &str| parquet::read(&ctx.work.run(id).join(format!("{name}.parquet")), &ctx.seals.runs);
        let told = parquet::read_if_present(&ctx.work.run(id).join("told.parquet"), &ctx.seals.runs)?;
        Ok(Self { ratings: table("ratings")?, features: table("features")?, regional: table("regional")?, told })
    }
}

/// Writes every document from the tables in a run's folder; sheets only where run tables may be read by all. Gives the data quality, compared with that of
/// the run before.
///
/// # Errors
/// A table that is missing, a full disk.
pub fn report(ctx: &Context, parts: &Parts, previous: Option<&str>, progress: &Progress) -> Result<Quality> {
    let folder = parts.folder();
    let tables = read_tables(ctx, folder)?;
    let sheet = sheet_context(ctx)?;
    let lake = LakeRecord::read(ctx)?;
    let mut quality = quality::figures_of(ctx, &lake, parts, previous)?;
    quality.broken_gates = gates::broken(&ctx.config.gates, &quality);
    let sheets = ctx.config.encrypt() != Encrypt::All;
    timed("report", 1, progress, |_| {
        let mut long = Long::open(ctx, folder)?;
        Ok(report::write_all(folder, &tables, &mut |end| long.before(end), &quality, &sheet, sheets)?.len() as u64)
    })?;
    parquet::write(&folder.join("rejects.parquet"), &lake.rejected(ctx)?, &ctx.seals.runs)?;
    Ok(quality)
}

/// The tables of a run but for those that are read case by case.
fn read_tables(ctx: &Context, folder: &Path) -> Result<RunTables> {
    let table = |name: &str| -> Result<Columns> { Ok(parquet::read(&folder.join(format!("{name}.parquet")), &ctx.seals.runs)?) };
    Ok(RunTables {
        ratings: table("ratings")?,
        cases: table("cases")?,
        debtors: table("debtors")?,
        alerts: table("alerts")?,
        regional: table("regional")?,
        oversight: table("oversight")?,
        paths: table("paths")?,
        ..RunTables::default()
    })
}

/// What of a run is read forward by case.
struct Long {
    reasons: Forward,
    suggestions: Forward,
    /// Runs before similar cases have none.
    alike: Option<Forward>,
}

impl Long {
    fn open(ctx: &Context, folder: &Path) -> Result<Self> {
        let file = |name: &str| folder.join(format!("{name}.parquet"));
        let table = |name: &str| Forward::open(&file(name), "case_no", &ctx.seals.runs);
        let alike = if file("alike").is_file() { Some(table("alike")?) } else { None };
        Ok(Self { reasons: table("reasons")?, suggestions: table("suggestions")?, alike })
    }

    /// What was not given yet of the cases before one.
    fn before(&mut self, end: Option<&str>) -> Result<LongTables> {
        let alike = self.alike.as_mut().map(|alike| alike.before(end)).transpose()?.unwrap_or_default();
        Ok(LongTables { reasons: self.reasons.before(end)?, suggestions: self.suggestions.before(end)?, alike })
    }
}

fn sheet_context(ctx: &Context) -> Result<SheetContext> {
    let trial = approval(ctx)?.is_none_or(|a| a.basis == "first");
    let labels: Vec<(String, MetricLabel)> = metrics::definitions::labels();
    SheetContext::load(ctx.as_of, trial, &ctx.codes, &ctx.files, labels)
}

/// The tables of the current run, the long ones of one case alone, and the words to print them with.
///
/// # Errors
/// No run has been published.
pub fn published_tables(ctx: &Context, case_no: &str) -> Result<(RunTables, SheetContext)> {
    let folder = ctx.work.current();
    if !folder.join(manifest::MANIFEST_FILE).is_file() {
        return Err(Error::Usage(format!("{}: no run has been published; run `luheng nightly` first", folder.display())));
    }
    let mut sheet = sheet_context(ctx)?;
    if let Some(on) = day::parse(&manifest::read(&folder)?.as_of) {
        sheet.as_of = on;
    }
    let mut tables = read_tables(ctx, &folder)?;
    let mut long = Long::open(ctx, &folder)?;
    long.before(Some(case_no))?;
    tables.long = long.before(Some(&format!("{case_no}\0")))?;
    Ok((tables, sheet))
}

/// A case number as the tables keep it.
///
/// # Errors
/// It is none.
pub fn case_number(text: &str) -> Result<String> {
    luheng_lake::ingest::case_no::normalise(text)
        .ok_or_else(|| Error::Usage(format!("case number: found \"{text}\", expected one such as （2025）浙0106执1234号")))
}

/// Joins, reports, seals and publishes the parts of a run.
///
/// # Errors
/// A bucket that is missing; a full disk; with `again`, a table that differs from the build there was: the new one stays beside it, and `current` as
/// it is; a gate that is broken.
pub fn seal(ctx: &Context, parts: &Parts, models: &Bundle, again: bool, progress: &Progress) -> Result<String> {
    let lake = LakeRecord::read(ctx)?;
    let first = publish::run_id(ctx, parts.cause());
    // Also a night that is there, but encrypted otherwise: the two are compared.
    let mut builds = publish::builds(ctx, &first)?;
    if !again && publish::built_as_configured(ctx, &first)?.is_some() {
        builds.clear();
    }
    let id = publish::next_build(&first, &builds);
    let built = builds.first().map(String::as_str);
    let previous = previous(ctx, built)?;
    alike::whole(ctx, parts, models, progress)?;
    join_tables(ctx, parts, previous.as_deref(), progress)?;
    let quality = report(ctx, parts, previous.as_deref(), progress)?;
    // Held back, it stays where it was built, for people to look at: hidden from all that lists runs, and swept by the next night.
    if !quality.broken_gates.is_empty() {
        return Err(gates::held(&quality.broken_gates, parts.folder()));
    }
    atomic::remove_dir(&parts.folder().join(PARTS))?;
    // Leavings of an earlier `seal` that died.
    atomic::sweep(parts.folder(), &|_| false)?;
    let mut warnings = lake.warnings();
    let oversight = parquet::read(&parts.folder().join("oversight.parquet"), &ctx.seals.runs)?;
    for text in metrics::oversight::left_behind(&oversight)?.iter().map(metrics::oversight::LeftBehind::line) {
        progress.tell(&Event::Warned { text: text.clone() });
        warnings.push(text);
    }
    let mut record = publish::manifest(ctx, parts.folder(), &id, &lake, models, warnings)?;
    record.previous = previous;
    manifest::write(parts.folder(), &record)?;
    let timings: Vec<serde_json::Value> = progress
        .timings()
        .into_iter()
        .map(|(stage, millis, rows)| serde_json::json!({ "stage": stage, "millis": millis, "rows": rows }))
        .collect();
    let timings = serde_json::to_string_pretty(&timings).map_err(|e| Error::Fault(e.to_string()))?;
    text::write_text(&parts.folder().join("timings.json"), &timings)?;
    publish::place(ctx, parts.folder(), &id)?;
    if let Some(built) = built
        && let Some(table) = publish::difference(ctx, built, &id)?
    {
        return Err(Error::Fault(format!(
            "the night built again differs from {built} in {table}: same causes gave other bytes; nothing was published; compare {} with {}",
            ctx.work.run(&id).display(),
            ctx.work.run(built).display()
        )));
    }
    publish::make_current(ctx, &id)?;
    publish::keep(ctx)?;
    Ok(id)
}
