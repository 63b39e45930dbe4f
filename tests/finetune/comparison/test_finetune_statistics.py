import math

import numpy as np
import pytest
from scipy import stats

from kerasaug.finetune.comparison.statistics import Interval, mean_and_spread, paired_difference


@pytest.mark.parametrize("count", [2, 3, 5, 20])
@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.99])
def test_paired_difference_is_scipys(rng, count, confidence):
    values, baseline = rng.uniform(size=count), rng.uniform(size=count)
    expected = stats.ttest_rel(values, baseline).confidence_interval(confidence)
    interval = paired_difference(values, baseline, confidence)
    assert interval.low == pytest.approx(expected.low)
    assert interval.high == pytest.approx(expected.high)
    assert interval.mean == pytest.approx(np.mean(values) - np.mean(baseline))


def test_paired_difference_by_hand():
    # Differences 1, 2, 3: mean 2, sd 1, and t(0.975; 2) = 4.302653 of Student's table.
    interval = paired_difference([2, 4, 6], [1, 2, 3])
    assert interval.mean == 2.0
    assert interval.high - 2.0 == pytest.approx(4.302653 / math.sqrt(3), rel=1e-6)


def test_pairing_matters():
    values, baseline = [0.5, 0.7, 0.9], [0.4, 0.6, 0.8]
    assert paired_difference(values, baseline).excludes_zero
    assert not paired_difference(values, baseline[::-1]).excludes_zero


@pytest.mark.parametrize(
    ("interval", "excludes"),
    [
        (Interval(1.0, 0.1, 1.9), True),
        (Interval(-1.0, -1.9, -0.1), True),
        (Interval(1.0, -0.1, 2.1), False),
        (Interval(1.0, math.nan, math.nan), False),
    ],
)
def test_excludes_zero(interval, excludes):
    assert interval.excludes_zero is excludes


def test_equal_differences_have_an_interval_of_no_width():
    assert paired_difference([0.5, 0.75], [0.25, 0.5]) == Interval(0.25, 0.25, 0.25)


def test_one_pair_has_no_interval():
    interval = paired_difference([0.75], [0.5])
    assert interval.mean == 0.25
    assert math.isnan(interval.low)
    assert math.isnan(interval.high)


@pytest.mark.parametrize(("values", "baseline"), [([1, 2], [1]), ([], [])])
def test_what_does_not_pair_is_refused(values, baseline):
    with pytest.raises(ValueError, match=f"{len(values)} and {len(baseline)}"):
        paired_difference(values, baseline)


def test_mean_and_spread():
    assert mean_and_spread([1, 2, 3]) == (2.0, 1.0)
    mean, spread = mean_and_spread([5.0])
    assert mean == 5.0
    assert math.isnan(spread)
