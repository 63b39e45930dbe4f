"""What Keras 3.15's policies choose and move wrongly: each check fails there and passes here."""

import random

import numpy as np
import pytest
from contract_tools import to_numpy
from defects import defect, flat, frame, ramp, run, square

tf = pytest.importorskip("tensorflow")


def _changed(images):
    """Which images of one colour, 97, a policy changed: no geometric op does."""
    return np.abs(images - 97.0).max(axis=(1, 2, 3)) > 0.05


@defect()
def test_rand_augment_chooses_for_each_image(layers):
    layer = layers.RandAugment(num_ops=1, seed=1)
    shares = [_changed(run(layer, flat(97.0, 16))).mean() for _ in range(4)]
    assert any(0.0 < share < 1.0 for share in shares), f"changed of each batch: {shares}"


@defect()
def test_rand_augment_moves_either_way(layers):
    """A square that is still upright, and not where it was, has been translated."""
    images, masks, _ = square(8, 25, 35, at=(15, 10)).values()
    layer, shifts = layers.RandAugment(num_ops=1, factor=0.4, seed=2), []
    for _ in range(12):
        for mask in run(layer, {"images": images, "segmentation_masks": masks})["segmentation_masks"]:
            left, top, right, bottom = frame(mask) if mask.any() else np.zeros(4)
            if mask.sum() == 25 == (right - left) * (bottom - top):
                shifts.append(left - 15)
    assert max(shifts) > 2, "none has been translated"
    assert min(shifts) < -2


@defect()
def test_rand_augment_posterizes_less_at_a_small_factor(layers):
    """No image is left with a few values of its many."""
    layer = layers.RandAugment(num_ops=1, factor=(0.1, 0.1), seed=3)
    assert min(len(np.unique(run(layer, ramp(1, 10, 10)))) for _ in range(6)) > 16


@defect()
def test_rand_augment_moves_boxes_as_often_as_images(layers):
    """Where an op is drawn twice."""
    layer = layers.RandAugment(num_ops=4, factor=0.2, seed=1, bounding_box_format="xyxy")
    for _ in range(4):
        moved = run(layer, square(1, 100, 100, at=(48, 48)))
        box, held = moved["bounding_boxes"]["boxes"][0, 0], frame(moved["segmentation_masks"][0])
        np.testing.assert_allclose((box[:2] + box[2:]) / 2, (held[:2] + held[2:]) / 2, atol=3.0)


@defect()
def test_rand_augment_turns_no_image_upside_down(layers):
    """By default: a mark in the middle of the upper edge stays in the upper half."""
    images, masks, _ = square(8, 41, 41, at=(18, 2)).values()
    layer = layers.RandAugment(num_ops=1, seed=2)
    for _ in range(3):
        moved = run(layer, {"images": images, "segmentation_masks": masks})["segmentation_masks"]
        assert not moved[:, 21:].any()


@defect()
def test_aug_mix_chooses_anew_for_each_batch_of_a_graph(layers):
    random.seed(1)
    layer = layers.AugMix(num_chains=1, chain_depth=1, factor=1.0, seed=5)
    dataset = tf.data.Dataset.from_tensors(flat(97.0, 1)).repeat(24).map(layer)
    assert len({bool(_changed(to_numpy(images))[0]) for images in dataset}) == 2


@defect()
def test_aug_mix_obeys_its_seed(layers):
    results = []
    for seed in range(3):
        random.seed(seed)
        results.append(run(layers.AugMix(seed=5), ramp(1)))
    np.testing.assert_array_equal(results[1], results[0])
    np.testing.assert_array_equal(results[2], results[0])


@defect()
def test_aug_mix_chooses_for_each_image(layers):
    random.seed(1)
    layer = layers.AugMix(num_chains=1, chain_depth=1, factor=1.0, seed=5)
    shares = [_changed(run(layer, flat(97.0, 8))).mean() for _ in range(4)]
    assert any(0.0 < share < 1.0 for share in shares), f"changed of each batch: {shares}"


@defect()
def test_aug_mix_masks_hold_classes(layers):
    masks = np.random.default_rng(0).integers(0, 4, (4, 8, 10, 1)).astype("float32")
    random.seed(0)
    layer = layers.AugMix(seed=5)
    for _ in range(2):
        mixed = run(layer, {"images": ramp(4), "segmentation_masks": masks.copy()})
        assert set(np.unique(mixed["segmentation_masks"])) <= {0.0, 1.0, 2.0, 3.0}
