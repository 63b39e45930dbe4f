"""GradualUnfreezing against training written out in NumPy, and everything that must survive an unfreeze."""

from itertools import pairwise

import keras
import numpy as np
import pytest
from keras import ops

from kerasaug import AugmentedModel
from kerasaug.callbacks import GradualUnfreezing, WeightDecayScheduler
from kerasaug.layers import RandomFlip
from kerasaug.transfer import finetune_optimizer, layer_groups
from kerasaug.transfer.optimizer import unwrapped

BATCH, STEPS = 4, 2


@pytest.fixture
def data(rng):
    x = rng.normal(size=(BATCH * STEPS, 4)).astype("float32")
    return x, rng.normal(size=(BATCH * STEPS, 2)).astype("float32")


def linear_model():
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="body"), keras.layers.Dense(2, name="top")])


def deep_model(model_class=keras.Sequential):
    layers = [keras.layers.Dense(3, name=f"dense{i}") for i in range(3)]
    return model_class([keras.Input((4,)), *layers, keras.layers.Dense(2, name="top")])


def fit(model, data, callbacks, epochs=4, **kwargs):
    return model.fit(
        *data, batch_size=BATCH, epochs=epochs, shuffle=False, verbose=0, callbacks=callbacks, **kwargs
    ).history


class Record(keras.callbacks.Callback):
    """Keeps the weights before the first epoch and after each."""

    def on_train_begin(self, logs=None):
        self.weights = [self.model.get_weights()]

    def on_epoch_end(self, epoch, logs=None):
        self.weights.append(self.model.get_weights())

    def moved(self):
        return [
            [not np.array_equal(old, new) for old, new in zip(before, after, strict=True)]
            for before, after in pairwise(self.weights)
        ]


# -- the oracle: two linear layers and a mean squared error, by hand


def gradients(weights, x, y):
    (a, b), (c, d) = weights[:2], weights[2:]
    hidden = x @ a + b
    error = 2 * (hidden @ c + d - y) / y.size
    back = error @ c.T
    return [x.T @ back, back.sum(0), hidden.T @ error, error.sum(0)]


def sgd(weight, gradient, slot, step, rate):
    slot["m"] = 0.9 * slot.get("m", 0.0) - rate * gradient
    return weight + slot["m"]


def adam(weight, gradient, slot, step, rate):
    slot["m"] = 0.9 * slot.get("m", 0.0) + 0.1 * gradient
    slot["v"] = 0.999 * slot.get("v", 0.0) + 0.001 * gradient**2
    corrected = rate * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
    return weight - corrected * slot["m"] / (np.sqrt(slot["v"]) + 1e-7)


def train_by_hand(rule, weights, data, epochs, rate, decay, first_epoch, warmup, multiplier):
    """`first_epoch` is the one from which the body trains; `multiplier` is the body's."""
    weights = [weight.astype("float64") for weight in weights]
    slots = [{} for _ in weights]
    for step in range(1, epochs * STEPS + 1):
        begin = BATCH * ((step - 1) % STEPS)
        grads = gradients(weights, *(part[begin : begin + BATCH].astype("float64") for part in data))
        since = step - first_epoch * STEPS
        body = 0.0 if since < 1 else multiplier * (min(since / warmup, 1.0) if first_epoch else 1.0)
        for index, scale in enumerate([body, body, 1.0, 1.0]):
            if scale:
                if index in (0, 2):  # biases are spared
                    weights[index] = weights[index] * (1 - decay * rate * scale)
                weights[index] = rule(weights[index], grads[index], slots[index], step, rate * scale)
    return weights


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


# -- what must hold in one fit


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


# -- warm-up


