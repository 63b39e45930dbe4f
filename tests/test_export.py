"""Exported models: served elsewhere as predicted here, clean, verified, and refused where that cannot be."""

import subprocess
import sys
from pathlib import Path

import export_models as models
import keras
import numpy as np
import pytest
import tensorflow as tf
from served import nodes_of, numbers, serve, signature_of

from kerasaug.export import ExportError, export_savedmodel


@pytest.fixture(scope="module")
def convnet():
    keras.utils.set_random_seed(0)
    return models.trained_convnet()


@pytest.fixture(scope="module")
def served(convnet, tmp_path_factory):
    return export_savedmodel(convnet, tmp_path_factory.mktemp("convnet"), output_name="probs")


def test_a_process_without_kerasaug_or_keras_serves_what_was_predicted(convnet, served, tmp_path):
    images = np.random.default_rng(1).random((7, *models.IMAGE)).astype("float32")
    predicted = {f"predicted_{n}": convnet.predict(images[:n], verbose=0) for n in (1, 7)}
    assert np.ptp(predicted["predicted_7"], axis=0).max() > 0.01  # the rows can be told apart
    np.savez(tmp_path / "stored.npz", images=images, **predicted)
    command = [sys.executable, "-I", "-c", models.SERVER, str(served), str(tmp_path / "stored.npz")]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr[-2000:]
    assert run.stdout.strip().endswith("served")


def test_saved_model_cli_shows_named_inputs_and_outputs(served):
    tool = Path(sys.executable).with_name("saved_model_cli")
    command = [tool, "show", "--dir", served, "--tag_set", "serve", "--signature_def", "serving_default"]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    assert "inputs['image'] tensor_info:\n      dtype: DT_FLOAT\n      shape: (-1, 8, 8, 1)" in shown
    assert "outputs['probs'] tensor_info:\n      dtype: DT_FLOAT\n      shape: (-1, 3)" in shown


def test_the_graph_neither_draws_nor_writes_nor_forces_a_compiler(served):
    functions, nodes = nodes_of(served)
    ops = {node.op for node in nodes}
    assert not {op for op in ops if "Random" in op or "Assign" in op}
    assert "BiasAdd" in ops or "XlaCallModule" in ops  # these are the nodes of the model
    compiled = [item for item in [*functions, *nodes] if item.attr["_XlaMustCompile"].b]
    assert not compiled


def test_the_model_trains_on_after_its_export(convnet, served):
    before = convnet.get_weights()
    images = np.random.default_rng(1).random((16, *models.IMAGE)).astype("float32")
    losses = convnet.fit(images, np.zeros(16), verbose=0).history["loss"]
    after = convnet.get_weights()
    convnet.set_weights(before)
    assert np.isfinite(losses[0])
    assert not np.array_equal(before[0], after[0])


def test_a_layer_that_augments_by_default_is_served_clean(tmp_path):
    folder = export_savedmodel(models.around(models.AddsOneIfTraining()), tmp_path)
    data = numbers(5, 4)
    np.testing.assert_array_equal(serve(folder, data)["outputs"], data)


@pytest.mark.parametrize("seeded", [False, True], ids=["generator", "fixed seed"])
def test_a_random_model_is_refused(tmp_path, seeded):
    layer = models.AlwaysNoisy(7 if seeded else keras.random.SeedGenerator(7))
    with pytest.raises(ExportError, match=r"draws? random numbers"):
        export_savedmodel(models.around(layer), tmp_path / "new" / "model")
    assert not list(tmp_path.iterdir())


def test_a_model_that_is_meant_to_be_random_goes_unverified(tmp_path):
    folder = export_savedmodel(models.around(models.AlwaysNoisy(7)), tmp_path, verify=False)
    assert np.std(serve(folder, np.zeros((50, 4), "float32"))["outputs"]) > 0.5


