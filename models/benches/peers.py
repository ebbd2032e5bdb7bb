#!/usr/bin/env python3
"""The models beside their peers: binning, scorecard, additive model, trees, effects and neighbours, on public data.

    python3 models/benches/peers.py                 all, and writes models/benches/RESULTS.md
    python3 models/benches/peers.py --only binning
    python3 models/benches/peers.py --big 307511    rows of the imaginary large variables

Peers are installed into `models/benches/.venv`, nowhere else. Both sides run on one thread, one after the other, in one run; every figure of
quality is computed here, from the cuts or scores each side gives, by the same lines for both. Sex, age and marital status are left out.
Categories are coded, for both sides alike, by the rate of their training rows; a row of the test whose category is new is missing.
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import resource
import subprocess
import sys
import tempfile
import time
import venv

import peers_effect

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DATA = ROOT.parent / "shared" / "data" / "credit"
PYTHON = HERE / ".venv" / "bin" / "python"
PEERS = ("optbinning", "scikit-learn", "lightgbm", "pandas", "numpy", "interpret-core", "doubleml", "econml")
NEVER = {"SEX", "AGE", "MARRIAGE", "personal_status_and_sex", "age_in_years", "foreign_worker", "addr_state"}
TRENDS = ("none", "ascending", "descending", "peak", "valley")
FOLDS = 5
MAX_BINS, MIN_SHARE = 8, 0.05


def numbers(frame, train):
    """Columns as numbers: categories by the rate of their training rows."""
    import pandas
    out = {}
    for name in frame.columns:
        if name in NEVER or name == "issue_d":
            continue
        column = frame[name]
        if name != "label" and not pandas.api.types.is_numeric_dtype(column):
            rate = frame["label"][train].groupby(column[train]).mean()
            order = {value: at for at, value in enumerate(sorted(rate.index, key=lambda v: (rate[v], v)))}
            column = column.map(order)
        out[name] = column.astype(float)
    return pandas.DataFrame(out)


def sets():
    """Name, frame, and the training rows of each split."""
    import numpy
    import pandas
    for path in sorted(DATA.glob("*.csv")):
        frame = pandas.read_csv(path)
        # The peer refuses infinite values and names with a comma.
        frame.columns = [str(c).replace(",", " ") for c in frame.columns]
        frame = frame.replace([numpy.inf, -numpy.inf], numpy.nan)
        if "issue_d" in frame:
            day = frame["issue_d"].to_numpy()
            yield path.stem, frame, [day < cut for cut in numpy.sort(day)[[int(len(day) * s) for s in (0.5, 0.6, 0.7, 0.8, 0.9)]]]
        else:
            fold = numpy.random.default_rng(1).integers(0, FOLDS, len(frame))
            yield path.stem, frame, [fold != f for f in range(FOLDS)]


def judged(x, y, cuts, trend):
    """Information value over bins of rows with a value, and the faults of the bins."""
    import numpy
    there = ~numpy.isnan(x)
    at = numpy.searchsorted(cuts, x[there], side="left")
    n = numpy.bincount(at, minlength=len(cuts) + 1).astype(float)
    good = numpy.bincount(at, weights=y[there], minlength=len(cuts) + 1)
    faults = []
    if (n < MIN_SHARE * len(x) * (1 - 1e-9)).any():
        faults.append("small")
    if len(n) > MAX_BINS:
        faults.append("many")
    if (good < 1).any() or (n - good < 1).any():
        return float("nan"), faults + ["pure"]
    rate = good / n
    rise = numpy.diff(rate)
    turn = int(numpy.argmax(rate)) if trend == "peak" else int(numpy.argmin(rate))
    kept = {"none": True, "ascending": (rise >= -1e-12).all(), "descending": (rise <= 1e-12).all(),
            "peak": (rise[:turn] >= -1e-12).all() and (rise[turn:] <= 1e-12).all(),
            "valley": (rise[:turn] <= 1e-12).all() and (rise[turn:] >= -1e-12).all()}[trend]
    if not kept:
        faults.append("trend")
    p, q = good / y.sum(), (n - good) / (len(y) - y.sum())
    return float(((p - q) * numpy.log(p / q)).sum()), faults


def auc(y, score):
    from sklearn.metrics import roc_auc_score
    return roc_auc_score(y, score)


def ours(*arguments):
    """What the Rust side says; its peak memory is kept."""
    environment = dict(os.environ, RAYON_NUM_THREADS="1")
    done = subprocess.run([program(), *map(str, arguments)], capture_output=True, text=True, env=environment, check=True)
    # Its own high-water mark: what the system says of a child counts what it shared with this process before it began.
    _peak.append(int(done.stderr.split()[-1]) / 1024)
    return json.loads(done.stdout)


_program, _peak = [], []


def program():
    if not _program:
        built = subprocess.run(["cargo", "bench", "--workspace", "--bench", "peers", "--no-run", "--message-format=json"] if not os.environ.get("PEERS_BIN") else ["true"],
                               cwd=ROOT, capture_output=True, text=True, check=True).stdout
        found = [json.loads(line)["executable"] for line in built.splitlines() if '"peers"' in line and '"executable":"' in line]
        _program.append(os.environ.get("PEERS_BIN") or found[-1])
    return _program[0]


def binning(folder, big, say):
    import numpy
    from optbinning import OptimalBinning
    say("## Optimal binning beside OptBinning\n")
    say(f"At most {MAX_BINS} bins, each at least {MIN_SHARE:.0%} of all rows with one event and one other; the peer with its defaults otherwise (CART pre-binning, constraint "
        "programming). Seconds are of one variable, median over variables; ratio = peer's seconds over ours, variable by variable. Information value by the same lines "
        "from the cuts of each. `faults` are bins that break a constraint. The peer chooses among at most 20 pre-bins of 5 %, we among about 100 and finer ones beside "
        "the cuts; the last rows give the peer 100 pre-bins of 1 % too (two trends: it takes long).\n")
    say("| data | trend | variables | peer s | our s | ratio, median | least | IV higher | equal | lower | our mean IV | peer's | peer failed | faults ours, peer's |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|---|")
    work = [(name, numbers(frame, numpy.ones(len(frame), bool))) for name, frame, _ in sets()]
    if big:
        import pandas
        draw = numpy.random.default_rng(3)
        x = {"normal": draw.normal(size=big), "lognormal": draw.lognormal(size=big), "counts": draw.poisson(3, big).astype(float)}
        logit = 0.6 * x["normal"] - 0.4 * numpy.log(x["lognormal"]) ** 2 + 0.2 * x["counts"] - 2
        x["label"] = (draw.random(big) < 1 / (1 + numpy.exp(-logit))).astype(float)
        work.append((f"imaginary, {big} rows", pandas.DataFrame(x)))
        work.append((f"the same, peer at our fineness", pandas.DataFrame(x)[["normal", "label"]]))
    lower_still = []
    for name, frame in work:
        path = folder / "data.csv"
        frame.to_csv(path, index=False)
        y = frame["label"].to_numpy()
        for trend in TRENDS[:2] if "fineness" in name else TRENDS:
            mine = ours("binning", path, trend, MAX_BINS, MIN_SHARE, 3)
            rows = []
            for column in frame.columns[:-1]:
                x = frame[column].to_numpy()
                began = time.perf_counter()
                fine = {"max_n_prebins": 100, "min_prebin_size": 0.01} if "fineness" in name else {}
                peer = OptimalBinning(**fine, name=column, dtype="numerical", solver="cp", max_n_bins=MAX_BINS, min_bin_size=MIN_SHARE, monotonic_trend=None if trend == "none" else trend,
                                      min_bin_n_event=1, min_bin_n_nonevent=1)
                peer.fit(x, y)
                took = time.perf_counter() - began
                # The peer's bins are closed below: a cut at c puts c above it. Ours are closed above.
                peer_cuts = numpy.nextafter(numpy.asarray(peer.splits, float), -numpy.inf)
                our_cuts = mine[column]["cuts"]
                our = judged(x, y, numpy.asarray(our_cuts, float), trend) if isinstance(our_cuts, list) else (0.0, ["refused"])
                rows.append((took, mine[column]["seconds"], our, judged(x, y, peer_cuts, trend), peer.status, column))
            import statistics
            ratio = sorted(r[0] / r[1] for r in rows)
            fair = [r for r in rows if not r[3][1] and not r[2][1]]
            more = sum(r[2][0] > r[3][0] + 1e-9 for r in fair)
            less = [r for r in fair if r[2][0] < r[3][0] - 1e-9]
            lower_still += [f"{name}, {r[5]}, {trend}: {r[2][0]:.6f} against {r[3][0]:.6f}" for r in less]
            mean = lambda at: statistics.mean(r[at][0] for r in fair) if fair else float("nan")
            say(f"| {name} | {trend} | {len(rows)} | {statistics.median(r[0] for r in rows):.3f} | {statistics.median(r[1] for r in rows):.4f} | {statistics.median(ratio):.0f} | "
                f"{ratio[0]:.0f} | {more} | {len(fair) - more - len(less)} | {len(less)} | {mean(2):.5f} | {mean(3):.5f} | {sum(r[4] not in ('OPTIMAL', 'FEASIBLE') for r in rows)} | "
                f"{sum(bool(r[2][1]) for r in rows)}, {sum(bool(r[3][1]) for r in rows)} |")
    say("\n" + ("Lower than the peer's:\n\n" + "\n".join(f"- {line}" for line in lower_still) if lower_still else "No variable's information value is lower than the peer's.") + "\n")


def scorecard(folder, say):
    import numpy
    import statistics
    from optbinning import BinningProcess
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    say("## Scorecard beside OptBinning with scikit-learn's logistic regression\n")
    say("Test AUC, mean and standard deviation over five splits (LendingClub: trained on the first 50 to 90 % by day, tested on the rest). The peer: `BinningProcess` with its "
        "defaults, weight of evidence, `LogisticRegression(C=1)`. Ours: the scorecard with its defaults, bins by quantiles and optimal. Peak is of the peer's whole process.\n")
    say("| data | peer AUC | ours, quantile | ours, optimal | difference of optimal | peer s | our s | ratio |\n|---|---|---|---|---|---|---|---|")
    for name, frame, splits in sets():
        peer, mine, seconds = [], {"quantile": [], "optimal": []}, ([], [])
        for train in splits:
            coded = numbers(frame, train)
            names = list(coded.columns[:-1])
            coded[train].to_csv(folder / "train.csv", index=False)
            coded[~train].to_csv(folder / "test.csv", index=False)
            y = coded["label"].to_numpy()
            for how in mine:
                said = ours("scorecard", folder / "train.csv", folder / "test.csv", how)
                mine[how].append(auc(y[~train], said["score"]))
            seconds[1].append(said["seconds"])
            began = time.perf_counter()
            model = make_pipeline(BinningProcess(names), LogisticRegression(C=1.0, max_iter=1000))
            model.fit(coded[names][train], y[train])
            seconds[0].append(time.perf_counter() - began)
            peer.append(auc(y[~train], model.predict_proba(coded[names][~train])[:, 1]))
        spread = lambda a: f"{statistics.mean(a):.4f} ± {statistics.stdev(a):.4f}"
        difference = [a - b for a, b in zip(mine["optimal"], peer)]
        say(f"| {name} | {spread(peer)} | {spread(mine['quantile'])} | {spread(mine['optimal'])} | {statistics.mean(difference):+.4f} ± {statistics.stdev(difference):.4f} | "
            f"{statistics.median(seconds[0]):.2f} | {statistics.median(seconds[1]):.3f} | {statistics.median(seconds[0]) / statistics.median(seconds[1]):.0f} |")
    say("")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="binning,scorecard,additive,tree,effect,neighbours")
    parser.add_argument("--big", type=int, default=307_511, help="rows of the imaginary large variables; 0 for none")
    parser.add_argument("--splits", type=int, default=FOLDS, help="of the additive model and the trees: the peer takes minutes a split")
    parser.add_argument("--out", type=pathlib.Path, default=HERE / "RESULTS.md")
    arguments = parser.parse_args()
    if not PYTHON.exists():
        venv.create(HERE / ".venv", with_pip=True)
    if pathlib.Path(sys.prefix).resolve() != (HERE / ".venv").resolve():
        if subprocess.run([PYTHON, "-c", "import optbinning, sklearn, lightgbm, interpret, doubleml, econml"], capture_output=True).returncode:
            subprocess.run([PYTHON, "-m", "pip", "install", "--quiet", *PEERS], check=True)
        os.execv(PYTHON, [str(PYTHON), __file__, *sys.argv[1:]])
    from importlib.metadata import version
    lines = []

    def say(line):
        print(line, flush=True)
        lines.append(line)
    say("# The models beside their peers\n")
    say(f"`make bench-models`, {datetime.date.today()}, {platform.machine()}, {os.cpu_count()} cores, load before {os.getloadavg()[0]:.1f}, one thread each side; Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in PEERS) + ".\n")
    with tempfile.TemporaryDirectory() as folder:
        if "binning" in arguments.only:
            binning(pathlib.Path(folder), arguments.big, say)
        if "scorecard" in arguments.only:
            scorecard(pathlib.Path(folder), say)
        if "effect" in arguments.only:
            peers_effect.effect(pathlib.Path(folder), say, ours)
        if "neighbours" in arguments.only:
            peers_effect.neighbours(pathlib.Path(folder), say, ours)
        if "additive" in arguments.only:
            __import__("peers_additive").run(pathlib.Path(folder), say, sets, numbers, auc, program, splits=arguments.splits)
        if "tree" in arguments.only:
            import peers_tree
            peers_tree.tree(pathlib.Path(folder), say, program(), sets, numbers, auc, most=arguments.splits)
    ours_too = f"; of ours, its own copy of the data included: {max(_peak):.0f} MiB" if _peak else ""
    say(f"Peak memory of this process, peers included: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB{ours_too}.")
    arguments.out.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
