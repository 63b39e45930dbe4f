"""Saved models: their draws, their weights, and exports without randomness."""

import cases
import keras
import numpy as np
import pytest
from cases import PIPELINES, every_case
from contract_tools import assert_same, bare_of, compiled_backends, images, to_numpy, uncompiled

import kerasaug
from kerasaug import layers as L


@every_case("saved", cases.CASES)
def test_a_keras_file_keeps_the_layer_its_draws_and_its_strength(case, tmp_path):
    layer = case.layer(strength=0.5, p=0.9)
    data = bare_of(layer)
    inputs = keras.Input(data.shape[1:], dtype=data.dtype.name)
    model = keras.Model(inputs, layer(inputs))
    with uncompiled():
        model.save(tmp_path / "model.keras")
        loaded = keras.saving.load_model(tmp_path / "model.keras").layers[-1]
        assert type(loaded) is type(layer)
        assert loaded.get_config() == layer.get_config()
        assert float(to_numpy(loaded.strength)) == 0.5
        assert_same([loaded.draw(data) for _ in range(2)], [layer.draw(data) for _ in range(2)])
        assert_same(loaded.draw(data, seed=4), layer.draw(data, seed=4))


def test_a_strength_that_was_set_is_saved():
    layer = L.RandomFlip()
    layer.strength = 0.25
    assert float(to_numpy(L.RandomFlip.from_config(layer.get_config()).strength)) == 0.25


def _network(source):
    layers = [source.RandomFlip(seed=1), source.RandomRotation(0.1), source.RandomBrightness(0.1)]
    return keras.Sequential([keras.Input((8, 10, 3)), *layers, keras.layers.Flatten(), keras.layers.Dense(3)])


@pytest.mark.parametrize("sources", [(keras.layers, L), (L, keras.layers)], ids=["from keras", "to keras"])
def test_weights_load_across_from_keras_layers_and_back(sources, tmp_path):
    saved, loaded = (_network(source) for source in sources)
    saved.save_weights(tmp_path / "model.weights.h5")
    loaded.load_weights(tmp_path / "model.weights.h5")
    assert_same(loaded.get_weights(), saved.get_weights())
    np.testing.assert_allclose(loaded.predict(images(), verbose=0), saved.predict(images(), verbose=0), atol=1e-3)


def _model_with_every_op():
    layers = [case.layer() for case in cases.IMAGE_CASES if isinstance(case.make, type)]
    inputs = keras.Input((8, 10, 3), name="images")
    x = inputs
    for layer in layers:
        x = layer(x)
    return keras.Model(inputs, keras.layers.Dense(3)(keras.layers.Flatten()(x)))


def _pipeline_model(case):
    inputs = keras.Input((8, 10, 3), name="images")
    return keras.Model(inputs, keras.layers.Dense(3)(keras.layers.Flatten()(case.layer()(inputs))))


def _op_names(function):
    definition = function.graph.as_graph_def()
    nodes = [*definition.node, *(node for inner in definition.library.function for node in inner.node_def)]
    return {node.op for node in nodes}


MODELS = {"every op": _model_with_every_op} | {str(case): lambda case=case: _pipeline_model(case) for case in PIPELINES}


@pytest.mark.skipif(not compiled_backends, reason="a SavedModel comes from TensorFlow or JAX")
@pytest.mark.parametrize("how", ["model.export", "export_savedmodel"])
@pytest.mark.parametrize("name", MODELS)
def test_an_export_holds_no_randomness(name, how, tmp_path):
    tf = pytest.importorskip("tensorflow")
    model, folder = MODELS[name](), tmp_path / "1"
    expected = model.predict(images(), verbose=0)
    if how == "model.export":
        model.export(folder, verbose=False)
    else:
        folder = kerasaug.export_savedmodel(model, tmp_path)
    archive = tf.saved_model.load(folder)  # whose variables die with it
    serve = archive.signatures["serving_default"]
    random = [op for op in _op_names(serve) if "Random" in op]
    assert random == []
    first, second = (next(iter(serve(images=tf.constant(images())).values())).numpy() for _ in range(2))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_allclose(first, expected, atol=1e-3, rtol=1e-5)


@every_case("predict", PIPELINES)
def test_predict_evaluate_and_call_are_clean(case):
    model = _pipeline_model(case)
    model.compile(loss="mean_absolute_error")
    expected = model.predict(images(), verbose=0)
    np.testing.assert_allclose(to_numpy(model(images())), expected, atol=1e-3, rtol=1e-5)
    assert model.evaluate(images(), expected, verbose=0) < 1e-3
