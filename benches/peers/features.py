#!/usr/bin/env python3
"""Features and ratings beside DuckDB: 1,000,000 rated parties with 30 million rows of fact, on 2 cores, every value compared.

    python3 benches/peers/features.py                              makes the town, then times and compares
    python3 benches/peers/features.py --debtors 20000 --since none a quick run on a town left whole
    python3 benches/peers/features.py --keep DIR                   as above, and keeps the lake there; a lake that is there is used again
    python3 benches/peers/features.py --random 1500 --only duckdb,luheng,compare
                                                                   no town: every code, days at the edges of windows, versions, voided rows, days to come
    python3 benches/peers/features.py --lake WORK --config FILE    on the lake of any work folder (not encrypted)

The town is that of `luheng synth`, 160 rows a rated party. To come to 30 rows a party it is thinned by one rule, `--since DAY`: what happens (payments,
inquiries, conduct, trajectory, measures, judgments, stays, milestones) is left out where it became known before the day, and of an asset or a hold the
newest version alone is kept. Debtors, cases, parties, incomes, debts and entries on lists stay whole.

What is timed, each in a process of its own, both reading the same Parquet files of the lake and writing Parquet:

* `duckdb`: the features in SQL (`features_sql.py` makes the masking views from `pipeline/catalog/tables`, `features/*.sql` the columns), 2 threads, no
  memory limit but its own (80 % of the machine's), one file of features.
* `duckdb sorted`: the same, told that versions of a fact lie together in the files, the newest last: no window is sorted. It holds only where each bucket is
  one file, as after a full load; luheng makes no such condition.
* `luheng`: `luheng features --jobs 2`, with all that stage does: the same columns, and beside them the rows each value rests on (evidence), the standing of
  each party (coverage, status, what to ask for, overdue steps of the table `milestones`), content hashes, 64 files of each, synced to disk. None of
  this is asked of DuckDB.
* `score`: `luheng score --jobs 2`: ratings on both axes, recovered share with its interval, reasons that add up with their evidence, paths to a better grade.

Then every value is compared by case, debtor and feature: null equals null, numbers within 1e-9 of the greater. The script fails if one differs. The
model is trained on a town of 20,000 debtors: what the features are does not depend on it. duckdb is installed into `benches/peers/.venv`, nowhere else.
"""
import argparse
import datetime
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
import venv

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PYTHON = HERE / ".venv" / "bin" / "python"
sys.path[:0] = [str(HERE), str(HERE.parent)]
AS_OF = "2026-06-30"
# The published key of the samples: it serves numbers of the unassigned prefix 99 alone.
SAMPLE_KEY = "f9fa8be8b1b37a8a09cbe2e9aa9b34689ce364468d6232458b4eeebbe47cdbaf"
CONFIG = f'as_of = "{AS_OF}"\n\n[identity]\nsample_key = "{SAMPLE_KEY}"\n\n[means]\nliving_cost_monthly_fen = 120000\n'
HAPPENS = ("payments", "inquiries", "conduct", "trajectory", "measures", "judgments", "stays", "milestones")
NEWEST = {"assets": "asset_ref", "seizures": "asset_ref, case_no, kind, from_on"}
TRAINED_ON = 20000


