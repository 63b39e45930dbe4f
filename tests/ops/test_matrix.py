"""Matrices against hand-moved points and float64 NumPy."""

import numpy as np
import pytest
from keras.ops import convert_to_numpy, convert_to_tensor

from kerasaug.ops import matrix as matrices


def vector(*values):
    return convert_to_tensor(np.array(values, "float32"))


def read_at(matrix, point):
    """Where an output-to-input matrix reads for an output point (x, y)."""
    return convert_to_numpy(matrices.transform(matrix, convert_to_tensor(np.array([[point]], "float32"))))[:, 0]


def test_a_quarter_turn_counter_clockwise_reads_the_top_from_the_right():
    # as displayed, y down: what lies on the right, (2, 0), is afterwards at the top, (0, -2)
    np.testing.assert_allclose(read_at(matrices.rotation(vector(np.pi / 2)), (0.0, -2.0)), [[2.0, 0.0]], atol=1e-6)


def test_the_others_read_where_their_docstrings_say():
    np.testing.assert_allclose(read_at(matrices.scaling(vector(2.0), vector(0.5)), (3.0, 4.0)), [[6.0, 2.0]])
    np.testing.assert_allclose(read_at(matrices.shearing(vector(0.5), vector(0.25)), (4.0, 8.0)), [[8.0, 9.0]])
    np.testing.assert_allclose(read_at(matrices.translation(vector(3.0), vector(-1.0)), (5.0, 5.0)), [[2.0, 6.0]])


def test_each_sample_has_its_own_matrix():
    x = read_at(matrices.scaling(vector(1.0, -1.0, 2.0), vector(1.0, 1.0, 1.0)), (3.0, 4.0))
    np.testing.assert_allclose(x, [[3.0, 4.0], [-3.0, 4.0], [6.0, 4.0]])


@pytest.fixture
def homographies(rng):
    random = rng.normal(size=(2, 5, 3, 3)) * 0.2 + np.eye(3)
    random[:, :, 2, :2] *= 0.05
    return random


def test_compose_multiplies_so_that_the_first_op_is_done_first(homographies):
    first, second = homographies
    composed = matrices.compose(convert_to_tensor(first.astype("float32")), convert_to_tensor(second.astype("float32")))
    # output -> intermediate -> input: the last op's matrix is applied to the output point first
    np.testing.assert_allclose(convert_to_numpy(composed), first @ second, atol=1e-5)


def test_invert_is_numpy_s(homographies):
    inverse = convert_to_numpy(matrices.invert(convert_to_tensor(homographies[0].astype("float32"))))
    expected = np.linalg.inv(homographies[0])
    np.testing.assert_allclose(inverse, expected, rtol=1e-3, atol=1e-4)


def test_transform_divides_by_the_third_coordinate(homographies, rng):
    points = rng.normal(size=(5, 4, 2))
    homogeneous = np.concatenate([points, np.ones((5, 4, 1))], axis=-1) @ homographies[1].transpose(0, 2, 1)
    moved = matrices.transform(
        convert_to_tensor(homographies[1].astype("float32")), convert_to_tensor(points.astype("float32"))
    )
    np.testing.assert_allclose(
        convert_to_numpy(moved), homogeneous[..., :2] / homogeneous[..., 2:], rtol=1e-4, atol=1e-5
    )
