"""Images of any dtype in, the compute dtype out; targets keep theirs."""

import keras
import numpy as np
import pytest
from cases import IMAGE_CASES, PIPELINES, every_case
from contract_tools import assert_same, images, sample, targets, to_numpy, uncompiled

from kerasaug.layers import MaxNumBoundingBoxes

DTYPES = ["uint8", "float16", "bfloat16"]


def _params(case, data):
    with uncompiled():
        return case.shared().draw(data, seed=2)


@pytest.mark.parametrize("dtype", DTYPES)
@every_case("dtypes")
@uncompiled()
def test_images_of_any_dtype_give_what_float32_gives(case, dtype):
    layer = case.shared()
    data = targets(sample(layer.mixes))
    params = _params(case, data)
    same = {**data, "images": keras.ops.cast(data["images"], dtype)}
    assert_same(layer.apply(same, params), layer.apply(data, params))
    assert_same(layer(same, training=False), layer(data, training=False))


@pytest.mark.parametrize("dtype", DTYPES)
@every_case("dtypes", PIPELINES)
def test_images_of_any_dtype_compile(case, dtype):
    data = images()
    params = _params(case, data)
    result = case.shared().apply(keras.ops.cast(data, dtype), params)
    with uncompiled():
        assert_same(result, case.shared().apply(data, params), atol=0.01)


@every_case("uint8")
@uncompiled()
def test_uint8_output_is_rounded_once(case):
    data = images().astype("uint8")
    params = _params(case, data)
    exact = to_numpy(case.shared().apply(data, params))
    result = to_numpy(case.layer(dtype="uint8").apply(data, params))
    np.testing.assert_array_equal(result, np.clip(np.round(exact), 0, 255).astype("uint8"))
    assert to_numpy(case.layer(dtype="uint8")(data, training=False)).dtype == "uint8"


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "float16", "bfloat16"])
@every_case("policy")
@uncompiled()
def test_half_precision_is_for_images_alone(case, policy):
    data = targets(sample(case.shared().mixes))
    params = _params(case, data)
    exact, half = case.shared().apply(data, params), case.layer(dtype=policy).apply(data, params)
    assert keras.backend.standardize_dtype(half["images"].dtype) == policy.removeprefix("mixed_")
    np.testing.assert_allclose(to_numpy(half["images"]), to_numpy(exact["images"]), atol=1.0)
    for name in set(data) - {"images"}:
        assert_same(half[name], exact[name])


@every_case("identity", [case for case in IMAGE_CASES if case.make is not MaxNumBoundingBoxes])  # which only pads
@uncompiled()
def test_large_targets_survive_half_precision(case):
    """In bfloat16 a box edge at 1001 becomes 1000, class 3003 becomes 3008 and mask value 257 becomes 256."""
    layer = case.layer(dtype="mixed_bfloat16", strength=0.0)
    data = {name: value for name, value in sample(layer.mixes, 1, 2, 1024).items() if name != "file"}
    data["bounding_boxes"] = {"boxes": np.array([[[999.0, 0, 1001, 2]]], "float32"), "labels": np.array([[3003]])}
    result = to_numpy(layer(data))
    np.testing.assert_array_equal(result["bounding_boxes"]["boxes"][:, :1], data["bounding_boxes"]["boxes"])
    np.testing.assert_array_equal(result["bounding_boxes"]["labels"][:, :1], [[3003]])
    assert 257 in data["segmentation_masks"]
    np.testing.assert_array_equal(result["segmentation_masks"], data["segmentation_masks"])
