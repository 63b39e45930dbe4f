"""Booleans as labels, masks and weights, which Keras's layers take: they move as numbers do and keep their dtype."""

import numpy as np
import pytest
from cases import every_case
from contract_tools import assert_same, sample, targets, to_numpy, uncompiled

from kerasaug import layers as L


def _both(layer):
    """The same batch with masks and weights of 0 and 1, and with those of False and True."""
    data = targets(sample(layer.mixes))
    numbers = {
        **data,
        "segmentation_masks": (data["segmentation_masks"] > 1).astype("uint8"),
        "sample_weight": np.array([1, 0, 1, 1], "uint8"),
        "labels": data["labels"].astype("uint8"),
    }
    kinds = ("segmentation_masks", "sample_weight", "labels")
    return numbers, {**numbers, **{kind: numbers[kind].astype(bool) for kind in kinds}}


@every_case("booleans")
@uncompiled()
def test_booleans_go_where_numbers_go(case):
    layer = case.shared()
    numbers, booleans = _both(layer)
    params = layer.draw(numbers, seed=3)
    for run in (lambda batch: layer.apply(batch, params), lambda batch: layer(batch, training=False)):
        expected, result = to_numpy(run(numbers)), to_numpy(run(booleans))
        assert result["segmentation_masks"].dtype == bool
        changed = {"segmentation_masks": result["segmentation_masks"].astype("uint8")}
        for kind in ("labels", "sample_weight"):
            assert result[kind].dtype == (bool if expected[kind].dtype == "uint8" else "float32")
            changed[kind] = result[kind].astype(expected[kind].dtype)
        assert_same({**result, **changed}, expected)


@uncompiled()
def test_true_and_false_in_nested_lists():
    data = {"images": np.zeros((2, 4, 4, 3)), "labels": [[True, False], [False, True]]}
    assert to_numpy(L.RandomFlip()(data))["labels"].dtype == bool
    mixed = to_numpy(L.MixUp(1.0, seed=1)(data))["labels"]
    np.testing.assert_allclose(mixed.sum(axis=1), 1.0, atol=1e-6)


@uncompiled()
def test_a_filling_that_a_boolean_mask_cannot_hold_is_refused():
    data = {"images": np.zeros((2, 4, 4, 3)), "segmentation_masks": np.ones((2, 4, 4), bool)}
    layer = L.RandomTranslation((0.5, 0.5), 0.0, fill_mode="constant", mask_fill_value=1)
    np.testing.assert_array_equal(to_numpy(layer(data))["segmentation_masks"], True)
    with pytest.raises(ValueError, match="mask_fill_value to be a number that segmentation_masks of dtype bool"):
        L.RandomTranslation(0.5, 0.0, fill_mode="constant", mask_fill_value=255)(data)
