"""Malformed data, as hypothesis draws it, and what an error about it must say."""

import contextlib
import datetime
import decimal
import re
import warnings
from collections import deque

import keras
import numpy as np
import pytest
from contract_tools import BACKEND, images, sample
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

BATCH, HEIGHT, WIDTH = 4, 8, 10
_FIXTURES = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]  # which seed; a first draw imports


def examples(count):
    """Settings of a hypothesis test: the same examples in every run, and no clock."""
    return settings(max_examples=count, deadline=None, derandomize=True, database=None, suppress_health_check=_FIXTURES)


@contextlib.contextmanager
def refuses(*parts):
    """A TypeError or ValueError that says what was expected and received, and each of `parts`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy's, of ragged or complex values
        with pytest.raises((TypeError, ValueError)) as raised:
            yield
    message = own_words(raised.value)
    missing = [part for part in ("expects", "Received", *parts) if part not in message]
    assert not missing, f"{missing} missing from: {message}"
    assert raised.type in (TypeError, ValueError), f"a subclass of them, {raised.type.__name__}: {message}"


def own_words(error):
    """The message without what Keras adds to it, which repeats the layer's name and the whole input."""
    found = re.search("\x1b\\[1m(.*?)\x1b\\[0m", str(error), re.DOTALL)
    return found.group(1) if found else str(error).partition("Arguments received by")[0]


class Opaque:
    """Nothing that an array could be made of, and says so in its own way."""

    def __array__(self, *args, **kwargs):
        raise RuntimeError("no array")


def _objects(*values):
    array = np.empty(len(values), object)
    array[:] = values
    return array


def _no_arrays():
    """What no tensor can be made of, whichever target it stands for."""
    made = [
        None,
        "cat.png",
        b"\xff\xd8\xff",
        True,
        object(),
        Opaque(),
        len,
        {1, 2},
        datetime.datetime(2020, 1, 1),
        _objects(1, "a", None, 2),
        [None] * BATCH,
        ["a.png"] * BATCH,
        [b"\xff"] * BATCH,
        [{}] * BATCH,
        [[1.0], [1.0, 2.0, 3.0], [], [3.0]],
        [np.zeros((4, 4, 3)), np.zeros((5, 4, 3))],
        (np.zeros((BATCH, 8, 10, 3)), np.arange(BATCH)),
        [decimal.Decimal(1)] * BATCH,
        [[10**30]] * BATCH,
        deque([[1], [2, 3]]),
        range(0),
        iter([1, 2]),
        {"nested": {"images": images()}},
        {"a": {"b": {"c": 1}}},
        np.array(["a"] * BATCH),
        np.array([b"\xff"] * BATCH),
        np.zeros(BATCH, bool),
        np.zeros(BATCH, complex),
        np.zeros(BATCH, "datetime64[s]"),
        np.zeros(BATCH, "V4"),
        np.zeros(BATCH, [("red", "u1")]),
        np.zeros(BATCH, "longdouble"),
    ]
    if BACKEND == "tensorflow":
        import tensorflow as tf

        made += [
            tf.constant(["a"] * BATCH),
            tf.ragged.constant([[1.0], [], [2.0, 3.0, 4.0], [5.0]]),
            tf.sparse.from_dense(np.eye(BATCH)),
            tf.data.Dataset.range(2),
        ]
    return made


NO_ARRAYS = _no_arrays()
no_array = st.sampled_from(NO_ARRAYS)
NO_LABELS = [value for value in NO_ARRAYS if str(getattr(value, "dtype", "")) != "bool"]  # one of two classes will do
no_label = st.sampled_from(NO_LABELS)
numbers = st.sampled_from(["float32", "float64", "float16", "uint8", "int32", "int64"])


def arrays(shapes):
    """Arrays of zeros of the given shapes, of any dtype."""
    return st.builds(np.zeros, shapes, numbers)


def shapes_of(ranks, sizes=(1, 2, BATCH)):
    """Shapes of the given ranks whose first axis is the batch."""
    rest = [st.tuples(*[st.sampled_from(sizes)] * (rank - 1)) for rank in ranks if rank > 0]
    some = [one.map(lambda shape: (BATCH, *shape)) for one in rest]
    return st.one_of(*some, *([st.just(())] if 0 in ranks else []))


