"""A pattern finer than the pixels of a smaller image is grey there, wherever its stripes lie."""

import numpy as np
import pytest

from kerasaug.datasets.decoding import resized

tf = pytest.importorskip("tensorflow")


@pytest.mark.parametrize("shift", range(4))
def test_stripes_of_two_pixels_in_an_eighth_of_the_size(shift):
    """Plain bilinear reads two pixels of sixteen, which are both white or both black for two of the shifts."""
    stripes = np.zeros((64, 64, 3), "uint8")
    stripes[:, np.roll(np.arange(64) % 4 < 2, shift)] = 255
    inner = resized(tf, tf.constant(stripes), (8, 8), crop=False).numpy()[:, 1:-1]
    assert np.abs(inner.astype(int) - 127.5).max() <= 1
