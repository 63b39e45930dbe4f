"""Precision and recall, where they differ."""

import numpy as np
import pytest
from run_reports import make_run

from kerasaug.finetune.run_report import measures

RUN = {"classes": ("ant", "bee"), "truth": np.array([0, 0, 0, 1, 1]), "predicted": np.array([0, 1, 1, 1, 1])}


def test_precision_is_of_the_answers_and_recall_of_the_truth():
    ant, bee = measures.per_class(make_run(**RUN))
    assert (ant.precision, ant.recall, ant.support) == pytest.approx((1, 1 / 3, 3))
    assert (bee.precision, bee.recall, bee.support) == pytest.approx((2 / 4, 1, 2))


def test_their_means_are_over_the_classes():
    found = measures.macro(make_run(**RUN))
    assert (found["precision"], found["recall"]) == pytest.approx((0.75, 2 / 3))
