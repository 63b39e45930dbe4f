"""Frozen layers cost no backward pass: what stands in the compiled step, and in the table of step times."""

import keras
import numpy as np
import pytest

from kerasaug.benchmark.transfer import steps
from kerasaug.benchmark.transfer.settings import Settings
from kerasaug.transfer import build_classifier, finetune_optimizer, freeze_to, layer_groups

GROUPS = 3  # two convolutions and the head
BATCH = np.ones((2, 16, 16, 3), "float32"), np.array([0, 1], "int32")
GRAPHS = pytest.mark.skipif(keras.backend.backend() == "torch", reason="an eager step has no graph to count in")


def network(*arguments):
    inputs = x = keras.Input((16, 16, 3))
    for _ in range(GROUPS - 1):
        x = keras.layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")(x)
    return build_classifier(keras.Model(inputs, x), steps.CLASSES, dropout=0.0)


def convolutions(model):
    """How many there are in a train step, forwards and backwards."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        graph = tf.function(model.train_step).get_concrete_function(BATCH).graph
        return sum(op.type.startswith("Conv2D") for op in reachable(graph))
    import jax

    model.metrics  # noqa: B018
    parts = (
        model.trainable_variables,
        model.non_trainable_variables,
        model.optimizer.variables,
        model.metrics_variables,
    )
    state = [[variable.value for variable in part] for part in parts]
    return jax.jit(model.train_step).lower(state, BATCH).as_text().count("stablehlo.convolution")


def reachable(graph):
    """What TensorFlow runs: it traces the gradient of every convolution, and drops what nothing needs."""
    waiting, found = [*(tensor.op for tensor in graph.outputs), *graph.control_outputs], set()
    while waiting:
        op = waiting.pop()
        if op not in found:
            found.add(op)
            waiting += [*(tensor.op for tensor in op.inputs), *op.control_inputs]
    return found


@GRAPHS
def test_a_step_holds_the_backward_convolutions_of_what_trains_and_no_others():
    model = network()
    groups = layer_groups(model)
    assert len(groups) == GROUPS
    model.compile(finetune_optimizer("adamw", model, groups), "sparse_categorical_crossentropy")
    model.train_on_batch(*BATCH)
    for trained in range(GROUPS):
        freeze_to(model, GROUPS - 1 - trained)
        # Each trained kernel needs a gradient, and each but the lowest sends one to its input.
        assert convolutions(model) == GROUPS - 1 + trained + max(trained - 1, 0)


@GRAPHS
def test_a_multiplier_of_zero_saves_none():
    model = network()
    optimizer = finetune_optimizer("adamw", model)
    optimizer.group_multipliers = [0.0] * (GROUPS - 1) + [1.0]
    model.compile(optimizer, "sparse_categorical_crossentropy")
    model.train_on_batch(*BATCH)
    assert convolutions(model) == (GROUPS - 1) * 3 - 1


@pytest.fixture(scope="module")
def measured():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(steps, "_network", network)
        yield steps.measure(Settings(step_size=16, step_batch=2, rounds=1, seeds=(0,)))


def test_every_stage_is_timed_in_every_way(measured):
    rows = {(row["way"], row["groups"]): row for row in measured["rows"]}
    stages = (1, 2, 3)
    assert set(rows) == {
        ("forward", 0),
        *(("freeze_to", count) for count in stages),
        *(("trainable=False", count) for count in stages),
        ("multiplier 0", 1),
    }
    assert all(row["error"] is None and row["milliseconds"] > 0 for row in rows.values())
    assert measured["groups"] == ["stride2", "stride4", "head"]


def test_a_stage_trains_what_it_says():
    model = network()
    model.compile(finetune_optimizer("adamw", model), "sparse_categorical_crossentropy")
    staged = steps._Staged(model, GROUPS)
    for count in (1, GROUPS, 2, 1):
        before = model.get_weights()
        staged.at(count, lambda: model.train_on_batch(*BATCH))()
        moved = [not np.array_equal(old, new) for old, new in zip(before, model.get_weights(), strict=True)]
        assert moved == [False] * 2 * (GROUPS - count) + [True] * 2 * count


def test_the_stages_of_a_large_network_are_the_top_ones_and_all():
    assert steps._stages(6) == [1, 2, 3, 6]
    assert steps._stages(2) == [1, 2]
