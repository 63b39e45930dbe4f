"""AugmentedModel with the fine-tuning callbacks and the export."""

import keras
import numpy as np
import pytest
from augmented_probes import SHAPE, augmented, brighten, climb, pictures, weight_of

import kerasaug
from kerasaug.callbacks import GradualUnfreezing, WeightDecayScheduler

pytestmark = pytest.mark.skipif(keras.backend.backend() == "torch", reason="fine-tuning is for TensorFlow and JAX")
MEAN = 100.0 + 25.5


def deep():
    ones = {"use_bias": False, "kernel_initializer": "ones"}
    body, head = keras.layers.Dense(1, name="body", **ones), keras.layers.Dense(1, name="head", **ones)
    return keras.Sequential([keras.Input(SHAPE), keras.layers.GlobalAveragePooling2D(), body, head])


def test_gradual_unfreezing_inside_one_fit():
    inner, weights = deep(), []
    model = augmented(inner=inner, rate=1e-3)
    x = np.full((4, *SHAPE), 100.0, "float32")
    record = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda *_: weights.append([float(one.ravel()[0]) for one in inner.get_weights()])
    )
    callbacks = [GradualUnfreezing(schedule={0: -1, 1: 0}, warmup_steps=0), record]
    model.fit(x, np.zeros(4), epochs=2, verbose=0, callbacks=callbacks)
    head = 1 + 1e-3 * MEAN
    assert weights[0] == pytest.approx([1.0, head], rel=1e-5), "the body is frozen in the first epoch"
    assert weights[1] == pytest.approx([1 + 1e-3 * MEAN * head, head + 1e-3 * MEAN], rel=1e-5)


def test_weight_decay_changes_between_epochs():
    inner, weights = deep(), []
    inner.get_layer("body").trainable = False
    model = kerasaug.AugmentedModel(inner, brighten())
    model.compile(keras.optimizers.SGD(1e-3, weight_decay=0.0), climb)
    record = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: weights.append(weight_of(model)))
    callbacks = [WeightDecayScheduler({0: 0.0, 1: 100.0}), record]
    model.fit(np.full((4, *SHAPE), 100.0, "float32"), np.zeros(4), epochs=2, verbose=0, callbacks=callbacks)
    first = 1 + 1e-3 * MEAN
    assert weights == pytest.approx([first, first * 0.9 + 1e-3 * MEAN], rel=1e-5)


def test_export_serves_the_inner_model(rng, tmp_path):
    tf = pytest.importorskip("tensorflow")
    x, model = pictures(rng), augmented(inner=deep())
    model.fit(x, np.zeros(8), verbose=0)
    folder = kerasaug.export_savedmodel(model, tmp_path / "served", output_name="out")
    served = tf.saved_model.load(str(folder))
    np.testing.assert_allclose(served.serve(tf.constant(x))["out"].numpy(), model.predict(x, verbose=0), rtol=1e-4)
