#!/usr/bin/env python3
"""Ingest beside DuckDB and pyarrow: one table of `conduct`, with the debtors, cases and parties it refers to, on 2 cores.

    python3 benches/peers/ingest.py                     10,000,000 rows
    python3 benches/peers/ingest.py --rows 1000000      a quick run
    python3 benches/peers/ingest.py --only luheng,nights

What is compared, each in a process of its own, in this order:

* `luheng`: `luheng ingest --jobs 2`, everything it does: hashes of the input, typed casts, all checks, pseudonyms (HMAC-SHA-256 of identity numbers),
  references, keys, versions, exact duplicates and contradictions, rows that wait, rejects with file, line, column and rule, the vault (encrypted), 64
  buckets sorted by debtor, zstd Parquet, sums that close, the manifest's hashes.
* `duckdb`: the same work on `conduct` in SQL, 2 threads: every column read as text, TRY_CAST, required values, both code lists, the grammar of case
  numbers, nothing known before it happened, references by join, pseudonyms by join to a table of SHA-256 hashes, duplicates and contradictions by
  window, rejects and waiting rows in files of their own, one COPY to zstd Parquet ordered by bucket and debtor, partitioned by bucket.
  What it does not do: the lines of rejects, near codes and other spellings of days, money and case numbers, an earlier lake's versions, the vault,
  debtors, cases and parties as tables of a lake, syncing files to disk, hashes of content; a bucket is `hash % 64`, not CRC-32, and the order within
  a file of a partitioned COPY is not promised.
* `duckdb copy`, `pyarrow copy`: the CSV to one zstd Parquet file, nothing checked.

The counts of rows loaded, waiting, refused and duplicate must be equal for the first two, or the script fails. Memory is the resident size of the
process and all below it, as `benches/night.py` takes it. `nights` goes on with the lake: the same input again, then changes of 1 % of the rows.
duckdb and pyarrow are installed into `benches/peers/.venv`, nowhere else.
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
import threading
import time
import venv

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PYTHON = HERE / ".venv" / "bin" / "python"
PEERS = ("duckdb", "pyarrow")
# The published key of the samples: it serves numbers of the unassigned prefix 99 alone.
SAMPLE_KEY = "f9fa8be8b1b37a8a09cbe2e9aa9b34689ce364468d6232458b4eeebbe47cdbaf"
KINDS = ("served", "evaded_service", "summons_kept", "summons_ignored", "report_filed", "report_late", "report_false", "report_missing",
         "instalment_kept", "instalment_broken", "settlement_signed", "settlement_kept", "settlement_breached", "guarantee_given",
         "clue_volunteered", "transfer_below_value", "transfer_to_related", "asset_hidden", "limit_breached", "obstruction", "violence",
         "sham_litigation", "fined", "detained")
FINDINGS = ("alleged", "found", "admitted", "set_aside")
AS_OF = "2026-06-30"

sys.path.insert(0, str(HERE.parent))


def listed(values):
    return "[" + ", ".join(f"'{v}'" for v in values) + "]"


def generate(folder, rows):
    """Writes the exports: whole-number arithmetic on the row's number, so that the same size gives the same bytes anywhere."""
    import duckdb
    con = duckdb.connect()
    debtors = max(rows // 100, 10)
    day = "strftime(DATE '2023-01-01' + CAST({} AS INTEGER), '%Y-%m-%d')".format
    full, delta = folder / "full", folder / "delta"
    for made in (full, delta):
        made.mkdir(parents=True, exist_ok=True)

    def write(sql, path):
        con.execute(f"copy ({sql}) to '{path}' (header, delimiter ',')")
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    digits = " + ".join(f"{w} * CAST(substr(body, {at + 1}, 1) AS INTEGER)" for at, w in enumerate(weights))
    body = "'990103' || strftime(DATE '1950-01-01' + CAST(i % 18000 AS INTEGER), '%Y%m%d') || printf('%03d', i // 18000)"
    write(f"select printf('D%07d', i) as debtor_ref, 'natural' as kind, 'resident_id' as id_kind,"
          f" body || substr('10X98765432', 1 + (({digits}) % 11)::INTEGER, 1) as id_no, '王' || printf('%07d', i) as name,"
          f" 'active' as status, {day('i % 300')} as known_on"
          f" from (select i, {body} as body from range({debtors}) t(i))", full / "debtors.csv")
    case_no = "'（2023）浙0106执' || {} || '号'".format
    write(f"select {case_no('i + 1')} as case_no, '浙0106' as court_code, 'first' as case_type, {day('i % 300')} as filed_on, 'money' as duty_kind,"
          f" 'financial_loan' as cause, 1000000 + i * 100 as claim_fen, 'open' as status, {day('i % 300')} as known_on from range({debtors}) t(i)",
          full / "cases.csv")
    write(f"select {case_no('i + 1')} as case_no, printf('D%07d', i) as debtor_ref, 'principal' as role, 'solidary' as liability,"
          f" {day('i % 300')} as known_on from range({debtors}) t(i)", full / "parties.csv")
    # Of a thousand rows: each of six faults once, one pair that contradicts itself; of a hundred, one is said twice.
    acts = (f"select i, r, (r * 7919) % {debtors} as d, (r * 31) % 1000 as n from (select i, case when i % 100 = 77 or i % 1000 = 8 then i - 1 else i end as r"
            f" from range({rows}) t(i))")
    happened = "330 + (r * 13) % 900"
    act = (f"select case when i % 1000 = 5 then 'X' || r else printf('D%07d', d) end as debtor_ref, {case_no('d + 1')} as case_no,"
           f" case when i % 1000 = 6 then '' else {listed(KINDS)}[1 + (r % {len(KINDS)})::INTEGER] end as kind,"
           f" case when i % 1000 = 3 then '2025-02-30' else {day(happened)} end as happened_on,"
           f" case when i % 1000 = 4 then '三千元' when r % 4 = 0 or i % 1000 in (7, 8) then ({{amount}})::VARCHAR else '' end as amount_fen,"
           f" case when i % 1000 = 1 then 'maybe' else {listed(FINDINGS)}[1 + (r % 4)::INTEGER] end as finding,"
           f" case when i % 1000 = 2 then {day('(r * 13) % 300')} else {{known}} end as known_on, '' as voided_on, '' as void_reason,"
           f" '笔录' || r as document_no from ({acts})")
    write(act.format(amount="1000 + n * 100 + case when i % 1000 = 8 then 1 else 0 end", known=day(f"{happened} + n % 30")), full / "conduct.csv")
    changed = act.format(amount="5000 + n * 100", known=day(f"{happened} + 60"))
    write(f"{changed} where i % 100 = 24", delta / "conduct.csv")
    config = f'as_of = "{AS_OF}"\n\n[identity]\nsample_key = "{SAMPLE_KEY}"\n'
    (folder / "full.toml").write_text(config)
    deltas = "".join(f"\n[sources.{table}]\nmode = \"delta\"\n" for table in ("cases", "conduct", "debtors", "parties"))
    (folder / "delta.toml").write_text(config.replace("06-30", "07-01") + deltas)


def duckdb_ingest(folder, out):
    """The same work on `conduct` in SQL; prints its counts."""
    import duckdb
    con = duckdb.connect(str(out / "scratch.db"))
    con.execute(f"set threads = 2; set temp_directory = '{out / 'tmp'}'; set preserve_insertion_order = false")
    text = "all_varchar = true, header = true, nullstr = ''"
    full = folder / "full"
    con.execute(f"create table debtors as select debtor_ref, substr(sha256('{SAMPLE_KEY}' || id_no), 1, 32) as debtor_id from read_csv('{full}/debtors.csv', {text})")
    con.execute(f"create table cases as select distinct case_no from read_csv('{full}/cases.csv', {text})")
    con.execute(f"""create table checked as
        with typed as (select *, try_cast(happened_on as date) as happened, try_cast(known_on as date) as known,
                try_cast(voided_on as date) as voided, try_cast(amount_fen as bigint) as amount
            from read_csv('{full}/conduct.csv', {text}))
        select debtor_ref, debtor_id, t.case_no, kind, happened as happened_on, document_no, amount as amount_fen, finding, known as known_on,
            case when known_on is null then 'assumed' else 'stated' end as known_on_basis, voided as voided_on, void_reason,
            case when debtor_ref is null or t.case_no is null or kind is null or t.happened_on is null or document_no is null or t.known_on is null
                    then 'required'
                when happened is null or known is null or t.voided_on is not null and voided is null then 'date'
                when t.amount_fen is not null and amount is null then 'money'
                when kind not in {tuple(KINDS)} or finding not in {FINDINGS} then 'code'
                when not regexp_full_match(t.case_no, '（[0-9]{{4}}）\\p{{Han}}[0-9]{{2,4}}执[0-9]+号') then 'case_no'
                when known < happened then 'known_before' end as fault,
            case when debtor_id is null then 'debtor' when c.case_no is null then 'case' end as waits,
            hash(debtor_ref, t.case_no, kind, happened, document_no) as key,
            hash(amount, finding, voided, void_reason) as content
        from typed t left join debtors d using (debtor_ref) left join cases c on c.case_no = t.case_no""")
    con.execute("""create table settled as
        select * exclude (fault, waits), hash(debtor_id) % 64 as bucket, min(content) over w <> max(content) over w as conflict, row_number() over w as nth
        from checked where fault is null and waits is null window w as (partition by key, known_on)""")
    parquet = "format parquet, compression zstd, compression_level 3"
    con.execute(f"""copy (select debtor_id, printf('%016x', key) as row_id, case_no, kind, happened_on, document_no, amount_fen, finding, known_on,
            known_on_basis, voided_on, void_reason, date '{AS_OF}' as seen_on, content, bucket
        from settled where not conflict and nth = 1 order by bucket, debtor_id, row_id, known_on)
        to '{out}/lake' ({parquet}, partition_by (bucket))""")
    con.execute(f"copy (select * from checked where fault is not null) to '{out}/rejects.parquet' ({parquet})")
    con.execute(f"copy (select * from settled where conflict) to '{out}/conflicts.parquet' ({parquet})")
    con.execute(f"copy (select * from checked where fault is null and waits is not null) to '{out}/waiting.parquet' ({parquet})")
    one = lambda sql: con.execute(sql).fetchone()[0]
    conflicts = one("select count(*) from settled where conflict")
    print(json.dumps({
        "read": one("select count(*) from checked"), "loaded": one("select count(*) from settled where not conflict and nth = 1"),
        "waiting": one("select count(*) from checked where fault is null and waits is not null"),
        "rejected": one("select count(*) from checked where fault is not null") + conflicts,
        "duplicates": one("select count(*) from settled where not conflict and nth > 1")}))


def duckdb_copy(folder, out):
    import duckdb
    con = duckdb.connect()
    con.execute("set threads = 2")
    con.execute(f"copy (from read_csv('{folder}/full/conduct.csv', all_varchar = true, header = true)) to '{out}/raw.parquet' "
                "(format parquet, compression zstd, compression_level 3)")


def pyarrow_copy(folder, out):
    import pyarrow
    import pyarrow.csv
    import pyarrow.parquet
    pyarrow.set_cpu_count(2)
    source = pyarrow.csv.open_csv(folder / "full" / "conduct.csv", convert_options=pyarrow.csv.ConvertOptions(strings_can_be_null=True, column_types={
        name: pyarrow.string() for name in ("happened_on", "amount_fen", "known_on", "voided_on", "void_reason")}))
    with pyarrow.parquet.ParquetWriter(out / "raw.parquet", source.schema, compression="zstd", compression_level=3) as writer:
        for batch in source:
            writer.write_batch(batch)


def measured(command, out):
    """What `timed` gives, with an empty folder for what it writes."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    return timed(command)


def timed(command):
    """Seconds, seconds of processor time, peak MiB, standard output and standard error of a process tree."""
    from night import Peaks
    began = time.monotonic()
    child = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    peaks = Peaks(child.pid)
    peaks.start()
    said = []
    # Both pipes are read, or a child that says much would wait for ever.
    reader = threading.Thread(target=lambda: said.append(child.stderr.read()))
    reader.start()
    text = child.stdout.read()
    # Like wait(), with the processor time of the child and of all it waited for.
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = status = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - began
    peaks.over = True
    reader.join()
    if status:
        sys.exit(f"{' '.join(str(c) for c in command)} ended with {status}:\n{''.join(said)[-3000:]}")
    return seconds, usage.ru_utime + usage.ru_stime, max(peaks.peaks.values(), default=0) / (1 << 20), text, "".join(said)


def luheng(arguments, folder, config, inputs, work):
    command = [arguments.luheng.resolve(), "ingest", "--config", folder / config, "--input", folder / inputs, "--work", work, "--jobs", "2", "--log", "json"]
    return timed(command + (["--memory", arguments.memory] if arguments.memory else []))[:3]


def counts(work):
    table = json.loads((work / "lake" / "_intake.json").read_text())["tables"]["conduct"]
    return {name: table[name] for name in ("read", "loaded", "waiting", "rejected", "duplicates")}


def shown(name, rows, took, base=None):
    seconds, cpu, peak = took
    ratio = f"{seconds / base[0]:.2f} | {cpu / base[1]:.2f}" if base else " | "
    print(f"| {name} | {seconds:.2f} | {cpu:.2f} | {rows / seconds:,.0f} | {peak:.0f} | {ratio} |", flush=True)


def run(arguments, folder):
    rows, only = arguments.rows, arguments.only.split(",")
    out = folder / "out"
    size = (folder / "full" / "conduct.csv").stat().st_size / (1 << 20)
    print(f"{datetime.date.today()}  {rows} rows of conduct ({size:.0f} MiB), {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print("| program | seconds | cpu s | rows/s | peak MiB | of duckdb's seconds | of its cpu s |\n|---|---|---|---|---|---|---|")
    found, base, ours = {}, None, None
    for name in ("duckdb", "duckdb copy", "pyarrow copy"):
        if name in only:
            *took, text, _ = measured([PYTHON, __file__, "--peer", name, folder, out], out)
            if name == "duckdb":
                base, found[name] = took, json.loads(text.splitlines()[-1])
            shown(name, rows, took, base)
    work = folder / "work"
    if "luheng" in only:
        shutil.rmtree(work, ignore_errors=True)
        ours = luheng(arguments, folder, "full.toml", "full", work)
        found["luheng"] = counts(work)
        shown("luheng", rows, ours, base)
    if "nights" in only:
        for name, config, inputs in (("luheng, same input again", "full.toml", "full"), ("luheng, 1 % changed", "delta.toml", "delta")):
            seconds, cpu, peak = luheng(arguments, folder, config, inputs, work)
            share = f": {100 * seconds / ours[0]:.1f} % of the full load, {100 * cpu / ours[1]:.1f} % of its cpu s" if ours else ""
            print(f"| {name}{share} | {seconds:.2f} | {cpu:.2f} | | {peak:.0f} | | |", flush=True)
    print(f"load after: {os.getloadavg()[0]:.1f}")
    for name, count in found.items():
        print(f"{name}: {count}")
    if len({json.dumps(count, sort_keys=True) for count in found.values()}) > 1:
        sys.exit("the two do not come to the same counts: what is compared is not the same work")


def main():
    if sys.argv[1:2] == ["--peer"]:
        peer = {"duckdb": duckdb_ingest, "duckdb copy": duckdb_copy, "pyarrow copy": pyarrow_copy}[sys.argv[2]]
        return peer(*map(pathlib.Path, sys.argv[3:5]))
    if sys.argv[1:2] == ["--generate"]:
        return generate(pathlib.Path(sys.argv[2]), int(sys.argv[3]))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--luheng", type=pathlib.Path, default=ROOT / "target" / "release" / "luheng")
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--memory", help="handed to luheng")
    parser.add_argument("--only", default="duckdb,duckdb copy,pyarrow copy,luheng,nights", help="parts to run, separated by commas")
    parser.add_argument("--keep", type=pathlib.Path, help="keep exports and results here; exports that are there are used again")
    parser.add_argument("--repeat", type=int, default=1, help="the whole comparison so often")
    arguments = parser.parse_args()
    if not PYTHON.exists():
        venv.create(HERE / ".venv", with_pip=True)
    if subprocess.run([PYTHON, "-c", "import duckdb, pyarrow"], capture_output=True).returncode:
        subprocess.run([PYTHON, "-m", "pip", "install", "--quiet", *PEERS], check=True)
    folder = arguments.keep or pathlib.Path(tempfile.mkdtemp(prefix="luheng-peers-"))
    try:
        if not (folder / "delta.toml").exists():
            folder.mkdir(parents=True, exist_ok=True)
            subprocess.run([PYTHON, __file__, "--generate", str(folder), str(arguments.rows)], check=True)
        for _ in range(arguments.repeat):
            run(arguments, folder)
    finally:
        if not arguments.keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
