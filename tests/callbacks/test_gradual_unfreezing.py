"""GradualUnfreezing against training written out in NumPy, and what must hold within one fit."""

import keras
import numpy as np
import pytest
from keras import ops
from unfrozen import STEPS, Record, adam, data_from, deep_model, fit, linear_model, sgd, train_by_hand

from kerasaug import AugmentedModel
from kerasaug.callbacks import GradualUnfreezing, WeightDecayScheduler
from kerasaug.layers import RandomFlip
from kerasaug.transfer import finetune_optimizer, layer_groups


@pytest.fixture
def data(rng):
    return data_from(rng)


def make_sgd():
    return keras.optimizers.SGD(0.1, momentum=0.9, weight_decay=0.05)


def make_adamw():
    return keras.optimizers.AdamW(0.1, weight_decay=0.05)


@pytest.mark.parametrize("settings", [{}, {"steps_per_execution": 2}, {"jit_compile": True}], ids=str)
@pytest.mark.parametrize(("make", "rule"), [(make_sgd, sgd), (make_adamw, adam)])
def test_training_equals_numpy(data, make, rule, settings):
    model = linear_model()
    start = model.get_weights()
    model.compile(make(), "mse", **settings)
    fit(model, data, [GradualUnfreezing(schedule={0: -1, 2: 0}, warmup_steps=3)])
    expected = train_by_hand(rule, start, data, 4, 0.1, 0.05, first_epoch=2, warmup=3, multiplier=1.0)
    for got, want in zip(model.get_weights(), expected, strict=True):
        np.testing.assert_allclose(got, want, rtol=2e-5, atol=2e-5)  # Adam's 1 - 0.999 in float32


@pytest.mark.parametrize("first_epoch", [0, 2])
def test_group_rates_equal_numpy(data, first_epoch):
    model = linear_model()
    start = model.get_weights()
    model.compile(finetune_optimizer(make_adamw(), model, layer_decay=0.3), "mse")
    fit(model, data, [GradualUnfreezing(schedule={0: -1, first_epoch: 0}, warmup_steps=3)])
    expected = train_by_hand(adam, start, data, 4, 0.1, 0.05, first_epoch, warmup=3, multiplier=0.3)
    for got, want in zip(model.get_weights(), expected, strict=True):
        np.testing.assert_allclose(got, want, rtol=2e-5, atol=2e-5)  # Adam's 1 - 0.999 in float32


def test_frozen_weights_stay_and_unfrozen_move(data):
    model = deep_model()
    model.compile("adam", "mse")
    record = Record()
    history = fit(model, data, [GradualUnfreezing(), record])
    assert history["unfrozen_groups"] == [1, 2, 3, 4]
    for epoch, moved in enumerate(record.moved()):
        frozen = 2 * (3 - epoch)
        assert moved == [False] * frozen + [True] * (8 - frozen)


