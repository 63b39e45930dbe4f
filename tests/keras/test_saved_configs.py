"""What Keras saved of its layers loads as these by changing `keras.layers` to `kerasaug.layers`."""

import json

import keras
import numpy as np
import pytest
from contract_tools import BACKEND, assert_same, images, to_numpy, uncompiled
from keras_layers import ARGUMENTS, BATCH, HEIGHT, KERAS, OURS, SHARED, WIDTH, each, each_set, make, value_range

import kerasaug


def _plain(value):
    """Lists for tuples, as JSON has them."""
    return json.loads(json.dumps(value, default=keras.saving.serialize_keras_object))


@each_set()
def test_a_config_of_keras_is_one_of_ours(name, arguments):
    theirs = make(KERAS, name, **arguments)
    ours = getattr(OURS, name).from_config(theirs.get_config())
    assert (type(ours), ours.name) == (getattr(OURS, name), theirs.name)
    if name == "Pipeline":
        assert [type(one) for one in ours.layers] == [getattr(OURS, type(one).__name__) for one in theirs.layers]


# What Keras's own configs do not hold, or not as it was given: (0, f) for a number of which f either way is meant.
_LOST = {
    "MaxNumBoundingBoxes": {"fill_value"},
    "RandomContrast": {"factor"},
    "RandomGrayscale": {"seed"},
    "RandomPosterization": {"factor"},
}


@each_set()
def test_an_argument_that_keras_saved_means_what_it_means_here(name, arguments):
    """Keras keeps some as they were given, and others as ranges."""
    loaded = getattr(OURS, name).from_config(make(KERAS, name, **arguments).get_config()).get_config()
    made = make(OURS, name, **arguments).get_config()
    for argument in set(arguments) - _LOST.get(name, set()) - {"layers"}:
        assert _plain(loaded[argument]) == _plain(made[argument]), argument


@each_set()
def test_a_serialized_layer_of_keras_is_deserialized_as_ours(name, arguments):
    config = keras.saving.serialize_keras_object(make(KERAS, name, **arguments))
    before = json.dumps(config, default=str)
    for changed in (kerasaug.from_keras(config), json.loads(kerasaug.from_keras(json.dumps(_plain(config))))):
        assert changed["module"] == "kerasaug.layers"
        ours = keras.saving.deserialize_keras_object(changed)
        assert type(ours) is getattr(OURS, name)
        assert ours.name == config["config"]["name"]
    assert json.dumps(config, default=str) == before


@pytest.mark.skipif(BACKEND != "tensorflow", reason="op by op, JAX takes minutes for what the contract compiles there")
@each_set()
@uncompiled()
def test_a_loaded_layer_gives_results_of_the_same_kind(name, arguments):
    """The same keys, shapes and dtypes of images; other targets keep their own dtype here, whatever Keras does."""
    theirs = make(KERAS, name, **arguments)
    ours = getattr(OURS, name).from_config(theirs.get_config())
    if arguments.get("fill_mode") == "mirror":  # which Keras takes, and refuses when it is called on TensorFlow
        theirs = make(KERAS, name)
    low, high = value_range(arguments)
    batch = (low + (high - low) * images(BATCH, HEIGHT, WIDTH) / 255.0).astype("float32")
    for data in (batch, batch[0]) if not ours.mixes else (batch,):
        mine, other = to_numpy(ours(data, training=True)), to_numpy(theirs(data, training=True))
        assert (mine.shape, mine.dtype) == (other.shape, other.dtype)
        if name != "Pipeline":  # Keras's does not say
            assert ours.compute_output_shape(data.shape) == tuple(theirs.compute_output_shape(data.shape))
        assert np.isfinite(mine).all()


