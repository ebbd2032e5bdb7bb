#!/usr/bin/env python3
"""Rates an imaginary town with luheng and with LightGBM on the same features, and prints both beside what the generator knows.

    python3 benches/peers/rating.py --luheng target/release/luheng                 # 20,000 debtors, a seed no test has
    python3 benches/peers/rating.py --luheng target/release/luheng --debtors 100000 --seed 3

LightGBM (its defaults: 100 trees of 31 leaves, rate 0.1; once free, once with our directions as its monotone constraints) is installed into benches/peers/.venv
(ignored by git) on the first run. It learns from every row whose outcome was known before the held-out days, as our champion may. Both are judged
- on the held-out landmarks that assess (neither chose by them): ours as its validation.json says, with censoring weights, LightGBM unweighted;
- on the parties rated on the town's last day, against what the generator says comes of them (cases of one debtor): the cover of the due in 180 days, and
  the chance of willingness. Gini is 2 AUC - 1; where the truth is a chance, a row counts as that much of a good one.
Figures are looked at, never asserted.
"""
import argparse
import json
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import time
import tomllib
import venv

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PYTHON = HERE / ".venv" / "bin" / "python"
NEEDED = ("lightgbm", "pyarrow", "pandas", "numpy", "blake3")
AXES = ("capacity", "willingness")
MOST_ROWS = 300_000


def gini(score, good):
    """2 AUC - 1; `good` may be a chance."""
    import numpy
    order = numpy.argsort(score, kind="stable")
    score, good = numpy.asarray(score, float)[order], numpy.asarray(good, float)[order]
    bad = 1.0 - good
    _, first = numpy.unique(score, return_index=True)
    same_good, same_bad = numpy.add.reduceat(good, first), numpy.add.reduceat(bad, first)
    below = numpy.cumsum(same_bad) - same_bad
    return 2.0 * float((same_good * (below + same_bad / 2.0)).sum() / (good.sum() * bad.sum())) - 1.0


def folds(purpose, seed, count):
    """`split::fold_for` of luheng-models."""
    import blake3
    head = struct.pack("<Q", seed) + (struct.pack("<Q", len(purpose)) + purpose.encode() if purpose else b"")
    return lambda case: int.from_bytes(blake3.blake3(head + case.encode()).digest()[:8], "little") % count


def training(luheng, common, work):
    """The training table, made again bucket by bucket: training itself removes it."""
    import pandas
    import pyarrow.parquet as parquet
    buckets = json.loads((work / "lake" / "lake.json").read_text())["buckets"]
    for stage in ("disposals", "targets"):
        for bucket in range(buckets):
            subprocess.run([luheng, "stage", stage, "--bucket", f"{bucket}/{buckets}", *common], check=True, stdout=subprocess.DEVNULL)
    files = sorted((work / "models" / ".training" / "parts" / "training").rglob("*.parquet"))
    return pandas.concat([parquet.read_table(file).to_pandas() for file in files], ignore_index=True)


def days(column):
    import pandas
    return (pandas.to_datetime(column) - pandas.Timestamp("1970-01-01")).dt.days


def directions():
    """Of each feature, from the dictionary: 1 up, -1 down, 0 free."""
    rows = [[cell.strip() for cell in line.split("|")] for line in (ROOT / "notebooks-export" / "dictionary.md").read_text().splitlines()]
    return {row[1]: {"up": 1, "down": -1}.get(row[6], 0) for row in rows if len(row) > 8 and row[2].isdigit()}


def peers(rows, label, features):
    """LightGBM free and with directions, and the seconds of the free one."""
    import lightgbm
    fitted, seconds = [], 0.0
    for constraints in ({}, {"monotone_constraints": [directions()[f] for f in features]}):
        began = time.monotonic()
        data = lightgbm.Dataset(rows[features].to_numpy(float), (rows[label] >= 0.5).to_numpy(float))
        fitted.append(lightgbm.train({"objective": "binary", "num_threads": 2, "verbose": -1, **constraints}, data, num_boost_round=100))
        seconds = seconds or time.monotonic() - began
    return fitted, seconds


