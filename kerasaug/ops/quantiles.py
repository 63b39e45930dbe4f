"""Quantile tables of distributions whose parameters are known when a layer is built.

`keras.random.beta` has no XLA kernel on TensorFlow; a table, one uniform number and a linear interpolation do.
"""

import math
from functools import lru_cache

import numpy as np

_POINTS = 1025
_GRID = 20_001


@lru_cache(maxsize=64)
def beta_quantiles(alpha: float, beta: float) -> np.ndarray:
    """Quantiles of Beta(alpha, beta) at 1025 equally spaced probabilities.

    Where a parameter is below 1 that end of the density is infinite; x = t**(1/a) takes the singularity out of each
    half before the integral is computed by the trapezoid rule.

    Args:
        alpha: First parameter, positive.
        beta: Second parameter, positive.

    Returns:
        float32 array (1025,), from 0 to 1, increasing.
    """
    low_x, low_mass = _half(alpha, beta)
    high_x, high_mass = _half(beta, alpha)
    total = low_mass[-1] + high_mass[-1]
    x = np.concatenate([low_x, 1.0 - high_x[-2::-1]])
    cdf = np.concatenate([low_mass, total - high_mass[-2::-1]]) / total
    table = np.interp(np.linspace(0.0, 1.0, _POINTS), cdf, x)
    table[0], table[-1] = 0.0, 1.0
    return table.astype("float32")


@lru_cache(maxsize=64)
def beta_range_quantiles(low: float, high: float) -> np.ndarray:
    """Quantiles of Beta(a, a) where a itself is uniform between `low` and `high`.

    Args:
        low: Smallest a, 0 or more.
        high: Largest a, positive.

    Returns:
        float32 array (1025,), increasing.
    """
    if low == high:
        return beta_quantiles(low, low)
    parameters = low + (high - low) * (np.arange(64) + 0.5) / 64
    pooled = np.sort(np.concatenate([beta_quantiles(float(a), float(a)) for a in parameters]))
    return np.quantile(pooled, np.linspace(0.0, 1.0, _POINTS)).astype("float32")


def _half(a: float, b: float) -> tuple[np.ndarray, np.ndarray]:
    """Points x in [0, 1/2] and the integral of x**(a-1) (1-x)**(b-1) up to each."""
    power = min(a, 1.0)
    t = np.linspace(0.0, 0.5**power, _GRID)
    x = t ** (1.0 / power)
    density = x ** (a - power) * (1.0 - x) ** (b - 1.0) / power
    mass = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2 * np.diff(t))])
    return x, mass


@lru_cache(maxsize=64)
def poisson_cdf(rate: float) -> np.ndarray:
    """Cumulative probabilities of Poisson(rate) at 0, 1, 2, … until they reach 1 in float32.

    Args:
        rate: Mean, positive, at most 1000.

    Returns:
        float32 array.
    """
    last = int(rate + 10 * math.sqrt(rate) + 20)
    k = np.arange(last + 1)
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, last + 1)))])
    return np.cumsum(np.exp(k * math.log(rate) - rate - log_factorial)).astype("float32")
