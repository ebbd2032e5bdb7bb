#!/usr/bin/env python3
"""Links the same records with luheng and with Splink and prints both side by side.

    python3 benches/peers/linkage.py            # public sets, then 1,000,000 imaginary people
    python3 benches/peers/linkage.py febrl_3    # one set

Splink is installed into benches/peers/.venv (ignored by git) on the first run. Each program runs in a process of its own; memory is the most that
process held. Splink gets the comparisons of its own demonstrations where it has one, the same candidate rules as luheng's where SQL can say them, and
the same threshold. Both learn without labels, on the set itself. Figures are looked at, never asserted.
"""
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time
import venv

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PYTHON = HERE / ".venv" / "bin" / "python"
DATA = pathlib.Path(os.environ.get("LUHENG_DATA", "/work/shared/data")) / "linkage"
THRESHOLD = 0.95
LIMIT_S = 600
COLUMNS = ("set", "program", "precision", "recall", "f1", "cluster_f1", "compared", "train_s", "predict_s", "peak_mib")


def pairs_of(groups):
    """Pairs of records of one group."""
    members = {}
    for record, group in groups:
        members.setdefault(group, []).append(record)
    return {(min(a, b), max(a, b)) for m in members.values() for i, a in enumerate(m) for b in m[i + 1:]}


def settings(name):
    """Comparisons, candidate rules, learning rules, certain rules and their recall."""
    import splink.comparison_level_library as cll
    import splink.comparison_library as cl
    from splink import SettingsCreator, block_on
    if name == "fake_1000":
        comparisons = [
            cl.NameComparison("first_name").configure(term_frequency_adjustments=True),
            cl.NameComparison("surname").configure(term_frequency_adjustments=True),
            cl.DateOfBirthComparison("dob", input_is_string=True),
            cl.ExactMatch("city").configure(term_frequency_adjustments=True),
            cl.EmailComparison("email"),
        ]
        rules = [block_on("first_name"), block_on("surname"), block_on("dob"), block_on("email")]
        learning = [block_on("first_name", "surname"), block_on("dob")]
        certain, recall = [block_on("first_name", "dob"), block_on("email")], 0.7
    elif name.startswith("febrl"):
        comparisons = [
            cl.NameComparison("given_name").configure(term_frequency_adjustments=True),
            cl.NameComparison("surname").configure(term_frequency_adjustments=True),
            cl.DamerauLevenshteinAtThresholds("date_of_birth", 1),
            cl.ExactMatch("street_number"),
            cl.JaroWinklerAtThresholds("address_1", [0.92, 0.88, 0.7]).configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("suburb", [0.92, 0.88, 0.7]).configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("postcode", [0.92, 0.88, 0.7]),
        ]
        rules = [
            block_on("given_name", "surname"), block_on("date_of_birth"), block_on("address_1"),
            block_on("suburb", "substr(given_name,1,3)"), block_on("postcode", "substr(surname,1,3)"),
        ]
        learning = [block_on("date_of_birth"), block_on("given_name", "surname")]
        certain, recall = [block_on("given_name", "surname", "date_of_birth")], 0.6
    else:
        comparisons = [
            cl.JaroWinklerAtThresholds("name", [0.8]).configure(term_frequency_adjustments=True),
            cl.DamerauLevenshteinAtThresholds("birth", 1),
            cl.CustomComparison(output_column_name="region", comparison_levels=[
                cll.NullLevel("region"), cll.ExactMatchLevel("region"),
                cll.CustomLevel("substr(region_l,1,4) = substr(region_r,1,4)", "same city"), cll.ElseLevel()]),
            cl.JaroWinklerAtThresholds("address", [0.92, 0.8]),
            cl.ExactMatch("phone"),
        ]
        # No pinyin in SQL: the third and fourth rule take the given name where luheng takes initials and sounds.
        rules = [
            block_on("name"), block_on("birth", "substr(name,1,1)"), block_on("region", "substr(name,2)"),
            block_on("name", "substr(birth,1,4)"), block_on("phone"),
        ]
        learning = [block_on("name"), block_on("birth", "substr(region,1,4)")]
        certain, recall = [block_on("name", "birth")], 0.7
    made = SettingsCreator(link_type="dedupe_only", comparisons=comparisons, blocking_rules_to_generate_predictions=rules)
    return made, learning, certain, recall


