//! A finished folder becomes a run: its id from its causes, its manifest, and the one rename that makes it current.

use std::path::Path;

use luheng_lake::columns::day;
use luheng_lake::store::manifest::{self, CatalogEntry, RetentionEntry, RunManifest};
use luheng_lake::store::seal::Encrypt;
use luheng_lake::store::{atomic, large, text};

use crate::bundle::{Bundle, CHAMPION};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::intake::LakeRecord;

/// Everything that decides a run's tables, as one hash: version, catalog, configuration, key, seed, model (and whether a person
/// approved it: sheets say so) and lake content. Not jobs, memory, file
/// names, row order or the clock.
pub fn cause(ctx: &Context, lake: &LakeRecord, model_id: &str, approval: &str) -> String {
    let content: Vec<String> = lake.content.iter().map(|(table, hash)| format!("{table}={hash}")).collect();
    let text = [
        env!("CARGO_PKG_VERSION"),
        &ctx.files.hash(),
        &ctx.config.content_hash(),
        &lake.key_id,
        &ctx.seed.to_string(),
        model_id,
        approval,
        &content.join(";"),
        &day::format(ctx.as_of),
    ]
    .join("|");
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

/// `<as_of>-<12 hex>`.
pub fn run_id(ctx: &Context, cause: &str) -> String {
    format!("{}-{}", day::format(ctx.as_of), &cause[..12])
}

/// The manifest of a finished folder: every file in it with its content.
///
/// # Errors
/// A file that cannot be read.
pub fn manifest(
    ctx: &Context,
    folder: &Path,
    run_id: &str,
    lake: &LakeRecord,
    models: &Bundle,
    warnings: Vec<String>,
) -> Result<RunManifest> {
    let mut record = RunManifest {
        format: manifest::FORMAT,
        run_id: run_id.to_owned(),
        version: env!("CARGO_PKG_VERSION").into(),
        as_of: day::format(ctx.as_of),
        seed: ctx.seed,
        buckets: ctx.buckets,
        config_hash: ctx.config.content_hash(),
        catalog: CatalogEntry { hash: ctx.files.hash(), overridden: ctx.files.overridden().to_vec() },
        key_id: lake.key_id.clone(),
        encrypt: ctx.config.encrypt().name().into(),
        lake: lake.content.clone(),
        inputs: lake.inputs.clone(),
        rejects: lake.rejects.clone(),
        retention: retention_of(lake),
        warnings,
        outcome: "complete".into(),
        ..RunManifest::default()
    };
    record.models.insert("bundle".into(), models.id.clone());
    for (axis, model) in models.members() {
        let Some(model) = model else { continue };
        record.models.insert(axis.into(), model.id.clone());
        let why = model.notes.iter().find_map(|note| note.strip_prefix(CHAMPION));
        record.champions.extend(why.map(|why| (axis.to_owned(), why.to_owned())));
    }
    for name in manifest::files_of(folder)? {
        if manifest::UNSEALED.contains(&name.as_str()) {
            continue;
        }
        let path = folder.join(&name);
        record.files.insert(name.clone(), manifest::entry_of(&path, &ctx.seals.runs)?);
        if let Some(table) = name.strip_suffix(".parquet") {
            record.tables.insert(table.to_owned(), large::rows(&path, &ctx.seals.runs)?);
        }
    }
    for stage in crate::stage::STAGES {
        let outputs =
            stage.writes.iter().filter_map(|t| record.files.get(&format!("{t}.parquet")).map(|f| ((*t).to_owned(), f.content.clone())));
        record.stages.push(manifest::StageEntry {
            name: stage.name.into(),
            inputs: stage.reads.join(","),
            outputs: outputs.collect(),
            rows: stage.writes.iter().filter_map(|t| record.tables.get(*t)).sum(),
        });
    }
    Ok(record)
}

fn retention_of(lake: &LakeRecord) -> Option<RetentionEntry> {
    let kept = &lake.retention;
    let entry = RetentionEntry { expired: kept.expired.clone(), exact_from: kept.exact_from.map(day::format).unwrap_or_default() };
    (entry != RetentionEntry::default()).then_some(entry)
}

/// The first build of a run (its id, `<run_id>.2` and so on) that is encrypted as configured. Another one is the same night in another form.
///
/// # Errors
/// A folder that cannot be listed.
pub fn built_as_configured(ctx: &Context, run_id: &str) -> Result<Option<String>> {
    let mut builds = builds(ctx, run_id)?;
    builds.retain(|id| ctx.work.run(id).join(manifest::MANIFEST_FILE).is_file());
    // A manifest that cannot be read is for `luheng verify` to judge, not a reason to build the night again.
    let fits = |id: &str| manifest::read(&ctx.work.run(id)).map_or(true, |run| encrypt_of(&run) == ctx.config.encrypt());
    Ok(builds.into_iter().find(|id| fits(id)))
}

/// How a run was encrypted. Runs of the time before there was a choice do not say: they were not.
fn encrypt_of(run: &RunManifest) -> Encrypt {
    Encrypt::of(&run.encrypt).unwrap_or_default()
}

/// What to tell where run tables are to be encrypted and those of earlier runs are not.
///
/// # Errors
/// A manifest that cannot be read.
pub fn in_the_clear(ctx: &Context) -> Result<Option<String>> {
    if ctx.config.encrypt() != Encrypt::All {
        return Ok(None);
    }
    let mut clear = Vec::new();
    for id in atomic::names_in(&ctx.work.runs())?.into_iter().filter(|id| !id.starts_with('.')) {
        if encrypt_of(&manifest::read(&ctx.work.run(&id))?) != Encrypt::All {
            clear.push(id);
        }
    }
    let Some(newest) = clear.last() else { return Ok(None) };
    let folder = ctx.work.runs();
    Ok(Some(format!(
        "{} earlier runs are in the clear, the newest {newest}: remove them from {}, or let keep_runs do so",
        clear.len(),
        folder.display()
    )))
}

/// Puts a finished folder among the runs; `current` stays as it is.
///
/// # Errors
/// A full or broken disk.
pub fn place(ctx: &Context, folder: &Path, run_id: &str) -> Result<()> {
    Ok(atomic::rename_dir(folder, &ctx.work.run(run_id))?)
}

/// Makes a run the current one.
///
/// # Errors
/// A full or broken disk: `current` is then as it was.
pub fn make_current(ctx: &Context, run_id: &str) -> Result<()> {
    Ok(atomic::switch_link(&ctx.work.current(), Path::new(&format!("runs/{run_id}")))?)
}

/// A run's name without the number of its build, and that number: 1 for the first.
fn build_of(id: &str) -> (&str, u32) {
    id.split_once('.').and_then(|(night, n)| Some((night, n.parse().ok()?))).unwrap_or((id, 1))
}

/// The builds there are of one night, the earliest first.
///
/// # Errors
/// A folder that cannot be read.
pub fn builds(ctx: &Context, night: &str) -> Result<Vec<String>> {
    let mut ids = atomic::names_in(&ctx.work.runs())?;
    ids.retain(|id| build_of(id).0 == night);
    ids.sort_by_key(|id| build_of(id).1);
    Ok(ids)
}

/// The name of the build after the last.
pub fn next_build(night: &str, builds: &[String]) -> String {
    builds.last().map_or_else(|| night.to_owned(), |last| format!("{night}.{}", build_of(last).1.saturating_add(1)))
}

/// Removes all but the newest runs; the current one always stays. Order is by id: by day, then by cause, then by build.
///
/// # Errors
/// A run that cannot be removed.
pub fn keep(ctx: &Context) -> Result<()> {
    let current = manifest::read(&ctx.work.current()).map(|m| m.run_id).unwrap_or_default();
    let mut ids = atomic::names_in(&ctx.work.runs())?;
    ids.retain(|id| !id.starts_with('.') && *id != current);
    ids.sort_by(|a, b| build_of(a).cmp(&build_of(b)));
    let spare = ids.len().saturating_sub(ctx.config.keep_runs.saturating_sub(1));
    for id in &ids[..spare] {
        atomic::remove_dir(&ctx.work.run(id))?;
    }
    Ok(())
}

/// The first table in which two builds of one night differ.
///
/// # Errors
/// A manifest that cannot be read.
pub fn difference(ctx: &Context, a: &str, b: &str) -> Result<Option<String>> {
    let (a, b) = (manifest::read(&ctx.work.run(a))?, manifest::read(&ctx.work.run(b))?);
    // Two forms of one night: where run tables are encrypted there are no sheets.
    let has_sheets = |run: &RunManifest| encrypt_of(run) != Encrypt::All;
    let both = has_sheets(&a) == has_sheets(&b);
    let names = a.files.keys().chain(b.files.keys()).filter(|n| !n.starts_with("rejects") && !n.starts_with("quality"));
    let names = names.filter(|n| both || !n.starts_with("sheets/"));
    let differs = |name: &&String| a.files.get(*name).map(|f| &f.content) != b.files.get(*name).map(|f| &f.content);
    Ok(names.filter(differs).min().cloned())
}

/// Text of a JSON file that a run may not have.
///
/// # Errors
/// It is there and cannot be read or understood.
pub fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    if !path.is_file() {
        return Ok(None);
    }
    let text = text::read_to_string(path)?;
    serde_json::from_str(&text).map(Some).map_err(|e| Error::Input(format!("{}: {e}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::context;

    #[test]
    fn whatever_changes_a_table_changes_the_run_id_and_approval_does() {
        let (ctx, lake) = (context(), LakeRecord::default());
        let id = |ctx: &Context, lake: &LakeRecord, model: &str, approval: &str| run_id(ctx, &cause(ctx, lake, model, approval));
        let first = id(&ctx, &lake, "m", "first");
        assert_eq!(first, id(&context(), &LakeRecord::default(), "m", "first"));
        // Sheets say 试用模型 until a person approves: other bytes, so another run.
        assert_ne!(first, id(&ctx, &lake, "m", "person"));
        assert_ne!(first, id(&ctx, &lake, "n", "first"));
        assert_ne!(id(&ctx, &lake, "m", ""), id(&ctx, &lake, "", "m"));
        let mut fuller = LakeRecord::default();
        fuller.content.insert("cases".into(), "0".into());
        assert_ne!(first, id(&ctx, &fuller, "m", "first"));
        let mut later = context();
        later.as_of += 1;
        assert_ne!(first, id(&later, &lake, "m", "first"));
        let mut other = context();
        other.seed += 1;
        assert_ne!(first, id(&other, &lake, "m", "first"));
    }

    #[test]
    fn builds_of_a_night_are_numbered_not_spelt() {
        let ids = ["2026-06-30-abc.10", "2026-06-30-abc", "2026-06-30-abc.2"].map(str::to_owned);
        let mut sorted = ids.to_vec();
        sorted.sort_by(|a, b| build_of(a).cmp(&build_of(b)));
        assert_eq!(sorted, [&ids[1], &ids[2], &ids[0]].map(Clone::clone));
        assert_eq!(next_build("2026-06-30-abc", &sorted), "2026-06-30-abc.11");
        assert_eq!(next_build("2026-06-30-abc", &[]), "2026-06-30-abc");
    }
}
