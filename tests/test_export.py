import subprocess
import sys
from pathlib import Path

import export_models as models
import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasaug.export import ExportError, export_savedmodel


@pytest.fixture(scope="module")
def convnet():
    keras.utils.set_random_seed(0)
    return models.trained_convnet()


@pytest.fixture(scope="module")
def served(convnet, tmp_path_factory):
    return export_savedmodel(convnet, tmp_path_factory.mktemp("convnet"), output_name="probs")


def signature_of(folder):
    function = tf.saved_model.load(str(folder)).signatures["serving_default"]
    inputs = function.structured_input_signature[1]
    return {k: (s.dtype.name, s.shape.as_list()) for k, s in inputs.items()}, {
        k: (s.dtype.name, s.shape.as_list()) for k, s in function.structured_outputs.items()
    }


def nodes_of(folder):
    loaded = tf.saved_model.load(str(folder))  # keeps the graph alive
    graph = loaded.signatures["serving_default"].graph.as_graph_def()
    functions = list(graph.library.function)
    return functions, [*graph.node, *(node for function in functions for node in function.node_def)]


def serve(folder, inputs):
    loaded = tf.saved_model.load(str(folder))  # which must outlive its function
    return {name: value.numpy() for name, value in loaded.serve(inputs).items()}


def numbers(*shape):
    return np.random.default_rng(3).normal(size=shape).astype("float32")


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


def test_dict_inputs_and_dict_outputs_keep_their_names(tmp_path):
    left, right = keras.Input((4,), name="left"), keras.Input((3,), name="right", dtype="int32")
    score = keras.layers.Dense(1)(keras.layers.Concatenate()([left, keras.ops.cast(right, "float32")]))
    model = keras.Model({"left": left, "right": right}, {"score": score, "twice": score * 2.0})
    folder = export_savedmodel(model, tmp_path)
    inputs, outputs = signature_of(folder)
    assert inputs == {"left": ("float32", [None, 4]), "right": ("int32", [None, 3])}
    assert set(outputs) == {"score", "twice"}
    data = {"left": numbers(2, 4), "right": np.array([[1, 2, 3], [4, 5, 6]], "int32")}
    result = serve(folder, data)
    np.testing.assert_array_equal(result["twice"], 2 * result["score"])
    np.testing.assert_allclose(result["score"], model.predict(data, verbose=0)["score"], atol=1e-5)


def test_list_inputs_and_list_outputs(tmp_path):
    left, right = keras.Input((4,), name="left"), keras.Input((4,))
    model = keras.Model([left, right], [left - right, left + right])
    folder = export_savedmodel(model, tmp_path, output_name=["difference", "sum"])
    inputs, outputs = signature_of(folder)
    assert set(inputs) == {"left", "inputs_1"}
    data = [numbers(2, 4), np.ones((2, 4), "float32")]
    result = serve(folder, data)
    np.testing.assert_array_equal(result["difference"], data[0] - 1)
    assert set(outputs) == {"difference", "sum"}
    numbered = export_savedmodel(model, tmp_path, output_name="out", verify=False)
    assert set(signature_of(numbered)[1]) == {"out_0", "out_1"}


@pytest.mark.parametrize("names", [["one"], ["same", "same"]])
def test_output_names_must_fit_a_list_of_outputs(tmp_path, names):
    data = keras.Input((4,))
    with pytest.raises(ValueError, match="returns 2 tensors"):
        export_savedmodel(keras.Model(data, [data + 1.0, data]), tmp_path, output_name=names)


def test_output_names_must_fit_one_output(tmp_path):
    with pytest.raises(ValueError, match="returns one tensor"):
        export_savedmodel(models.dense(), tmp_path, output_name=["a", "b"])


def test_nested_outputs_are_refused(tmp_path):
    data = keras.Input((4,))
    with pytest.raises(ValueError, match=r"\['deep'\] of its outputs are nested"):
        export_savedmodel(keras.Model(data, {"deep": {"er": data + 1.0}}), tmp_path)


def test_a_subclassed_model_that_was_called(tmp_path):
    model = models.SumOfDict()
    model({"left": numbers(2, 3), "right": numbers(2, 3)})
    folder = export_savedmodel(model, tmp_path)
    assert signature_of(folder)[0] == {"left": ("float32", [None, 3]), "right": ("float32", [None, 3])}
    same = {"left": numbers(5, 3), "right": numbers(5, 3)}
    np.testing.assert_array_equal(serve(folder, same)["outputs"], np.zeros((5, 2)))


def test_automatic_input_names_do_not_depend_on_the_process(tmp_path):
    assert set(signature_of(export_savedmodel(models.dense(), tmp_path, verify=False))[0]) == {"inputs"}


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16", "bfloat16"])
def test_half_precision_is_served_as_float32(tmp_path, policy):
    data = keras.Input((4,), dtype="float32")
    model = keras.Model(data, keras.layers.Dense(2, dtype=policy)(data))
    assert "float16" in model.output.dtype
    inputs, outputs = signature_of(export_savedmodel(model, tmp_path))
    assert (inputs["inputs"][0], outputs["outputs"]) == ("float32", ("float32", [None, 2]))


def test_uint8_images_of_any_size(tmp_path):
    model = keras.Sequential(
        [
            keras.Input((None, None, 3), dtype="uint8", name="pixels"),
            keras.layers.Resizing(4, 4),
            keras.layers.Rescaling(1 / 255),
            keras.layers.GlobalAveragePooling2D(),
        ]
    )
    folder = export_savedmodel(model, tmp_path)
    assert signature_of(folder)[0] == {"pixels": ("uint8", [None, None, None, 3])}
    for height, width in ((5, 9), (16, 7)):
        white = np.full((2, height, width, 3), 255, "uint8")
        np.testing.assert_allclose(serve(folder, white)["outputs"], np.ones((2, 3)), atol=1e-6)


@pytest.mark.parametrize(
    "given",
    [
        keras.InputSpec(shape=(1, 4), dtype="uint8", name="counts"),
        [keras.InputSpec(shape=(None, 4), dtype="uint8", name="counts")],
        tf.TensorSpec((None, 4), tf.uint8, "counts"),
    ],
    ids=["fixed batch", "keras's list", "tensor spec"],
)
def test_input_signature_sets_dtype_and_name_and_leaves_the_batch_open(tmp_path, given):
    folder = export_savedmodel(models.dense(), tmp_path, input_signature=given, verify=False)
    assert signature_of(folder)[0] == {"counts": ("uint8", [None, 4])}


@pytest.mark.parametrize("given", [keras.InputSpec(shape=(None, 4)), keras.InputSpec(dtype="uint8"), "uint8"])
def test_an_incomplete_input_signature_is_refused(tmp_path, given):
    with pytest.raises(ValueError, match=r"every input needs keras.InputSpec"):
        export_savedmodel(models.dense(), tmp_path, input_signature=given)


def test_two_inputs_of_one_name_are_refused(tmp_path):
    model = keras.Model([a := keras.Input((2,)), b := keras.Input((2,))], a + b)
    same = keras.InputSpec(shape=(None, 2), dtype="float32", name="x")
    with pytest.raises(ValueError, match="different names"):
        export_savedmodel(model, tmp_path, input_signature=[same, same])


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
