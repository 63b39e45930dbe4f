import numpy as np
from keras.ops import convert_to_numpy, convert_to_tensor

from kerasaug.ops.dtypes import to_dtype


def test_floats_become_integers_rounded_and_saturated():
    values = convert_to_tensor(np.array([-3.0, -0.4, 0.6, 127.4, 254.6, 281.0], "float32"))
    out = convert_to_numpy(to_dtype(values, "uint8"))
    assert out.dtype == "uint8"
    np.testing.assert_array_equal(out, [0, 0, 1, 127, 255, 255])
    np.testing.assert_array_equal(convert_to_numpy(to_dtype(values, "int8")), [-3, 0, 1, 127, 127, 127])


def test_the_same_dtype_is_left_alone():
    values = convert_to_tensor(np.array([250, 3], "uint8"))
    assert to_dtype(values, "uint8") is values
    np.testing.assert_array_equal(convert_to_numpy(to_dtype(values, "float32")), [250.0, 3.0])