def axis_of(name, table, told, seed):
    """One axis: LightGBM fitted on the rows that train, and the Gini of all on the rows that assess."""
    spec = tomllib.loads((ROOT / "pipeline" / "catalog" / "ratings" / f"{name}.toml").read_text())
    label, features = f"{name}_label", spec["features"]
    rows = table[table[label].notna() | table[f"{name}_censored_on"].notna()].copy()
    rows["day"], rows["end"] = days(rows["day"]), days(rows[f"{name}_end"])
    if len(rows) > MOST_ROWS:
        part, kept = folds("most rows", seed, 10_000), MOST_ROWS / len(rows) * 10_000
        rows = rows[rows["case_no"].map({case: part(case) < kept for case in rows["case_no"].unique()})]
    cut = int(re.search(r"from day (\d+)", told["notes"][0])[1])
    rows = rows[rows[label].notna()]
    train, test = rows[(rows["day"] < cut) & (rows["end"] < cut)], rows[rows["day"] >= cut]
    half = folds("", seed, 2)
    assess = test[~test["case_no"].map({case: half(case) == 0 for case in test["case_no"].unique()})]
    assert (len(train), len(assess)) == (told["train_rows"], told["assessed_rows"]), (len(train), len(assess), told["train_rows"], told["assessed_rows"])
    models, seconds = peers(train, label, features)
    theirs = [gini(model.predict(assess[features].to_numpy(float)), assess[label]) for model in models]
    assessment = told["assessment"]
    ours = 2.0 * assessment["auc"] - 1.0
    print(f"\n## {name}: {told['champion']}, {len(train):,} training rows, {len(features)} features (LightGBM: {seconds:.1f} s)\n")
    print("| judged on | rows | ours | LightGBM | with directions | ours / LightGBM | true chance | ours / true |\n|---|---|---|---|---|---|---|---|")
    print(f"| held-out landmarks | {len(assess):,} | {ours:.4f} | {theirs[0]:.4f} | {theirs[1]:.4f} | {ours / theirs[0]:.3f} | | |")
    return models, features


def last_day(name, models, features, ratings, values, truth):
    """All on the parties of the last day, beside what comes of them."""
    rows = ratings.merge(values, on=["case_no", "debtor_id"], suffixes=("", "_f")).merge(truth, on="case_no", suffixes=("", "_t"))
    rows = rows[rows[f"{name}_p"].notna()]
    chance = {"capacity": "p_covered", "willingness": "p_willing"}[name]
    rows = rows[rows[chance].notna()]
    good = (rows["true_covered_180"] >= 0.8).astype(float) if name == "capacity" else rows[chance]
    ours, true = gini(rows[f"{name}_p"], good), gini(rows[chance], good)
    theirs = [gini(model.predict(rows[features].to_numpy(float)), good) for model in models]
    print(f"| the last day | {len(rows):,} | {ours:.4f} | {theirs[0]:.4f} | {theirs[1]:.4f} | {ours / theirs[0]:.3f} | {true:.4f} | {ours / true:.3f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--luheng", type=pathlib.Path, default=ROOT / "target" / "release" / "luheng")
    parser.add_argument("--debtors", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=2026)
    arguments = parser.parse_args()
    if pathlib.Path(sys.prefix).resolve() != PYTHON.parent.parent.resolve():
        if not PYTHON.exists():
            venv.create(PYTHON.parent.parent, with_pip=True)
        subprocess.run([str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *NEEDED], check=True)
        sys.exit(subprocess.run([str(PYTHON), __file__, *sys.argv[1:]]).returncode)
    import pyarrow.parquet as parquet
    luheng = str(arguments.luheng.resolve())
    with tempfile.TemporaryDirectory(prefix="luheng-rating-") as folder:
        town, work = pathlib.Path(folder) / "town", pathlib.Path(folder) / "work"
        subprocess.run([luheng, "synth", "--debtors", str(arguments.debtors), "--seed", str(arguments.seed), "--out", str(town)], check=True, stdout=subprocess.DEVNULL)
        common = ["--as-of", "2026-06-30", "--work", str(work)]
        subprocess.run([luheng, "nightly", "--input", str(town), *common], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        table = training(luheng, common, work)
        run = work / "current"
        seed = json.loads((run / "manifest.json").read_text())["seed"]
        validation = json.loads(next((work / "models").glob("*/validation.json")).read_text())
        told = {axis["axis"]: axis for axis in validation["axes"]}
        ratings, values = (parquet.read_table(run / f"{name}.parquet").to_pandas() for name in ("ratings", "features"))
        truth = parquet.read_table(town / "truth.parquet").to_pandas()
        truth = truth[~truth["case_no"].duplicated(keep=False)]
        print(f"# {arguments.debtors:,} debtors, seed {arguments.seed}: Gini of the ratings")
        for name in AXES:
            models, features = axis_of(name, table, told[name], seed)
            last_day(name, models, features, ratings, values, truth)
        print("\n| rating | champion | reliability slope | calibration error | intervals of 90 % held |\n|---|---|---|---|---|")
        for name, axis in told.items():
            if axis["status"] == "rated":
                found = axis["assessment"]
                print(f"| {name} | {axis['champion']} | {found['calibration_slope']:.3f} | {found['calibration_error']:.4f} | {axis['intervals']['held']:.3f} |")


if __name__ == "__main__":
    main()