def test_ramp_counts_from_the_unfreezing(data):
    model = linear_model()
    model.compile(finetune_optimizer(keras.optimizers.Adam(0.1), model, learning_rate=slice(0.02, 0.1)), "mse")
    scales = []

    class Look(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            if hasattr(self.model, "jax_state_sync"):
                self.model.jax_state_sync()
            scales.append(ops.convert_to_numpy(self.model.optimizer.group_scales()).tolist())

    fit(model, data, [GradualUnfreezing(every=2, warmup_steps=4), Look()], epochs=5)
    body = np.array([scale[0] for scale in scales[4:]])
    np.testing.assert_allclose(body, 0.2 * np.array([0.25, 0.5, 0.75, 1.0, 1.0, 1.0]), rtol=1e-6)
    assert {scale[1] for scale in scales} == {1.0}


def test_refrozen_group_ramps_again_and_late_adam_step_stays_short(data):
    model = linear_model()
    model.compile(keras.optimizers.Adam(0.1), "mse")
    record = Record()
    fit(model, data, [GradualUnfreezing(schedule={0: -1, 1: 0, 2: -1, 3: 0}, warmup_steps=1000), record])
    starts = ops.convert_to_numpy(model.optimizer._unfrozen_at).tolist()
    assert starts == [6, 0]
    body = [np.abs(new[0] - old[0]).max() for old, new in pairwise(record.weights)]
    assert body[0] == body[2] == 0
    assert 0 < body[1] < 0.01  # unramped, Adam would move it by more than its rate, 0.1
    assert 0 < body[3] < 0.01


# -- resuming, saving


def test_resumes_from_a_keras_file(data, tmp_path):
    schedule = {"schedule": {0: -1, 1: -2, 3: 0}, "warmup_steps": 3}

    def new():
        keras.utils.set_random_seed(7)
        model = deep_model()
        model.compile(keras.optimizers.AdamW(0.05, weight_decay=0.1), "mse")
        return model

    whole = new()
    fit(whole, data, [GradualUnfreezing(**schedule)], epochs=5)
    half = new()
    fit(half, data, [GradualUnfreezing(**schedule)], epochs=2)
    assert len(half.trainable_variables) == 4  # saved while two groups are frozen
    half.save(tmp_path / "half.keras")
    resumed = keras.saving.load_model(tmp_path / "half.keras")
    for saved, loaded in zip(half.optimizer.variables, resumed.optimizer.variables, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(saved), ops.convert_to_numpy(loaded))
    fit(resumed, data, [GradualUnfreezing(**schedule)], epochs=5, initial_epoch=2)
    for got, want in zip(resumed.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-7)


def test_backup_and_restore(data, tmp_path):
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    def train(callbacks):
        keras.utils.set_random_seed(7)
        model = deep_model()
        model.compile(keras.optimizers.Adam(0.05), "mse")
        fit(model, data, [GradualUnfreezing(warmup_steps=3), *callbacks])
        return model

    whole = train([])
    backup = str(tmp_path / "backup")
    with pytest.raises(KeyboardInterrupt):
        train([keras.callbacks.BackupAndRestore(backup), Stop()])
    resumed = train([keras.callbacks.BackupAndRestore(backup)])
    assert int(ops.convert_to_numpy(resumed.optimizer.iterations)) == 4 * STEPS
    for got, want in zip(resumed.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-7)


# -- moving averages, loss scaling


def test_moving_average_equals_numpy(data):
    model = linear_model()
    start = model.get_weights()
    model.compile(keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5), "mse")
    fit(model, data, [GradualUnfreezing(schedule={0: -1, 1: 0}, warmup_steps=0)], epochs=2)

    weights = [weight.astype("float64") for weight in start]
    averages = [weight.copy() for weight in weights]
    for step in range(2 * STEPS):
        begin = BATCH * (step % STEPS)
        grads = gradients(weights, *(part[begin : begin + BATCH].astype("float64") for part in data))
        for index in range(4):
            if index >= 2 or step >= STEPS:
                weights[index] = weights[index] - 0.1 * grads[index]
                momentum = 0.5 if step else 0.0
                averages[index] = momentum * averages[index] + (1 - momentum) * weights[index]
    for got, want in zip(model.get_weights(), averages, strict=True):
        np.testing.assert_allclose(got, want, rtol=2e-5, atol=2e-6)


