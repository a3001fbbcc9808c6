"""Tell malignant from benign tumours: a pipeline written with the kfp SDK, nothing else.

    import -> clean -> split -> train (once for each candidate) -> select -> evaluate -> report

``breast_cancer.csv`` is the Breast Cancer Wisconsin (Diagnostic) data set as scikit-learn ships it.
Compile with ``python examples/breast_cancer/pipeline.py``; ``--neighbours 9`` changes one hyper-parameter.
"""

import argparse
from pathlib import Path

from kfp import compiler, dsl
from kfp.dsl import HTML, Dataset, Input, Markdown, Metrics, Model, Output

SCIKIT_LEARN = ["scikit-learn==1.9.1", "numpy==2.4.6", "scipy==1.17.1", "skops==0.16.0"]
IMAGE = "python:3.11"
HERE = Path(__file__).parent


def candidates(neighbours: int = 5) -> list[dict]:
    """What is tried: a kind of model and its one hyper-parameter."""
    return [
        {"kind": "logistic", "setting": 1.0},
        {"kind": "tree", "setting": 4.0},
        {"kind": "forest", "setting": 50.0},
        {"kind": "neighbours", "setting": float(neighbours)},
    ]


@dsl.component(base_image=IMAGE)
def clean(raw: Input[Dataset], table: Output[Dataset]):
    """Name the columns, turn the class around so that 1 is malignant, drop rows seen twice."""
    import csv

    measures = ["radius", "texture", "perimeter", "area", "smoothness", "compactness"]
    measures += ["concavity", "concave_points", "symmetry", "fractal_dimension"]
    columns = [f"{measure}_{kind}" for kind in ("mean", "error", "worst") for measure in measures]
    with open(raw.path, newline="") as source:
        lines = list(csv.reader(source))[1:]
    rows = list(dict.fromkeys((*line[:-1], "1" if line[-1] == "0" else "0") for line in lines))
    with open(table.path, "w", newline="") as target:
        writer = csv.writer(target)
        writer.writerow([*columns, "malignant"])
        writer.writerows(rows)
    table.metadata["rows"] = len(rows)
    table.metadata["columns"] = len(columns) + 1


@dsl.component(base_image=IMAGE)
def split(table: Input[Dataset], test_share: float, seed: int, train: Output[Dataset], test: Output[Dataset]):
    """Set a share of the rows of each class apart for the final test."""
    import csv
    import random

    with open(table.path, newline="") as source:
        header, *rows = csv.reader(source)
    chance = random.Random(seed)
    parts = {"train": [], "test": []}
    for label in ("0", "1"):
        group = [row for row in rows if row[-1] == label]
        chance.shuffle(group)
        cut = round(len(group) * test_share)
        parts["test"] += group[:cut]
        parts["train"] += group[cut:]
    for artifact, name in ((train, "train"), (test, "test")):
        with open(artifact.path, "w", newline="") as target:
            csv.writer(target).writerows([header, *parts[name]])
        artifact.metadata["rows"] = len(parts[name])


@dsl.component(base_image=IMAGE, packages_to_install=SCIKIT_LEARN)
def train(data: Input[Dataset], candidate: dict, seed: int, model: Output[Model]) -> float:
    """Fit one candidate; return its mean accuracy over five folds."""
    import numpy
    import skops.io  # loading a pickled model could run anything; this format cannot
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_score
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.tree import DecisionTreeClassifier

    kind, setting = candidate["kind"], candidate["setting"]
    makers = {
        "logistic": lambda: LogisticRegression(C=setting, max_iter=1000),
        "tree": lambda: DecisionTreeClassifier(max_depth=int(setting), random_state=seed),
        "forest": lambda: RandomForestClassifier(int(setting), random_state=seed),
        "neighbours": lambda: KNeighborsClassifier(int(setting)),
    }
    table = numpy.loadtxt(data.path, delimiter=",", skiprows=1)
    features, label = table[:, :-1], table[:, -1].astype(int)
    estimator = make_pipeline(StandardScaler(), makers[kind]())
    score = float(cross_val_score(estimator, features, label, cv=5).mean())
    skops.io.dump(estimator.fit(features, label), model.path)
    model.metadata.update({"kind": kind, "setting": setting, "cv_accuracy": round(score, 4)})
    print(f"{kind} with {setting:g}: {score:.4f}")
    return score


