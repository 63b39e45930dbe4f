"""A recipe short enough to compile often."""

import pytest

import kerasaug
from kerasaug.benchmark import recipe


def short(module):
    return [module.RandomFlip("horizontal"), module.RandomBrightness(0.2), module.MixUp()]


@pytest.fixture(scope="module")
def short_recipe():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recipe, "layers_of", short)
        yield short(kerasaug.layers)