def test_optimizer_object_slots_and_iterations_run_on(data):
    model = deep_model()
    optimizer = keras.optimizers.Adam(0.01)
    model.compile(optimizer, "mse")
    seen = []

    class Look(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            variables = self.model.optimizer.variables
            top = next(v for v in variables if v.name.endswith("top_kernel_momentum"))
            seen.append((int(ops.convert_to_numpy(optimizer.iterations)), len(variables), ops.convert_to_numpy(top)))

    fit(model, data, [GradualUnfreezing(), Look()])
    assert [iterations for iterations, _, _ in seen] == [2, 4, 6, 8]
    assert len({count for _, count, _ in seen}) == 1
    assert model.optimizer is optimizer  # what the caller holds is still what trains
    assert isinstance(optimizer, keras.optimizers.Adam)
    assert all(np.abs(slot).max() > 0 for _, _, slot in seen)


def test_backward_pass_is_pruned(data):
    class Model(keras.Sequential):
        def train_step(self, *args):
            counts.append(len(self.trainable_variables))
            return super().train_step(*args)

    counts = []
    model = deep_model(Model)
    model.compile("sgd", "mse")
    fit(model, data, [GradualUnfreezing()])
    assert counts == [2, 4, 6, 8]  # one trace for each set, holding only its own variables


def test_second_fit_traces_nothing_until_compile(data):
    class Model(keras.Sequential):
        def train_step(self, *args):
            traces.append(1)
            return super().train_step(*args)

    traces = []
    model = deep_model(Model)
    callbacks = [GradualUnfreezing(), WeightDecayScheduler({0: 0.1, 1: 0.0})]
    model.compile("adam", "mse")
    fit(model, data, callbacks, validation_data=data)
    assert len(traces) == 4
    fit(model, data, callbacks, validation_data=data)
    fit(model, data, [GradualUnfreezing(schedule={0: -3, 1: 0})], epochs=2)
    assert len(traces) == 4
    model.compile("adam", "mse")
    record = Record()
    fit(model, data, [*callbacks, record])
    assert len(traces) == 8
    assert record.moved()[0] == [False] * 6 + [True] * 2


def test_sets_of_equal_shapes_are_told_apart(data):
    model = deep_model()
    x, y = data
    first, second = model.layers[1], model.layers[2]

    def train_only(layer):
        rest = [other for other in model.layers if other is not layer]
        return layer_groups(model, lambda _: {"rest": rest, "chosen": [layer]})

    record = Record()
    fits = [train_only(first), train_only(second), train_only(first)]
    for groups in fits:
        model.compile("sgd", "mse")
        fit(model, (x, y), [GradualUnfreezing(groups=groups, schedule={0: -1}), record], epochs=1)
        index = 2 if groups[1].layers[0] is first else 4
        assert record.moved()[0] == [i in (index, index + 1) for i in range(8)]


def test_inside_an_augmented_model(rng, tmp_path):
    layers = keras.layers
    inner = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Rescaling(1 / 255),  # unscaled, the softmax saturates and nothing moves
            layers.Conv2D(2, 3, strides=2, name="conv"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2, activation="softmax", name="top"),
        ]
    )
    images = rng.uniform(0, 255, (8, 8, 8, 3)).astype("float32")
    labels = np.eye(2, dtype="float32")[[0, 1] * 4]
    model = AugmentedModel(inner, RandomFlip())
    model.compile("adam", "categorical_crossentropy")
    model.build((None, 8, 8, 3))
    record = Record()
    history = fit(model, (images, labels), [GradualUnfreezing(), record], epochs=2)
    assert history["unfrozen_groups"] == [1, 2]
    conv, top = [i for i, weight in enumerate(model.weights) if weight.name == "kernel"]
    assert [(moved[conv], moved[top]) for moved in record.moved()] == [(False, True), (True, True)]
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    fit(loaded, (images, labels), [GradualUnfreezing()], epochs=3, initial_epoch=2)
    assert int(ops.convert_to_numpy(loaded.optimizer.iterations)) == 3 * STEPS


@pytest.mark.parametrize(("bn", "moves"), [("frozen", False), ("train", True)])
def test_batch_normalization(rng, bn, moves):
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(2, 3, strides=2, name="conv"),
            layers.BatchNormalization(name="bn"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(4, name="hidden"),
            layers.BatchNormalization(name="head_bn"),
            layers.Dense(2, name="top"),
        ]
    )
    model.compile("sgd", "mse")
    x = rng.normal(3.0, 2.0, (8, 8, 8, 3)).astype("float32")
    before = {layer.name: layer.get_weights() for layer in model.layers}
    fit(model, (x, np.ones((8, 2), "float32")), [GradualUnfreezing(schedule={0: 0}, bn=bn)], epochs=1)

    def moved(name):
        return [
            not np.array_equal(*pair) for pair in zip(before[name], model.get_layer(name).get_weights(), strict=True)
        ]

    assert moved("bn") == [moves] * 4
    assert all(moved("conv"))
    assert all(moved("head_bn"))  # a new layer's statistics are not worth keeping
