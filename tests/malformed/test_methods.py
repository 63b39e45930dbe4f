"""The methods of every layer, called with what they do not take: seeds, ids, parameters, sizes, shapes, labels."""

import cases
import keras
import numpy as np
import pytest
from contract_tools import assert_same, images, to_numpy, uncompiled
from hypothesis import given
from hypothesis import strategies as st
from strategies import NO_ARRAYS, examples, refuses

import kerasaug
from kerasaug import layers as L

OPS = pytest.mark.parametrize("case", cases.IMAGE_CASES, ids=str)
GEOMETRIC = pytest.mark.parametrize("case", [one for one in cases.IMAGE_CASES if one.shared().geometric], ids=str)
OPTIONAL = {L.RandomColorJitter: ("brightness", "contrast", "saturation")}  # it changes what it is told to change
OTHER = [value for value in NO_ARRAYS if value is not None and value is not True]


@OPS
@examples(15)
@given(value=st.sampled_from([*NO_ARRAYS, np.arange(4), 2, -1, 0.5, "yes", np.ones(1, "int32")]))
def test_labels_are_no_switch_of_training(case, value):
    """`dataset.map(layer)` on pairs calls `layer(x, y)`; a label of 0 would have turned augmentation off."""
    layer = case.shared()
    if value is None or value is True:
        return
    with refuses(layer.name, "training", "augment_dataset"):
        layer(images(), value)
    with refuses(layer.name, "training"):
        layer(images(), training=value)


@OPS
def test_calls_with_too_much(case):
    layer = case.shared()
    with refuses(layer.name, "ndarray"):
        layer(images(), np.arange(4), np.ones(4))
    with refuses(layer.name, "labels"):
        layer(images(), labels=np.arange(4))


@OPS
@examples(20)
@given(seed=st.sampled_from([*OTHER, True, 0.5, (1,), (1, 2, 3), (0.5, 1.0), np.zeros((2, 2), int), [], [[1, 2]]]))
def test_seeds_that_are_none(case, seed):
    with refuses(case.shared().name, "seed"):
        case.shared().draw(images(), seed=seed)


@OPS
@examples(20)
@given(ids=st.sampled_from([*OTHER, 1, True, np.arange(3), np.arange(8), np.ones(4), [0.5] * 4, [], [[1, 2]]]))
def test_record_ids_that_are_none(case, ids):
    with refuses(case.shared().name, "record_ids"):
        case.shared().draw(images(), seed=1, record_ids=ids)


def _deformed(params):
    """Of drawn parameters: other structures, and each parameter with another content."""
    yield from (None, "drawn", 3, [], [params], np.ones(4))
    if "layers" in params:
        first, *rest = params["layers"]
        yield from ({}, {"layers": None}, {"layers": {}}, {"layers": rest}, {"layers": [first, first, *rest]})
        yield from ({"layers": [bad, *rest]} for bad in (None, 3, [first]))
        return
    for name, value in params.items():
        rows = keras.ops.convert_to_numpy(value)
        for wrong in (
            None,
            "a",
            object(),
            {},
            0.5,
            rows[:3],
            rows[:1],
            np.concatenate([rows, rows]),
            [[1.0], [1.0, 2.0]],
        ):
            yield {**params, name: wrong}


@OPS
@uncompiled()
def test_parameters_of_another_batch_or_none_at_all(case):
    layer = case.shared()
    for params in _deformed(layer.draw(images(), seed=1)):
        with refuses():
            layer.apply(images(), params)


@OPS
@uncompiled()
def test_parameters_that_lack_one(case):
    layer = case.shared()
    params = layer.draw(images(), seed=1)
    for name in [one for one in params if one not in ("chosen", "layers")]:
        less = {key: value for key, value in params.items() if key != name}
        if name in OPTIONAL.get(type(layer), ()):
            assert np.isfinite(to_numpy(layer.apply(images(), less))).all()
            continue
        with refuses(layer.name, repr(name)):
            layer.apply(images(), less)


@OPS
@uncompiled()
def test_parameters_as_lists(case):
    layer, data = case.shared(), images()
    params = layer.draw(data, seed=1)

    def listed(value):
        rows = keras.ops.convert_to_numpy(value)
        return rows if rows.dtype == "uint32" else rows.tolist()

    assert_same(layer.apply(data, keras.tree.map_structure(listed, params)), layer.apply(data, params))


@GEOMETRIC
@uncompiled()
def test_sizes_and_parameters_of_an_inverse(case):
    layer = case.shared()
    params = layer.draw(images(), seed=1)
    moved = layer.apply(images(), params)
    for size in (3, "ab", (8,), (8, 10, 3), (0, 10), (8, -1), (8.0, 10.0), (True, True), np.zeros(2)):
        with refuses(layer.name, "size"):
            layer.invert(moved, params, size=size)
    for wrong in _deformed(params):
        with refuses():
            layer.invert(moved, wrong)
    with refuses(layer.name, "rank 3"):
        layer.invert(moved[0, 0], params)


WRONG_SHAPES = [(), (4,), (8, 10), (1, 4, 8, 10, 3), (4, 0, 10, 3), (4, 8, 10, 0), (8, 0, 3)]


@OPS
@pytest.mark.parametrize("shape", WRONG_SHAPES, ids=str)
def test_symbolic_images_of_another_shape(case, shape):
    """A model that could only fail in training is not built."""
    layer = case.shared()
    spec = keras.KerasTensor(shape, "float32")
    for data in (spec, {"images": spec}):
        with refuses(layer.name, str(shape)):
            layer(data)
    for data in (shape, {"images": shape}):
        with refuses(layer.name, str(shape)):
            layer.compute_output_shape(data)


@OPS
def test_symbolic_data_without_images(case):
    layer = case.shared()
    with refuses(layer.name, "'photo'", "keys="):
        layer({"photo": keras.KerasTensor((4, 8, 10, 3), "float32")})
    with refuses(layer.name, "'photo'", "keys="):
        layer.compute_output_shape({"photo": (4, 8, 10, 3)})
    for dtype in ("string", "bool"):
        with refuses(layer.name, "numbers", dtype):
            layer(keras.KerasTensor((4, 8, 10, 3), dtype))


@OPS
@pytest.mark.parametrize("shape", ["abc", None, 3, (4.0, 8.0, 10.0, 3.0), (True, 8, 10, 3), (4, -8, 10, 3), ("a",) * 4])
def test_shapes_that_are_none(case, shape):
    with refuses(case.shared().name, "shape"):
        case.shared().compute_output_shape(shape)


def test_symbolic_images_that_are_not_rgb():
    for layer in (L.RandomSaturation(0.5), kerasaug.Pipeline([L.RandomFlip(), L.RandomColorJitter(hue_factor=0.1)])):
        with refuses("RGB", "(None, 8, 10, 1)"):
            layer(keras.Input((8, 10, 1)))


@pytest.mark.parametrize("name", ["image", "photo"])
def test_a_shape_under_the_name_that_keys_give(name):
    layer = L.RandomCrop(6, 8, keys={"images": name})
    assert layer.compute_output_shape({name: (4, 8, 10, 3)}) == {name: (4, 6, 8, 3)}