def test_moving_average_leaves_frozen_weights_and_second_fit(data):
    model = linear_model()
    model.compile(keras.optimizers.Adam(0.1, use_ema=True, ema_overwrite_frequency=2), "mse")
    body = model.layers[0].get_weights()
    for _ in range(2):
        fit(model, data, [GradualUnfreezing(schedule={0: -1})])
        np.testing.assert_array_equal(model.layers[0].get_weights()[0], body[0])
    before = model.layers[0].get_weights()[0]
    fit(model, data, [GradualUnfreezing(schedule={0: 0})])
    assert not np.array_equal(model.layers[0].get_weights()[0], before)


def test_moving_averages_start_at_the_weights_there_are(data):
    model = linear_model()
    model.compile(finetune_optimizer(keras.optimizers.SGD(0.0, use_ema=True), model), "mse")

    def averages():
        return [ops.convert_to_numpy(v) for v in model.optimizer.variables if v.name.endswith("average")]

    for average, weight in zip(averages(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(average, weight)
    fit(model, data, [GradualUnfreezing(schedule={0: -1})], epochs=1)
    model.layers[0].set_weights([weight + 1 for weight in model.layers[0].get_weights()])
    fit(model, data, [GradualUnfreezing(schedule={0: 0})], epochs=1)  # at rate 0 the average of the weights is them
    for average, weight in zip(averages(), model.get_weights(), strict=True):
        np.testing.assert_allclose(average, weight, rtol=1e-6)
    assert model.get_weights()[1].min() >= 1 - 1e-6  # the bias, 0 before


def test_mixed_float16(data, tmp_path):
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = deep_model()
    finally:
        keras.config.set_dtype_policy(policy)
    # A small scale, for the default one overflows in the first steps, which then do not count.
    model.compile(keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.05), initial_scale=8.0), "mse")
    record = Record()
    fit(model, data, [GradualUnfreezing(), WeightDecayScheduler({0: 0.1}), record])
    for epoch, moved in enumerate(record.moved()):
        frozen = 2 * (3 - epoch)
        assert moved == [False] * frozen + [True] * (8 - frozen)
    assert int(ops.convert_to_numpy(model.optimizer.iterations)) == 4 * STEPS
    np.testing.assert_allclose(ops.convert_to_numpy(unwrapped(model.optimizer).weight_decay), 0.1, rtol=1e-6)
    model.save(tmp_path / "half.keras")
    loaded = keras.saving.load_model(tmp_path / "half.keras")
    fit(loaded, data, [GradualUnfreezing()], epochs=4)
    assert int(ops.convert_to_numpy(loaded.optimizer.iterations)) == 8 * STEPS


# -- errors


def test_used_optimizer_is_refused(data):
    model = deep_model()
    model.compile("adam", "mse")
    fit(model, data, [], epochs=1)
    with pytest.raises(ValueError, match=r"GradualUnfreezing.*Adam.*2 steps.*finetune_optimizer"):
        fit(model, data, [GradualUnfreezing()])


def test_other_groups_are_refused_after_training(data):
    model = deep_model()
    model.compile("adam", "mse")
    fit(model, data, [GradualUnfreezing()], epochs=1)
    halves = layer_groups(model, lambda m: [m.layers[:2], m.layers[2:]])
    with pytest.raises(ValueError, match="same layer groups"):
        fit(model, data, [GradualUnfreezing(groups=halves)])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"bn": "off"}, "bn='off'"), ({"every": 0}, "every=0"), ({"warmup_steps": -1}, "warmup_steps=-1")],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        GradualUnfreezing(**arguments)


def test_schedule_out_of_range(data):
    model = deep_model()
    model.compile("adam", "mse")
    with pytest.raises(ValueError, match="4 layer groups"):
        fit(model, data, [GradualUnfreezing(schedule={0: -1, 9: -5})])


def test_schedule_is_a_function_of_the_epoch():
    by_every = GradualUnfreezing(every=2)
    assert [by_every.first_group(epoch, 3) for epoch in range(6)] == [2, 2, 1, 1, 0, 0]
    by_schedule = GradualUnfreezing(schedule={1: -2, 4: 0})
    assert [by_schedule.first_group(epoch, 5) for epoch in range(6)] == [4, 3, 3, 3, 0, 0]