@dsl.component(base_image=IMAGE)
def select(models: Input[list[Model]], scores: list, best: Output[Model], ranking: Output[Metrics]):
    """Keep the model with the best score; the first one of equals."""
    import shutil

    winner = max(range(len(scores)), key=lambda i: scores[i])
    shutil.copyfile(models[winner].path, best.path)
    best.metadata.update(models[winner].metadata)
    for model, score in zip(models, scores, strict=True):
        ranking.log_metric(model.metadata["kind"], round(score, 4))


@dsl.component(base_image=IMAGE, packages_to_install=SCIKIT_LEARN)
def evaluate(model: Input[Model], test: Input[Dataset], metrics: Output[Metrics], mistakes: Output[Dataset]) -> float:
    """Accuracy, recall and precision on rows the model has not seen, and the rows it got wrong."""
    import numpy
    import skops.io
    from sklearn.metrics import accuracy_score, precision_score, recall_score

    table = numpy.loadtxt(test.path, delimiter=",", skiprows=1)
    features, label = table[:, :-1], table[:, -1].astype(int)
    guess = skops.io.load(model.path, trusted=["sklearn.tree._tree.Tree"]).predict(features)
    accuracy = float(accuracy_score(label, guess))
    metrics.log_metric("accuracy", round(accuracy, 4))
    metrics.log_metric("recall", round(float(recall_score(label, guess)), 4))
    metrics.log_metric("precision", round(float(precision_score(label, guess)), 4))
    with open(test.path) as source:
        header, *rows = source.read().splitlines()
    wrong = [row for row, a, b in zip(rows, label, guess, strict=True) if a != b]
    with open(mistakes.path, "w") as target:
        target.write("\n".join([header, *wrong]) + "\n")
    mistakes.metadata["rows"] = len(wrong)
    return accuracy


@dsl.component(base_image=IMAGE)
def report(
    model: Input[Model],
    metrics: Input[Metrics],
    mistakes: Input[Dataset],
    summary: Output[Markdown],
    page: Output[HTML],
):
    """Say in a page what was chosen and how good it is."""
    facts = {"model": model.metadata["kind"], "setting": model.metadata["setting"]}
    facts.update({name: value for name, value in metrics.metadata.items() if isinstance(value, (int, float))})
    facts["mistakes"] = mistakes.metadata["rows"]
    with open(summary.path, "w") as target:
        target.write("# Breast cancer: the chosen model\n\n| what | value |\n|---|---|\n")
        target.writelines(f"| {name} | {value} |\n" for name, value in facts.items())
    with open(page.path, "w") as target:
        cells = "".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in facts.items())
        target.write(f"<!doctype html><title>Breast cancer</title><h1>The chosen model</h1><table>{cells}</table>\n")


def build(neighbours: int = 5):
    """The pipeline; the list of candidates is fixed when it is compiled."""

    @dsl.pipeline(name="breast-cancer", description="Tell malignant from benign tumours.")
    def breast_cancer(raw: str, test_share: float = 0.25, seed: int = 7) -> float:
        imported = dsl.importer(artifact_uri=raw, artifact_class=Dataset, metadata={"source": "UCI, by scikit-learn"})
        table = clean(raw=imported.output)
        parts = split(table=table.outputs["table"], test_share=test_share, seed=seed)
        with dsl.ParallelFor(candidates(neighbours), name="candidates") as candidate:
            fitted = train(data=parts.outputs["train"], candidate=candidate, seed=seed)
            fitted.set_env_variable("OMP_NUM_THREADS", "1")  # candidates are trained side by side
        best = select(
            models=dsl.Collected(fitted.outputs["model"]),
            scores=dsl.Collected(fitted.outputs["Output"]),
        )
        checked = evaluate(model=best.outputs["best"], test=parts.outputs["test"])
        report(
            model=best.outputs["best"],
            metrics=checked.outputs["metrics"],
            mistakes=checked.outputs["mistakes"],
        )
        return checked.outputs["Output"]

    return breast_cancer


def main() -> None:
    """Compile to YAML."""
    parser = argparse.ArgumentParser(description="Compile the breast cancer pipeline.")
    parser.add_argument("output", nargs="?", default=str(HERE / "pipeline.yaml"))
    parser.add_argument("--neighbours", type=int, default=5, help="hyper-parameter of the neighbours candidate")
    given = parser.parse_args()
    compiler.Compiler().compile(build(given.neighbours), given.output)


if __name__ == "__main__":
    main()