def _stack(source):
    """Every layer that keeps the images' size, and one to train; Keras's Equalization cannot follow another layer."""
    x = inputs = keras.Input((HEIGHT, WIDTH, 3))
    for name in SHARED:
        for arguments in ARGUMENTS[name]:
            if not {"height", "value_range"} & set(arguments) and name not in ("Pipeline", "Equalization"):
                x = make(source, name, **arguments)(x)
    x = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(x))
    return keras.Model(inputs, keras.layers.Dense(3)(x))


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A model of Keras's layers, trained a little, and its file."""
    model = keras.Sequential(
        [
            keras.Input((HEIGHT, WIDTH, 3)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.RandomFlip(seed=1, name="flip"),
            keras.layers.Pipeline([keras.layers.RandomBrightness(0.1, (0, 1)), keras.layers.RandomFlip("horizontal")]),
            keras.layers.Flatten(),
            keras.layers.Dense(3),
        ]
    )
    model.compile("adam", "mse", jit_compile=False)
    model.fit(images(), np.zeros((BATCH, 3)), verbose=0)
    path = tmp_path_factory.mktemp("saved") / "model.keras"
    model.save(path)
    return model, path


def test_a_keras_file_loads_with_its_weights_and_its_optimizer(saved):
    model, path = saved
    before = path.read_bytes()
    loaded = kerasaug.load_keras_model(path)
    assert path.read_bytes() == before
    flip, pipeline = loaded.layers[1:3]
    assert (type(flip), flip.name, flip.seed) == (OURS.RandomFlip, "flip", 1)
    assert [type(layer) for layer in pipeline.layers] == [OURS.RandomBrightness, OURS.RandomFlip]
    assert type(loaded.layers[0]) is keras.layers.Rescaling
    assert_same(loaded.get_weights(), model.get_weights())
    values = [[to_numpy(one.value) for one in each.optimizer.variables] for each in (loaded, model)]
    assert_same(*values)
    np.testing.assert_allclose(loaded.predict(images(), verbose=0), model.predict(images(), verbose=0), atol=1e-5)


def test_a_pipeline_that_holds_other_layers_stays_keras_s(tmp_path):
    """Ours would refuse it, and with it the whole file; a pipeline inside that ours can hold is ours."""
    inner = keras.layers.Pipeline([keras.layers.RandomFlip("horizontal")])
    mixed = keras.layers.Pipeline([keras.layers.Rescaling(1 / 255), keras.layers.RandomFlip(seed=1), inner])
    model = keras.Sequential([keras.Input((HEIGHT, WIDTH, 3)), mixed])
    model.save(tmp_path / "model.keras")
    loaded = kerasaug.load_keras_model(tmp_path / "model.keras")
    assert type(loaded.layers[0]) is keras.layers.Pipeline
    types = [type(layer) for layer in loaded.layers[0].layers]
    assert types == [keras.layers.Rescaling, OURS.RandomFlip, OURS.Pipeline]
    found = to_numpy(loaded(images(), training=False))
    np.testing.assert_allclose(found, images() / 255.0, atol=1e-5)


def test_what_is_no_keras_file_is_refused(tmp_path):
    path = tmp_path / "model.keras"
    path.write_text("{}")
    with pytest.raises(ValueError, match=r"load_keras_model expects a file that .* Received: path=.*model\.keras"):
        kerasaug.load_keras_model(path)


@uncompiled()
def test_the_json_of_a_model_with_every_layer_loads():
    model = _stack(KERAS)
    loaded = keras.models.model_from_json(kerasaug.from_keras(model.to_json()))
    pairs = list(zip(loaded.layers, model.layers, strict=True))
    assert [layer.name for layer, _ in pairs] == [layer.name for _, layer in pairs]
    for mine, other in pairs:
        expected = OURS if type(other).__name__ in SHARED else KERAS
        assert type(mine) is getattr(expected, type(other).__name__)
    loaded.set_weights(model.get_weights())
    assert loaded.output_shape == model.output_shape


@each()
def test_policies_and_names_of_layers_as_keras_takes_them(name):
    """A policy may be a name, an object or a saved config; `trainable` is saved."""
    arguments = ARGUMENTS[name][0]
    if name == "Pipeline":  # Keras's has a name alone
        return
    policy = keras.DTypePolicy("mixed_bfloat16")
    for dtype in ("mixed_bfloat16", policy, keras.saving.serialize_keras_object(policy)):
        layers = [
            make(source, name, **arguments, dtype=dtype, name="mine", trainable=False) for source in (KERAS, OURS)
        ]
        for layer in layers:
            assert (layer.compute_dtype, layer.name, layer.trainable) == ("bfloat16", "mine", False)
        again = getattr(OURS, name).from_config(layers[0].get_config())
        assert (again.compute_dtype, again.name, again.trainable) == ("bfloat16", "mine", False)
