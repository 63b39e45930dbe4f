"""Sample by sample, as CPUs run a policy, and the whole batch at once, as accelerators do: the same values."""

import keras
import numpy as np
import pytest
from contract_tools import sample, to_numpy

from kerasaug import Pipeline
from kerasaug import layers as L
from kerasaug.policy import Policy

BATCH = 16  # one more than the longest menu has ops

MENUS = {
    "RandAugment": lambda **own: L.RandAugment(**own),
    "RandAugment, paper": lambda **own: L.RandAugment(menu="paper", **own),
    "RandAugment, increasing": lambda **own: L.RandAugment(menu="increasing", **own),
    "TrivialAugmentWide": lambda **own: L.TrivialAugmentWide(**own),
    "AutoAugment, imagenet": lambda **own: L.AutoAugment("imagenet", **own),
    "AutoAugment, cifar10": lambda **own: L.AutoAugment("cifar10", **own),
    "AutoAugment, svhn": lambda **own: L.AutoAugment("svhn", **own),
    "UniformAugment": lambda **own: L.UniformAugment(rate=0.8, **own),
    "AugMix": lambda **own: L.AugMix(num_chains=2, chain_depth=2, factor=(0.3, 0.9), **own),
}


def _ops(**own):
    return [
        L.RandomRotation((0.05, 0.1), **own),
        L.RandomApply([L.RandomFlip(**own), L.RandomContrast(0.5, **own)], **own),
        L.RandomErasing((1.0, 1.0), max_covered=0.1, **own),
    ]


def _crops(**own):
    """Of one size, by ways that each leave something else in the frame."""
    crops = [L.RandomCrop(5, 6, **own), L.CenterCrop(5, 6, **own), L.Resizing(5, 6, **own)]
    return [crops[0], *(Pipeline([L.RandomFlip(**own), crop, L.RandomBrightness(0.2)]) for crop in crops[1:])]


CHOICES = {
    "RandomApply": lambda **own: L.RandomChoice([L.RandomApply(_ops(**own)), L.RandomFlip(**own)]),
    "RandomChoice": lambda **own: L.RandomChoice([L.SomeOf(_ops(**own), 2), *_ops(**own)], p=0.7),
    "RandomChoice, crops": lambda **own: L.RandomChoice(_crops(**own), p=0.7),
    "SomeOf": lambda **own: L.SomeOf(_ops(**own), (0, 2), random_order=True),
    "RandomOrder": lambda **own: L.RandomOrder(_ops(**own)),
}
EVERY = MENUS | CHOICES


def test_every_policy_is_here():
    named = {name.split(",")[0] for name in EVERY}
    every = {name: getattr(L, name) for name in L.__all__ if issubclass(getattr(L, name), Policy)}
    of_images = {name for name, one in every.items() if not one.__module__.startswith("kerasaug.layers.text.")}
    assert named == of_images | {"RandomApply"}


def _every_op(policy):
    """Each of the menu's ops once in each slot, after and before others; and slots that stay empty."""
    names = [move.name for move in policy.listed]
    names += [""] * (BATCH - len(names))
    rows = [[names[(i + 5 * slot) % BATCH] for slot in range(policy.slots)] for i in range(BATCH)]
    rng, shape = np.random.default_rng(5), (BATCH, policy.slots)
    params = policy.params_for(rows, rng.uniform(0.3, 1.0, shape), rng.choice([-1.0, 1.0], shape))
    blend = policy.draw(_moving(), seed=3) if isinstance(policy, L.AugMix) else {}
    return {**params, **{name: blend[name] for name in ("weights", "own") if name in blend}}


def _moving():
    data = sample(mixes=False, batch=BATCH)
    kinds = ("images", "segmentation_masks", "bounding_boxes", "keypoints")
    return keras.tree.map_structure(keras.ops.convert_to_tensor, {kind: data[kind] for kind in kinds})


@pytest.mark.parametrize("name", EVERY)
def test_both_ways_give_the_same(name):
    policy, moving = EVERY[name](bounding_box_format="xyxy"), _moving()
    params = _every_op(policy) if name in MENUS else policy.draw(moving, seed=3)
    one, other = (to_numpy(getattr(policy, how)(moving, params)) for how in ("one_by_one", "together"))
    np.testing.assert_allclose(one["images"], other["images"], atol=1e-3)
    np.testing.assert_array_equal(one["segmentation_masks"], other["segmentation_masks"])
    np.testing.assert_array_equal(one["bounding_boxes"]["labels"], other["bounding_boxes"]["labels"])
    np.testing.assert_allclose(one["bounding_boxes"]["boxes"], other["bounding_boxes"]["boxes"], atol=1e-4)
    np.testing.assert_allclose(one["keypoints"], other["keypoints"], atol=1e-4)
