"""replace_head on every kind of model: what is kept, what is shared, what it computes."""

import keras
import numpy as np
import pytest

import kerasaug
from kerasaug.transfer import (
    Classification,
    MultiLabel,
    Regression,
    Segmentation,
    build_classifier,
    build_model,
    layer_groups,
    replace_head,
)

layers = keras.layers


def body(size=16, name="net"):
    images = x = keras.Input((size, size, 3))
    x = layers.Rescaling(1 / 255)(x)
    for index in range(2):
        x = layers.Conv2D(4, 3, strides=2, padding="same", name=f"conv{index}")(x)
        x = layers.ReLU(name=f"relu{index}")(x)
    return keras.Model(images, x, name=name)


def flat():
    inner = body()
    x = layers.Dropout(0.5)(layers.GlobalAveragePooling2D()(inner.output))
    x = layers.Dense(5, activation="relu", name="hidden")(x)
    return keras.Model(inner.input, layers.Dense(7, activation="softmax", name="top")(x))


def sequential():
    return keras.Sequential([body(), layers.GlobalMaxPooling2D(), layers.Dense(7, name="top")])


def inside():
    """A classifier inside a model that resizes."""
    images = keras.Input((8, 8, 3))
    return keras.Model(images, build_classifier(body(), 7)(layers.UpSampling2D(2)(images)))


def convolutional():
    inner = body()
    x = layers.GlobalAveragePooling2D(keepdims=True)(inner.output)
    x = layers.Dropout(0.1)(x)
    x = layers.Conv2D(7, 1, name="top")(x)
    return keras.Model(inner.input, layers.Softmax()(layers.Flatten()(x)))


def decoder():
    """A U-Net of somebody else's."""
    inner = body()
    x = layers.UpSampling2D(2)(inner.output)
    x = layers.Concatenate()([x, inner.get_layer("relu0").output])
    x = layers.Conv2D(4, 3, padding="same", name="up")(x)
    x = layers.Conv2DTranspose(2, 3, strides=2, padding="same", name="top")(x)
    return keras.Model(inner.input, x)


def augmented():
    return build_classifier(body(), 7, augmentation=kerasaug.layers.RandomFlip(), dropout=0.3)


def several():
    return build_model(body(), {"a": 3, "b": Regression(), "c": Segmentation(2, filters=4, decoder="unet")})


MODELS = {one.__name__: one for one in (flat, sequential, inside, convolutional, decoder, augmented, several)}


def convolutions(model):
    names = {weight.path: weight for group in layer_groups(model) if group.name != "head" for weight in group.weights}
    return names


@pytest.mark.parametrize("kind", MODELS)
def test_the_body_is_shared_and_computes_what_it_did(kind, rng):
    old = MODELS[kind]()
    new = replace_head(old, Classification(3, dropout=0))
    assert new.output_shape == (None, 3)
    before, after = convolutions(old), convolutions(new)
    assert sorted(after) == sorted(before)
    assert {path.split("/")[-2] for path in after} == {"conv0", "conv1"}
    assert all(after[path] is before[path] for path in before), "shared, not copied"
    assert {weight.path.split("/")[0] for weight in layer_groups(new)[-1].weights} == {"head_dense"}
    images = rng.uniform(0, 255, (2, *new.input_shape[1:])).astype("float32")
    seen = images.repeat(2, 1).repeat(2, 2) if kind == "inside" else images
    x = seen / 255
    for index in range(2):  # by hand
        kernel, bias = (weight for path, weight in after.items() if f"conv{index}" in path)
        x = np.maximum(keras.ops.convert_to_numpy(keras.ops.conv(x, kernel, 2, "same")) + bias.numpy(), 0)
    kernel, bias = new.get_layer("head_dense").get_weights()
    exponents = np.exp(x.mean((1, 2)) @ kernel + bias)
    by_hand = exponents / exponents.sum(1, keepdims=True)
    np.testing.assert_allclose(new.predict(images, verbose=0), by_hand, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", MODELS)
def test_every_model_takes_masks_and_several_tasks(kind):
    new = replace_head(MODELS[kind](), {"mask": Segmentation(2, filters=4), "labels": MultiLabel(3)})
    assert new.output["mask"].shape == (None, *new.input_shape[1:3], 2)
    assert [group.name for group in layer_groups(new)] == ["stride2", "stride4", "head"]


def test_augmentation_in_the_model_stays():
    new = replace_head(augmented(), 3)
    kinds = [type(layer).__name__ for one in (new, *new.layers) for layer in getattr(one, "layers", [])]
    assert "RandomFlip" in kinds


def test_the_end_of_the_body_may_be_named(rng):
    model = flat()
    new = replace_head(model, Regression(dropout=0), layer="hidden")
    hidden = keras.Model(model.input, model.get_layer("hidden").output)
    images = rng.uniform(0, 255, (2, 16, 16, 3))
    kernel, bias = new.get_layer("head_dense").get_weights()
    np.testing.assert_allclose(
        new.predict(images, verbose=0), hidden.predict(images, verbose=0) @ kernel + bias, rtol=1e-4, atol=1e-5
    )
    assert replace_head(sequential(), 2, layer="net").layers[1].name == "net"


def test_a_stack_of_dense_layers():
    stack = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="a"), layers.Dropout(0.1), layers.Dense(2)])
    new = replace_head(stack, Regression())
    assert [[layer.name for layer in group.layers] for group in layer_groups(new)] == [["a"], ["head_dense"]]


def test_twice_and_saved(tmp_path, rng):
    new = replace_head(replace_head(several(), 4), Classification(2, dropout=0))
    new.save(tmp_path / "model.keras")
    images = rng.uniform(0, 255, (2, 16, 16, 3))
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.predict(images, verbose=0), new.predict(images, verbose=0), atol=1e-6)


def towers():
    pictures, numbers = keras.Input((16, 16, 3)), keras.Input((4,))
    left = layers.GlobalAveragePooling2D()(body()(pictures))
    both = layers.Concatenate(name="both")([left, layers.Dense(3, name="numbers")(numbers)])
    return keras.Model([pictures, numbers], layers.Dense(2, name="top")(both))


def test_two_inputs_that_meet_in_the_head():
    with pytest.raises(ValueError, match="Say which layer the body ends with"):
        replace_head(towers(), 3)
    new = replace_head(towers(), 3, layer="both")
    assert len(new.inputs) == 2
    assert new.output_shape == (None, 3)
    assert new.predict([np.ones((2, 16, 16, 3)), np.ones((2, 4))], verbose=0).shape == (2, 3)


def test_what_is_refused():
    with pytest.raises(ValueError, match=r"no layer 'hiden'.*Did you mean hidden"):
        replace_head(flat(), 3, layer="hiden")
    with pytest.raises(TypeError, match=r"Pass yours\.model"):
        replace_head(kerasaug.AugmentedModel(flat(), kerasaug.layers.RandomFlip()), 3)
    with pytest.raises(TypeError, match="replace_head expects a built"):
        replace_head(keras.Sequential([layers.Dense(2)]), 3)
