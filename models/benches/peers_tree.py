"""Boosted trees beside LightGBM with the same trees, leaves, rate, codes and directions. Called by `peers.py`; by itself:

    models/benches/.venv/bin/python models/benches/peers_tree.py [--rows 150000] [--splits 5]

Each fit is a process of its own on both sides, so peak memory and threads are its own. Numbers pass as files. Directions are the signs of rank correlations in
training, for features where these are clear; both sides get the same. A row of the grid is a test row with one directed feature moved over its values.
"""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

PARAMS = {"trees": 100, "learning_rate": 0.1, "max_leaves": 31, "max_depth": 63, "min_rows": 20, "min_hessian": 1e-3, "l2": 0.0, "max_bins": 255, "held_share": 0.0}


def lightgbm_side(path):
    """The peer, in a process of its own: `peers_tree.py lightgbm SPEC THREADS`."""
    import time

    import lightgbm
    import numpy
    # On a machine that is busy with other things: seconds of this process on its cores, on both sides.
    clock = time.process_time if "PEERS_CPU" in os.environ else time.perf_counter
    spec = json.loads(pathlib.Path(path).read_text())
    threads = int(sys.argv[3])

    def rows(file):
        return numpy.fromfile(file).reshape(-1, len(spec["names"]) + 1)
    train = rows(spec["train"])
    x, y = numpy.ascontiguousarray(train[:, :-1]), train[:, -1].copy()
    del train
    ours = spec["params"]
    params = {"objective": "binary", "num_leaves": ours["max_leaves"], "learning_rate": ours["learning_rate"], "min_data_in_leaf": ours["min_rows"],
              "min_sum_hessian_in_leaf": ours["min_hessian"], "lambda_l2": ours["l2"], "max_bin": ours["max_bins"], "num_threads": threads, "verbose": -1, "seed": 1,
              "deterministic": False, "monotone_constraints": [{"up": 1, "down": -1}.get(spec["directions"].get(n), 0) for n in spec["names"]],
              "monotone_constraints_method": "basic"}
    began = clock()
    data = lightgbm.Dataset(x, y, categorical_feature=[spec["names"].index(n) for n in spec["categories"]], params=params)
    model = lightgbm.train(params, data, ours["trees"])
    seconds = clock() - began
    for source, target in spec["score"]:
        model.predict(numpy.ascontiguousarray(rows(source)[:, :-1]), raw_score=True, num_threads=threads).tofile(target)
    speed = None
    if spec["speed"]:
        x = numpy.ascontiguousarray(rows(spec["speed"][0])[:, :-1])
        few = x[:1000].copy()

        def best(call):
            took = []
            for _ in range(spec["speed"][1]):
                began = clock()
                call()
                took.append(clock() - began)
            return min(took)
        speed = [len(x) / best(lambda: model.predict(x, raw_score=True, num_threads=threads)), len(few) / best(lambda: model.predict(few, pred_contrib=True, num_threads=threads))]
    # Its own high-water mark, as on the other side.
    peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
    print(json.dumps({"seconds": seconds, "rows_per_second": speed, "bytes": len(model.model_to_string())}))
    print("peak KiB", peak, file=sys.stderr)


def side(command, threads):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, env=dict(os.environ, RAYON_NUM_THREADS=str(threads), OMP_NUM_THREADS=str(threads)))
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout) | {"peak": int(done.stderr.split()[-1]) / 1024}


def imaginary(rows):
    """A large set whose truth has steps, products, missing values and directions."""
    import numpy
    import pandas
    draw = numpy.random.default_rng(5)
    x = draw.normal(size=(rows, 30))
    x[:, 10:20] = numpy.round(numpy.exp(x[:, 10:20]), 2)
    logit = (0.8 * x[:, 0] - 0.6 * x[:, 1] + 0.5 * (x[:, 2] > 0.5) * x[:, 3] + 0.4 * numpy.abs(x[:, 4]) + 0.3 * numpy.log(x[:, 10]) - 0.2 * numpy.minimum(x[:, 11], 3)
             + 0.3 * x[:, 5] * x[:, 6] - 1)
    label = (draw.random(rows) < 1 / (1 + numpy.exp(-logit))).astype(float)
    x[draw.random(x.shape) < 0.03] = numpy.nan
    frame = pandas.DataFrame(x, columns=[f"x{j}" for j in range(30)])
    frame["label"] = label
    return frame


def directions(x, y, names):
    import numpy
    import pandas
    found = {}
    for j, name in enumerate(names):
        there = ~numpy.isnan(x[:, j])
        r = pandas.Series(x[there, j]).rank().corr(pandas.Series(y[there]))
        if abs(r) > 0.05:
            found[name] = "up" if r > 0 else "down"
    return found


def grid(x, names, found, rows=100, steps=40):
    """Test rows with one directed feature moved; and for each stretch the sign its scores must keep."""
    import numpy
    blocks, signs = [], []
    for name, way in found.items():
        j = names.index(name)
        values = x[~numpy.isnan(x[:, j]), j]
        ladder = numpy.unique(numpy.quantile(values, numpy.linspace(0, 1, steps)))
        for row in x[:rows]:
            block = numpy.tile(row, (len(ladder), 1))
            block[:, j] = ladder
            blocks.append(block)
            signs.append((1 if way == "up" else -1, len(ladder)))
    return numpy.vstack(blocks), signs


def violations(scores, signs):
    import numpy
    at, n, worst = 0, 0, 0.0
    for sign, length in signs:
        fall = -sign * numpy.diff(scores[at:at + length])
        at += length
        n += int((fall > 1e-12).sum())
        worst = max(worst, float(fall.max(initial=0.0)))
    return n, worst