def test_a_model_that_writes_variables_at_inference_is_refused(tmp_path):
    with pytest.raises(ExportError, match="training=False"):
        export_savedmodel(models.around(models.CountsCalls()), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_function_compiled_on_its_own_is_refused_where_it_would_tie_the_server_to_xla(tmp_path):
    model = models.around(models.CompilesItself())
    if keras.backend.backend() == "jax":  # where it is part of the one lowered module
        folder = export_savedmodel(model, tmp_path)
        assert serve(folder, np.ones((1, 4), "float32"))["outputs"][0, 0] == 2
    else:
        with pytest.raises(ExportError, match="jit_compile=True"):
            export_savedmodel(model, tmp_path)


def test_a_wrapper_is_served_as_its_inner_model(tmp_path):
    inner = models.dense(name="numbers")
    folder = export_savedmodel(models.Wrapper(inner), tmp_path)
    assert signature_of(folder)[0] == {"numbers": ("float32", [None, 4])}
    data = numbers(5, 4)
    kernel, bias = inner.get_weights()
    np.testing.assert_allclose(serve(folder, data)["outputs"], data @ kernel + bias, atol=1e-6)


def test_a_wrapper_that_predicts_otherwise_is_refused(tmp_path):
    with pytest.raises(ExportError, match=r"'outputs' .* not what model.predict returns for a batch of 1"):
        export_savedmodel(models.Wrapper(models.dense(), offset=0.01), tmp_path)
    assert not list(tmp_path.iterdir())
    export_savedmodel(models.Wrapper(models.dense(), offset=0.01), tmp_path, tolerance=1e3)


@pytest.mark.parametrize("predicted", [np.zeros((1, 3), "float32"), np.full((1, 2), np.nan, "float32")])
def test_predictions_of_another_shape_or_undefined_are_refused(tmp_path, monkeypatch, predicted):
    model = models.dense()
    monkeypatch.setattr(model, "predict", lambda *_, **__: predicted)
    with pytest.raises(ExportError, match="outputs"):
        export_savedmodel(model, tmp_path)


def test_integer_outputs_must_be_equal(tmp_path, monkeypatch):
    model = models.around(keras.layers.Lambda(lambda x: keras.ops.argmax(x, axis=-1)))
    export_savedmodel(model, tmp_path)
    monkeypatch.setattr(model, "predict", lambda x, **_: np.full(len(x), 9))
    with pytest.raises(ExportError, match="other values"):
        export_savedmodel(model, tmp_path, tolerance=1e3)


def test_given_samples_are_what_is_compared(tmp_path, monkeypatch):
    model = models.dense()
    seen = []
    predict = model.predict
    monkeypatch.setattr(model, "predict", lambda x, **kw: seen.append(x) or predict(x, **kw))
    rows = numbers(2, 4)
    export_savedmodel(model, tmp_path, samples=rows)
    assert [len(x) for x in seen] == [1, 3]
    np.testing.assert_array_equal(seen[1], rows[[0, 1, 0]])


@pytest.mark.parametrize(
    ("samples", "message"),
    [(np.zeros((0, 4)), "at least one row"), (np.zeros(4), "shape"), ({"x": np.zeros((1, 4))}, "nested")],
)
def test_samples_that_do_not_fit_are_refused(tmp_path, samples, message):
    with pytest.raises(ValueError, match=message):
        export_savedmodel(models.dense(), tmp_path, samples=samples)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="strings exist on TensorFlow only")
def test_a_lookup_table_is_served(tmp_path):
    words = keras.Input((), dtype="string", name="word")
    lookup = keras.layers.StringLookup(vocabulary=["the", "a"])
    folder = export_savedmodel(keras.Model(words, lookup(words)), tmp_path)
    result = serve(folder, tf.constant(["a", "other", "the"]))["outputs"]
    np.testing.assert_array_equal(result, [2, 0, 1])


@pytest.mark.parametrize(
    ("model", "error", "message"),
    [
        (lambda: keras.layers.Dense(2), TypeError, "must be a keras.Model, received Dense"),
        (lambda: models.Wrapper(keras.layers.Dense(2)), TypeError, "model.inference_model must be"),
        (lambda: keras.Sequential([keras.layers.Dense(2)]), ValueError, "is not built"),
        (models.SumOfDict, ValueError, "is not built"),
    ],
)
def test_a_model_that_cannot_be_exported(tmp_path, model, error, message):
    with pytest.raises(error, match=message):
        export_savedmodel(model(), tmp_path / "new")
    assert not list(tmp_path.iterdir())


def test_a_model_that_does_not_say_what_it_takes(tmp_path):
    model = models.SumOfDict()
    model.built = True
    with pytest.raises(ValueError, match=r"cannot tell what model"):
        export_savedmodel(model, tmp_path)


def test_torch_is_told_what_to_do(tmp_path, monkeypatch):
    model = models.dense()
    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    with pytest.raises(RuntimeError, match=r"runs on 'torch': save the model .* KERAS_BACKEND=tensorflow"):
        export_savedmodel(model, tmp_path)


def test_without_tensorflow_the_error_says_what_to_install(tmp_path, monkeypatch):
    model = models.dense()
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(ImportError, match=r"export_savedmodel needs .*pip install 'kerasaug\[tensorflow\]'"):
        export_savedmodel(model, tmp_path)
