"""A range test of weight decays: on least squares, where every step can be done by hand."""

import keras
import numpy as np
import pytest

from kerasaug.transfer import wd_find

RNG = np.random.default_rng(0)
A = RNG.normal(size=(16, 3)).astype("float32")
B = (A @ [[2.0], [-1.0], [0.5]]).astype("float32")
DECAYS, RATE, STEPS = (0.0, 1e-3, 1e-2, 1.0), 0.1, 20


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(3)
    made = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")])
    made.compile(keras.optimizers.SGD(0.05, momentum=0.5), "mse")
    made.fit(A, B, batch_size=8, verbose=0)
    return made


@pytest.fixture(scope="module")
def found(model):
    return wd_find(model, (A, B), DECAYS, lr=RATE, num_it=STEPS, validation=(A, B), batch_size=16, verbose=0)


def state(model):
    return [keras.ops.convert_to_numpy(one) for one in (*model.variables, *model.optimizer.variables)]


def by_hand(model, decay):
    w, velocity = model.get_weights()[0].astype("float64"), keras.ops.convert_to_numpy(model.optimizer.variables[2])
    losses = []
    for _ in range(STEPS):
        losses.append(np.mean((A @ w - B) ** 2))
        velocity = 0.5 * velocity - RATE * 2 * A.T @ (A @ w - B) / len(A)
        w = w * (1 - RATE * decay) + velocity
    return losses, np.mean((A @ w - B) ** 2)


def test_runs_are_those_of_a_loop_by_hand(model, found):
    for decay, curve, score in zip(found.decays, found.curves, found.scores, strict=True):
        losses, after = by_hand(model, decay)
        np.testing.assert_allclose(curve.losses, losses, rtol=1e-4, atol=1e-7)
        assert score == pytest.approx(after, rel=1e-3, abs=1e-7)
    np.testing.assert_allclose(found.shrinkage, [1 - (1 - RATE * decay) ** STEPS for decay in DECAYS], rtol=1e-6)


def test_the_suggestion_is_the_largest_that_does_no_harm(found):
    best = min(found.scores)
    harmless = [d for d, score in zip(DECAYS, found.scores, strict=True) if score <= best * 1.01]
    assert found.suggestion == max(harmless) < 1.0
    assert found.conclusive
    assert f"Suggested: {found.suggestion:g}" in str(found)


def test_training_goes_on_as_if_there_had_been_no_test(model):
    before, optimizer, step = state(model), model.optimizer, model.train_function
    short = wd_find(model, (A, B), (0.0, 1e-6), num_it=12, end_lr=1.0, batch_size=8, verbose=0)
    assert model.optimizer is optimizer
    assert model.train_function is step
    for one, other in zip(state(model), before, strict=True):
        np.testing.assert_array_equal(one, other)
    assert not short.conclusive
    assert "Raise num_it" in str(short)
    assert short.plot().axes[0].get_xscale() == "log"


def test_where_all_diverge_nothing_is_suggested(model):
    found = wd_find(model, (A, B), (0.0, 1.0), lr=50.0, num_it=20, batch_size=16, verbose=0)
    assert found.scores == (float("inf"),) * 2
    with pytest.raises(ValueError, match="Choose a lower `lr`"):
        found.suggestion  # noqa: B018


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"candidates": (0.1,)}, "two finite candidates"),
        ({"candidates": (-0.1, 0.1)}, "two finite candidates"),
        ({"validation": (A, B)}, "`lr` together with"),
        ({"lr": -1.0}, "`lr` above 0"),
    ],
)
def test_misuse(model, arguments, message):
    with pytest.raises(ValueError, match=f"wd_find expects .*{message}"):
        wd_find(model, (A, B), **arguments)