def pair(folder, program, names, categories, train, test, threads, speed):
    """One fit on each side; what each says, with scores of the test rows and violations on the grid."""
    import numpy
    found = {n: d for n, d in directions(train[:, :-1], train[:, -1], names).items() if n not in categories}
    cells, signs = grid(test[:, :-1], names, found) if found else (test[:1, :-1], [])
    train.tofile(folder / "train.bin")
    test.tofile(folder / "test.bin")
    numpy.column_stack([cells, numpy.zeros(len(cells))]).tofile(folder / "grid.bin")
    said = []
    for name, command in (("ours", [program, "tree"]), ("peer", [sys.executable, __file__, "lightgbm"])):
        spec = {"names": names, "directions": found, "categories": categories, "params": PARAMS | {"algorithm": "boost"}, "train": str(folder / "train.bin"),
                "score": [[str(folder / f"{part}.bin"), str(folder / f"{part}.{name}")] for part in ("test", "grid")], "speed": [str(folder / "test.bin"), speed] if speed else None}
        (folder / "spec.json").write_text(json.dumps(spec))
        result = side([*command, folder / "spec.json", *([threads] if name == "peer" else [])], threads)
        said.append(result | {"test": numpy.fromfile(folder / f"test.{name}"), "broken": violations(numpy.fromfile(folder / f"grid.{name}"), signs) if signs else (0, 0.0)})
    return said, len(found)


def tree(folder, say, program, sets, numbers, auc, rows=150_000, most=5):
    """The comparison whole, as lines of Markdown; `sets`, `numbers`, `auc` as in `peers.py`."""
    import numpy
    say("## Boosted trees beside LightGBM\n")
    say(f"The same trees, leaves, rate, codes and directions on both sides ({PARAMS['trees']} trees of {PARAMS['max_leaves']} leaves, rate {PARAMS['learning_rate']}, {PARAMS['max_bins']} codes, no "
        "penalty; the peer's monotone method `basic`). Test AUC over splits; directions from the training rows, the same for both; violations: steps on a grid of 100 test rows × 40 values a "
        "feature that go against the direction, all splits together, and the worst in log-odds. Seconds of the fit from numbers in memory (the peer's `Dataset` and our sorting and coding "
        "included), median; peak memory of the process. One thread.\n")
    say("| data | directed features | our AUC | peer's AUC | difference | our violations | peer's (worst) | our s | peer's s | our MiB | peer's MiB |\n|---|---|---|---|---|---|---|---|---|---|---|")
    spread = lambda a: f"{statistics.mean(a):.4f} ± {statistics.stdev(a) if len(a) > 1 else 0:.4f}"
    median = lambda said, k, key: statistics.median(s[k][key] for s in said)
    for name, frame, splits in sets():
        said, aucs, directed = [], ([], []), 0
        for train in splits[:most]:
            coded = numbers(frame, train)
            names, table = list(coded.columns[:-1]), coded.to_numpy(float)
            both, directed = pair(folder, program, names, [], table[train], table[~train], 1, 0)
            said.append(both)
            for k in (0, 1):
                aucs[k].append(auc(table[~train, -1], both[k]["test"]))
        difference = [a - b for a, b in zip(*aucs)]
        broken = [sum(s[k]["broken"][0] for s in said) for k in (0, 1)]
        worst = max(s[1]["broken"][1] for s in said)
        say(f"| {name} | {directed} | {spread(aucs[0])} | {spread(aucs[1])} | {spread(difference)} | {broken[0]} | {broken[1]} ({worst:.3f}) | {median(said, 0, 'seconds'):.3f} | "
            f"{median(said, 1, 'seconds'):.3f} | {median(said, 0, 'peak'):.0f} | {median(said, 1, 'peak'):.0f} |")
    frame = imaginary(rows + 50_000)
    names, table = list(frame.columns[:-1]), frame.to_numpy(float)
    say(f"\nAn imaginary set of {rows:,} training rows × 30 numbers, 3 % missing; scores and contributions of 50,000 rows (the peer's contributions: 1,000), best of 3.\n")
    say("| threads | | test AUC | violations | train s | scores, rows/s | contributions, rows/s | model, KiB | MiB |\n|---|---|---|---|---|---|---|---|---|")
    for threads in (1, 2):
        both, _ = pair(folder, program, names, [], table[:rows], table[rows:], threads, 3)
        for who, s in zip(("ours", "LightGBM"), both):
            say(f"| {threads} | {who} | {auc(table[rows:, -1], s['test']):.4f} | {s['broken'][0]} ({s['broken'][1]:.3f}) | {s['seconds']:.2f} | {s['rows_per_second'][0]:,.0f} | "
                f"{s['rows_per_second'][1]:,.0f} | {s['bytes'] / 1024:.0f} | {s['peak']:.0f} |")
        ratio = [both[0]["rows_per_second"][k] / both[1]["rows_per_second"][k] for k in (0, 1)]
        say(f"| {threads} | ratio | | | {both[1]['seconds'] / both[0]['seconds']:.2f} | {ratio[0]:.1f} | {ratio[1]:.1f} | | |")
    say("")


def main():
    if sys.argv[1:2] == ["lightgbm"]:
        return lightgbm_side(sys.argv[2])
    import argparse

    import peers
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=150_000)
    parser.add_argument("--splits", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tree(pathlib.Path(folder), print, peers.program(), peers.sets, peers.numbers, peers.auc, arguments.rows, arguments.splits)


if __name__ == "__main__":
    main()
