"""The additive model beside InterpretML's explainable boosting machine: test AUC, training time and peak memory, each side on two threads.

    python3 models/benches/peers.py --only additive
    python3 models/benches/peers_additive.py --peer TRAIN TEST PAIRS      the peer, in a process of its own

Each fit is a process of its own, one after the other; its peak is what the system says of it, its copy of the data included. Both sides get the same numbers:
categories coded by the rate of their training rows, and no sex, age or marital status. The peer has its defaults (14 outer bags, learning rate 0.015, 50,000 rounds
at most) but for the number of pairs and of threads.
"""
import json
import os
import pathlib
import resource
import subprocess
import sys

THREADS = 2
PAIRS = (0, 10)


def imaginary(rows):
    """Twenty features, six of them noise; steps, hills and slopes, and two planted pairs; all from fixed draws."""
    import numpy
    import pandas
    draws = numpy.random.default_rng(7)
    x = draws.normal(size=(rows, 20))
    x[:, 3] = numpy.round(numpy.exp(x[:, 3]), 1)
    x[:, 4] = (x[:, 4] > 0.8) * numpy.round(numpy.abs(x[:, 4]) * 5)
    x[:, 5] = 0.7 * x[:, 0] + 0.7 * x[:, 5]
    x[draws.random(rows) < 0.1, 6] = numpy.nan
    logit = (-1.5 + 0.8 * x[:, 0] - 0.5 * (x[:, 1] > 0.5) + 0.5 * numpy.abs(x[:, 2]) + 0.3 * numpy.log1p(x[:, 3]) - 0.05 * x[:, 4] + 0.3 * numpy.sin(2 * x[:, 5])
             + numpy.where(numpy.isnan(x[:, 6]), -0.5, 0.3 * x[:, 6]) + 0.2 * x[:, 7] - 0.2 * x[:, 8] + 0.15 * numpy.square(x[:, 9]) + 0.1 * x[:, 10:14].sum(axis=1)
             + 0.5 * x[:, 7] * x[:, 8] + 0.6 * ((x[:, 9] > 0) & (x[:, 10] > 0)))
    label = (draws.random(rows) < 1 / (1 + numpy.exp(-logit))).astype(float)
    frame = pandas.DataFrame(x, columns=[f"x{j}" for j in range(20)])
    frame["label"] = label
    fold = draws.integers(0, 5, rows)
    return frame, [fold != f for f in range(5)]


def peer(train, test, pairs):
    """Fits the peer, and prints seconds, scores and peak as JSON."""
    import time
    import pandas
    from interpret.glassbox import ExplainableBoostingClassifier
    train, test = pandas.read_csv(train), pandas.read_csv(test)
    model = ExplainableBoostingClassifier(interactions=int(pairs), n_jobs=THREADS, random_state=1)
    began = time.perf_counter()
    model.fit(train.drop(columns="label"), train["label"])
    seconds = time.perf_counter() - began
    # Workers of the peer are children of this process.
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    score = model.decision_function(test.drop(columns="label"))
    print(json.dumps({"seconds": seconds, "peak": peak, "rounds": [[int(r) for r in bag] for bag in model.best_iteration_], "score": [float(s) for s in score]}))


def fitted(command, environment=None):
    """What a process of its own says, and its peak in MiB."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, env=dict(os.environ, **(environment or {})))
    if done.returncode:
        raise SystemExit(f"{command[:2]}: {done.stderr[-500:]}")
    said = json.loads(done.stdout.splitlines()[-1])
    if "peak" not in said:
        said["peak"] = int(done.stderr.split()[-1]) / 1024
    return said


def run(folder, say, sets, numbers, auc, program, big=120_000, splits=5):
    """The section of RESULTS.md: sets, numbers, auc and program are those of peers.py."""
    import statistics
    say("## The additive model beside InterpretML\n")
    say(f"Test AUC, mean and standard deviation over {splits} splits, seconds of a fit (median) and peak memory of its process (greatest), each side on {THREADS} threads. The peer: "
        "`ExplainableBoostingClassifier` with its defaults but for the number of pairs; ours: `additive` with its defaults. `kept` are the pairs that ours found worth keeping.\n")
    say("| data | rows | pairs | peer AUC | ours | difference | peer s | our s | ratio | peer MiB | our MiB | kept |\n|---|---|---|---|---|---|---|---|---|---|---|---|")
    train, test = folder / "train.csv", folder / "test.csv"
    work = [(name, frame, rows, True) for name, frame, rows in sets()]
    if big:
        work.append((f"imaginary {big}", *imaginary(big), False))
    for name, frame, rows, is_raw in work:
        figures = {pairs: [] for pairs in PAIRS}
        for learn in rows[:splits]:
            coded = numbers(frame, learn) if is_raw else frame
            coded[learn].to_csv(train, index=False)
            coded[~learn].to_csv(test, index=False)
            label = coded["label"].to_numpy()[~learn]
            for pairs in PAIRS:
                theirs = fitted([sys.executable, __file__, "--peer", train, test, pairs])
                ours = fitted([program(), "additive", train, test, json.dumps({"pairs": pairs})], {"RAYON_NUM_THREADS": str(THREADS)})
                figures[pairs].append((auc(label, theirs["score"]), auc(label, ours["score"]), theirs, ours))
        for pairs, found in figures.items():
            spread = lambda a: f"{statistics.mean(a):.4f} ± {statistics.stdev(a) if len(a) > 1 else 0:.4f}"
            of = lambda side, what: [f[side][what] for f in found]
            seconds = statistics.median(of(2, "seconds")), statistics.median(of(3, "seconds"))
            differences = [f[1] - f[0] for f in found]
            difference = f"{statistics.mean(differences):+.4f} ± {statistics.stdev(differences) if len(found) > 1 else 0:.4f}"
            say(f"| {name} | {int(rows[0].sum())} | {pairs} | {spread([f[0] for f in found])} | {spread([f[1] for f in found])} | {difference} | {seconds[0]:.2f} | {seconds[1]:.3f} | "
                f"{seconds[0] / seconds[1]:.0f} | {max(of(2, 'peak')):.0f} | {max(of(3, 'peak')):.0f} | {', '.join(str(len(p)) for p in of(3, 'pairs'))} |")
    asked = json.loads(subprocess.run([program(), "counterfactual"], capture_output=True, text=True, check=True).stdout)
    say(f"\nLawful counterfactuals on {asked['features']} features of {asked['bins']} bins, {asked['queries']} questions on one thread: median {asked['median']:.1f} µs, 99th in a hundred "
        f"{asked['p99']:.1f} µs, longest {asked['longest']:.0f} µs; {asked['reached']} reached.\n")


if __name__ == "__main__":
    if sys.argv[1] == "--peer":
        peer(*sys.argv[2:])
