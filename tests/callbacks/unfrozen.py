"""Models for tests of unfreezing, a record of what moves, and training of two linear layers written out in NumPy."""

from itertools import pairwise

import keras
import numpy as np

BATCH, STEPS = 4, 2


def data_from(rng):
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
