"""Tables against scipy.stats."""

import numpy as np
import pytest
from scipy import stats

from kerasaug.ops.quantiles import beta_quantiles, beta_range_quantiles, poisson_cdf

PROBABILITIES = np.linspace(0.0, 1.0, 1025)


@pytest.mark.parametrize("alpha", [0.05, 0.2, 0.4, 1.0, 2.5, 10.0])
@pytest.mark.parametrize("beta", [None, 0.7, 4.0])
def test_beta_quantiles_are_scipy_s(alpha, beta):
    beta = alpha if beta is None else beta
    table = beta_quantiles(alpha, beta)
    assert table.shape == PROBABILITIES.shape
    assert table.dtype == "float32"
    assert np.all(np.diff(table) >= 0)
    np.testing.assert_allclose(table, stats.beta.ppf(PROBABILITIES, alpha, beta), atol=2e-4)


def test_a_range_of_parameters_is_their_mixture():
    table = beta_range_quantiles(0.0, 1.0).astype("float64")
    parameters = (np.arange(2000) + 0.5) / 2000
    for probability in (0.3, 0.4, 0.5, 0.7):
        mixture = np.mean(stats.beta.cdf(np.interp(probability, PROBABILITIES, table), parameters, parameters))
        assert mixture == pytest.approx(probability, abs=3e-3)


def test_a_range_of_one_parameter_is_that_parameter():
    np.testing.assert_array_equal(beta_range_quantiles(1.0, 1.0), beta_quantiles(1.0, 1.0))
    np.testing.assert_allclose(beta_range_quantiles(1.0, 1.0), PROBABILITIES, atol=1e-6)


@pytest.mark.parametrize("rate", [0.1, 3.0, 40.0, 1000.0])
def test_poisson_cdf_is_scipy_s(rate):
    table = poisson_cdf(rate)
    np.testing.assert_allclose(table, stats.poisson.cdf(np.arange(len(table)), rate), atol=1e-6)
    assert table[-1] == 1.0
