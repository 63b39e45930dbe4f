"""A layer augments when called directly or mapped; inside a model only when `training=True` reaches it."""

import warnings

import keras
import numpy as np
import pytest
from contract_tools import BACKEND, assert_same, differs, images, to_numpy

import kerasaug
from kerasaug import layers as L


def _pipeline():
    return kerasaug.Pipeline([L.RandomBrightness((0.2, 0.4)), L.RandomContrast(0.5)], seed=1)


class NoTraining(keras.Model):
    """A subclass whose `call` does not know of `training`."""

    def __init__(self):
        super().__init__()
        self.augment, self.flatten = _pipeline(), keras.layers.Flatten()

    def call(self, inputs):
        return self.flatten(self.augment(inputs))


def _sequential():
    return keras.Sequential([keras.Input((8, 10, 3)), _pipeline(), keras.layers.Flatten()])


def _functional():
    inputs = keras.Input((8, 10, 3))
    return keras.Model(inputs, keras.layers.Flatten()(_pipeline()(inputs)))


def _nested():
    inputs = keras.Input((8, 10, 3))
    return keras.Model(inputs, _sequential()(_functional_front()(inputs)))


def _functional_front():
    inputs = keras.Input((8, 10, 3))
    return keras.Model(inputs, _pipeline()(inputs))


def _subclass():
    model = NoTraining()
    model.build((None, 8, 10, 3))
    return model


MODELS = pytest.mark.parametrize("make", [_sequential, _functional, _nested, _subclass], ids=lambda make: make.__name__)


@MODELS
def test_a_model_is_clean_unless_it_trains(make):
    model, data = make(), images()
    clean = data.reshape(4, -1)
    model.compile(loss="mean_absolute_error")
    assert_same(to_numpy(model(data)), clean)
    assert_same(to_numpy(model(data, training=False)), clean)
    assert_same(model.predict(data, verbose=0), clean)
    assert model.evaluate(data, clean, verbose=0) == 0.0


@MODELS
def test_a_model_augments_when_it_trains(make):
    model, data = make(), images()
    assert differs(model(data, training=True), data.reshape(4, -1))
    assert differs(model(data, training=True), model(data, training=True))


@MODELS
def test_fit_augments(make):
    """The loss of a model that returns its input against that input is 0, but for what augmentation changes."""
    model, data = make(), images()
    outputs = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
    model = keras.Sequential([keras.Input((8, 10, 3)), model, outputs])
    model.compile(keras.optimizers.SGD(0.0), "mean_absolute_error")
    clean = data.reshape(4, -1).sum(axis=1, keepdims=True)
    assert model.fit(data, clean, verbose=0).history["loss"][0] > 1000.0
    assert model.evaluate(data, clean, verbose=0) < 1.0


@pytest.mark.parametrize("training", [None, False, True])
@MODELS
def test_stateless_call_follows_the_same_rule(make, training):
    model, data = make(), images()
    if make is _subclass and training is not None:
        pytest.xfail("Keras passes on no `training` that `call` does not take, and raises")
    state = ([one.value for one in model.trainable_variables], [one.value for one in model.non_trainable_variables])
    arguments = {} if training is None else {"training": training}
    result, _ = model.stateless_call(*state, keras.ops.convert_to_tensor(data), **arguments)
    assert differs(result, data.reshape(4, -1)) is bool(training)


@pytest.mark.skipif(BACKEND == "torch", reason="a SavedModel comes from TensorFlow or JAX")
@MODELS
def test_a_plain_export_is_clean(make, tmp_path):
    tf = pytest.importorskip("tensorflow")
    model, data = make(), images()
    model(data)
    model.export(tmp_path / "1", verbose=False)
    archive = tf.saved_model.load(tmp_path / "1")
    served = archive.serve(tf.constant(data))
    np.testing.assert_array_equal(served.numpy(), data.reshape(4, -1))


def test_time_distributed_follows_the_same_rule():
    """Frames are augmented one by one, each with its own draw."""
    frames = np.stack([images(), images()], axis=1)
    inputs = keras.Input((2, 8, 10, 3))
    model = keras.Model(inputs, keras.layers.TimeDistributed(_pipeline())(inputs))
    assert_same(to_numpy(model(frames)), frames)
    assert_same(model.predict(frames, verbose=0), frames)
    moved = to_numpy(model(frames, training=True))
    assert moved.shape == frames.shape
    assert differs(moved, frames)
    assert differs(moved[:, 0], moved[:, 1])


def test_a_direct_call_augments_unless_told():
    layer, data = _pipeline(), images()
    assert differs(layer(data), data)
    assert differs(layer(data, training=True), data)
    assert_same(to_numpy(layer(data, training=False)), data)


def test_a_dataset_map_augments_unless_told():
    tf = pytest.importorskip("tensorflow")
    layer, data = _pipeline(), images()
    dataset = tf.data.Dataset.from_tensors(data)
    assert differs(next(iter(dataset.map(layer))), data)
    clean = next(iter(dataset.map(lambda batch: layer(batch, training=False))))
    np.testing.assert_array_equal(clean.numpy(), data)


def test_a_sequential_of_augmentation_alone_says_once_that_it_does_nothing():
    model = keras.Sequential([L.RandomFlip(), L.RandomBrightness((0.2, 0.4))])
    data = images()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(3):
            assert_same(to_numpy(model(data)), data)
    messages = [str(one.message) for one in caught if "holds nothing but augmentation" in str(one.message)]
    assert len(messages) == 1
    assert model.name in messages[0]
    assert "training=True" in messages[0]
    assert differs(model(data, training=True), data)


def test_a_model_does_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        _sequential()(images())
