"""Streams of random bits for tokens."""

import keras
import numpy as np

from kerasaug.ops.tokens.selection import bits_for


def test_streams_of_a_key_differ_and_none_overflows():
    key = keras.ops.convert_to_tensor(np.array([[3, 4], [-5, 6]], "int32"))
    streams = [keras.ops.convert_to_numpy(bits_for(key, keras.ops.zeros((2, 512)), stream)) for stream in range(5)]
    halves = np.stack(streams).reshape(10, 512).astype("float64")
    assert np.abs(np.corrcoef(halves) - np.eye(10)).max() < 4.5 / 512**0.5