@st.composite
def _sizes_with_zero(draw):
    shape = [draw(st.integers(1, 3)) for _ in range(3)]
    shape[draw(st.integers(0, 2))] = 0
    return tuple(shape) if draw(st.booleans()) else (2, *shape)


def wrong_images():
    """Images of another rank, without a pixel, or none at all."""
    ranks = st.integers(0, 7).filter(lambda rank: rank not in (3, 4)).map(lambda rank: (1,) * rank)
    return no_array | arrays(ranks) | arrays(_sizes_with_zero())


def _other_count(shape):
    return st.integers(0, 7).filter(lambda count: count != BATCH).map(lambda count: np.zeros((count, *shape), "int32"))


def wrong_targets():
    """A kind of target, and what it cannot be."""
    return st.one_of(
        _kind("labels", no_label.filter(lambda one: not isinstance(one, dict))),
        _kind("labels", _other_count(()) | _other_count((3,)) | arrays(shapes_of([0, 5, 6], (1,)))),
        _kind("labels", st.fixed_dictionaries({"a": st.just(np.zeros(BATCH)), "b": no_label | _other_count(())})),
        _kind("sample_weight", no_label.filter(lambda one: not isinstance(one, dict))),
        _kind("sample_weight", _other_count(()) | arrays(shapes_of([0, 5], (1,)))),
        _kind("segmentation_masks", no_array | _other_count((HEIGHT, WIDTH))),
        _kind("segmentation_masks", arrays(shapes_of([0, 1, 2, 5])) | arrays(st.just((BATCH, HEIGHT, WIDTH, 0)))),
        _kind("keypoints", no_array | _other_count((3, 2)) | arrays(shapes_of([0, 1, 2, 4, 5]))),
        _kind("keypoints", arrays(st.sampled_from([(BATCH, 3, 0), (BATCH, 3, 1)]))),
        _kind("bounding_boxes", no_array | wrong_boxes()),
    )


def _kind(name, values):
    return values.map(lambda value: {name: value})


def wrong_boxes(images=True):
    """Dicts of boxes of which an entry is missing, of another shape, or no array; or of another number of images."""
    right = {"boxes": np.zeros((BATCH, 2, 4), "float32"), "labels": np.zeros((BATCH, 2), "int32")}
    ragged = [[[1, 2, 3]], [[1, 2, 3, 4]], [[1, 2, 3, 4]], []]
    entries = {
        "boxes": no_array | arrays(shapes_of([0, 1, 2, 4])) | st.just(np.zeros((BATCH, 2, 5))) | st.just(ragged),
        "labels": no_array | arrays(shapes_of([0, 1, 4])) | st.just(np.zeros((BATCH, 3))) | st.just(ragged[:3]),
        "scores": no_array | arrays(shapes_of([0, 1])) | st.just(np.zeros((BATCH, 3))) | st.just(np.zeros((3, 2))),
    }
    wrong = [values.map(lambda value, name=name: {**right, name: value}) for name, values in entries.items()]
    less = st.sampled_from([{}, {"boxes": right["boxes"]}, {"labels": right["labels"]}, {"box": right["boxes"]}])
    fewer = st.just({name: value[:3] for name, value in right.items()})
    return st.one_of(*wrong, less, *([fewer] if images else []))


def wrong_dicts():
    """Dicts without images under their key."""
    names = st.sampled_from(["image", "x", "Images", "", 0, None, ("images",), b"images"])
    flat = st.dictionaries(names, st.just(images()), max_size=3)
    return flat | flat.map(lambda inner: {"data": {"images": images(), **inner}})


def refused():
    """Data that no layer takes."""
    rest = {name: value for name, value in sample(mixes=True).items() if name in ("labels", "file")}
    return st.one_of(
        wrong_images().filter(lambda one: not isinstance(one, dict)),
        wrong_images().map(lambda one: {"images": one, **rest}),
        wrong_targets().map(lambda one: {"images": images(), **rest, **one}),
        wrong_dicts(),
    )


def numpy(data):
    """Arrays, whatever made them."""
    return keras.tree.map_structure(lambda value: value.numpy() if hasattr(value, "numpy") else np.asarray(value), data)
