"""What Keras 3.15 mixes wrongly, and the policies that choose wrongly: each check fails there and passes here."""

import numpy as np
import pytest
from defects import defect, run

tf = pytest.importorskip("tensorflow")


def _batch(**targets):
    return {"images": np.random.default_rng(0).uniform(0, 255, (4, 8, 10, 3)).astype("float32"), **targets}


def _boxes():
    boxes = np.tile(np.array([[[1, 1, 5, 5], [2, 3, 6, 7]]], "float32"), (4, 1, 1))
    return {"boxes": boxes, "labels": np.arange(8, dtype="int32").reshape(4, 2)}


@defect()
def test_mix_up_gives_every_box_its_label(layers):
    mixed = run(layers.MixUp(1.0, bounding_box_format="xyxy"), _batch(bounding_boxes=_boxes()))["bounding_boxes"]
    assert mixed["boxes"].shape == (4, 4, 4)
    assert mixed["labels"].shape == (4, 4)


@defect()
def test_mix_up_masks_are_masks(layers):
    masks = np.random.default_rng(0).integers(0, 3, (4, 8, 10, 1)).astype("float32")
    mixed = run(layers.MixUp(1.0), _batch(segmentation_masks=masks))["segmentation_masks"]
    assert mixed.shape == masks.shape
    assert set(np.unique(mixed)) <= {0.0, 1.0, 2.0}


@pytest.mark.parametrize("kind", ["bounding_boxes", "segmentation_masks"])
@defect(NotImplementedError)
def test_mix_up_of_targets_can_be_mapped(layers, kind):
    targets = {"bounding_boxes": _boxes(), "segmentation_masks": np.zeros((4, 8, 10, 1), "float32")}
    dataset = tf.data.Dataset.from_tensors(_batch(**{kind: targets[kind]}))
    for batch in dataset.map(layers.MixUp(1.0, bounding_box_format="xyxy")):
        assert batch["images"].shape == (4, 8, 10, 3)


@pytest.mark.parametrize("name", ["MixUp", "CutMix"])
@defect()
def test_labels_of_one_number_a_sample_stay_so(layers, name):
    mixed = run(getattr(layers, name)(), _batch(labels=np.arange(4, dtype="float32")))["labels"]
    assert mixed.shape == (4,)


@defect(tf.errors.InvalidArgumentError)
def test_mix_up_of_integers(layers):
    mixed = run(layers.MixUp(1.0), _batch(labels=np.eye(4, dtype="int32")))["labels"]
    np.testing.assert_allclose(mixed.sum(axis=1), 1.0, atol=1e-6)


@defect()
def test_cut_mix_keeps_the_channels_of_masks(layers):
    mixed = run(layers.CutMix(), _batch(segmentation_masks=np.zeros((4, 8, 10, 1), "float32")))
    assert mixed["segmentation_masks"].shape == (4, 8, 10, 1)


@defect(NotImplementedError)
def test_cut_mix_takes_boxes(layers):
    mixed = run(layers.CutMix(bounding_box_format="xyxy"), _batch(bounding_boxes=_boxes()))["bounding_boxes"]
    assert mixed["boxes"].shape[1] == mixed["labels"].shape[1]


@pytest.mark.parametrize("name", ["MixUp", "CutMix"])
@defect()
def test_sample_weights_are_mixed(layers, name):
    weights = np.array([0.0, 1.0, 2.0, 3.0], "float32")
    layer = getattr(layers, name)(1.0, seed=1)
    mixed = [run(layer, _batch(sample_weight=weights))["sample_weight"] for _ in range(3)]
    assert not all(np.allclose(one, weights) for one in mixed)
