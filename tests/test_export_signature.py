"""The inputs and outputs of an exported model: names, structures, dtypes and shapes."""

import export_models as models
import keras
import numpy as np
import pytest
import tensorflow as tf
from served import numbers, serve, signature_of

from kerasaug.export import export_savedmodel


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
