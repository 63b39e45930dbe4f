"""L2-SP: weights below the head are pulled to where they began; against the formula in NumPy."""

import keras
import numpy as np
import pytest
from keras import ops

from kerasaug.transfer import fine_tune, finetune_optimizer
from kerasaug.transfer.optimizer import FineTuneMixin

RATE, PULL, DECAY = 0.1, 0.7, 0.3
X = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
Y = np.random.default_rng(1).normal(size=(4, 2)).astype("float32")


def make():
    keras.utils.set_random_seed(3)
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(3), keras.layers.Dense(2)])


def tuned(model, **kwargs):
    return finetune_optimizer(keras.optimizers.SGD(RATE, weight_decay=DECAY), model, l2_sp=PULL, **kwargs)


def stepped(optimizer, variables, count=1):
    zeros = [ops.zeros(v.shape) for v in variables]
    for _ in range(count):
        optimizer.apply(zeros, variables)


def test_pulls_the_body_and_decays_the_head():
    model = make()
    optimizer = tuned(model, layer_decay=0.5)
    start = model.get_weights()
    model.set_weights([weight + 1 for weight in start])
    stepped(optimizer, model.trainable_variables, 2)
    body, bias, head, head_bias = model.get_weights()
    np.testing.assert_allclose(body, start[0] + (1 - 0.5 * RATE * PULL) ** 2, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(head, (start[2] + 1) * (1 - RATE * DECAY) ** 2, rtol=1e-5)
    np.testing.assert_array_equal(bias, start[1] + 1)  # spared
    np.testing.assert_array_equal(head_bias, start[3] + 1)


def test_in_a_compiled_step_it_is_the_papers_penalty():
    """The gradient of `alpha / 2 * |w - w0|²`, which is what the paper adds to the loss; with SGD they are one."""
    keras.utils.set_random_seed(3)
    model, other = make(), make()
    model.compile(finetune_optimizer(keras.optimizers.SGD(RATE), model, l2_sp=PULL), "mse")
    kernel = other.layers[0].kernel
    start = ops.convert_to_numpy(kernel).copy()

    @keras.saving.register_keras_serializable("tests")
    class ToStart(keras.regularizers.Regularizer):
        def __call__(self, weight):
            return PULL / 2 * ops.sum(ops.square(weight - start))

    kernel.regularizer = ToStart()
    other.compile(keras.optimizers.SGD(RATE), "mse")
    for one in (model, other):
        one.fit(X, Y, batch_size=2, epochs=3, shuffle=False, verbose=0)
    for got, want in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)
    assert np.abs(model.get_weights()[0] - start).max() > 0.01


def test_is_saved_and_loaded(tmp_path):
    model = make()
    model.compile(tuned(model), "mse")
    model.fit(X, Y, verbose=0)
    model.optimizer.l2_sp = 0.25
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(loaded.optimizer, FineTuneMixin)
    assert loaded.optimizer.l2_sp == 0.25
    for one in (model, loaded):
        one.fit(X, Y, epochs=2, verbose=0)
    for got, want in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-6)


def test_start_may_be_taken_anew():
    model = make()
    optimizer = tuned(model)
    model.set_weights([weight + 1 for weight in model.get_weights()])
    optimizer.remember_start()
    before = model.get_weights()[0]
    stepped(optimizer, model.trainable_variables)
    np.testing.assert_allclose(model.get_weights()[0], before, rtol=1e-6)


def test_fine_tune_stays_nearer_to_the_start():
    images = np.random.default_rng(0).uniform(0, 255, (8, 4, 4, 1)).astype("float32")
    moved = []
    for pull in (None, 500.0):
        keras.utils.set_random_seed(3)
        layers = [keras.layers.Flatten(), keras.layers.Dense(4), keras.layers.Dense(2, "softmax")]
        model = keras.Sequential([keras.Input((4, 4, 1)), *layers])
        start = model.get_weights()[0]
        fine_tune(model, (images, np.arange(8) % 2), epochs=4, l2_sp=pull, lr_mult=1.0, policy="none", verbose=0)
        moved.append(np.abs(model.get_weights()[0] - start).mean())
    assert moved[1] < 0.8 * moved[0], moved


def test_misuse():
    with pytest.raises(ValueError, match="l2_sp=-1"):
        finetune_optimizer("sgd", make(), l2_sp=-1)
    one = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    with pytest.raises(ValueError, match="one group, 'head'"):
        finetune_optimizer("sgd", one, l2_sp=0.1)
    with pytest.raises(ValueError, match=r"finetune_optimizer\(…, l2_sp=0.01\)"):
        finetune_optimizer("sgd", make()).l2_sp = 0.1
