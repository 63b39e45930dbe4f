"""Half precision: the loss is scaled, it stays finite, and targets are never rounded."""

import keras
import numpy as np
import pytest
from augmented_probes import SHAPE, pictures

import kerasaug
from kerasaug import layers

POLICIES = ["mixed_bfloat16", "mixed_float16"]


@pytest.fixture(params=POLICIES)
def policy(request):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy(before)


def head(units, **kwargs):
    return keras.Sequential(
        [
            keras.Input(SHAPE),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Flatten(),
            keras.layers.Dense(units, dtype="float32", **kwargs),
        ]
    )


def test_training_in_half_precision(rng, policy):
    x, y = pictures(rng), rng.integers(0, 3, 8)
    inner = head(3, activation="softmax")
    pipeline = kerasaug.Pipeline([layers.RandomFlip(), layers.MixUp(num_classes=3)])
    model = kerasaug.AugmentedModel(inner, pipeline)
    assert model.dtype_policy.name == policy
    model.compile(keras.optimizers.Adam(0.01), "categorical_crossentropy", metrics=["accuracy"])
    scales = isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    assert scales == (policy == "mixed_float16")
    before = model.get_weights()
    history = model.fit(x, y, batch_size=4, epochs=2, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    assert not np.array_equal(before[0], model.get_weights()[0])
    assert int(model.optimizer.iterations) == 4, "no step was skipped for an infinite gradient"
    images, _, _ = model.augment((x, y))
    assert keras.backend.standardize_dtype(images.dtype) == policy.removeprefix("mixed_")


def test_the_policy_is_the_models_own(policy):
    inner = head(1)
    keras.config.set_dtype_policy("float32")
    assert kerasaug.AugmentedModel(inner, layers.RandomBrightness(0.1)).dtype_policy.name == policy


def test_targets_reach_the_loss_as_they_are(policy):
    """A box edge of 1001 is 1000 in bfloat16, a class of 3003 is 3008."""
    x = np.zeros((4, *SHAPE), "float32")
    y = np.tile(np.float32([[1001.0, 3003.0, 2049.0]]), (4, 1))
    seen = []

    def loss(y_true, y_pred):
        seen.append(keras.backend.standardize_dtype(y_true.dtype))
        return keras.ops.sum(keras.ops.abs(y_true - y_pred), axis=-1)

    model = kerasaug.AugmentedModel(head(3, kernel_initializer="zeros"), kerasaug.Pipeline([layers.MixUp()]))
    model.compile(keras.optimizers.SGD(0.0), loss)
    assert model.fit(x, y, verbose=0).history["loss"][0] == pytest.approx(6053.0, abs=2e-2)
    assert model.evaluate(x, y, verbose=0) == 6053.0
    assert set(seen) == {"float32"}


def test_boxes_and_classes_are_not_rounded(policy):
    boxes = np.float32([[[1001.0, 3.0, 1003.0, 2049.0]]])
    y = {"boxes": np.tile(boxes, (4, 1, 1)), "labels": np.full((4, 1), 3003, "int32")}
    flip = layers.RandomFlip("vertical", bounding_box_format="xyxy", p=0.0)
    model = kerasaug.AugmentedModel(head(1), kerasaug.Pipeline([flip]), keys={"bounding_boxes": "y"})
    _, same, _ = model.augment((np.zeros((4, 2048, 8, 1), "float32"), y))
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(same["boxes"]), y["boxes"])
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(same["labels"]), y["labels"])


def test_other_inputs_are_not_rounded(policy):
    class Far(keras.layers.Layer):
        def call(self, number):
            return number - 3003.0

    inputs = {"images": keras.Input(SHAPE), "number": keras.Input((1,))}
    far = Far(dtype="float32")(inputs["number"])
    mean = keras.layers.GlobalAveragePooling2D(dtype="float32")(inputs["images"])
    inner = keras.Model(inputs, keras.layers.Add(dtype="float32")([far, mean]))
    model = kerasaug.AugmentedModel(inner, kerasaug.Pipeline([layers.RandomBrightness((0.0, 0.0))]))
    model.compile("sgd", lambda y_true, y_pred: keras.ops.sum(keras.ops.abs(y_pred), axis=-1))
    x = {"images": np.zeros((4, *SHAPE), "float32"), "number": np.full((4, 1), 3004.0, "float32")}
    assert model.evaluate(x, np.zeros(4), verbose=0) == 1.0
    inner_alone = keras.ops.convert_to_numpy(model(x))
    np.testing.assert_array_equal(inner_alone, np.ones((4, 1)))
