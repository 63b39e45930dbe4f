"""Rows are counted in int32: what would wrap is refused before anything is read."""

import numpy as np
import pytest
from keras.ops import convert_to_numpy

from kerasaug.ops.rows import counts, first_rows


def test_samples_begin_after_one_another():
    np.testing.assert_array_equal(convert_to_numpy(first_rows(3, 4, 5)), [0, 20, 40])


def test_as_many_rows_as_int32_counts_and_no_more():
    assert convert_to_numpy(first_rows(2, 2**15, 2**15))[1] == 2**30
    with pytest.raises(
        ValueError, match=r"expect batches of up to 2\*\*31 pixels. Received: 3 samples of \(32768, 32768"
    ):
        first_rows(3, 2**15, 2**15)


def test_what_is_not_known_may_be_counted():
    assert counts(2, 2**15, 2**15)
    assert not counts(2, 2**15, 2**15, 3)
    assert counts(None, 2**15, 2**15, 3)
