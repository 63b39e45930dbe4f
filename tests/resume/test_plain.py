import json

import keras
import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasaug.resume.plain import NotPlain, decode, encode, same

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
ARRAYS = st.builds(np.arange, st.integers(0, 4)) | st.builds(np.float32, st.floats(width=32))
PLAIN = st.recursive(
    SCALARS | ARRAYS,
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


def through_a_file(value):
    arrays = []
    return decode(json.loads(json.dumps(encode(value, arrays))), arrays)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(PLAIN)
def test_plain_values_come_back_as_they_were(value):
    assert same(through_a_file(value), value)


def test_same_sees_types_structure_and_bits():
    assert same([1, (2.0, float("nan"))], [1, (2.0, float("nan"))])
    for one, other in [
        (1, 1.0),
        (True, 1),
        ([1], (1,)),
        ({"a": 1}, {"a": 2}),
        (np.zeros(2), np.zeros(3)),
        ([1], [1, 2]),
    ]:
        assert not same(one, other)
    assert not same(np.array([0.0]), np.array([-0.0]))
    assert not same(np.zeros(2, "float32"), np.zeros(2, "float64"))


def test_functions_of_modules_come_back_and_lambdas_are_not_plain():
    assert through_a_file([np.less, len, keras.ops.greater])[2] is keras.ops.greater
    for other in (lambda: 0, object(), keras.Sequential(), np.array([object()])):
        with pytest.raises(NotPlain):
            encode(other, [])


def test_a_function_that_is_not_there_is_an_error():
    with pytest.raises(ValueError, match="nowhere:gone"):
        decode({"function": "nowhere:gone"}, [])


def test_half_precision_scalars_come_back():
    value = np.asarray(1.5, ml_dtypes.bfloat16)[()]
    assert same(through_a_file({"x": value})["x"], value)
