"""Effects beside DoubleML and EconML, on the same folds; curves beside their definitions in numpy; neighbours beside scikit-learn.

Called by peers.py; `python3 models/benches/peers_effect.py` alone prints the section (the peers must be importable).
"""
import pathlib
import time

DATA = pathlib.Path(__file__).resolve().parent.parent.parent.parent / "shared" / "data"


def hillstrom(against):
    """The e-mail experiment, one arm against none; outcome: visits. It has no column of sex or age."""
    import pandas
    frame = pandas.read_csv(DATA / "uplift" / "hillstrom.csv")
    frame = frame[frame["segment"].isin([against, "No E-Mail"])]
    return pandas.DataFrame({
        "treated": (frame["segment"] == against).astype(float), "priority": frame["womens"].astype(float), "recency": frame["recency"].astype(float),
        "history": frame["history"], "bought_mens": frame["mens"].astype(float), "bought_womens": frame["womens"].astype(float),
        "newbie": frame["newbie"].astype(float), "web": (frame["channel"] == "Web").astype(float),
        "phone": (frame["channel"] == "Phone").astype(float), "label": frame["visit"].astype(float)}).reset_index(drop=True)


def confounded(rows):
    """An imaginary study: who is treated would have done better anyway. The true effect is known to the last row."""
    import numpy
    import pandas
    draw = numpy.random.default_rng(7)
    x = draw.normal(size=(rows, 6))
    expit = lambda z: 1 / (1 + numpy.exp(-z))
    propensity = expit(0.8 * x[:, 0] - 0.5 * x[:, 1])
    p = [expit(-0.5 + 0.9 * x[:, 0] - 0.3 * x[:, 1] + 0.2 * x[:, 2] + t * (0.5 + 0.6 * x[:, 2])) for t in (0, 1)]
    treated = (draw.random(rows) < propensity).astype(float)
    label = (draw.random(rows) < numpy.where(treated == 1, p[1], p[0])).astype(float)
    frame = pandas.DataFrame({"treated": treated, "priority": x[:, 2], **{f"x{j}": x[:, j] for j in range(6)}, "label": label})
    return frame, float((p[1] - p[0]).mean())


def peer_effects(frame, fold):
    """DoubleML's interactive model on the folds given: estimate and standard error for all and for the treated."""
    import doubleml
    import numpy
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    logistic = lambda: make_pipeline(StandardScaler(), LogisticRegression(C=1.0, tol=1e-10, max_iter=5000))
    features = [c for c in frame.columns if c not in ("treated", "priority", "label")]
    found, seconds = {}, 0.0
    for name, score in (("everyone", "ATE"), ("treated", "ATTE")):
        data = doubleml.DoubleMLData(frame, y_col="label", d_cols="treated", x_cols=features)
        began = time.perf_counter()
        # The peer moves propensities to 0.01 where they are lower; here they never are.
        model = doubleml.DoubleMLIRM(data, ml_g=logistic(), ml_m=logistic(), score=score, n_folds=int(fold.max()) + 1, draw_sample_splitting=False)
        model.set_sample_splitting([[(numpy.flatnonzero(fold != f), numpy.flatnonzero(fold == f)) for f in range(int(fold.max()) + 1)]])
        model.fit()
        seconds += time.perf_counter() - began
        found[name] = (float(model.coef[0]), float(model.se[0]))
    return found, seconds


def peer_slopes(frame, fold):
    """EconML's linear DR-learner: the slopes of the effect, and seconds."""
    import numpy
    from econml.dr import LinearDRLearner
    from sklearn.linear_model import LogisticRegression
    features = frame[[c for c in frame.columns if c not in ("treated", "priority", "label")]].to_numpy()
    splits = [(numpy.flatnonzero(fold != f), numpy.flatnonzero(fold == f)) for f in range(int(fold.max()) + 1)]
    began = time.perf_counter()
    model = LinearDRLearner(model_propensity=LogisticRegression(C=1.0, max_iter=5000), model_regression=LogisticRegression(C=1.0, max_iter=5000), discrete_outcome=True,
                            cv=splits, min_propensity=1e-3)
    model.fit(frame["label"].to_numpy(), frame["treated"].to_numpy().astype(int), X=features)
    seconds = time.perf_counter() - began
    return model.coef_(T=1).ravel(), model.coef__inference(T=1).stderr.ravel(), seconds


def curves(score, priority):
    """AUTOC and QINI as Yadlowsky et al. define them, summed row by row, equal ranks by their mean."""
    import numpy
    import pandas
    order = numpy.argsort(-priority, kind="stable")
    ranked = pandas.Series(score[order]).groupby(priority[order]).transform("mean").to_numpy()
    n = len(ranked)
    toc = numpy.cumsum(ranked) / numpy.arange(1, n + 1) - ranked.mean()
    return float(toc.mean()), float((toc * numpy.arange(1, n + 1) / n).mean())


