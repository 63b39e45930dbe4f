"""What policies refuse, and how they say it."""

import numpy as np
import pytest
from contract_tools import images

from kerasaug import Pipeline
from kerasaug import layers as L


@pytest.mark.parametrize(
    "nest", [lambda mix: mix, lambda mix: Pipeline([L.RandomChoice([mix])])], ids=["flat", "nested"]
)
def test_mixes_to_choose_from_agree_on_the_number_of_classes(nest):
    with pytest.raises(
        ValueError, match=r"^RandomChoice expects its layers to agree on num_classes\. Received: \[3, 5\]\.$"
    ):
        L.RandomChoice([nest(L.MixUp(num_classes=5)), L.CutMix(num_classes=3)])
    for one, other in ((5, 5), (5, None), (None, None)):
        assert L.RandomChoice([nest(L.MixUp(num_classes=one)), L.CutMix(num_classes=other)]).mixes


@pytest.mark.parametrize(
    "make", [L.RandomChoice, L.RandomOrder, lambda layers: L.SomeOf(layers, 1)], ids=["choice", "order", "some"]
)
def test_what_pads_boxes_is_put_behind_a_policy(make):
    with pytest.raises(
        ValueError,
        match=r"^\w+ expects layers that leave the number of boxes alone, or mix\. Received: "
        r"\['MaxNumBoundingBoxes'\]\. Put it behind, in a Pipeline\.$",
    ):
        make([L.RandomFlip(), L.RandomApply([L.MaxNumBoundingBoxes(3)])])


def test_what_is_wrong_with_labels_names_the_choice_and_the_mix():
    choice = L.RandomChoice([L.RandomFlip(), L.CutMix(name="cut")], name="mine")
    with pytest.raises(
        ValueError, match=r"RandomChoice \(name='mine'\): CutMix \(name='cut'\) mixes labels and expects them one-hot"
    ):
        choice({"images": images(), "labels": np.arange(4)})


def test_crops_of_different_sizes_cannot_be_chosen_from():
    with pytest.raises(
        ValueError, match=r"expects layers that return images of one size. Received: \[\(4, 5\), \(6, 5\)"
    ):
        L.RandomChoice([L.RandomCrop(4, 5), L.RandomCrop(6, 5)])(images())


@pytest.mark.parametrize("make", [lambda layers: L.RandomOrder(layers), lambda layers: L.SomeOf(layers, 1)])
def test_layers_in_several_slots_neither_mix_nor_resize(make):
    with pytest.raises(ValueError, match=r"expects layers that mix no samples. Received: \['MixUp'\]"):
        make([L.MixUp(), L.RandomFlip()])


def test_layers_in_several_slots_do_not_resize():
    with pytest.raises(ValueError, match="expects layers that return images of the size that they are given"):
        L.RandomOrder([L.RandomCrop(4, 5), L.RandomFlip()])(images())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: L.RandomChoice([]), "RandomChoice expects at least one layer"),
        (lambda: L.RandomChoice([L.RandomFlip()], (1, 2)), "layer_weights, one number of 0 or more for each of its 1"),
        (lambda: L.RandomChoice([L.RandomFlip()], (0,)), "not all of them 0"),
        (lambda: L.RandomChoice([L.RandomFlip()], (-1,)), "not all of them 0"),
        (lambda: L.RandomChoice([L.RandomFlip()], "1"), "not all of them 0"),
        (lambda: L.SomeOf([L.RandomFlip()], 2), "num_ops, a number from 1 to that of its layers, 1"),
        (lambda: L.SomeOf([L.RandomFlip()], (1, 0)), "num_ops"),
        (lambda: L.SomeOf([L.RandomFlip()], True), "num_ops"),
        (lambda: L.RandAugment(menu="timm"), "menu to be one of"),
        (lambda: L.RandAugment(factor=1.5), "factor, a number or a pair of numbers between 0.0 and 1.0"),
        (lambda: L.AutoAugment("mnist"), "policy to be one of"),
        (lambda: L.AugMix(alpha=0), "alpha"),
    ],
)
def test_arguments_that_cannot_be_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


BOXES = {"boxes": np.zeros((4, 1, 4), "float32"), "labels": np.zeros((4, 1), "int32")}


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({"bounding_boxes": BOXES}, "a format where there are boxes"),
        ({"segmentation_masks": np.zeros((4, 3, 3), "int32")}, "segmentation_masks of the images' height and width"),
    ],
)
def test_what_is_wrong_with_a_target_is_said_by_the_policy(target, message):
    with pytest.raises(ValueError, match=rf"RandAugment \(name='mine'\) expects {message}"):
        L.RandAugment(name="mine")({"images": images(), **target})
