"""Everything at once in one `fit`, against a loop by hand: the same weights on every backend, and after every stop."""

import math

import keras
import numpy as np
import pytest
from interruptions import Stop

from kerasaug import AugmentedModel, Pipeline
from kerasaug.callbacks import EMA, BackupAndRestore, GradualUnfreezing, MixOff, ParamScheduler, ReduceLROnPlateau
from kerasaug.layers import MixUp, RandomBrightness
from kerasaug.transfer import Cosine, Exponential, Linear, finetune_optimizer

EPOCHS, STEPS, BATCH = 4, 3, 4
WARMUP, DECAY_OF_LAYERS, PULL, BETA_2, EPSILON = 4, 0.5, 0.2, 0.999, 1e-7
RNG = np.random.default_rng(0)
X = RNG.normal(size=(STEPS * BATCH, 4)).astype("float32")
Y = RNG.normal(size=(STEPS * BATCH, 2)).astype("float32")
DECAYS = {0: 0.05, 2: 0.4}


def model_of_two():
    keras.utils.set_random_seed(3)
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dense(2)])


def by_hand(weights):
    """AdamW on two linear layers: head alone for two epochs, then both, as the callbacks below say; in float64."""
    w = [np.asarray(one, "float64") for one in weights]
    start, m, v = [one.copy() for one in w], [np.zeros_like(one) for one in w], [np.zeros_like(one) for one in w]
    unfrozen_at, step, after = 2 * STEPS, 0, []
    for epoch in range(EPOCHS):
        for batch in range(STEPS):
            position = (epoch + batch / STEPS) / EPOCHS
            rate = 0.05 * (1 + math.cos(math.pi * position)) / 2
            beta_1 = 0.95 + (0.85 - 0.95) * position
            decay = DECAYS[0] * (DECAYS[2] / DECAYS[0]) ** position
            x, y = (np.asarray(a[batch * BATCH : (batch + 1) * BATCH], "float64") for a in (X, Y))
            hidden = x @ w[0] + w[1]
            error = 2 * (hidden @ w[2] + w[3] - y) / y.size
            back = error @ w[2].T
            gradients = [x.T @ back, back.sum(0), hidden.T @ error, error.sum(0)]
            ramp = min((step - unfrozen_at + 1) / WARMUP, 1.0)
            for i, gradient in enumerate(gradients):
                if i < 2 and epoch < 2:
                    continue
                own = rate * (DECAY_OF_LAYERS * ramp if i < 2 else 1.0)
                if i == 2:
                    w[i] = w[i] * (1 - own * decay)
                if i == 0:
                    w[i] = w[i] - own * PULL * (w[i] - start[i])
                m[i] = beta_1 * m[i] + (1 - beta_1) * gradient
                v[i] = BETA_2 * v[i] + (1 - BETA_2) * gradient**2
                corrected = own * math.sqrt(1 - BETA_2 ** (step + 1)) / (1 - beta_1 ** (step + 1))
                w[i] = w[i] - corrected * m[i] / (np.sqrt(v[i]) + EPSILON)
            step += 1
        after.append([one.copy() for one in w])
    return after


class Record(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.after = []

    def on_epoch_end(self, epoch, logs=None):
        self.after.append(self.model.get_weights())


TORCH = keras.backend.backend() == "torch"  # on which Keras runs a step at a time


@pytest.mark.parametrize("steps_per_execution", [1] if TORCH else [1, STEPS])
def test_one_fit_is_the_loop_by_hand(steps_per_execution):
    model = model_of_two()
    weights = model.get_weights()
    optimizer = finetune_optimizer(
        keras.optimizers.AdamW(0.05, weight_decay=DECAYS[0]), model, layer_decay=DECAY_OF_LAYERS, l2_sp=PULL
    )
    model.compile(optimizer, "mse", steps_per_execution=steps_per_execution)
    curves = {
        "learning_rate": Cosine(0.05, 0.0),
        "momentum": Linear(0.95, 0.85),
        "weight_decay": Exponential(DECAYS[0], DECAYS[2]),
    }
    record = Record()
    schedule = ParamScheduler(curves, by="step")
    unfreezing = GradualUnfreezing(schedule={0: -1, 2: 0}, warmup_steps=WARMUP)
    everyone = [unfreezing, schedule, record]
    history = model.fit(X, Y, batch_size=BATCH, epochs=EPOCHS, shuffle=False, callbacks=everyone, verbose=0).history
    if steps_per_execution > 1:  # the steps of an epoch have the values of its first
        assert history["learning_rate"] == pytest.approx([0.05, 0.0427, 0.025, 0.0073], abs=1e-4)
        return
    assert history["unfrozen_groups"] == [1, 1, 2, 2]
    for got, want in zip(record.after, by_hand(weights), strict=True):
        for one, other in zip(got, want, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=2e-6)


IMAGES = RNG.uniform(0, 1, (16, 2, 2, 1)).astype("float32")
LABELS = np.eye(3, dtype="float32")[RNG.integers(0, 3, 16)]


def script(folder, stop=None):
    """A training with every kind of callback, from its beginning."""
    keras.utils.set_random_seed(5)
    layers = [keras.layers.Flatten(), keras.layers.Dense(4, name="body"), keras.layers.Dropout(0.3)]
    network = keras.Sequential([keras.Input((2, 2, 1)), *layers, keras.layers.Dense(3, "softmax", name="top")])
    pipeline = Pipeline([RandomBrightness(0.2, value_range=(0, 1)), MixUp(alpha=0.4)])
    model = AugmentedModel(network, pipeline)
    optimizer = finetune_optimizer(keras.optimizers.AdamW(0.05), model, learning_rate=slice(0.005, 0.05), l2_sp=0.1)
    model.compile(optimizer, "categorical_crossentropy", metrics=["accuracy"])
    curves = {"momentum": Linear(0.95, 0.85), "strength": Linear(0.2, 1.0), "label_smoothing": Linear(0.2, 0.0)}
    plateau = ReduceLROnPlateau(monitor="loss", factor=0.5, patience=1, min_delta=10.0, weight_decay_factor=0.5)
    everyone = [
        GradualUnfreezing(every=1, warmup_steps=2),
        ParamScheduler(curves),
        plateau,
        MixOff(epochs=1),
        EMA(0.8),
        BackupAndRestore(folder, delete_checkpoint=False),
        *([] if stop is None else [Stop(stop)]),
    ]
    data = {"x": IMAGES, "y": LABELS, "batch_size": 8, "validation_data": (IMAGES, LABELS)}
    try:
        history = model.fit(**data, epochs=EPOCHS, callbacks=everyone, verbose=0).history
    except KeyboardInterrupt:
        return None
    values = [keras.ops.convert_to_numpy(one) for one in [*model.variables, *model.optimizer.variables]]
    return [one.tobytes() for one in values], history, (plateau.wait, plateau.best)


def test_stopped_after_any_epoch_it_ends_as_if_never_stopped(tmp_path):
    alone = script(tmp_path / "alone")
    assert alone[1]["unfrozen_groups"] == [1, 2, 2, 2]
    for epoch in range(1, EPOCHS):
        assert script(tmp_path / str(epoch), stop=epoch) is None
        assert script(tmp_path / str(epoch)) == alone, epoch
