"""group_summary: counts by hand, and the rate and decay that the next step really has."""

import keras
import numpy as np
import pytest
from keras import ops

from kerasaug.callbacks import GradualUnfreezing
from kerasaug.transfer import finetune_optimizer, freeze_to, group_summary, layer_groups

layers = keras.layers


def tower(size, name):
    images = keras.Input((size, size, 3), name=f"{name}_images")
    x = layers.Conv2D(2, 3, strides=2, padding="same", name=f"{name}_conv")(images)
    x = layers.BatchNormalization(name=f"{name}_bn")(x)
    return keras.Model(images, x, name=name)


def two_towers():
    """Two nested models on two inputs; 3·3·3·2 + 2 = 56 and 4·2 = 8 parameters in each tower, 4·3 + 3 = 15 on top."""
    left, right = tower(8, "left"), tower(8, "right")
    inputs = [keras.Input((8, 8, 3)), keras.Input((8, 8, 3))]
    pooled = [layers.GlobalAveragePooling2D()(part(one)) for part, one in zip((left, right), inputs, strict=True)]
    return keras.Model(inputs, layers.Dense(3, name="top")(layers.Concatenate()(pooled)))


def dense_model():
    stack = [layers.Dense(3, name="low"), layers.BatchNormalization(name="bn"), layers.Dense(3, name="middle")]
    return keras.Sequential([keras.Input((4,)), *stack, layers.Dense(2, name="top")])


def column(table, name):
    return [row[name] for row in table["groups"]]


def test_counts_of_nested_models_on_two_inputs_before_compile(capsys):
    model = two_towers()
    freeze_to(model, 0)
    table = group_summary(model)
    assert table["total"] == {
        "name": "total",
        "layers": 5,
        "parameters": 2 * (56 + 8) + 15,
        "trainable": 2 * 56 + 15,
        "bn_frozen": 2,
        "bn_training": 0,
        "learning_rate": None,
        "weight_decay": None,
        "spared": None,
    }
    assert column(table, "name") == [group.name for group in layer_groups(model)]
    assert column(table, "learning_rate") == [None] * len(table["groups"])
    printed = capsys.readouterr().out
    assert "143" in printed
    assert "stride2" in printed


def test_rates_are_those_of_the_next_step():
    """What the table says, the step does: with zero gradients a decayed weight shrinks by 1 - rate · decay."""
    model = dense_model()
    rate = keras.optimizers.schedules.PiecewiseConstantDecay([0], [0.5, 0.2])
    source = keras.optimizers.SGD(rate, weight_decay=0.1)
    model.compile(finetune_optimizer(source, model, layer_decay=0.5), "mse")
    freeze_to(model, 1, freeze_bn=False)
    table = group_summary(model, verbose=0)
    assert column(table, "name") == ["block1", "block2", "head"]
    assert column(table, "trainable") == [0, 12, 8]
    assert column(table, "bn_frozen") == [1, 0, 0]
    assert column(table, "learning_rate") == [None, pytest.approx(0.25), pytest.approx(0.5)]
    assert column(table, "weight_decay") == [None, pytest.approx(0.1), pytest.approx(0.1)]
    assert column(table, "spared") == [0, 3, 2]  # the biases
    for expected in (table, None):
        expected = expected or group_summary(model, verbose=0)
        before = {v.path: ops.convert_to_numpy(v) for v in model.trainable_variables}
        zeros = [ops.zeros(v.shape) for v in model.trainable_variables]
        model.optimizer.apply(zeros, model.trainable_variables)
        for row, name in zip(expected["groups"][1:], ("middle", "top"), strict=True):
            kernel = model.get_layer(name).kernel
            factor = 1 - row["learning_rate"] * row["weight_decay"]
            np.testing.assert_allclose(ops.convert_to_numpy(kernel), before[kernel.path] * factor, rtol=1e-5)
    assert column(expected, "learning_rate")[2] == pytest.approx(0.2)  # the schedule's second value


def test_warm_up_counts():
    model = dense_model()
    model.compile(finetune_optimizer(keras.optimizers.SGD(0.4), model), "mse")
    callback = GradualUnfreezing(schedule={0: -1, 1: 0}, warmup_steps=4)
    model.fit(np.ones((4, 4)), np.ones((4, 2)), epochs=2, verbose=0, callbacks=[callback])
    # One step of the lower groups is done, so the next is their second of four.
    assert column(group_summary(model, verbose=0), "learning_rate") == [pytest.approx(v) for v in (0.2, 0.2, 0.4)]


def test_ordinary_and_loss_scaled_optimizers():
    model = dense_model()
    model.compile(keras.optimizers.LossScaleOptimizer(keras.optimizers.AdamW(0.3, weight_decay=0.2)), "mse")
    table = group_summary(model, verbose=0)
    assert column(table, "learning_rate") == [pytest.approx(0.3)] * 3
    assert column(table, "weight_decay") == [pytest.approx(0.2)] * 3
    assert table["total"]["spared"] == 0
    model.compile("sgd", "mse")
    assert column(group_summary(model, verbose=0), "weight_decay") == [None] * 3


def test_other_groups_than_the_optimizers_show_a_range():
    model = dense_model()
    model.compile(finetune_optimizer(keras.optimizers.SGD(1.0), model, learning_rate=slice(0.01, 1.0)), "mse")
    halves = layer_groups(model, lambda m: {"body": m.layers[:-1], "head": m.layers[-1:]})
    table = group_summary(model, halves, verbose=0)
    assert column(table, "learning_rate") == [[pytest.approx(0.01), pytest.approx(0.1)], pytest.approx(1.0)]


def test_unbuilt_model_is_refused():
    with pytest.raises(ValueError, match="expected a built model"):
        group_summary(keras.Sequential([layers.Dense(2)]))
