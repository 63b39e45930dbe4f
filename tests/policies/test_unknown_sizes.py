"""Policies where neither the number of images nor their size is known, as in a map over a dataset: the same values."""

import numpy as np
import pytest
from contract_tools import BACKEND, assert_same, sample, to_numpy

from kerasaug import layers as L

tf = pytest.importorskip("tensorflow")
SPEC = {
    "images": tf.TensorSpec((None, None, None, 3), "float32"),
    "segmentation_masks": tf.TensorSpec((None, None, None), "int32"),
    "bounding_boxes": {
        "boxes": tf.TensorSpec((None, None, 4), "float32"),
        "labels": tf.TensorSpec((None, None), "int32"),
    },
    "keypoints": tf.TensorSpec((None, None, 2), "float32"),
}


def _some(**own):
    layers = [L.RandomRotation((0.05, 0.1)), L.RandomContrast(0.5), L.RandomErasing((1.0, 1.0), max_covered=0.1)]
    return L.SomeOf(layers, (1, 2), random_order=True, **own)


POLICIES = {"SomeOf": _some}
if BACKEND == "tensorflow":  # a map is TensorFlow's on every backend; the rest takes JAX half a minute
    POLICIES["RandAugment"] = L.RandAugment


@pytest.mark.parametrize("name", POLICIES)
def test_sizes_need_not_be_known(name):
    policy, data = POLICIES[name](bounding_box_format="xyxy"), sample(mixes=False, batch=6)
    data = {kind: data[kind] for kind in SPEC}

    def step(batch):
        return policy.apply(batch, policy.draw(batch, seed=3))

    dataset = tf.data.Dataset.from_generator(lambda: iter([data]), output_signature=SPEC)
    mapped = next(iter(dataset.map(step)))
    assert_same(mapped, step(data), atol=1e-3)
    assert all(np.any(to_numpy(mapped)[kind] != data[kind]) for kind in ("images", "segmentation_masks", "keypoints"))
