"""Layer groups, freezing and rates on two nested towers with an input each."""

import keras
import numpy as np
import pytest

from kerasaug.callbacks import GradualUnfreezing
from kerasaug.transfer import finetune_optimizer, freeze_to, layer_groups
from kerasaug.transfer.flow import flow

layers = keras.layers
RNG = np.random.default_rng(0)
DATA = [RNG.normal(size=(4, size, size, 3)).astype("float32") for size in (8, 16)], np.ones((4, 2), "float32")


def tower(size, name):
    images = keras.Input((size, size, 3))
    x = layers.Conv2D(2, 3, strides=2, padding="same", name=f"{name}1")(images)
    x = layers.Conv2D(2, 3, strides=2, padding="same", name=f"{name}2")(x)
    return keras.Model(images, x, name=name)


def two_towers():
    """The right tower is inside another model, and sees images twice as large."""
    keras.utils.set_random_seed(5)
    left, right = tower(8, "left"), tower(16, "right")
    right = keras.Sequential([keras.Input((16, 16, 3)), right], name="outer")
    inputs = [keras.Input((8, 8, 3)), keras.Input((16, 16, 3))]
    pooled = [layers.GlobalAveragePooling2D()(part(one)) for part, one in zip((left, right), inputs, strict=True)]
    return keras.Model(inputs, layers.Dense(2, name="top")(layers.Concatenate()(pooled)))


@pytest.fixture(scope="module")
def model():
    model = two_towers()
    model.compile(finetune_optimizer(keras.optimizers.SGD(1.0), model, layer_decay=0.5), "mse", jit_compile=False)
    return model


def names(groups):
    return [sorted(layer.name for layer in group.layers) for group in groups]


def test_groups_hold_both_towers_each_from_its_bottom(model):
    assert names(layer_groups(model)) == [["left1", "right1"], ["left2", "right2"], ["top"]]


def test_freeze_to_freezes_both_towers(model):
    freeze_to(model, 1)
    assert {v.path.split("/")[-2] for v in model.trainable_variables} == {"left2", "right2", "top"}
    freeze_to(model, -1)
    assert {v.path.split("/")[-2] for v in model.trainable_variables} == {"top"}
    freeze_to(model, 0)
    assert len(model.trainable_variables) == 10


def test_layer_decay_and_gradual_unfreezing(model):
    """The first step of everything is the gradient times the group's rate, as plain SGD with that rate makes it."""
    by_rate = {}
    start = model.get_weights()
    for rate in (0.25, 0.5, 1.0):
        plain = two_towers()
        plain.set_weights(start)
        plain.compile(keras.optimizers.SGD(rate), "mse", jit_compile=False)
        plain.fit(*DATA, verbose=0)
        by_rate[rate] = plain.get_weights()
    model.fit(*DATA, verbose=0, callbacks=[GradualUnfreezing(schedule={0: 0})])
    expected = {"left1": 0.25, "right1": 0.25, "left2": 0.5, "right2": 0.5, "top": 1.0}
    for index, weight in enumerate(model.weights):
        want = by_rate[expected[weight.path.split("/")[-2]]][index]
        np.testing.assert_allclose(model.get_weights()[index], want, rtol=1e-5, atol=1e-6)
    before = model.get_weights()
    history = model.fit(*DATA, epochs=2, verbose=0, callbacks=[GradualUnfreezing(schedule={0: -1, 1: -2})]).history
    assert history["unfrozen_groups"] == [1, 2]
    still = [
        weight.path.split("/")[-2]
        for weight, old, new in zip(model.weights, before, model.get_weights(), strict=True)
        if np.array_equal(old, new)
    ]
    assert sorted(set(still)) == ["left1", "right1"]


@pytest.mark.filterwarnings("ignore:The structure of `inputs`")  # Keras's, of the input that is not taken
@pytest.mark.parametrize("as_dict", [True, False])
def test_a_model_inside_that_is_given_more_than_it_takes(as_dict):
    """What Keras computes tells which input is which: NaN goes from the layer below to the one that follows it."""
    a, b = (keras.Input((4,), name=name) for name in "ab")
    inner = keras.Model(
        {"b": b, "a": a} if as_dict else [b, a], [layers.Dense(3, name=n)(x) for n, x in zip("qr", [a, b], strict=True)]
    )
    inputs = {name: keras.Input((4,), name=name) for name in "abc"}
    model = keras.Model(inputs, inner({name: layers.Dense(4, name=f"low_{name}")(x) for name, x in inputs.items()}))
    for name in "ab":
        layer = model.get_layer(f"low_{name}")
        layer.kernel.assign(np.full((4, 4), np.nan))
        seen = model({key: np.ones((1, 4), "float32") for key in inputs})
        layer.kernel.assign(np.ones((4, 4)))
        found = flow(model)
        index = {step.call.layer.name: one for one, step in enumerate(found.steps)}
        for output, top in zip(seen, "qr", strict=True):
            depends = index[f"low_{name}"] in found.steps[index[top]].sources
            assert depends == np.isnan(keras.ops.convert_to_numpy(output)).any()
    assert layer_groups(model)[-1].name == "head"