def told(*command):
    """Runs luheng; its last words where it fails."""
    done = subprocess.run([str(c) for c in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(str(c) for c in command)} ended with {done.returncode}:\n{done.stderr[-3000:]}")


def thin(town, out, since):
    """Makes one Parquet file of each table's CSV files, which it deletes; of what happens only the rows known since a day."""
    import duckdb
    con = duckdb.connect()
    con.execute(f"set threads = 2; set preserve_insertion_order = false; set temp_directory = '{out / 'tmp'}'")
    out.mkdir(parents=True, exist_ok=True)
    tables = {}
    for path in sorted(town.glob("*.csv")):
        tables.setdefault(path.stem.split("-")[0], []).append(path)
    for table, paths in tables.items():
        rows = f"read_csv({[str(p) for p in paths]}, all_varchar = true, header = true, nullstr = '')"
        kept = f"from {rows}"
        if since != "none" and table in HAPPENS:
            kept = f"from {rows} where known_on >= '{since}'"
        elif since != "none" and table in NEWEST:
            kept = f"select r.* from (select arg_max(t, known_on) as r from {rows} t group by {NEWEST[table]})"
        con.execute(f"copy ({kept}) to '{out}/{table}.parquet' (format parquet, compression zstd)")
        for path in paths:
            path.unlink()


def prepare(arguments, folder):
    """A work folder with the lake of a town and a model in use."""
    import features_random
    work, config = folder / "work", folder / "luheng.toml"
    if (work / "lake" / "_state.json").exists() and (work / "models").exists():
        return work, config
    folder.mkdir(parents=True, exist_ok=True)
    config.write_text(CONFIG)
    luheng, common = arguments.luheng.resolve(), ("--config", config, "--jobs", "2")
    town, small, inputs = folder / "town", folder / "small", folder / "inputs"
    began = time.monotonic()
    if arguments.random:
        config.write_text("max_reject_share = 1.0\n" + CONFIG)
        features_random.write(inputs, AS_OF, arguments.random, arguments.seed)
    elif not inputs.exists():
        told(luheng, "synth", "--debtors", arguments.debtors, "--seed", arguments.seed, "--out", town)
        subprocess.run([PYTHON, __file__, "--thin", town, inputs, arguments.since], check=True)
        shutil.rmtree(town)
    told(luheng, "ingest", *common, "--input", inputs, "--work", work)
    shutil.rmtree(inputs)
    told(luheng, "synth", "--debtors", TRAINED_ON, "--seed", "11", "--out", town)
    told(luheng, "ingest", *common, "--input", town, "--work", small)
    told(luheng, "train", *common, "--work", small)
    shutil.copytree(small / "models", work / "models", dirs_exist_ok=True)
    for done in (town, small):
        shutil.rmtree(done)
    print(f"made the town, its lake and a model in {time.monotonic() - began:.0f} s", flush=True)
    return work, config


def peer(way, lake, config, out):
    """The features in SQL, read from the lake and written to Parquet; prints the parties and the seconds of each file of statements."""
    import duckdb
    import features_sql
    given = tomllib.loads(config.read_text())
    con = duckdb.connect()
    by_order = way == "sorted"
    con.execute(f"set threads = 2; set preserve_insertion_order = {by_order}; set temp_directory = '{out.parent / 'tmp'}'")
    living_cost = given.get("means", {}).get("living_cost_monthly_fen")
    print(json.dumps(features_sql.compute(con, lake, given["as_of"], living_cost, out, by_order)))


def stage(arguments, name, work, config):
    """Runs one stage of luheng anew on every bucket: seconds of the process, of its processors, peak MiB, seconds of the stage itself, rows written."""
    from ingest import timed
    command = [arguments.luheng.resolve(), name, "--config", config, "--work", work, "--jobs", "2", "--log", "json"]
    *took, _, said = timed(command)
    events = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    done = next(event for event in events if event["event"] == "finished" and event["stage"] == name)
    return *took, done["millis"] / 1000, done["rows"]


def rows_of(lake):
    """Rows of the lake's tables that features read, and of all that have a debtor."""
    import features_sql
    tables = json.loads((lake / "_state.json").read_text())["tables"]
    stored = {table: sum(bucket["stored"] for bucket in buckets) for table, buckets in tables.items()}
    return sum(stored.get(table, 0) for table in features_sql.TABLES), sum(stored.values())


def parts(work, table):
    """The files a stage has written of a table."""
    (folder,) = (work / "runs").glob(".*.stages")
    return f"{folder}/parts/{table}/*/*.parquet"


def compare(ours, theirs):
    """Prints for each feature how many rows are equal and how many differ, with three of those; ends with 1 if any does."""
    import duckdb
    con = duckdb.connect()
    con.execute(f"set threads = 2; create view ours as from read_parquet('{ours}', hive_partitioning = false); create view theirs as from '{theirs}'")
    names = [[row[0] for row in con.execute(f"describe {side}").fetchall()] for side in ("ours", "theirs")]
    of_one = "select count(*) from ours o full join theirs t using (case_no, debtor_id) where o.as_of is distinct from t.as_of"
    alone = con.execute(of_one).fetchone()[0]
    differing = sorted(set(names[0]) ^ set(names[1]))
    features = [name for name in names[0] if name in names[1] and name not in ("case_no", "debtor_id", "as_of")]
    equal = lambda n: f"(o.{n} is null and t.{n} is null or coalesce(abs(o.{n} - t.{n}) <= 1e-9 * greatest(abs(o.{n}), abs(t.{n})), false))"
    joined = "from ours o join theirs t using (case_no, debtor_id)"
    counts = ", ".join(f"count(*) filter (where not {equal(n)}), count(o.{n}), count(distinct o.{n})" for n in features)
    rows, *counts = con.execute(f"select count(*), {counts} {joined}").fetchone()
    print(f"{'feature':<34}{'equal':>10}{'differ':>8}{'known':>10}{'distinct':>10}")
    for name, differ, known, distinct in zip(features, counts[::3], counts[1::3], counts[2::3]):
        print(f"{name:<34}{rows - differ:>10}{differ:>8}{known:>10}{distinct:>10}")
        if differ:
            three = f"select case_no, debtor_id, o.{name} as luheng, t.{name} as duckdb {joined} where not {equal(name)} order by all limit 3"
            for case in con.execute(three).fetchall():
                print(f"    {case}")
    wrong = sum(counts[::3])
    print(f"{len(features)} features of {rows} parties, {len(features) * rows} values: {wrong} differ; "
          f"parties of one side only: {alone}; columns of one side only: {differing or 'none'}")
    return int(bool(wrong or alone or differing))


def run(arguments, work, config, out):
    """Times each part alone, then compares."""
    from ingest import measured
    only = arguments.only.split(",")
    read, stored = rows_of(work / "lake")
    print(f"{datetime.date.today()}  {stored} rows in the lake, {read} of them in tables that features read; "
          f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print("| program | seconds | cpu s | rows/s | parties/s | peak MiB | of duckdb's seconds | of its cpu s |\n|---|---|---|---|---|---|---|---|")
    theirs, base, parties, files = out / "duckdb" / "features.parquet", None, 0, {}

    def shown(name, seconds, cpu, peak):
        ratio = f"{seconds / base[0]:.2f} | {cpu / base[1]:.2f}" if base and "score" not in name else " | "
        print(f"| {name} | {seconds:.2f} | {cpu:.2f} | {read / seconds:,.0f} | {parties / seconds:,.0f} | {peak:.0f} | {ratio} |", flush=True)
    for name in [name for name in ("duckdb sorted", "duckdb") if name in only]:
        *took, text, _ = measured([PYTHON, __file__, "--peer", name.split()[-1], work / "lake", config, theirs], theirs.parent)
        files[name] = json.loads(text.splitlines()[-1])
        parties, base = files[name].pop("rated"), took if name == "duckdb" else None
        shown(name, *took)
    if not files and theirs.exists():
        count = f"import duckdb; print(duckdb.connect().execute(\"select count(*) from '{theirs}'\").fetchone()[0])"
        parties = int(subprocess.run([PYTHON, "-c", count], capture_output=True, check=True, text=True).stdout)
    if "luheng" in only:
        for made in (work / "runs").glob(".*.stages"):
            shutil.rmtree(made)
        *ours, within, _ = stage(arguments, "features", work, config)
        shown("luheng features", *ours)
    if "score" in only:
        *took, scored, _ = stage(arguments, "score", work, config)
        shown("luheng score", *took)
    for name, seconds in files.items():
        print(f"{name}, seconds by file: " + ", ".join(f"{file} {spent:.2f}" for file, spent in seconds.items()))
    if "luheng" in only:
        print(f"luheng features, the stage alone: {within:.2f} s, {parties / within:,.0f} parties/s")
    if "score" in only:
        print(f"luheng score, the stage alone: {scored:.2f} s, {parties / scored:,.0f} parties/s")
    print(f"load after: {os.getloadavg()[0]:.1f}")
    if "compare" in only and subprocess.run([PYTHON, __file__, "--compare", parts(work, "features"), theirs]).returncode:
        sys.exit("the two do not come to the same values: an error of the SQL, or of luheng")


def main():
    """Prepares, times, compares; or does one part of it in a process of its own."""
    part, given = sys.argv[1:2], sys.argv[2:]
    if part == ["--peer"]:
        return peer(given[0], *map(pathlib.Path, given[1:]))
    if part == ["--thin"]:
        return thin(pathlib.Path(given[0]), pathlib.Path(given[1]), given[2])
    if part == ["--compare"]:
        sys.exit(compare(*given))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--luheng", type=pathlib.Path, default=ROOT / "target" / "release" / "luheng")
    parser.add_argument("--debtors", type=int, default=1_327_000, help="of the town: 0.75 rated parties a debtor")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--since", default="2026-04-20", help="leave out what happened and was known before this day; none keeps all")
    parser.add_argument("--random", type=int, default=0, metavar="N", help="instead of a town, N debtors to whom everything happens at random")
    parser.add_argument("--keep", type=pathlib.Path, help="keep the lake and the results here; a lake that is there is used again")
    parser.add_argument("--lake", type=pathlib.Path, help="a work folder with a lake and a model in use; nothing is made")
    parser.add_argument("--config", type=pathlib.Path, help="of that work folder")
    parser.add_argument("--only", default="duckdb sorted,duckdb,luheng,score,compare", help="parts to run, separated by commas")
    parser.add_argument("--repeat", type=int, default=1, help="time and compare so often")
    arguments = parser.parse_args()
    if not PYTHON.exists():
        venv.create(HERE / ".venv", with_pip=True)
    if subprocess.run([PYTHON, "-c", "import duckdb"], capture_output=True).returncode:
        subprocess.run([PYTHON, "-m", "pip", "install", "--quiet", "duckdb"], check=True)
    folder = arguments.keep or pathlib.Path(tempfile.mkdtemp(prefix="luheng-peers-"))
    try:
        work, config = (arguments.lake, arguments.config) if arguments.lake else prepare(arguments, folder)
        for _ in range(arguments.repeat):
            run(arguments, work.resolve(), config.resolve(), folder)
    finally:
        if not arguments.keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
