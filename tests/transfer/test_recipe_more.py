"""No field of a recipe is lost on its way through a file, whatever its value."""

import dataclasses

import keras
import pytest

import kerasaug
from kerasaug.transfer import Recipe

# A value for each field that is not its default; those that are 0 or False must not be taken for missing.
OTHER = {
    "num_classes": 3,
    "class_names": ("cat", "dog"),
    "backbone": "MobileNet",
    "backbone_args": {"alpha": 0.25},
    "weights": "imagenet",
    "input_shape": (40, 48, 1),
    "image_size": (32, 32),
    "epochs": 7,
    "freeze_epochs": 0,
    "base_lr": 0.125,
    "lr_mult": 10.0,
    "pct_start": 0.25,
    "div": 10.0,
    "pipeline": keras.saving.serialize_keras_object(kerasaug.layers.RandomFlip("horizontal", seed=1)),
    "optimizer": "sgd",
    "weight_decay": 0.0,
    "l2_sp": 0.0,
    "label_smoothing": 0.1,
    "dropout": 0.0,
    "bn": "train",
    "batch_size": 5,
    "steps_per_epoch": 3,
    "seed": 11,
    "mixed_precision": "mixed_bfloat16",
    "jit_compile": False,
    "keep": "best",
    "loss": "mse",
    "metrics": ["mae"],
    "versions": {"kerasaug": "0.0.1"},
}
FIELDS = [one.name for one in dataclasses.fields(Recipe)]


def test_every_field_has_a_value_here():
    assert sorted(OTHER) == sorted(FIELDS)


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_is_read_as_it_was_saved(name, tmp_path):
    plain = Recipe(num_classes=2)
    recipe = dataclasses.replace(plain, **{name: OTHER[name]})
    assert getattr(recipe, name) != getattr(plain, name)
    recipe.save(tmp_path / "recipe.json")
    assert getattr(Recipe.load(tmp_path / "recipe.json"), name) == OTHER[name]