def effect(folder, say, ours):
    import numpy
    say("## Effects beside DoubleML and EconML\n")
    say("Cross-fitted doubly robust effects with logistic models of treatment and outcomes, five folds by our hash given to the peers, the same penalty. DoubleML: interactive "
        "regression model. Estimate (standard error). Seconds are of both targets together. Hillstrom is drawn by chance: the difference of means stands beside.\n")
    say("| data | rows | naive | truth | target | ours | DoubleML | difference in standard errors | our s | its s |\n|---|---|---|---|---|---|---|---|---|---|")
    work = [("Hillstrom, women's mail", hillstrom("Womens E-Mail"), None), ("Hillstrom, men's mail", hillstrom("Mens E-Mail"), None),
            ("imaginary, confounded", *confounded(20_000))]
    slopes, areas = [], []
    for name, frame, truth in work:
        path = folder / "effect.csv"
        frame.to_csv(path, index=False)
        mine = ours("effect", path)
        fold = numpy.asarray(mine["fold"])
        peer, took = peer_effects(frame, fold)
        arms = frame.groupby("treated")["label"].mean()
        for target in ("everyone", "treated"):
            our, (value, error) = mine[target], peer[target]
            say(f"| {name} | {len(frame)} | {arms[1] - arms[0]:.5f} | {'' if truth is None or target != 'everyone' else format(truth, '.5f')} | {target} | "
                f"{our['value']:.5f} ({our['standard_error']:.5f}) | {value:.5f} ({error:.5f}) | {(our['value'] - value) / error:+.4f} | {mine['seconds']:.2f} | {took:.2f} |")
        coefficient, error, took = peer_slopes(frame, fold)
        features = [c for c in frame.columns if c not in ("treated", "priority", "label")]
        apart = max(abs(a - b) / e for a, b, e in zip(mine["slopes"], coefficient, error))
        slopes.append(f"| {name} | {len(features)} | {apart:.3f} | {took:.2f} |")
        here = curves(numpy.asarray(mine["scores"], float), frame["priority"].to_numpy())
        areas.append(f"| {name} | {mine['autoc']['value']:.6f} ({mine['autoc']['standard_error']:.6f}) | {here[0]:.6f} | {mine['qini']['value']:.6f} "
                     f"({mine['qini']['standard_error']:.6f}) | {here[1]:.6f} | {mine['qini_drawn']['value']:.6f} | {mine['seconds_curve']:.2f} |")
    say("\nThe line of the effect beside EconML's `LinearDRLearner` (one outcome model with the treatment as a feature, where ours has one an arm):\n")
    say("| data | slopes | greatest difference, in its standard errors | its s |\n|---|---|---|---|\n" + "\n".join(slopes))
    say("\nCurves of a fixed ranking, beside the definition summed row by row in numpy; 200 half-samples:\n")
    say("| data | AUTOC | numpy | QINI | numpy | Qini by counts (drawn only) | our s |\n|---|---|---|---|---|---|---|\n" + "\n".join(areas) + "\n")


def neighbours(folder, say, ours, rows=100_000, queries=400):
    import numpy
    from sklearn.neighbors import NearestNeighbors
    from threadpoolctl import threadpool_limits
    say("## Neighbours\n")
    say(f"{rows} imaginary records, {queries} asked for their 5 nearest, one thread, queries a second. `plain` looks at every record for every query in the simplest loop. Up to "
        "8 features the k-d tree of linfa-nn is asked; beyond, it is slower than looking at all, which is done in blocks. scikit-learn: normal numbers in as many dimensions, "
        "the same distance, the same thread, whichever of its ways is quickest.\n")
    say("| features | metric | ours | closed before half | before a tenth | plain | scikit-learn | its way | to take in and index, s |\n|---|---|---|---|---|---|---|---|---|")
    draw = numpy.random.default_rng(1)
    for features in (5, 8, 12, 20):
        mine = ours("neighbours", rows, features, 5, queries)
        x = draw.normal(size=(rows, 4)).repeat(-(-features // 4), axis=1)[:, :features] * 0.7 + 0.7 * draw.normal(size=(rows, features))
        best = (0.0, "")
        for way in ("kd_tree", "ball_tree", "brute"):
            index = NearestNeighbors(n_neighbors=6, algorithm=way, metric="manhattan", n_jobs=1).fit(x)
            began = time.perf_counter()
            with threadpool_limits(1):
                index.kneighbors(x[:queries])
            best = max(best, (queries / (time.perf_counter() - began), way))
        for metric, said in mine.items():
            say(f"| {features} | {metric} | {said['per_second_all']:.0f} | {said['per_second_half_by_day']:.0f} | {said['per_second_tenth_by_day']:.0f} | "
                f"{said['per_second_plain']:.0f} | {best[0]:.0f} | {best[1]} | {said['seconds_take_in'] + said['seconds_index']:.2f} |")
    say("")


if __name__ == "__main__":
    import tempfile

    import peers
    with tempfile.TemporaryDirectory() as here:
        effect(pathlib.Path(here), print, peers.ours)
        neighbours(pathlib.Path(here), print, peers.ours)
