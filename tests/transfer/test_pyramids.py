"""pyramid_outputs and feature_pyramid: the last map of every stride, in flat and nested backbones."""

import keras
import numpy as np
import pytest

from kerasaug.transfer import feature_pyramid, layer_groups, load_backbone, pyramid_outputs

layers = keras.layers


def conv(x, stride, name, filters=4):
    return layers.Conv2D(filters, 3, strides=stride, padding="same", name=name)(x)


def flat(size=32, name="flat"):
    """Two layers at strides 2 and 4, and a branch at stride 8 that is joined again."""
    images = keras.Input((size, size, 3))
    x = layers.ReLU(name="a_relu")(conv(layers.Rescaling(1 / 255)(images), 2, "a"))
    x = conv(conv(x, 2, "b1"), 1, "b2")
    x = layers.ZeroPadding2D(1, name="padding")(x)
    x = layers.Conv2D(4, 3, strides=2, name="c")(x)
    sides = [conv(x, 1, "side1"), conv(conv(x, 1, "side2"), 1, "side3")]
    x = layers.Concatenate(name="joined")(sides)
    return keras.Model(images, x, name=name)


def stages():
    """A model of models, and a layer between them."""
    first = keras.Sequential([keras.Input((None, None, 3)), layers.Conv2D(4, 3, strides=2, padding="same", name="a")])
    second = keras.Sequential([keras.Input((None, None, 4)), layers.Conv2D(5, 3, strides=2, padding="same", name="b")])
    images = keras.Input((32, 32, 3))
    return keras.Model(images, second(layers.ReLU(name="between")(first(images))))


def values(model, tensors, images):
    found = keras.Model(model.inputs, list(tensors.values())).predict(images, verbose=0)
    return dict(zip(tensors, found, strict=True))


def test_the_last_map_of_every_stride_before_it_is_padded():
    model = flat()
    maps = pyramid_outputs(model)
    expected = {"P1": "a_relu", "P2": "b2", "P3": "joined"}
    assert {name: id(tensor) for name, tensor in maps.items()} == {
        name: id(model.get_layer(layer).output) for name, layer in expected.items()
    }


def test_sizes_that_are_unknown():
    assert list(pyramid_outputs(flat(None))) == ["P1", "P2", "P3"]


def test_maps_inside_models_inside_the_model(rng):
    model = stages()
    maps = pyramid_outputs(model)
    assert {name: tensor.shape[1:] for name, tensor in maps.items()} == {"P1": (16, 16, 4), "P2": (8, 8, 5)}
    images = rng.uniform(size=(2, 32, 32, 3)).astype("float32")
    found = values(model, maps, images)
    np.testing.assert_allclose(found["P2"], model.predict(images, verbose=0), rtol=1e-5, atol=1e-6)
    assert (found["P1"] >= 0).all(), "what stands between the models is seen too"


def test_an_application_with_preprocessing():
    model = load_backbone("mobilenet", None, (64, 64, 3), alpha=0.25)
    maps = pyramid_outputs(model)
    assert {name: tensor.shape[1] for name, tensor in maps.items()} == {"P1": 32, "P2": 16, "P3": 8, "P4": 4, "P5": 2}
    assert len(keras.Model(model.inputs, list(maps.values())).weights) == len(model.weights), "shared, and each once"


def test_feature_pyramid_by_hand(rng):
    """Lateral convolutions, each level upsampled onto the finer one, a convolution each, and two more levels."""
    body = flat()
    model = feature_pyramid(body, filters=3, min_level=2, max_level=4)
    images = rng.uniform(size=(1, 32, 32, 3)).astype("float32")
    maps, found = values(body, pyramid_outputs(body), images), model.predict(images, verbose=0)

    def apply(name, x):
        return keras.ops.convert_to_numpy(model.get_layer(name)(x))

    coarse = apply("fpn_lateral3", maps["P3"])
    size = (1, 8, 8, 3)
    up = keras.ops.convert_to_numpy(keras.ops.image.resize(coarse, size[1:3], interpolation="bilinear"))
    np.testing.assert_allclose(found["P3"], apply("fpn_p3", coarse), rtol=1e-4, atol=1e-5)
    by_hand = apply("fpn_p2", apply("fpn_lateral2", maps["P2"]) + up)
    np.testing.assert_allclose(found["P2"], by_hand, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found["P4"], apply("fpn_p4", found["P3"]), rtol=1e-4, atol=1e-5)
    assert [group.name for group in layer_groups(model)] == ["stride2", "stride4", "stride8", "head"]
    assert {layer.name for layer in layer_groups(model)[-1].layers} == {
        "fpn_lateral2",
        "fpn_lateral3",
        "fpn_p2",
        "fpn_p3",
        "fpn_p4",
    }


def test_what_is_refused():
    with pytest.raises(ValueError, match=r"levels among those of the backbone, \[1, 2, 3\].*min_level=4"):
        feature_pyramid(flat(), min_level=4)
    with pytest.raises(ValueError, match="feature maps larger than 1×1"):
        pyramid_outputs(keras.Sequential([keras.Input((4,)), layers.Dense(2)]))
    with pytest.raises(ValueError, match="built Functional or Sequential"):
        pyramid_outputs(keras.Sequential([layers.Dense(2)]))
