"""What extract_features refuses, and what it says."""

import keras
import numpy as np
import pytest
from feature_models import X, Y, backbone, classifier, layers, of


@pytest.fixture(scope="module")
def model():
    return classifier()


ERRORS = {
    "near": (lambda m: of(m, X, "stem_bm"), "Did you mean 'stem_bn'"),
    "far": (lambda m: of(m, X, "qqq"), "It has 'images', 'net'"),
    "stranger": (lambda m: of(m, X, layers.Dense(1, name="mine")), "'mine', not in it"),
    "input": (lambda m: of(m, X, "images"), "Received: the input 'images'"),
    "none": (lambda m: of(m, X, []), "an empty list"),
    "pooling": (lambda m: of(m, X, pooling="mean"), "`pooling` to be one of"),
    "empty": (lambda m: of(m, X[:0]), "at least one sample. Received: none"),
    "empty generator": (lambda m: of(m, (X for _ in range(0))), "at least one batch"),
    "lengths": (lambda m: of(m, (X, Y[:3])), r"Received: \[7\] and \[3\]"),
    "unbatched": (lambda m: of(m, ((X[:2], Y[:1]) for _ in range(2))), "dataset.batch"),
    "unbuilt": (lambda m: of(keras.Sequential([layers.Dense(1)]), X), "expects a built model"),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors(case, model):
    call, message = ERRORS[case]
    with pytest.raises(ValueError, match=message):
        call(model)


def test_more_errors(model, tmp_path):
    with pytest.raises(TypeError, match=r"names or layers\. Received: int"):
        of(model, X, 3)
    with pytest.raises(TypeError, match=r"expects a keras.Model. Received: str"):
        of("ResNet50", X)
    free = keras.Sequential([keras.Input((None, 2)), layers.Dense(1, name="each")])
    sizes = [np.ones((2, 3, 2)), np.ones((2, 4, 2))]
    with pytest.raises(ValueError, match=r"Received: \(3, 1\) from one batch and \(4, 1\) from another"):
        of(free, ((x,) for x in sizes))
    with pytest.raises(ValueError, match="map them to integers"):
        of(free, ((x, np.array(["a", "b"], object)) for x in sizes), out=tmp_path / "features")
    twice = keras.Sequential([keras.Input((8, 8, 3)), backbone(), layers.Conv2D(1, 1, name="stem")])
    assert of(twice, X, "stem").features.shape[-1] == 1
    steps = keras.Sequential([keras.Input((3, 2)), layers.TimeDistributed(layers.Dense(1, name="inner"), name="outer")])
    with pytest.raises(ValueError, match="take 'outer'"):
        of(steps, sizes[0], "inner")
