"""The same fits on one device and on two, run by `test_distributed.py` in a process of its own: prints what differs.

TensorFlow takes two devices out of one CPU, and so does XLA under JAX, only before they are used: an import of kerasaug
must not use them.
"""

import contextlib
import os

if os.environ.get("KERAS_BACKEND") == "jax":
    os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2"

import keras
import numpy as np

import kerasaug
from kerasaug import callbacks
from kerasaug.transfer import Cosine, Exponential, Linear, finetune_optimizer
from kerasaug.transfer.optimizer import unwrapped

TENSORFLOW = keras.backend.backend() == "tensorflow"
RNG = np.random.default_rng(0)
X = RNG.uniform(0, 1, (16, 2, 2, 1)).astype("float32")
Y = np.eye(3, dtype="float32")[RNG.integers(0, 3, 16)]
CURVES = {
    "learning_rate": Cosine(0.1, 0.01),
    "momentum": Linear(0.9, 0.6),
    "weight_decay": Exponential(0.1, 0.4),
    "strength": Linear(1.0, 0.3),
    "label_smoothing": Linear(0.2, 0.0),
}


def two_devices():
    """A function that gives the scope in which what is made is put on both devices."""
    if TENSORFLOW:
        import tensorflow as tf

        return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope
    distribution = keras.distribution.DataParallel(devices=keras.distribution.list_devices("cpu"))
    assert len(distribution.device_mesh.devices) == 2
    keras.distribution.set_distribution(distribution)
    return contextlib.nullcontext


def fit(scope, optimizer, policy=None, steps_per_execution=1, convert=False):
    """The weights and the optimizer's state after three epochs, and the logs."""
    keras.utils.set_random_seed(3)
    with scope():
        model = compiled(optimizer(), policy, steps_per_execution, convert)
    averages = [] if getattr(unwrapped(model.optimizer), "use_ema", False) else [callbacks.EMA(0.8)]
    everyone = [callbacks.GradualUnfreezing(every=1, warmup_steps=3), callbacks.ParamScheduler(CURVES), *averages]
    logs = model.fit(X, Y, batch_size=8, epochs=3, shuffle=False, callbacks=everyone, verbose=0).history
    if not TENSORFLOW:
        assert len(model.trainable_variables[0].value.devices()) == (2 if keras.distribution.distribution() else 1)
    slots = [keras.ops.convert_to_numpy(variable) for variable in unwrapped(model.optimizer).variables]
    return [*model.get_weights(), *slots], logs


def compiled(optimizer, policy, steps_per_execution, convert):
    dense = keras.layers.Dense
    layers = [dense(3, name="low", dtype=policy), dense(3, name="middle", dtype=policy), dense(3, "softmax")]
    network = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten(), *layers])
    brighter = kerasaug.layers.RandomBrightness((0.4, 0.4), value_range=(0, 1))
    model = kerasaug.AugmentedModel(network, kerasaug.Pipeline([brighter]))
    if not convert:
        optimizer = finetune_optimizer(optimizer, model, learning_rate=slice(0.01, 0.1), l2_sp=0.1)
    if policy:
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=64)
    # XLA refuses variables on several CPUs under tf.distribute, whatever the model.
    jit = False if TENSORFLOW else "auto"
    model.compile(optimizer, "categorical_crossentropy", steps_per_execution=steps_per_execution, jit_compile=jit)
    return model


def adam(**kwargs):
    return lambda: keras.optimizers.AdamW(0.1, weight_decay=0.1, **kwargs)


def sgd():
    return keras.optimizers.SGD(0.1, momentum=0.9, weight_decay=0.1)


CASES = {
    "averages": {"optimizer": adam(use_ema=True, ema_momentum=0.5)},
    "converted in fit": {"optimizer": sgd, "convert": True},
    "mixed": {"optimizer": sgd, "policy": "mixed_float16"},
}
if not TENSORFLOW:  # there Keras's own optimizers fail with these under MirroredStrategy: Keras 3.15.1
    CASES["accumulation"] = {"optimizer": adam(gradient_accumulation_steps=2)}
    CASES["several steps"] = {"optimizer": adam(), "steps_per_execution": 2}


def main():
    if TENSORFLOW:
        import tensorflow as tf

        two = [tf.config.LogicalDeviceConfiguration()] * 2
        tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], two)
    alone = {case: fit(contextlib.nullcontext, **settings) for case, settings in CASES.items()}
    scope = two_devices()
    for case, settings in CASES.items():
        (got, logs), (want, expected) = fit(scope, **settings), alone[case]
        assert logs.keys() == expected.keys()
        off = max(float(np.abs(one - other).max()) for one, other in zip(got, want, strict=True))
        logged = max(float(np.abs(np.subtract(logs[name], expected[name])).max()) for name in expected)
        print("differs", case, off, logged, sep="\t")


if __name__ == "__main__":
    main()
