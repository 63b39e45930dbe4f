"""Draws have the distributions they are named after: against scipy's."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_tensor
from numpy_draws import LEAST, N, assert_distributed, assert_proportions, make, numbers
from scipy import stats

from kerasaug.backend import compile_stage
from kerasaug.draw import Rng
from kerasaug.ops.quantiles import beta_range_quantiles


def test_uniform():
    assert_distributed(numbers(make().uniform(-2.0, 5.0)), stats.uniform(-2.0, 7.0).cdf)
    drawn = numbers(make().uniform(shape=(2, 3)))
    assert drawn.shape == (N, 2, 3)
    assert drawn.dtype == "float32"
    assert_distributed(drawn.ravel(), stats.uniform.cdf)


def test_normal():
    drawn = numbers(make().normal(shape=(2,)))
    assert_distributed(drawn.ravel(), stats.norm.cdf)
    assert abs(np.corrcoef(drawn, rowvar=False)[0, 1]) < 4 / np.sqrt(N)


def test_bernoulli_and_sign():
    rng = make()
    assert stats.binomtest(int(numbers(rng.bernoulli(0.3)).sum()), N, 0.3).pvalue > LEAST
    sign = numbers(rng.sign())
    assert set(np.unique(sign)) == {-1.0, 1.0}
    assert stats.binomtest(int((sign > 0).sum()), N, 0.5).pvalue > LEAST


def test_integers():
    drawn = numbers(make().integers(-2, 5))
    assert drawn.dtype == "int32"
    assert_proportions([np.sum(drawn == k) for k in range(-2, 5)], np.ones(7))
    assert drawn.min() == -2
    assert drawn.max() == 4


def test_categorical():
    weights = [1.0, 0.0, 3.0, 6.0]
    drawn = numbers(make().categorical(weights))
    counts = np.bincount(drawn, minlength=4)
    assert counts[1] == 0
    assert_proportions(counts[[0, 2, 3]], [1.0, 3.0, 6.0])


def test_each_sample_s_own_permutation():
    drawn = numbers(make().permutation(4))
    np.testing.assert_array_equal(np.sort(drawn, axis=1), np.tile(np.arange(4), (N, 1)))
    _, counts = np.unique(drawn @ [64, 16, 4, 1], return_counts=True)
    assert len(counts) == 24
    assert_proportions(counts, np.ones(24))


def test_permutation_of_the_batch():
    draw = compile_stage(lambda step: Rng((step * 0 + 5, step), keras.ops.arange(5, dtype="int32")).permutation())
    drawn = np.stack([numbers(draw(convert_to_tensor(np.int32(step)))) for step in range(1500)])
    np.testing.assert_array_equal(np.sort(drawn, axis=1), np.tile(np.arange(5), (1500, 1)))
    for position in range(5):
        assert_proportions(np.bincount(drawn[:, position], minlength=5), np.ones(5))


@pytest.mark.parametrize(("alpha", "beta"), [(0.05, 0.05), (0.2, 0.2), (1.0, 1.0), (2.0, 5.0), (10.0, 10.0)])
def test_beta(alpha, beta):
    drawn = numbers(make(seed=int(100 * alpha)).beta(alpha, beta))
    assert drawn.min() >= 0.0
    assert drawn.max() <= 1.0
    # float32 has no numbers between 1 - 6e-8 and 1, where Beta(0.05, 0.05) has a fifth of its mass: compare inside
    x = np.linspace(0.001, 0.999, 999)
    empirical = np.searchsorted(np.sort(drawn), x, side="right") / N
    assert np.abs(empirical - stats.beta.cdf(x, alpha, beta)).max() < 1.95 / np.sqrt(N)


def test_quantile_follows_its_table():
    drawn = numbers(make().quantile(beta_range_quantiles(0.0, 1.0)))
    parameters = np.random.default_rng(0).uniform(0, 1, N)
    expected = np.random.default_rng(1).beta(parameters, parameters).astype("float32")
    assert stats.ks_2samp(drawn, expected).statistic < 1.95 * np.sqrt(2 / N)


@pytest.mark.parametrize("alpha", [0.3, 1.0, 7.5])
def test_gamma(alpha):
    assert_distributed(numbers(make(seed=2).gamma(alpha)), stats.gamma(alpha).cdf)


def test_dirichlet():
    drawn = numbers(make().dirichlet(0.8, 3))
    np.testing.assert_allclose(drawn.sum(axis=1), 1.0, atol=1e-5)
    for column in drawn.T:
        assert_distributed(column, stats.beta(0.8, 1.6).cdf)
    expected = -1 / 2  # the correlation of two components of a symmetric Dirichlet of three
    assert np.corrcoef(drawn, rowvar=False)[0, 1] == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("rate", [0.5, 6.0])
def test_poisson(rate):
    drawn = numbers(make(op=3).poisson(rate))
    assert drawn.dtype == "int32"
    top = int(stats.poisson.ppf(0.999, rate))
    counts = [*(np.sum(drawn == k) for k in range(top)), np.sum(drawn >= top)]
    assert_proportions(counts, [*stats.poisson.pmf(np.arange(top), rate), stats.poisson.sf(top - 1, rate)])


def test_keys_differ_between_samples():
    keys = numbers(make().key())
    assert keys.shape == (N, 2)
    assert keys.dtype == "int32"
    assert len(np.unique(keys, axis=0)) == N
