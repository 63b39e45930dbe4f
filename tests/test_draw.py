"""Draws against a NumPy Threefry written here, published vectors and scipy's distributions."""

import zlib

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy, convert_to_tensor
from scipy import stats

from kerasaug import Pipeline, layers
from kerasaug.backend import compile_stage
from kerasaug.draw import Rng
from kerasaug.ops.quantiles import beta_range_quantiles

N = 60_000
LEAST = 1e-4  # p-value: there are some fifty comparisons here, and a good generator fails one in 10,000
ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))


def threefry(key, counter):
    """Threefry-2x32 with 20 rounds, from the paper (Salmon et al., SC 2011), on uint32."""
    key = [np.uint32(word) for word in key]
    schedule = (*key, key[0] ^ key[1] ^ np.uint32(0x1BD11BDA))
    with np.errstate(over="ignore"):
        a, b = (np.asarray(c, "uint32") + k for c, k in zip(counter, key, strict=True))
        for round_ in range(20):
            distance = ROTATIONS[round_ // 4 % 2][round_ % 4]
            a = a + b
            b = ((b << np.uint32(distance)) | (b >> np.uint32(32 - distance))) ^ a
            if round_ % 4 == 3:
                group = round_ // 4 + 1
                a = a + schedule[group % 3]
                b = b + schedule[(group + 1) % 3] + np.uint32(group)
    return a, b


def units(seed, step, ids, op, count):
    """(ids, count) numbers in (0, 1): two words a block, blocks counted below the op's own twelve bits."""
    ids = np.asarray(ids, "uint32")
    words = [half for block in range((count + 1) // 2) for half in threefry((seed, step), (ids, op << 12 | block))]
    return ((np.stack(words[:count], axis=1) >> np.uint32(9)) + 0.5) / 2.0**23


def make(n=N, seed=1, step=0, op=0, first=0, **kwargs):
    key = tuple(convert_to_tensor(np.int32(one)) for one in (seed, step))
    return Rng(key, convert_to_tensor(np.arange(first, first + n, dtype="int32")), op, **kwargs)


def numbers(tensor):
    return convert_to_numpy(tensor)


def assert_distributed(sample, cdf):
    assert stats.kstest(sample, cdf).pvalue > LEAST


def assert_proportions(counts, probabilities):
    expected = np.asarray(probabilities) / np.sum(probabilities) * np.sum(counts)
    assert stats.chisquare(counts, expected).pvalue > LEAST


def op_number(layer):
    return zlib.crc32(type(layer).__name__.encode()) & 0x3FFFF


def test_the_threefry_written_here_gives_the_published_answers():
    a, b = threefry((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3))
    assert (a, b) == (0xC4923A9C, 0x483DF7A0)
    assert threefry((0, 0), (0, 0)) == (0x6B200159, 0x99BA4EFE)


# --- the same numbers everywhere ---


def test_words_are_a_function_of_seed_step_sample_and_op():
    rng = make(5, seed=7, step=3, op=11, first=2)
    drawn = numbers(rng.unit((11,)))  # more than the first call of the block function holds
    np.testing.assert_allclose(drawn, units(7, 3, [2, 3, 4, 5, 6], 11, 11), rtol=1e-6)


def test_numbers_hold_on_every_backend():
    drawn = numbers(make(3, seed=7, step=3, op=5).unit((3,)))
    expected = [
        [0.4070335, 0.23136824, 0.23512739],
        [0.97587901, 0.56102806, 0.93931574],
        [0.76509959, 0.37880117, 0.75462991],
    ]
    np.testing.assert_allclose(drawn, expected, atol=1e-7)


def test_a_layer_draws_from_its_class_s_own_counter():
    layer = layers.RandomRotation(0.25)
    angles = numbers(layer.draw(np.zeros((4, 2, 2, 1), "float32"), seed=42)["angle"])
    expected = (units(42, 0, range(4), op_number(layer), 1)[:, 0] * 2 - 1) * np.pi / 2
    np.testing.assert_allclose(angles, expected, rtol=1e-5)


def test_a_pipeline_numbers_its_ops_from_its_own_on():
    pipeline = Pipeline([layers.RandomRotation(0.25), layers.RandomBrightness(0.5)])
    drawn = pipeline.draw(np.zeros((4, 2, 2, 1), "float32"), seed=(42, 9))["layers"]
    op = op_number(pipeline)
    angle, brightness = (units(42, 9, range(4), op + i, 1)[:, 0] * 2 - 1 for i in (1, 2))
    np.testing.assert_allclose(numbers(drawn[0]["angle"]), angle * np.pi / 2, rtol=1e-5)
    np.testing.assert_allclose(numbers(drawn[1]["brightness"]), brightness * 0.5, rtol=1e-5)


def test_record_ids_take_the_place_of_the_place_in_the_batch():
    layer = layers.RandomRotation(0.25)
    images = np.zeros((4, 2, 2, 1), "float32")
    whole = numbers(layer.draw(images, seed=3)["angle"])
    some = numbers(layer.draw(images, seed=3, record_ids=np.array([3, 0, 900, 3]))["angle"])
    np.testing.assert_array_equal(some[[0, 1, 3]], whole[[3, 0, 3]])
    expected = (units(3, 0, [900], op_number(layer), 1)[0, 0] * 2 - 1) * np.pi / 2
    assert some[2] == pytest.approx(expected, rel=1e-5)


# --- nothing repeats, nothing correlates ---


@pytest.mark.parametrize("other", [{"first": 1}, {"op": 1}, {"step": 1}, {"seed": 2}])
def test_neighbours_are_independent(other):
    ours, theirs = numbers(make().unit((2,))), numbers(make(**other).unit((2,)))
    pairs = np.corrcoef(np.concatenate([ours, theirs], axis=1), rowvar=False)
    assert np.abs(pairs[np.triu_indices(4, 1)]).max() < 4 / np.sqrt(N)
    cells, _, _ = np.histogram2d(ours[:, 0], theirs[:, 0], bins=8, range=[[0, 1], [0, 1]])
    assert_proportions(cells.ravel(), np.ones(64))


def test_a_draw_does_not_repeat_itself():
    drawn = numbers(make().unit((20,))).ravel()
    # m numbers among 2**23 leave 2**23 * (1 - exp(-m / 2**23)) different ones
    cells = 2.0**23
    assert len(np.unique(drawn)) == pytest.approx(cells * -np.expm1(-drawn.size / cells), rel=1e-3)


# --- distributions ---


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


# --- probability and strength ---


def test_who_is_chosen():
    chosen = numbers(make(p=0.3).chosen)
    assert stats.binomtest(int(chosen.sum()), N, 0.3).pvalue > LEAST
    assert numbers(make().chosen).all()
    assert not numbers(make(p=0.0).chosen).any()
    assert not numbers(make(strength=0.0).chosen).any()


def test_uniform_is_scaled_towards_neutral_where_chosen():
    first, second = units(1, 0, range(N), 0, 2).T
    drawn = numbers(make(p=0.4, strength=0.25).uniform(2.0, 6.0, neutral=1.0))
    expected = np.where(first < 0.4, 1.0 + 0.25 * (2.0 + 4.0 * second - 1.0), 1.0)
    np.testing.assert_allclose(drawn, expected, rtol=1e-6)
    np.testing.assert_array_equal(drawn[first >= 0.4], 1.0)


def test_without_neutral_neither_probability_nor_strength_act():
    drawn = numbers(make(p=0.4, strength=0.25).uniform(2.0, 6.0))
    np.testing.assert_allclose(drawn, 2.0 + 4.0 * units(1, 0, range(N), 0, 2)[:, 1], rtol=1e-6)


def test_neutral_may_differ_from_sample_to_sample():
    neutral = np.linspace(0, 1, N).astype("float32")
    drawn = numbers(make(p=0.4, strength=0.5).uniform(2.0, 6.0, neutral=convert_to_tensor(neutral)))
    first, second = units(1, 0, range(N), 0, 2).T
    np.testing.assert_allclose(drawn, np.where(first < 0.4, (neutral + 2.0 + 4.0 * second) / 2, neutral), rtol=1e-5)


def test_every_component_of_a_sample_is_chosen_together():
    drawn = numbers(make(p=0.4).uniform(2.0, 6.0, neutral=0.0, shape=(2, 3)))
    chosen = units(1, 0, range(N), 0, 1)[:, 0] < 0.4
    np.testing.assert_array_equal((drawn != 0).all(axis=(1, 2)), chosen)
    np.testing.assert_array_equal((drawn != 0).any(axis=(1, 2)), chosen)


def test_strength_scales_the_probability_of_a_discrete_draw():
    first, second = units(1, 0, range(N), 0, 2).T
    drawn = numbers(make(p=0.5, strength=0.4).bernoulli(0.6))
    np.testing.assert_array_equal(drawn, (first < 0.5) & (second < 0.6 * 0.4))


def test_strength_scales_the_probability_of_another_category():
    drawn = numbers(make(p=0.5, strength=0.4).categorical([1.0, 1.0, 2.0], neutral=2))
    other = 0.5 * 0.4 / 4
    assert_proportions(np.bincount(drawn, minlength=3), [other, other, 1 - 2 * other])


def test_normal_and_beta_are_scaled_alike():
    strong, weak = (make(strength=strength) for strength in (1.0, 0.3))
    np.testing.assert_allclose(numbers(weak.normal(neutral=0.0)), 0.3 * numbers(strong.normal(neutral=0.0)), rtol=1e-5)
    ours, theirs = numbers(weak.beta(0.5, 0.5, neutral=1.0)), numbers(strong.beta(0.5, 0.5, neutral=1.0))
    np.testing.assert_allclose(1 - ours, 0.3 * (1 - theirs), atol=1e-6)


def test_a_pipeline_s_probability_and_strength_multiply_its_layers():
    inner = layers.RandomBrightness((1.0, 1.0), p=0.5, strength=0.5)
    pipeline = Pipeline([inner, layers.RandomContrast(1.0)], p=0.6, strength=0.4)
    drawn = pipeline.draw(np.zeros((400, 1, 1, 1), "float32"), seed=8)["layers"]
    op = op_number(pipeline)
    outer = units(8, 0, range(400), op, 1)[:, 0] < 0.6
    chosen = outer & (units(8, 0, range(400), op + 1, 1)[:, 0] < 0.5)
    np.testing.assert_array_equal(numbers(drawn[0]["chosen"]), chosen)
    np.testing.assert_allclose(numbers(drawn[0]["brightness"]), np.where(chosen, 0.2, 0.0), rtol=1e-6)
    np.testing.assert_array_equal(numbers(drawn[1]["chosen"]), outer)
    contrast = 1 + 0.4 * (2 * units(8, 0, range(400), op + 2, 1)[:, 0] - 1)
    np.testing.assert_allclose(numbers(drawn[1]["contrast"]), np.where(outer, contrast, 1.0), rtol=1e-6)


def test_strength_is_live():
    layer = layers.RandomBrightness((1.0, 1.0))
    images = np.zeros((4, 1, 1, 1), "float32")
    for strength in (1.0, 0.5, 0.0):
        layer.strength = strength
        np.testing.assert_allclose(numbers(layer.draw(images, seed=1)["brightness"]), strength)