def splink(name, csv):
    """Runs Splink on one set and prints one JSON line."""
    import duckdb
    from splink import DuckDBAPI, Linker
    con = duckdb.connect()
    con.execute(f"create table raw as select * from read_csv('{csv}', all_varchar=true, normalize_names=false)")
    names = [c[0] for c in con.execute("describe raw").fetchall()]
    clean = ", ".join(f"nullif(trim(\"{c}\"), '') as {c.strip()}" for c in names)
    con.execute(f"create table people as select {clean} from raw")
    columns = [c.strip() for c in names]
    if "rec_id" in columns:
        con.execute("create or replace table people as select row_number() over () as unique_id, split_part(rec_id,'-',2) as person, * from people")
        group = "person"
    elif "cluster" in columns:
        group = "cluster"
    else:
        group = "person"
    made, learning, certain, recall = settings(name)
    start = time.monotonic()
    api = DuckDBAPI(con)
    linker = Linker(api.register("people"), made)
    linker.training.estimate_probability_two_random_records_match(certain, recall=recall)
    linker.training.estimate_u_using_random_sampling(max_pairs=2e6, seed=1)
    for rule in learning:
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    trained = time.monotonic()
    predicted = linker.inference.predict(threshold_match_probability=0.5)
    sure = con.execute(f"select unique_id_l, unique_id_r from {predicted.physical_name} where match_probability >= {THRESHOLD}").fetchall()
    ended = time.monotonic()
    people = con.execute(f"select unique_id, {group} from people").fetchall()
    person = dict(people)
    sizes = con.execute(f"select count(*) from people group by {group}").fetchall()
    truth = sum(n * (n - 1) // 2 for (n,) in sizes)
    right = sum(person[a] == person[b] for a, b in sure)
    out = {"set": name, "precision": right / max(len(sure), 1), "recall": right / truth, "f1": 2 * right / (len(sure) + truth)}
    if len(people) < 100_000:
        clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(predicted, threshold_match_probability=THRESHOLD)
        found = pairs_of(con.execute(f"select unique_id, cluster_id from {clusters.physical_name}").fetchall())
        good = sum(person[a] == person[b] for a, b in found)
        out["cluster_f1"] = 2 * good / (len(found) + truth)
    out |= {"train_s": trained - start, "predict_s": ended - trained, "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}
    print("\n" + json.dumps(out))


def last_json(text):
    lines = [line for line in text.splitlines() if line.startswith("{")]
    return json.loads(lines[-1]) if lines else None


def luheng_binary():
    """The measuring test program, built."""
    made = subprocess.run(
        ["cargo", "test", "--release", "-p", "luheng-lake", "--test", "linkage_speed", "--no-run", "--message-format=json"],
        cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    found = [json.loads(line) for line in made.splitlines() if '"linkage_speed"' in line and '"executable":"' in line]
    return found[-1]["executable"]


def shown(program, result):
    row = {**result, "program": program}
    cells = [f"{row[c]:.4f}" if isinstance(row.get(c), float) and not c.endswith("_s") else
             f"{row[c]:.1f}" if isinstance(row.get(c), float) else str(row.get(c, "")) for c in COLUMNS]
    print("| " + " | ".join(cells) + " |", flush=True)


def main():
    if not PYTHON.exists():
        venv.create(HERE / ".venv", with_pip=True)
    if subprocess.run([PYTHON, "-c", "import splink"], capture_output=True).returncode:
        subprocess.run([PYTHON, "-m", "pip", "install", "--quiet", "splink"], check=True)
    binary = luheng_binary()
    print("| " + " | ".join(COLUMNS) + " |\n|" + "---|" * len(COLUMNS))
    for name in sys.argv[1:] or ["febrl_1", "febrl_3", "fake_1000", "1000000"]:
        with tempfile.TemporaryDirectory() as folder:
            csv = DATA / f"{name}.csv"
            environment = {**os.environ, "LUHENG_LINKAGE": name}
            if name.isdigit():
                csv = pathlib.Path(folder) / "people.csv"
                subprocess.run([binary, "--ignored", "write_people"], env={**environment, "LUHENG_LINKAGE_OUT": str(csv)}, check=True, capture_output=True)
            ours = subprocess.run([binary, "--ignored", "--nocapture", "measure"], env=environment, capture_output=True, text=True)
            shown("luheng", last_json(ours.stdout) or {"set": name, "f1": "failed"})
            try:
                theirs = subprocess.run([PYTHON, __file__, "--splink", name, str(csv)], capture_output=True, text=True, timeout=LIMIT_S)
                result = last_json(theirs.stdout)
                shown("splink", result or {"set": name, "f1": "failed"})
                if not result:
                    print(theirs.stderr[-2000:], file=sys.stderr)
            except subprocess.TimeoutExpired:
                shown("splink", {"set": name, "f1": f"stopped after {LIMIT_S} s"})


if __name__ == "__main__":
    if sys.argv[1:2] == ["--splink"]:
        splink(*sys.argv[2:4])
    else:
        main()
