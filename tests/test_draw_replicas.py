"""Under `tf.distribute` each replica draws for itself, and repeats."""

import os
import subprocess
import sys

import keras
import pytest

# TensorFlow takes two devices out of one only before it has used it: hence a process of its own.
SCRIPT = """
import numpy as np
import tensorflow as tf

two = [tf.config.LogicalDeviceConfiguration()] * 2
tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], two)

import kerasaug

strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
with strategy.scope():
    pipeline = kerasaug.Pipeline([kerasaug.layers.RandomBrightness((0.0, 1.0))], seed=1)
images = np.zeros((3, 2, 2, 1), "float32")

@tf.function
def draw():
    return strategy.run(lambda: pipeline.draw(images, seed=(5, 7))["layers"][0]["brightness"])

@tf.function
def augment():
    return strategy.run(lambda: pipeline(images, training=True)[:, 0, 0, 0])

one, other = (value.numpy() for value in strategy.experimental_local_results(draw()))
again = [value.numpy() for value in strategy.experimental_local_results(draw())]
assert len(set([*one, *other])) == 6, (one, other)
np.testing.assert_array_equal(again, [one, other])

first, second = (np.concatenate(strategy.experimental_local_results(augment())) for _ in range(2))
assert len(set([*first, *second])) == 12, (first, second)
"""


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="replicas are tf.distribute's; JAX shards a batch")
def test_replicas_draw_apart_and_the_same_again():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, env={**os.environ}, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
