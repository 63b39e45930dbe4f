"""How good the answers are: accuracy with its interval, confusions, and precision, recall and F1 of each class."""

from dataclasses import dataclass

import numpy as np

from kerasaug.extras import require
from kerasaug.finetune.run_report.run import Run

CONFIDENCE = 0.95
_CALLER = "the report of a run"


@dataclass(frozen=True)
class Accuracy:
    """A share of right answers and its interval after Wilson; nan when there were no questions."""

    right: int
    total: int
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class ClassMeasures:
    """Of one class; nan where a figure has no denominator, such as the precision of a class never answered."""

    name: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Confusion:
    """How often one class was taken for another."""

    truth: str
    predicted: str
    count: int
    support: int


def accuracy(run: Run) -> Accuracy:
    """Accuracy on the validation part."""
    right, total = int((run.predicted == run.truth).sum()), len(run.truth)
    if not total:
        return Accuracy(0, 0, float("nan"), float("nan"), float("nan"))
    stats = require("scipy.stats", "data", _CALLER)
    interval = stats.binomtest(right, total).proportion_ci(CONFIDENCE, method="wilson")
    return Accuracy(right, total, right / total, float(interval.low), float(interval.high))


def confusion_matrix(run: Run) -> np.ndarray:
    """Counts (classes, classes): rows are the truth, columns the answers."""
    classes = len(run.class_names)
    if not len(run.truth):
        return np.zeros((classes, classes), int)
    metrics = require("sklearn.metrics", "data", _CALLER)
    return metrics.confusion_matrix(run.truth, run.predicted, labels=range(classes))


def per_class(run: Run) -> list[ClassMeasures]:
    """Precision, recall, F1 and number of images of each class, after scikit-learn."""
    if not len(run.truth):
        nan = float("nan")
        return [ClassMeasures(name, nan, nan, nan, 0) for name in run.class_names]
    rows = zip(run.class_names, *_scores(run, None), strict=True)
    return [ClassMeasures(name, float(p), float(r), float(f), int(s)) for name, p, r, f, s in rows]


def macro(run: Run) -> dict[str, float]:
    """Means over the classes, leaving out those where a figure has no denominator."""
    names = ("precision", "recall", "f1")
    if not len(run.truth):
        return dict.fromkeys(names, float("nan"))
    return dict(zip(names, map(float, _scores(run, "macro")[:3]), strict=True))


def confusions(run: Run) -> list[Confusion]:
    """Every pair of classes that was confused, the most frequent first."""
    matrix = confusion_matrix(run)
    support = matrix.sum(axis=1)
    wrong = matrix * (1 - np.eye(len(matrix), dtype=int))
    order = np.argsort(-wrong, axis=None, kind="stable")[: np.count_nonzero(wrong)]
    pairs = zip(*np.unravel_index(order, wrong.shape), strict=True)
    names = run.class_names
    return [Confusion(names[i], names[j], int(wrong[i, j]), int(support[i])) for i, j in pairs]


def _scores(run: Run, average: str | None) -> tuple:
    metrics = require("sklearn.metrics", "data", _CALLER)
    return metrics.precision_recall_fscore_support(
        run.truth, run.predicted, labels=range(len(run.class_names)), average=average, zero_division=np.nan
    )
