"""Draws against a NumPy Threefry, published vectors and what p and strength promise."""

import numpy as np
import pytest
from keras.ops import convert_to_tensor
from numpy_draws import LEAST, N, assert_proportions, make, numbers, op_number, threefry, units
from scipy import stats

from kerasaug import Pipeline, layers


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
